package intake

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

// writer is the one goroutine that writes: while a transaction is on its way to the disk, the next one gathers.
type writer struct {
	config  Config
	metrics *metrics
	queue   chan *waiting
	ended   chan struct{}

	mu     sync.RWMutex // guards closed, and queue against being closed while something is sent
	closed bool
}

// waiting is a delivery, and where its request waits.
type waiting struct {
	delivery ledger.Delivery
	done     chan written
}

type written struct {
	acceptance ledger.Acceptance
	err        error
}

var errStopping = &refusal{http.StatusServiceUnavailable, overloaded, "this process is shutting down"}

func newWriter(c Config, m *metrics) *writer {
	w := &writer{config: c, metrics: m, queue: make(chan *waiting, c.MaxWaiting), ended: make(chan struct{})}
	go w.run()
	return w
}

// write returns when the delivery is on disk, or cannot be, or when it took too long. When ctx ends before, the delivery
// is written all the same.
func (w *writer) write(ctx context.Context, d ledger.Delivery) (ledger.Acceptance, error) {
	p := &waiting{delivery: d, done: make(chan written, 1)}
	if err := w.enqueue(p); err != nil {
		return "", err
	}
	late := time.NewTimer(w.config.AnswerWithin)
	defer late.Stop()
	select {
	case result := <-p.done:
		return result.acceptance, result.err
	case <-late.C:
		return "", &refusal{http.StatusServiceUnavailable, failed, "the database took too long"}
	case <-ctx.Done():
		return "", &refusal{http.StatusServiceUnavailable, cutOff, "the request was given up"}
	}
}

func (w *writer) enqueue(p *waiting) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errStopping
	}
	select {
	case w.queue <- p:
		return nil
	default:
		return &refusal{http.StatusServiceUnavailable, overloaded, "too many deliveries are waiting to be written"}
	}
}

func (w *writer) close(ctx context.Context) error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	select {
	case <-w.ended:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("intake: not all deliveries could be written: GitHub will list them as failed"), ctx.Err())
	}
}

func (w *writer) run() {
	defer close(w.ended)
	for first := range w.queue {
		batch := w.gather(first)
		w.metrics.batch.Observe(float64(len(batch)))
		ctx, cancel := context.WithTimeout(context.Background(), w.config.AnswerWithin)
		w.store(ctx, batch)
		cancel()
	}
}

// gather takes what waits now, and waits for nothing.
func (w *writer) gather(first *waiting) []*waiting {
	batch := []*waiting{first}
	for bytes := len(first.delivery.Body); len(batch) < w.config.writeBatch && bytes < w.config.writeBatchBytes; {
		select {
		case p, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, p)
			bytes += len(p.delivery.Body)
		default:
			return batch
		}
	}
	return batch
}

// failures is how many transactions of a batch may fail before the rest of it is given up. One delivery that the
// database refuses costs 9 in the largest batch.
const failures = 20

// store writes a batch, and tells those who wait. If it cannot be written whole its halves are tried, so that one
// delivery that the database refuses takes no others with it.
func (w *writer) store(ctx context.Context, batch []*waiting) {
	left := failures
	if failed, err := w.storeParts(ctx, batch, &left); failed > 0 {
		w.config.Log.Error("deliveries could not be stored: GitHub will list them as failed",
			"deliveries", failed, "error", err)
	}
}

func (w *writer) storeParts(ctx context.Context, batch []*waiting, left *int) (failed int, err error) {
	deliveries := make([]ledger.Delivery, len(batch))
	for i, p := range batch {
		deliveries[i] = p.delivery
	}
	acceptances, err := w.config.Store.Accept(ctx, deliveries)
	if err == nil && len(acceptances) != len(batch) {
		err = errors.New("intake: the store did not answer for each delivery")
	}
	if err == nil {
		for i, p := range batch {
			p.done <- written{acceptance: acceptances[i]}
		}
		return 0, nil
	}
	*left--
	if len(batch) == 1 || *left <= 0 || ctx.Err() != nil {
		for _, p := range batch {
			p.done <- written{err: err}
		}
		return len(batch), err
	}
	half := len(batch) / 2
	first, firstErr := w.storeParts(ctx, batch[:half], left)
	second, secondErr := w.storeParts(ctx, batch[half:], left)
	return first + second, errors.Join(firstErr, secondErr)
}
