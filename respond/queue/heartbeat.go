package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/ledger"
)

// Every process on PostgreSQL sends heartbeats, on a connection of its own. One whose heartbeats fail for some time stops its
// work, before the others reclaim its jobs; see reclaim.go. It continues when the database accepts a heartbeat again.
//
// On the same connection it holds an advisory lock. PostgreSQL frees it when the connection ends, which it does at once where a
// process is killed: then the others wait for three heartbeats only. A machine that vanishes, or a network that does, ends no
// connection, and nobody knows whether the process still works: that takes heartbeatTimeout.

const (
	heartbeatEvery   = 2 * time.Second
	heartbeatTimeout = 30 * time.Second
)

// endedAfter is how old the last heartbeat of a process must be that holds its lock no more: by the second of two heartbeats, one that
// lives has another connection.
func endedAfter(heartbeatTimeout time.Duration) time.Duration { return heartbeatTimeout / 5 }

// steadyAfter is how long a process must have had its own connection before it takes the end of another's for the end of that
// process: where PostgreSQL itself was away, all come back one after the other.
func steadyAfter(heartbeatTimeout time.Duration) time.Duration { return heartbeatTimeout / 3 }

// stopAfter is when a process stops its own work: early enough that its last requests are over before others begin.
func stopAfter(heartbeatTimeout time.Duration) time.Duration { return heartbeatTimeout * 2 / 3 }

// heartbeatLimit bounds one heartbeat: two must fit before the process stops its work.
func heartbeatLimit(heartbeatTimeout time.Duration) time.Duration {
	return stopAfter(heartbeatTimeout) / 5
}

// lapsedPause is when a job is tried again whose process stopped its work. It costs the job no attempt.
const lapsedPause = 5 * time.Second

// heartbeat keeps a process registered as alive, and its jobs running while it is. It is safe for concurrent use.
type heartbeat struct {
	s  *store
	id string
	// Used by send only:
	conn      *pgx.Conn // nil: to be made
	connected time.Time
	locked    bool // by that connection

	mu      sync.Mutex
	lapsed  bool
	lapse   *time.Timer
	working map[*rivertype.JobRow]context.CancelCauseFunc
}

func (s *store) newHeartbeat(id string) *heartbeat {
	return &heartbeat{s: s, id: id, working: map[*rivertype.JobRow]context.CancelCauseFunc{}}
}

// start registers the process.
func (h *heartbeat) start(ctx context.Context) error {
	begun := time.Now()
	if _, err := h.register(ctx); err != nil {
		return fmt.Errorf("queue: register the process with the queue: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lapse = time.AfterFunc(time.Until(begun.Add(stopAfter(h.s.heartbeatTimeout))), h.stopWork)
	return nil
}

// run sends heartbeats until ctx ends, and calls after after each that was accepted. steady: see steadyAfter.
func (h *heartbeat) run(ctx context.Context, after func(ctx context.Context, steady bool) error) {
	ticker := time.NewTicker(h.s.heartbeatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		begun := time.Now()
		err := h.send(ctx)
		if err == nil {
			h.accepted(begun)
			err = after(ctx, time.Since(h.connected) > steadyAfter(h.s.heartbeatTimeout))
		}
		if err != nil && ctx.Err() == nil {
			h.s.db.Log.WarnContext(ctx, "heartbeat not sent to the other processes", "error", err)
		}
	}
}

// send sends one heartbeat. A process that the others took for dead stops its work first: they have reclaimed its jobs.
func (h *heartbeat) send(ctx context.Context) error {
	const statement = `UPDATE replicas SET beat = beat + 1, seen = ` + pgNow + ` WHERE id = $1`
	known, err := h.exec(ctx, statement)
	if err != nil { // the connection may have been silent: another one
		known, err = h.exec(ctx, statement)
	}
	if err != nil || known {
		return err
	}
	h.stopWork()
	_, err = h.register(ctx)
	return err
}

func (h *heartbeat) register(ctx context.Context) (bool, error) {
	return h.exec(ctx, `INSERT INTO replicas (id, beat, seen) VALUES ($1, 1, `+pgNow+`)
		ON CONFLICT (id) DO UPDATE SET beat = replicas.beat + 1, seen = excluded.seen`)
}

// exec runs a statement about this process on the heartbeat's own connection. It reports whether a row was changed.
func (h *heartbeat) exec(ctx context.Context, statement string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, heartbeatLimit(h.s.heartbeatTimeout))
	defer cancel()
	if h.conn == nil {
		conn, err := pgx.ConnectConfig(ctx, h.s.db.Postgres.Config().ConnConfig)
		if err != nil {
			return false, err
		}
		h.conn, h.connected, h.locked = conn, time.Now(), false
	}
	if !h.locked { // the connection before may not have ended for the server: then at the next heartbeat
		if err := h.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(`+lockOf("$1::text")+`)`, h.id).Scan(&h.locked); err != nil {
			h.disconnect()
			return false, err
		}
	}
	tag, err := h.conn.Exec(ctx, statement, h.id)
	if err != nil {
		h.disconnect()
		return false, err
	}
	return tag.RowsAffected() > 0, nil
}

// lockClass is the first of the two numbers of the locks that processes hold. It must never change.
const lockClass = 0x72656b

// lockOf is SQL for the two numbers of a process's lock.
func lockOf(id string) string { return fmt.Sprintf("%d, hashtext(%s)", lockClass, id) }

// holdsLock is SQL that reports whether the process of a row of replicas holds its lock.
var holdsLock = fmt.Sprintf(`EXISTS (SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
	WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted
		AND l.classid = %d AND l.objid::bigint = hashtext(replicas.id)::bigint & 4294967295)`, lockClass)

// disconnect drops the connection, which may be silent: nothing is waited for.
func (h *heartbeat) disconnect() {
	if h.conn == nil {
		return
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = h.conn.Close(ended)
	h.conn = nil
}

// end ends the heartbeats, and frees the lock: what the process has not handed over by [store.signOff] is reclaimed.
func (h *heartbeat) end() {
	h.mu.Lock()
	if h.lapse != nil {
		h.lapse.Stop()
	}
	h.mu.Unlock()
	h.disconnect()
}

// accepted lets the work continue: the database accepted a heartbeat that was begun then.
func (h *heartbeat) accepted(begun time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lapsed {
		h.s.db.Log.Warn("the database accepts this process's heartbeat again: work continues")
	}
	h.lapsed = false
	h.lapse.Reset(time.Until(begun.Add(stopAfter(h.s.heartbeatTimeout))))
}

// stopWork cancels all running jobs, and lets none begin.
func (h *heartbeat) stopWork() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.lapsed {
		h.lapsed = true
		h.s.db.Log.Error("this process stops its work until the database accepts its heartbeat again", "jobs", len(h.working))
	}
	for _, cancel := range h.working {
		cancel(ledger.ErrLapsed)
	}
}

// alive returns nil while the process may work.
func (h *heartbeat) alive() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lapsed {
		return ledger.ErrLapsed
	}
	return nil
}

// runJob runs a job's work while the process may work. What is stopped is tried again later, and that costs no attempt.
func (h *heartbeat) runJob(ctx context.Context, row *rivertype.JobRow, work func(context.Context) error) error {
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
	if err != nil && errors.Is(context.Cause(ctx), ledger.ErrLapsed) {
		return river.JobSnooze(lapsedPause)
	}
	return err
}

// whileAlive is the middleware that stops jobs with their process.
type whileAlive struct {
	river.MiddlewareDefaults
	heartbeat *heartbeat
}

func (m *whileAlive) Work(ctx context.Context, row *rivertype.JobRow, work func(context.Context) error) error {
	return m.heartbeat.runJob(ctx, row, work)
}
