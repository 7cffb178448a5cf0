package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Every process on PostgreSQL gives signs of life, on a connection of its own. One that could not for some time stops its
// work, before the others take its jobs for abandoned; see reclaim.go. It goes on when the database takes its sign again.

const (
	beatEvery = 5 * time.Second
	silence   = 30 * time.Second
)

// surrender is when a process stops its own work: early enough that its last requests are over before others begin.
func surrender(silence time.Duration) time.Duration { return silence * 2 / 3 }

// beatWithin is how long one sign of life may take, of which two must fit.
func beatWithin(silence time.Duration) time.Duration { return surrender(silence) / 5 }

// ErrLapsed is returned by [Store.Ping] while the work of this process is stopped, and is the cause of its jobs' ends.
var ErrLapsed = errors.New("ledger: the database has not accepted this process's heartbeat for too long: its work is stopped until it does")

// lapsedPause is when a job is tried again whose process stopped its work. It costs the job no attempt.
const lapsedPause = 5 * time.Second

// heart keeps a process on record as alive, and its work running while it is. It is safe for concurrent use.
type heart struct {
	s    *Store
	id   string
	conn *pgx.Conn // used by beat only; nil: to be made

	mu      sync.Mutex
	lapsed  bool
	lapse   *time.Timer
	working map[*rivertype.JobRow]context.CancelCauseFunc
}

func (s *Store) newHeart(id string) *heart {
	return &heart{s: s, id: id, working: map[*rivertype.JobRow]context.CancelCauseFunc{}}
}

// start gives the first sign of life.
func (h *heart) start(ctx context.Context) error {
	begun := time.Now()
	if _, err := h.signOn(ctx); err != nil {
		return fmt.Errorf("ledger: sign on to the queue: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lapse = time.AfterFunc(time.Until(begun.Add(surrender(h.s.silence))), h.stopWork)
	return nil
}

// run gives signs of life until ctx ends. after is called after each that was taken.
func (h *heart) run(ctx context.Context, after func(context.Context) error) {
	ticker := time.NewTicker(h.s.beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		begun := time.Now()
		err := h.beat(ctx)
		if err == nil {
			h.taken(begun)
			err = after(ctx)
		}
		if err != nil && ctx.Err() == nil {
			h.s.log.WarnContext(ctx, "heartbeat not sent to the other processes", "error", err)
		}
	}
}

// beat gives one sign of life. A process that the others took for dead stops its work first: they have its jobs.
func (h *heart) beat(ctx context.Context) error {
	const statement = `UPDATE replicas SET beat = beat + 1, seen = ` + pgNow + ` WHERE id = $1`
	known, err := h.sign(ctx, statement)
	if err != nil { // the connection may have been silent: another one
		known, err = h.sign(ctx, statement)
	}
	if err != nil || known {
		return err
	}
	h.stopWork()
	_, err = h.signOn(ctx)
	return err
}

func (h *heart) signOn(ctx context.Context) (bool, error) {
	return h.sign(ctx, `INSERT INTO replicas (id, beat, seen) VALUES ($1, 1, `+pgNow+`)
		ON CONFLICT (id) DO UPDATE SET beat = replicas.beat + 1, seen = excluded.seen`)
}

// sign runs a statement about this process on the heart's own connection. It reports whether there was a row.
func (h *heart) sign(ctx context.Context, statement string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, beatWithin(h.s.silence))
	defer cancel()
	if h.conn == nil {
		conn, err := pgx.ConnectConfig(ctx, h.s.pool.Config().ConnConfig)
		if err != nil {
			return false, err
		}
		h.conn = conn
	}
	tag, err := h.conn.Exec(ctx, statement, h.id)
	if err != nil {
		h.hangUp()
		return false, err
	}
	return tag.RowsAffected() > 0, nil
}

// hangUp drops the connection, which may be silent: nothing is waited for.
func (h *heart) hangUp() {
	if h.conn == nil {
		return
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = h.conn.Close(ended)
	h.conn = nil
}

// end signs off.
func (h *heart) end(ctx context.Context) error {
	h.mu.Lock()
	if h.lapse != nil {
		h.lapse.Stop()
	}
	h.mu.Unlock()
	_, err := h.sign(ctx, `DELETE FROM replicas WHERE id = $1`)
	h.hangUp()
	return err
}

// taken lets the work go on: the database took a sign of life that was begun then.
func (h *heart) taken(begun time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lapsed {
		h.s.log.Warn("the database accepts this process's heartbeat again: work continues")
	}
	h.lapsed = false
	h.lapse.Reset(time.Until(begun.Add(surrender(h.s.silence))))
}

// stopWork cancels all running jobs, and lets none begin.
func (h *heart) stopWork() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.lapsed {
		h.lapsed = true
		h.s.log.Error("this process stops its work until the database accepts its heartbeat again", "jobs", len(h.working))
	}
	for _, cancel := range h.working {
		cancel(ErrLapsed)
	}
}

// alive returns nil while the process may work.
func (h *heart) alive() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lapsed {
		return ErrLapsed
	}
	return nil
}

// during runs a job's work while the process may work. What is stopped comes again later, at no cost of an attempt.
func (h *heart) during(ctx context.Context, row *rivertype.JobRow, work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	h.mu.Lock()
	lapsed := h.lapsed
	h.working[row] = cancel
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.working, row)
		h.mu.Unlock()
	}()
	if lapsed {
		return river.JobSnooze(lapsedPause)
	}
	err := work(ctx)
	if err != nil && errors.Is(context.Cause(ctx), ErrLapsed) {
		return river.JobSnooze(lapsedPause)
	}
	return err
}

// whileAlive is the middleware that stops jobs with their process.
type whileAlive struct {
	river.MiddlewareDefaults
	heart *heart
}

func (m *whileAlive) Work(ctx context.Context, row *rivertype.JobRow, work func(context.Context) error) error {
	return m.heart.during(ctx, row, work)
}
