package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rekey-app/rekey/respond/job"
)

// Queue is the part of the job queue that takes part in the store's transactions: a job is queued if and only if what it is about
// is committed. Package queue implements it; the ledger knows no more of it than this.
type Queue interface {
	// Open makes or migrates the queue's tables, which the ledger's own migrations may change, and gets ready to queue.
	Open(ctx context.Context, db DB) error

	// Enqueue, EnqueueOnce and Complete are those of [Tx].
	Enqueue(ctx context.Context, tx *Tx, args job.Args, opts *job.Options) error
	EnqueueOnce(ctx context.Context, tx *Tx, args job.Singleton, opts *job.Options) error
	Complete(ctx context.Context, tx *Tx, row *job.Row) error
	// EnqueueDeliveries queues the jobs of deliveries that cannot have any yet.
	EnqueueDeliveries(ctx context.Context, tx *Tx, deliveries []Delivery) error
	// EnqueueDelivery queues the job of a delivery unless one will still do its work, and reports whether it did. One that was finished and
	// was reopened gets a job in any case.
	EnqueueDelivery(ctx context.Context, tx *Tx, d Delivery, reopened bool) (queued bool, err error)

	// ResumeParked makes parked jobs available of which the SQL condition on table parked holds, and forgets that they were parked.
	ResumeParked(ctx context.Context, tx *Tx, which string, args ...any) error
	// PruneJobs deletes up to limit jobs that were completed, or ended otherwise, longer ago than that, and returns how many they were.
	PruneJobs(ctx context.Context, tx *Tx, completed, ended time.Duration, limit int) (int64, error)
	// Count counts jobs by queue, kind and state: those that wait, that run, and that were given up and are still remembered.
	Count(ctx context.Context, tx *Tx) ([]Jobs, error)
	// Conditions are what statements of the ledger ask about jobs.
	Conditions() Conditions
}

// Conditions are SQL about jobs, for statements of the ledger.
type Conditions struct {
	DeliveryLives  string // a job of the delivery d will still do its work
	BackfillRuns   string // a backfill of the repository r runs
	BackfillQueued string // a backfill of the repository r waits or runs
	TextsQueued    string // a reading of the texts of the repository r waits or runs
	KeyLives       string // a job of the row k of keyed_jobs waits or runs
	OwnerLives     string // the job that performed the effect a will still run
	LeakWorks      string // a question to Clerk about the leak l, or an effect of it, is due or under way
	ParkedExists   string // the job of the row p of parked is there

	Jobs                                    string // the table of jobs, by id
	JobEnded                                string // the job j will do nothing any more
	JobRuns                                 string // the job j runs
	JobInstallation, JobRepository, JobLeak string // what the job j is about; NULL: not about any
}

// DB is what the queue shares with the store: one of the databases, and the store's log and clock.
type DB struct {
	SQLite   *sql.DB       // has one connection, for all writes; nil on PostgreSQL
	Postgres *pgxpool.Pool // nil on SQLite
	Log      *slog.Logger
	Now      func() time.Time
	Beside   bool // the tables are there, and stay as they are
}

// DB returns what the queue shares with the store.
func (s *Store) DB() DB {
	return DB{SQLite: s.writer, Postgres: s.pool, Log: s.log, Now: s.now, Beside: s.beside}
}

// Process is what a process that works the queue wants to hear from the store, and what the store asks it.
type Process struct {
	Wake  func(queues []string) // called after each commit with the queues that have new jobs; nil: not wanted
	Alive func() error          // an error: it must not work now, and [Store.Ping] fails with it; nil: it always may
}

// Attach tells the store of the process's worker; nil: it has none any more.
func (s *Store) Attach(p *Process) { s.process.Store(p) }

// ErrLapsed is returned by [Store.Ping] while the work of this process is stopped, and is the cause of its jobs' ends.
var ErrLapsed = errors.New("ledger: the database has not accepted this process's heartbeat for too long: its work is stopped until it does")

// Enqueue queues a job that starts when the transaction has committed; if it does not commit, there is no job. Of a
// [job.Singleton] job at most one waits for a key, and at most one runs. opts may be nil.
func (tx *Tx) Enqueue(ctx context.Context, args job.Args, opts *job.Options) error {
	if err := tx.s.queue.Enqueue(ctx, tx, args, opts); err != nil {
		return fmt.Errorf("ledger: queue a job of kind %s: %w", args.Kind(), err)
	}
	return nil
}

// EnqueueOnce queues a job unless one of its key waits or runs: for what one that has begun does as well.
func (tx *Tx) EnqueueOnce(ctx context.Context, args job.Singleton, opts *job.Options) error {
	if err := tx.s.queue.EnqueueOnce(ctx, tx, args, opts); err != nil {
		return fmt.Errorf("ledger: queue a job of kind %s: %w", args.Kind(), err)
	}
	return nil
}

// CompleteJob makes the job completed together with the transaction: after the commit it will not run again, whatever
// happens. It is called at most once, at the end of the work; the worker then returns nil.
func (tx *Tx) CompleteJob(ctx context.Context, row *job.Row) error {
	if err := tx.s.queue.Complete(ctx, tx, row); err != nil {
		return fmt.Errorf("ledger: complete %s job %d: %w", row.Kind, row.ID, err)
	}
	return nil
}

// UpdateReadCommitted is Update, but on PostgreSQL it sees what others commit meanwhile, and does not fail because of them: for
// what depends on no other transaction.
func (s *Store) UpdateReadCommitted(ctx context.Context, fn func(context.Context, *Tx) error) error {
	return s.update(ctx, pgx.ReadCommitted, fn)
}

// SQLite returns the transaction on SQLite, or nil.
func (tx *Tx) SQLite() *sql.Tx { return tx.sqlite }

// Postgres returns the transaction on PostgreSQL, or nil.
func (tx *Tx) Postgres() pgx.Tx { return tx.pg }

// ExecSQL runs a statement of the queue, and returns how many rows it changed. Statements are written once for both databases:
// placeholders are $1, $2, …, truths and times are integers.
func (tx *Tx) ExecSQL(ctx context.Context, statement string, args ...any) (int64, error) {
	return tx.exec(ctx, statement, args...)
}

// EachSQL calls read for every row of a statement of the queue. The scanner that it is given is valid during the call.
func (tx *Tx) EachSQL(ctx context.Context, read func(scan func(...any) error) error, statement string, args ...any) error {
	return each(ctx, tx, read, statement, args...)
}

// OneSQL reads the first row of a statement of the queue into dest; found is false where there is none.
func (tx *Tx) OneSQL(ctx context.Context, dest []any, statement string, args ...any) (found bool, err error) {
	return one(ctx, tx, dest, statement, args...)
}

// Wake says that a queue has new jobs, to whoever works it in this process, once the transaction has committed.
func (tx *Tx) Wake(queue string) {
	if tx.queues == nil {
		tx.queues = map[string]bool{}
	}
	tx.queues[queue] = true
}

// ForUpdate ends a statement that makes PostgreSQL hold a row until the transaction ends; SQLite's writers are alone anyway.
func (tx *Tx) ForUpdate() string {
	if tx.pg != nil {
		return " FOR UPDATE"
	}
	return ""
}
