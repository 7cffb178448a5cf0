package queue_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// wire is a connection to PostgreSQL that can go silent: it stays open, takes what is sent, and passes nothing on.
type wire struct {
	URL string

	mu     sync.Mutex
	silent bool // new connections too
	conns  []*stallable
}

// stallable is one connection through the wire.
type stallable struct {
	mu     sync.Mutex
	silent bool
	ends   []net.Conn
}

func newWire(t *testing.T, database string) *wire {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	u.Host = listener.Addr().String()
	w := &wire{URL: u.String()}
	t.Cleanup(func() { _ = listener.Close(); w.cut() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			w.connect(client, server)
		}
	}()
	return w
}

func (w *wire) connect(client net.Conn, server string) {
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		_ = client.Close()
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &stallable{silent: w.silent, ends: []net.Conn{client, upstream}}
	w.conns = append(w.conns, c)
	go c.pass(client, upstream)
	go c.pass(upstream, client)
}

func (c *stallable) pass(from, to net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		c.mu.Lock()
		silent := c.silent
		c.mu.Unlock()
		if !silent && n > 0 {
			_, _ = to.Write(buffer[:n])
		}
		if err != nil {
			if !silent && errors.Is(err, io.EOF) {
				_ = to.Close()
			}
			return
		}
	}
}

// stall makes all connections silent; new ones too if all is set.
func (w *wire) stall(all bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = all
	for _, c := range w.conns {
		c.mu.Lock()
		c.silent = true
		c.mu.Unlock()
	}
}

// heal lets new connections through.
func (w *wire) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = false
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		for _, end := range c.ends {
			_ = end.Close()
		}
	}
}

// held is a job that runs until it is let go or stopped.
type held struct {
	started chan *rivertype.JobRow
	stopped chan error
	release chan struct{}
}

func newHeld() *held {
	return &held{make(chan *rivertype.JobRow, 9), make(chan error, 9), make(chan struct{})}
}

func (h *held) work(ctx context.Context, j *river.Job[job.Issue]) error {
	h.started <- j.JobRow
	select {
	case <-ctx.Done():
		h.stopped <- context.Cause(ctx)
		return ctx.Err()
	case <-h.release:
		return nil
	}
}

// replica opens a store and works its queue; its heartbeats come often.
func replica(t *testing.T, url, id string, h *held, heartbeatTimeout time.Duration) *ledger.Store {
	t.Helper()
	s := ledgertest.Open(t, ledger.Options{URL: url, StatementTimeout: 5 * time.Second})
	work(t, s, jobs{issue: h.work}, queue.Config{ID: id, StopTimeout: 100 * time.Millisecond}.WithHeartbeat(200*time.Millisecond, heartbeatTimeout))
	return s
}

// Connections that go silent do not stop a process whose new connections are answered, and nobody takes its jobs.
func TestSilentConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	database := ledgertest.Postgres(t)
	w := newWire(t, database)
	h := newHeld()
	const heartbeatTimeout = 15 * time.Second
	s := replica(t, w.URL, "a", h, heartbeatTimeout)
	enqueue(t, s, job.Issue{Leak: 1})
	receive(t, h.started)
	w.stall(false)
	replica(t, database, "b", h, heartbeatTimeout)
	select {
	case err := <-h.stopped:
		t.Errorf("the job was stopped: %v", err)
	case row := <-h.started:
		t.Errorf("the job was taken from a living process by %v", row.AttemptedBy)
	case <-time.After(heartbeatTimeout):
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	close(h.release)
}

// The register as a process finds it, and whose jobs it takes: of a process whose connection has ended, as that of a killed one does,
// after three heartbeats, unless PostgreSQL itself was away; of one whose connection is still there, only after the timeout.
func TestWhoIsGone(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.Postgres(t)})
	ages := map[string]time.Duration{"beats": time.Second, "ended": 7 * time.Second, "silent": 29 * time.Second, "unheard of": 31 * time.Second}
	locked := []string{"beats", "silent", "unheard of"}
	hold, err := s.DB().Postgres.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Release()
	for _, id := range locked {
		if _, err := hold.Exec(t.Context(), "SELECT pg_advisory_lock("+queue.LockOf("$1::text")+")", id); err != nil {
			t.Fatal(err)
		}
	}
	register := func() {
		for id, age := range ages {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				_, err := tx.ExecSQL(ctx, `INSERT INTO replicas (id, beat, seen) VALUES ($1, 1, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) - $2)
					ON CONFLICT (id) DO UPDATE SET seen = excluded.seen`, id, age)
				return err
			})
		}
	}
	for _, c := range []struct {
		steady bool
		left   []string
	}{{false, []string{"beats", "ended", "silent"}}, {true, []string{"beats", "silent"}}} {
		register()
		if err := queue.ReclaimDead(t.Context(), s, c.steady); err != nil {
			t.Fatal(err)
		}
		var left []string
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			left = nil
			return tx.EachSQL(ctx, func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				left = append(left, id)
				return err
			}, `SELECT id FROM replicas ORDER BY id`)
		})
		if !slices.Equal(left, c.left) {
			t.Errorf("steady %v: %q are taken to live, want %q", c.steady, left, c.left)
		}
	}
}

// A process holds its lock while its heartbeats have a connection, and it is free when that ends.
func TestAProcessHoldsItsLock(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.Postgres(t)})
	work(t, s, jobs{}, queue.Config{ID: "a"}.WithHeartbeat(50*time.Millisecond, time.Minute))
	holder := func() (pid int64) {
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			pid = 0
			_, err := tx.OneSQL(ctx, []any{&pid}, `SELECT coalesce(max(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND granted
				AND objid::bigint = hashtext('a')::bigint & 4294967295 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
			return err
		})
		return pid
	}
	first := holder()
	if first == 0 {
		t.Fatal("no process holds the lock")
	}
	if _, err := s.DB().Postgres.Exec(t.Context(), "SELECT pg_terminate_backend($1)", first); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(testTimeout); holder() == first || holder() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the lock is not taken again by the next connection")
		}
	}
}

// A process whose heartbeats fail stops its work before others take it, says that it is not ready, and goes on when
// it can again.
func TestAProcessThatIsCutOffStopsItsWork(t *testing.T) {
	t.Parallel()
	database := ledgertest.Postgres(t)
	w := newWire(t, database)
	first, second := newHeld(), newHeld()
	a := replica(t, w.URL, "a", first, 6*time.Second)
	enqueue(t, a, job.Issue{Leak: 1})
	receive(t, first.started)
	replica(t, database, "b", second, 6*time.Second)
	w.stall(true)
	if cause := receive(t, first.stopped); cause == nil || errors.Is(cause, context.Canceled) {
		t.Errorf("stopped because of %v", cause)
	}
	select {
	case <-second.started:
		t.Error("another process had the job before this one had stopped")
	default:
	}
	if err := a.Ping(t.Context()); err == nil {
		t.Error("ready, and its work is stopped")
	}
	row := receive(t, second.started)
	equal(t, "attempt", row.Attempt, 1)
	equal(t, "crashes", job.CrashesOf(row), job.Crashes{Times: 1, Alone: 1})
	w.heal()
	for deadline := time.Now().Add(testTimeout); a.Ping(t.Context()) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not ready, and the database answers again")
		}
	}
	close(second.release)
	enqueue(t, a, job.Issue{Leak: 2})
	close(first.release)
}

// Whoever starts sees how long others have been silent: also processes that live shorter than that take a dead one's jobs.
func TestShortLivesTakeUpADeadProcessesJobs(t *testing.T) {
	t.Parallel()
	database := ledgertest.Postgres(t)
	runChild(t, database, "work", func(line string) bool { return line == "started 1" })
	h := newHeld()
	close(h.release)
	for begun := time.Now(); time.Since(begun) < testTimeout; {
		life(t, database, h)
		select {
		case <-h.started:
			return
		default:
		}
	}
	t.Error("no process took up the job")
}

// life is a process that lives for a moment.
func life(t *testing.T, url string, h *held) {
	t.Helper()
	s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(h.work))
	w, err := queue.New(s, workers, queue.Config{}.WithHeartbeat(100*time.Millisecond, 2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
