package queue

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/turn"
)

// Config says how much is worked at once. Zero fields take the defaults.
type Config struct {
	Scan, Respond, Backfill, Logs int // jobs at once: 8, 8, 3 and 2, of which one installation has half

	// Open is from when on GitHub may be asked for a class of work of an installation; nil: always. It must not wait.
	Open func(installation int64, class turn.Class) time.Time

	Retry        river.ClientRetryPolicy // nil: attempt⁴ seconds
	ErrorHandler river.ErrorHandler      // called for failed and panicking jobs; may be nil
	// StopTimeout is how long running jobs may go on after the context of Start was cancelled; then their own contexts are
	// cancelled. Zero means 20 seconds.
	StopTimeout time.Duration
	// HeartbeatTimeout is how long a process that shares a PostgreSQL database may send no heartbeat until the others reclaim its
	// jobs; it stops its own work before that. Zero means 30 seconds. Where its connection has ended, a fifth of that is enough.
	HeartbeatTimeout time.Duration
	// Retention is for how long the ledger keeps what is of no use any more; the zero value stands for
	// [ledger.DefaultRetention].
	Retention ledger.Retention
	// ID names this process among those that share the database. Empty: River makes one.
	ID string

	heartbeatEvery time.Duration // zero: a fifteenth of HeartbeatTimeout
}

// The pace of the queue. River looks for jobs when it is woken, at most once each fetchCooldown, and by itself each
// fetchPoll: on PostgreSQL the second of two jobs may come with no notification. On SQLite whatever makes a job due wakes the
// queue, but for those that were put off by more than maxWakeFor; looking costs a write, and an idle server is to do nothing.
const (
	fetchCooldown   = 10 * time.Millisecond
	fetchPoll       = 250 * time.Millisecond
	fetchPollSQLite = 2 * time.Second
	maxWakeFor      = 10 * time.Second
)

// defaultTimeout is for kinds whose worker names no timeout. River's rescuer begins a minute after it, and leaves jobs
// alone whose own timeout has not passed.
const (
	defaultTimeout = job.RespondTimeout
	rescueAfter    = defaultTimeout + time.Minute
)

// Worker works the queue in this process.
type Worker interface {
	// Start begins to work, and returns. Jobs that a killed process left running are taken up again: at once on SQLite,
	// seconds after the other process's end on PostgreSQL, or half a minute where nothing tells of it. Cancelling ctx stops the worker like
	// Stop, with Config.StopTimeout.
	Start(ctx context.Context) error
	// Stop takes no more jobs and waits for those that run. When ctx ends first their contexts are cancelled, and it waits
	// some seconds more.
	Stop(ctx context.Context) error
}

// New makes a worker of a store's queue; there is at most one in a process. workers must have one for each kind of
// job.
func New(opened *ledger.Store, workers *river.Workers, c Config) (Worker, error) {
	s := &store{Store: opened, db: opened.DB(), heartbeatEvery: heartbeatEvery, heartbeatTimeout: heartbeatTimeout}
	if c.HeartbeatTimeout > 0 {
		s.heartbeatTimeout, s.heartbeatEvery = c.HeartbeatTimeout, c.HeartbeatTimeout/15
	}
	if c.heartbeatEvery > 0 {
		s.heartbeatEvery = c.heartbeatEvery
	}
	w := &worker{s: s, turns: newTakesTurns(s, c), retention: cmp.Or(c.Retention, ledger.DefaultRetention)}
	config := &river.Config{
		ID:                   c.ID,
		Logger:               s.db.Log,
		Workers:              workers,
		Queues:               map[string]river.QueueConfig{},
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    fetchPoll,
		JobTimeout:           defaultTimeout,
		RescueStuckJobsAfter: rescueAfter,
		// The ledger deletes ended jobs, in small steps. River's 10,000 at a time keep a push waiting.
		CompletedJobRetentionPeriod: -1,
		CancelledJobRetentionPeriod: -1,
		DiscardedJobRetentionPeriod: -1,
		MaxAttempts:                 job.RespondAttempts,
		ErrorHandler:                c.ErrorHandler,
		RetryPolicy:                 c.Retry,
		SoftStopTimeout:             cmp.Or(max(c.StopTimeout, 0), 20*time.Second),
		Middleware:                  []rivertype.Middleware{w.turns, &serializeSingletons{s: s}},
	}
	for queue, room := range w.turns.rooms {
		config.Queues[queue] = river.QueueConfig{MaxWorkers: room.Workers()}
	}
	if s.db.Postgres != nil {
		alive := &whileAlive{}
		config.Middleware = append([]rivertype.Middleware{alive}, config.Middleware...)
		driver := &pgDriver{riverpgxv5.New(s.db.Postgres), &pilot{taken: w.turns.expect}}
		client, err := river.NewClient(driver, config)
		if err != nil {
			return nil, fmt.Errorf("queue: %w", err)
		}
		w.client = pgClient{client}
		s.process = client.ID()
		alive.heartbeat = s.newHeartbeat(s.process)
		w.heartbeat = alive.heartbeat
		return w, nil
	}
	driver := newSQLiteDriver(s.db.SQLite)
	driver.pilot.taken = w.turns.expect
	config.FetchPollInterval = fetchPollSQLite
	client, err := river.NewClient(driver, config)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	w.client, w.wake = sqliteClient{client}, driver.pilot.wake
	w.turns.wake = w.wake
	return w, nil
}

// store is the ledger's store as the worker of a process sees it.
type store struct {
	*ledger.Store
	db                               ledger.DB
	process                          string // its id among those that share the database; "" on SQLite, where it is alone
	heartbeatEvery, heartbeatTimeout time.Duration
}

const pruneEvery = 5 * time.Minute

// prune deletes what is of no use any more, now and then and after something was uninstalled, until ctx ends.
func (s *store) prune(ctx context.Context, r ledger.Retention) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-s.Removed():
		}
		s.Prune(ctx, r)
	}
}

// riverClient is what River's clients of both stores have in common.
type riverClient interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

type (
	pgClient     struct{ *river.Client[pgx.Tx] }
	sqliteClient struct{ *river.Client[*sql.Tx] }
)

type worker struct {
	s         *store
	client    riverClient
	retention ledger.Retention
	turns     *takesTurns
	heartbeat *heartbeat            // PostgreSQL only
	wake      func(queues []string) // SQLite only

	started bool
	stop    sync.Once
	done    context.CancelFunc // ends the heartbeats and the pruning
	wait    sync.WaitGroup
}

const (
	// hardStop is how long jobs may take to heed that their contexts were cancelled.
	hardStop = 5 * time.Second
	// StopWithin is how long [Worker.Stop], after its context has ended, and [ledger.Store.Close] take together at most.
	StopWithin = hardStop + signOffWithin + ledger.CloseWithin
	// signOffWithin is heartbeatLimit of the usual timeout.
	signOffWithin = heartbeatTimeout * 2 / 3 / 5
)

func (w *worker) Start(ctx context.Context) error {
	if w.s.db.Postgres == nil {
		if err := w.s.reclaimAll(ctx); err != nil {
			return err
		}
	}
	tending, done := context.WithCancel(context.WithoutCancel(ctx))
	w.done = done
	if w.heartbeat != nil {
		if err := w.heartbeat.start(ctx); err != nil {
			done()
			return err
		}
		if err := w.s.reclaimDead(ctx, false); err != nil {
			w.s.db.Log.WarnContext(ctx, "jobs of processes that are gone could not be taken over yet", "error", err)
		}
		w.s.Attach(&ledger.Process{Alive: w.heartbeat.alive})
		w.wait.Go(func() { w.heartbeat.run(tending, w.s.reclaimDead) })
	}
	w.wait.Go(func() { w.s.prune(tending, w.retention) })
	for queue := range w.turns.rooms {
		w.wait.Go(func() { w.turns.run(tending, queue) })
	}
	if w.wake != nil {
		w.s.Attach(&ledger.Process{Wake: w.wake})
	}
	w.started = true
	if err := w.client.Start(ctx); err != nil {
		w.end(ctx)
		return fmt.Errorf("queue: start the queue: %w", err)
	}
	return nil
}

func (w *worker) Stop(ctx context.Context) error {
	if !w.started {
		return nil
	}
	w.turns.close()
	err := w.client.Stop(ctx)
	if err != nil && ctx.Err() != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), hardStop)
		defer cancel()
		err = w.client.StopAndCancel(hard)
	}
	if err != nil {
		return fmt.Errorf("queue: stop the queue: %w", err)
	}
	w.end(ctx)
	return nil
}

// end is called when no job of this process runs any more.
func (w *worker) end(ctx context.Context) {
	w.stop.Do(func() {
		if w.wake != nil {
			w.s.Attach(nil)
		}
		w.done()
		w.wait.Wait()
		if w.heartbeat == nil {
			return
		}
		w.s.Attach(nil)
		if err := w.s.signOff(context.WithoutCancel(ctx)); err != nil {
			w.s.db.Log.WarnContext(ctx, "this process could not sign off from the queue: what waits for its turn waits some seconds longer", "error", err)
		}
		w.heartbeat.end()
	})
}
