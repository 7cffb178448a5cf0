package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/turn"
)

// OpenStore opens the ledger with its queue; see [ledger.OpenStore]. Its Queue is set here.
func OpenStore(ctx context.Context, o ledger.Options) (*ledger.Store, error) {
	o.Queue = &inserter{}
	return ledger.OpenStore(ctx, o)
}

// inserter queues jobs in the ledger's transactions, by the client of one of the databases. It is safe for concurrent use.
type inserter struct {
	sqlite *river.Client[*sql.Tx]
	pg     *river.Client[pgx.Tx]
}

var _ ledger.Queue = (*inserter)(nil)

// Open implements [ledger.Queue].
func (q *inserter) Open(ctx context.Context, db ledger.DB) (err error) {
	config := &river.Config{Logger: db.Log}
	if db.Postgres != nil {
		if q.pg, err = river.NewClient(riverpgxv5.New(db.Postgres), config); err != nil {
			return err
		}
		if db.Beside {
			return nil
		}
		migrator, err := rivermigrate.New(riverpgxv5.New(db.Postgres), &rivermigrate.Config{Logger: db.Log})
		if err != nil {
			return err
		}
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	}
	if q.sqlite, err = river.NewClient(newSQLiteDriver(db.SQLite), config); err != nil {
		return err
	}
	if db.Beside {
		return nil
	}
	migrator, err := rivermigrate.New(riversqlite.New(db.SQLite), &rivermigrate.Config{Logger: db.Log})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// Enqueue implements [ledger.Queue].
func (q *inserter) Enqueue(ctx context.Context, tx *ledger.Tx, args job.Args, opts *job.Options) error {
	if singleton, ok := args.(job.Singleton); ok {
		return q.enqueueSingleton(ctx, tx, singleton, opts)
	}
	_, err := q.insertJob(ctx, tx, args, opts)
	return err
}

// EnqueueOnce implements [ledger.Queue].
func (q *inserter) EnqueueOnce(ctx context.Context, tx *ledger.Tx, args job.Singleton, opts *job.Options) error {
	busy, err := keyBusy(ctx, tx, args)
	if err != nil || busy {
		return err
	}
	return q.enqueueSingleton(ctx, tx, args, opts)
}

// Complete implements [ledger.Queue].
func (*inserter) Complete(ctx context.Context, tx *ledger.Tx, row *job.Row) (err error) {
	j := &river.Job[anyJob]{JobRow: row}
	if pg := tx.Postgres(); pg != nil {
		_, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, pg, j)
	} else {
		_, err = river.JobCompleteTx[*sqliteDriver](ctx, tx.SQLite(), j)
	}
	return err
}

// anyJob are the arguments of a job where they do not matter.
type anyJob struct{}

func (anyJob) Kind() string { return "" }

// EnqueueDeliveries implements [ledger.Queue].
func (q *inserter) EnqueueDeliveries(ctx context.Context, tx *ledger.Tx, deliveries []ledger.Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	waiting, err := backlogsOf(ctx, tx, deliveries)
	if err != nil {
		return err
	}
	jobs := make([]river.InsertManyParams, len(deliveries))
	for i, d := range deliveries {
		jobs[i] = deliveryJob(d, waiting.priority(d))
		tx.Wake(jobs[i].InsertOpts.Queue)
	}
	if pg := tx.Postgres(); pg != nil {
		_, err = q.pg.InsertManyFastTx(ctx, pg, jobs)
	} else {
		_, err = q.sqlite.InsertManyFastTx(ctx, tx.SQLite(), jobs)
	}
	return err
}

// EnqueueDelivery implements [ledger.Queue].
func (q *inserter) EnqueueDelivery(ctx context.Context, tx *ledger.Tx, d ledger.Delivery, reopened bool) (bool, error) {
	waiting, err := backlogsOf(ctx, tx, []ledger.Delivery{d})
	if err != nil {
		return false, err
	}
	params := deliveryJob(d, waiting.priority(d))
	result, err := q.insertJob(ctx, tx, params.Args, params.InsertOpts)
	if err != nil {
		return false, err
	}
	if reopened && result.UniqueSkippedAsDuplicate && result.Job.State == rivertype.JobStateRunning {
		// That job gave the delivery up, and does nothing more for it.
		if err := forgetUnique(ctx, tx, result.Job.ID); err != nil {
			return false, err
		}
		if result, err = q.insertJob(ctx, tx, params.Args, params.InsertOpts); err != nil {
			return false, err
		}
	}
	return !result.UniqueSkippedAsDuplicate, nil
}

// deliveryJob makes the job of a delivery. River keeps it from being queued while one is that will still do its work.
func deliveryJob(d ledger.Delivery, priority int) river.InsertManyParams {
	args := job.Delivery{GUID: clean(d.GUID), Installation: d.Installation, Repository: d.Repository, Lane: clean(d.Lane)}
	if d.Class != turn.Push {
		args.Class = d.Class.String()
	}
	return river.InsertManyParams{
		Args: args,
		InsertOpts: &river.InsertOpts{
			Queue:    job.QueueOf(d.Event),
			Priority: priority,
			Metadata: job.Origin{Trace: d.Trace}.Metadata(),
			UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
				rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
				rivertype.JobStateRunning, rivertype.JobStateScheduled,
			}},
		},
	}
}

// clean takes from a text what PostgreSQL refuses, as the ledger does with its texts.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func (q *inserter) insertJob(ctx context.Context, tx *ledger.Tx, args job.Args, opts *job.Options) (result *rivertype.JobInsertResult, err error) {
	if origin := job.AboutOf(ctx).Origin.Metadata(); origin != nil && (opts == nil || opts.Metadata == nil) {
		with := job.Options{}
		if opts != nil {
			with = *opts
		}
		with.Metadata, opts = origin, &with
	}
	pg, sqlite := tx.Postgres(), tx.SQLite()
	switch {
	case pg != nil:
		result, err = q.pg.InsertTx(ctx, pg, args, opts)
	case sqlite != nil:
		result, err = q.sqlite.InsertTx(ctx, sqlite, args, opts)
	default:
		err = errors.New("no transaction")
	}
	if err != nil {
		return nil, err
	}
	tx.Wake(result.Job.Queue)
	return result, nil
}

// ResumeParked implements [ledger.Queue].
func (*inserter) ResumeParked(ctx context.Context, tx *ledger.Tx, which string, args ...any) error {
	n, err := resumeParked(ctx, tx, which, args...)
	if err != nil || n == 0 {
		return err
	}
	for _, queue := range job.Queues() {
		tx.Wake(queue)
	}
	return nil
}

// PruneJobs implements [ledger.Queue].
func (*inserter) PruneJobs(ctx context.Context, tx *ledger.Tx, completed, ended time.Duration, limit int) (int64, error) {
	n, err := pruneJobs(ctx, tx, completed, ended, limit)
	if err != nil {
		return 0, fmt.Errorf("queue: delete ended jobs: %w", err)
	}
	return n, nil
}

// Count implements [ledger.Queue].
func (*inserter) Count(ctx context.Context, tx *ledger.Tx) ([]ledger.Jobs, error) {
	counts := map[ledger.Jobs]*ledger.Jobs{}
	var order []*ledger.Jobs
	err := countJobs(ctx, tx, func(queue, kind string, state rivertype.JobState, n int, oldest time.Time) {
		key := ledger.Jobs{Queue: queue, Kind: kind, State: ledger.JobWaits}
		switch state {
		case rivertype.JobStateRunning:
			key.State = ledger.JobRuns
		case rivertype.JobStateDiscarded:
			key.State = ledger.JobGivenUp
		}
		jobs := counts[key]
		if jobs == nil {
			made := key
			jobs = &made
			counts[key], order = jobs, append(order, jobs)
		}
		jobs.Count += n
		if !oldest.IsZero() && (jobs.Oldest.IsZero() || oldest.Before(jobs.Oldest)) {
			jobs.Oldest = oldest
		}
	})
	list := make([]ledger.Jobs, len(order))
	for i, jobs := range order {
		list[i] = *jobs
	}
	return list, err
}

// Conditions implements [ledger.Queue].
func (q *inserter) Conditions() ledger.Conditions { return conditions(q.pg != nil) }
