package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/turn"
)

// Enqueue queues a job that starts when the transaction has committed; if it does not commit, there is no job. Of a
// [job.Singleton] job at most one waits for a key, and at most one runs. opts may be nil.
func (tx *Tx) Enqueue(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) error {
	var err error
	if singleton, ok := args.(job.Singleton); ok {
		err = tx.enqueueSingleton(ctx, singleton, opts)
	} else {
		_, err = tx.insertJob(ctx, args, opts)
	}
	if err != nil {
		return fmt.Errorf("ledger: queue a job of kind %s: %w", args.Kind(), err)
	}
	return nil
}

// EnqueueOnce queues a job unless one of its key waits or runs: for what one that has begun does as well.
func (tx *Tx) EnqueueOnce(ctx context.Context, args job.Singleton, opts *river.InsertOpts) error {
	busy, err := tx.keyBusy(ctx, args)
	if err != nil {
		return fmt.Errorf("ledger: queue a job of kind %s: %w", args.Kind(), err)
	}
	if busy {
		return nil
	}
	return tx.Enqueue(ctx, args, opts)
}

// CompleteJob makes the job completed together with the transaction: after the commit it will not run again, whatever
// happens. It is called at most once, at the end of the work; the worker then returns nil.
func (tx *Tx) CompleteJob(ctx context.Context, row *rivertype.JobRow) error {
	var err error
	j := &river.Job[anyJob]{JobRow: row}
	if tx.pg != nil {
		_, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx.pg, j)
	} else {
		_, err = river.JobCompleteTx[*sqliteDriver](ctx, tx.sqlite, j)
	}
	if err != nil {
		return fmt.Errorf("ledger: complete %s job %d: %w", row.Kind, row.ID, err)
	}
	return nil
}

// anyJob are the arguments of a job where they do not matter.
type anyJob struct{}

func (anyJob) Kind() string { return "" }

// deliveryJob makes the job of a delivery. River keeps it from being queued while one is that will still do its work.
func deliveryJob(d Delivery) river.InsertManyParams {
	args := job.Delivery{GUID: clean(d.GUID), Installation: d.Installation, Repository: d.Repository, Lane: clean(d.Lane)}
	if d.Class != turn.Push {
		args.Class = d.Class.String()
	}
	return river.InsertManyParams{
		Args: args,
		InsertOpts: &river.InsertOpts{
			Queue: job.QueueOf(d.Event),
			UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
				rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
				rivertype.JobStateRunning, rivertype.JobStateScheduled,
			}},
		},
	}
}

func (tx *Tx) insertJob(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (result *rivertype.JobInsertResult, err error) {
	switch {
	case tx.pg != nil:
		result, err = tx.s.pgQueue.InsertTx(ctx, tx.pg, args, opts)
	case tx.sqlite != nil:
		result, err = tx.s.sqliteQueue.InsertTx(ctx, tx.sqlite, args, opts)
	default:
		err = errors.New("no transaction")
	}
	if err == nil {
		tx.queued(result.Job.Queue)
	}
	return result, err
}

// insertJobs inserts jobs that cannot be there yet.
func (tx *Tx) insertJobs(ctx context.Context, jobs []river.InsertManyParams) (err error) {
	if len(jobs) == 0 {
		return nil
	}
	if tx.pg != nil {
		_, err = tx.s.pgQueue.InsertManyFastTx(ctx, tx.pg, jobs)
	} else {
		_, err = tx.s.sqliteQueue.InsertManyFastTx(ctx, tx.sqlite, jobs)
	}
	for _, j := range jobs {
		tx.queued(j.InsertOpts.Queue)
	}
	return err
}

func (tx *Tx) queued(queue string) {
	if tx.queues == nil {
		tx.queues = map[string]bool{}
	}
	tx.queues[queue] = true
}
