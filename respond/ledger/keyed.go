package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
)

// River can keep a job from being queued twice only if it counts running ones too. Then a change that comes while
// a job runs, and has read its state already, would be lost. So the table keyed_jobs remembers for each key the job that
// was queued last and the one that was started last, and the states of these two decide.

// lockJob makes PostgreSQL hold a job's state until the transaction ends; SQLite's writers are alone anyway.
func (tx *Tx) lockJob() string {
	if tx.pg != nil {
		return " FOR UPDATE"
	}
	return ""
}

func (tx *Tx) jobState(ctx context.Context, id int64) (rivertype.JobState, error) {
	var state string
	_, err := one(ctx, tx, []any{&state}, `SELECT CAST(state AS TEXT) FROM river_job WHERE id = $1`+tx.lockJob(), id)
	return rivertype.JobState(state), err
}

// waits reports whether a job in this state has yet to start.
func waits(state rivertype.JobState) bool {
	switch state {
	case rivertype.JobStateAvailable, rivertype.JobStateScheduled, rivertype.JobStatePending, rivertype.JobStateRetryable:
		return true
	}
	return false
}

// keyBusy reports whether a job of the key waits or runs.
func (tx *Tx) keyBusy(ctx context.Context, args job.Keyed) (bool, error) {
	var last [2]int64
	found, err := one(ctx, tx, []any{&last[0], &last[1]}, `SELECT waiting, running FROM keyed_jobs WHERE kind = $1 AND key = $2`+tx.lockJob(),
		args.Kind(), args.Key())
	if err != nil || !found {
		return false, err
	}
	for _, id := range last {
		state, err := tx.jobState(ctx, id)
		if err != nil || state == rivertype.JobStateRunning || waits(state) {
			return err == nil, err
		}
	}
	return false, nil
}

func (tx *Tx) enqueueKeyed(ctx context.Context, args job.Keyed, opts *river.InsertOpts) error {
	// Two that enqueue the first job of a key at once meet in this row.
	if _, err := tx.exec(ctx, `INSERT INTO keyed_jobs (kind, key, waiting) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`,
		args.Kind(), args.Key()); err != nil {
		return err
	}
	var waiting, running int64
	if _, err := one(ctx, tx, []any{&waiting, &running}, `SELECT waiting, running FROM keyed_jobs WHERE kind = $1 AND key = $2`+tx.lockJob(),
		args.Kind(), args.Key()); err != nil {
		return err
	}
	if waiting != 0 {
		state, err := tx.jobState(ctx, waiting)
		// One that River runs, and that has not taken the key yet, has read nothing either: it waits for another one to end.
		if err != nil || waits(state) || state == rivertype.JobStateRunning && waiting != running {
			return err
		}
	}
	result, err := tx.insertJob(ctx, args, opts)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE keyed_jobs SET waiting = $3 WHERE kind = $1 AND key = $2`,
		args.Kind(), args.Key(), result.Job.ID)
	return err
}

// startKeyed takes the key for a job that starts. It tells no while another job of the key runs.
func (tx *Tx) startKeyed(ctx context.Context, args job.Keyed, id int64) (bool, error) {
	var running int64
	found, err := one(ctx, tx, []any{&running}, `SELECT running FROM keyed_jobs WHERE kind = $1 AND key = $2`+tx.lockJob(),
		args.Kind(), args.Key())
	if err != nil {
		return false, err
	}
	if !found {
		return true, nil // was queued by something else than Enqueue, which is its own affair
	}
	if running != 0 && running != id {
		state, err := tx.jobState(ctx, running)
		if err != nil {
			return false, err
		}
		if state == rivertype.JobStateRunning {
			return false, nil
		}
	}
	_, err = tx.exec(ctx, `UPDATE keyed_jobs SET running = $3 WHERE kind = $1 AND key = $2`, args.Kind(), args.Key(), id)
	return true, err
}

// keyedPause is when a job that found its key taken looks again.
const keyedPause = 200 * time.Millisecond

// oneAtATime is the middleware that keeps jobs of one key apart.
type oneAtATime struct {
	river.MiddlewareDefaults
	s *Store
}

func (m *oneAtATime) Work(ctx context.Context, row *rivertype.JobRow, work func(context.Context) error) error {
	args, err := keyedArgs(row)
	if err != nil {
		return err
	}
	if args == nil {
		return work(ctx)
	}
	free := false
	if err := m.s.Update(ctx, func(ctx context.Context, tx *Tx) (err error) {
		free, err = tx.startKeyed(ctx, args, row.ID)
		return err
	}); errors.Is(err, ErrUnavailable) {
		return river.JobSnooze(lapsedPause)
	} else if err != nil {
		return fmt.Errorf("ledger: start %s job %d: %w", row.Kind, row.ID, err)
	}
	if !free {
		return river.JobSnooze(keyedPause)
	}
	return work(ctx)
}

// keyedArgs reads a job's arguments where its kind is a keyed one; else it gives nil.
func keyedArgs(row *rivertype.JobRow) (job.Keyed, error) {
	switch row.Kind {
	case job.Issue{}.Kind():
		return readKeyed[job.Issue](row)
	case job.Check{}.Kind():
		return readKeyed[job.Check](row)
	case job.Backfill{}.Kind():
		return readKeyed[job.Backfill](row)
	case job.Digest{}.Kind():
		return readKeyed[job.Digest](row)
	case job.Issues{}.Kind():
		return readKeyed[job.Issues](row)
	case job.Summary{}.Kind():
		return readKeyed[job.Summary](row)
	case job.Reconcile{}.Kind():
		return readKeyed[job.Reconcile](row)
	case job.Sweep{}.Kind():
		return readKeyed[job.Sweep](row)
	}
	return nil, nil
}

func readKeyed[T job.Keyed](row *rivertype.JobRow) (job.Keyed, error) {
	var args T
	if err := json.Unmarshal(row.EncodedArgs, &args); err != nil {
		return nil, fmt.Errorf("ledger: %s job %d: %w", row.Kind, row.ID, err)
	}
	return args, nil
}
