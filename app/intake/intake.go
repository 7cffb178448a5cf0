package intake

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Store keeps deliveries. [*ledger.Store] is one.
type Store interface {
	// Accept returns when the deliveries and their jobs are on disk, or with an error if none of them is.
	Accept(ctx context.Context, deliveries []ledger.Delivery) ([]ledger.Acceptance, error)
}

// Config configures an [Intake]. Fields marked so have defaults.
type Config struct {
	Store   Store
	Secrets []string             // of the webhook; several while one takes another's place; never empty ones
	Metrics *prometheus.Registry // where intake counts
	Now     func() time.Time     // default time.Now
	Log     *slog.Logger         // default none

	Reading

	// Tracing traces deliveries; nil: they are not.
	Tracing *observe.Tracing

	// LastDelivery is when the last good delivery was received before this process; zero: never.
	LastDelivery time.Time

	MaxBody         int64         // of one delivery; default 25 MiB, GitHub's own limit
	MaxMemory       int64         // of all bodies that are in memory at once; default 96 MiB
	MaxWaiting      int           // deliveries that wait to be written; default 4,096
	AnswerWithin    time.Duration // then 503; default 9 s, since GitHub hangs up after 10
	ReadBodyWithin  time.Duration // then the connection is closed; default 9 s
	writeBatch      int           // deliveries in a transaction
	writeBatchBytes int
}

// Reading is what is done with the body of a delivery before it is stored. The zero Reading leaves it as it came.
type Reading struct {
	// Redact takes credentials out of a body: commit messages, names of branches and comments may hold some. It must leave JSON JSON.
	Redact func(ctx context.Context, body []byte) []byte
	// Find says what the texts of an event hold of which Redact takes something out, without any credential; "": nothing.
	Find func(ctx context.Context, event string, body []byte) (found string)
	// Idle reports whether a delivery of which Find found nothing asks for nothing else: it is stored as finished.
	Idle func(d ledger.Delivery) bool
}

// idle is what became of a delivery that asks for nothing.
const idle = "nothing was found in its texts"

// take reads the body, and leaves nothing in the delivery that may not be stored.
func (r Reading) take(ctx context.Context, d *ledger.Delivery) {
	asks := r.Idle == nil || !r.Idle(*d) // by the whole body: what can't be searched in time is withheld
	if r.Redact != nil {
		body := d.Body
		d.Body = mask(ctx, body, r.Redact)
		if r.Find != nil && !bytes.Equal(body, d.Body) {
			d.Found = r.Find(context.WithoutCancel(ctx), d.Event, body) // who sent it may be gone
		}
	}
	if d.Found == "" && !asks {
		d.Finished, d.Outcome, d.Body = d.Received, idle, nil
	}
}

// GitHub's limit is 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads
const maxBody = 25 << 20

func (c *Config) setDefaults() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	defaultTo(&c.MaxBody, maxBody)
	defaultTo(&c.MaxMemory, 96<<20)
	defaultTo(&c.MaxWaiting, 4096)
	defaultTo(&c.AnswerWithin, 9*time.Second)
	defaultTo(&c.ReadBodyWithin, 9*time.Second)
	defaultTo(&c.writeBatch, 256)
	defaultTo(&c.writeBatchBytes, 8<<20)
}

func defaultTo[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Intake takes deliveries in. It is safe for concurrent use.
type Intake struct {
	Config
	writer  *writer
	memory  *memory
	masking *semaphore.Weighted // bytes of bodies that are being searched, of which there are two copies then
	first   sync.Pool           // of *[firstRead]byte
	metrics *metrics
	refused atomic.Int64 // when a refusal was last logged, in Unix seconds
}

// New starts to take deliveries in; the routes bring them. It refuses to work without a secret.
func New(c Config) (*Intake, error) {
	c.setDefaults()
	switch {
	case c.Store == nil || c.Metrics == nil:
		return nil, errors.New("intake: a store and a metrics registry are needed")
	case len(c.Secrets) == 0:
		return nil, errors.New("intake: there is no webhook secret: anyone could send deliveries")
	}
	if slices.Contains(c.Secrets, "") {
		return nil, errors.New("intake: a webhook secret is empty: anyone could send deliveries")
	}
	in := &Intake{Config: c, memory: newMemory(c.MaxMemory), masking: semaphore.NewWeighted(maxMasking)}
	var err error
	if in.metrics, err = newMetrics(c.Metrics, c.LastDelivery); err != nil {
		return nil, err
	}
	in.writer = newWriter(c, in.metrics)
	return in, nil
}

// Close takes no more deliveries, and returns when those that were taken are written, or when ctx has ended. The HTTP
// server is shut down at the same time or before: those who wait get their answers.
func (in *Intake) Close(ctx context.Context) error { return in.writer.close(ctx) }

// Routes adds POST /webhook.
func (in *Intake) Routes(r *mux.Router) {
	r.HandleFunc("/webhook", in.webhook).Methods(http.MethodPost)
}

// Server returns a server with limits that suit the open Internet: 64 KiB of header within 5 seconds, 30 seconds for a
// request, a minute for an answer, two minutes between requests. Its log goes to l.
func Server(h http.Handler, l *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(l.Handler(), slog.LevelDebug),
	}
}

// writeJSON sends JSON that is already encoded.
func writeJSON(w http.ResponseWriter, code int, json string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(json + "\n")) //nolint:gosec // JSON by its type, so that no browser runs it
}
