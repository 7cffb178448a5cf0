package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// River can keep a job from being queued twice only if it counts running ones too. Then a change that comes while
// a job runs, and has read its state already, would be lost. So the table keyed_jobs remembers for each key the job that
// was queued last and the one that was started last, and the states of these two decide.

// waits reports whether a job in this state has yet to start.
func waits(state rivertype.JobState) bool {
	switch state {
	case rivertype.JobStateAvailable, rivertype.JobStateScheduled, rivertype.JobStatePending, rivertype.JobStateRetryable:
		return true
	}
	return false
}

// keyBusy reports whether a job of the key waits or runs.
func keyBusy(ctx context.Context, tx *ledger.Tx, args job.Singleton) (bool, error) {
	var last [2]int64
	found, err := tx.OneSQL(ctx, []any{&last[0], &last[1]}, `SELECT waiting, running FROM keyed_jobs WHERE kind = $1 AND key = $2`+tx.ForUpdate(),
		args.Kind(), args.Key())
	if err != nil || !found {
		return false, err
	}
	for _, id := range last {
		state, err := jobState(ctx, tx, id)
		if err != nil || state == rivertype.JobStateRunning || waits(state) {
			return err == nil, err
		}
	}
	return false, nil
}

func (q *inserter) enqueueSingleton(ctx context.Context, tx *ledger.Tx, args job.Singleton, opts *job.Options) error {
	// Two that enqueue the first job of a key at once meet in this row.
	if _, err := tx.ExecSQL(ctx, `INSERT INTO keyed_jobs (kind, key, waiting) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`,
		args.Kind(), args.Key()); err != nil {
		return err
	}
	var waiting, running int64
	if _, err := tx.OneSQL(ctx, []any{&waiting, &running}, `SELECT waiting, running FROM keyed_jobs WHERE kind = $1 AND key = $2`+tx.ForUpdate(),
		args.Kind(), args.Key()); err != nil {
		return err
	}
	if waiting != 0 {
		state, err := jobState(ctx, tx, waiting)
		// One that River runs, and that has not taken the key yet, has read nothing either: it waits for another one to end.
		if err != nil || waits(state) || state == rivertype.JobStateRunning && waiting != running {
			return err
		}
	}
	result, err := q.insertJob(ctx, tx, args, opts)
	if err != nil {
		return err
	}
	_, err = tx.ExecSQL(ctx, `UPDATE keyed_jobs SET waiting = $3 WHERE kind = $1 AND key = $2`,
		args.Kind(), args.Key(), result.Job.ID)
	return err
}

// startSingleton takes the key for a job that starts. It tells no while another job of the key runs.
func startSingleton(ctx context.Context, tx *ledger.Tx, args job.Singleton, id int64) (bool, error) {
	var running int64
	found, err := tx.OneSQL(ctx, []any{&running}, `SELECT running FROM keyed_jobs WHERE kind = $1 AND key = $2`+tx.ForUpdate(),
		args.Kind(), args.Key())
	if err != nil {
		return false, err
	}
	if !found {
		return true, nil // was queued by something else than Enqueue, which is its own affair
	}
	if running != 0 && running != id {
		state, err := jobState(ctx, tx, running)
		if err != nil {
			return false, err
		}
		if state == rivertype.JobStateRunning {
			return false, nil
		}
	}
	_, err = tx.ExecSQL(ctx, `UPDATE keyed_jobs SET running = $3 WHERE kind = $1 AND key = $2`, args.Kind(), args.Key(), id)
	return true, err
}

// singletonPause is when a job that found its key taken looks again.
const singletonPause = 200 * time.Millisecond

// serializeSingletons is the middleware that keeps jobs of one key apart.
type serializeSingletons struct {
	river.MiddlewareDefaults
	s *store
}

func (m *serializeSingletons) Work(ctx context.Context, row *rivertype.JobRow, work func(context.Context) error) error {
	args, err := singletonArgs(row)
	if err != nil {
		return err
	}
	if args == nil {
		return work(ctx)
	}
	free := false
	if err := m.s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		free, err = startSingleton(ctx, tx, args, row.ID)
		return err
	}); errors.Is(err, ledger.ErrUnavailable) {
		return river.JobSnooze(lapsedPause)
	} else if err != nil {
		return fmt.Errorf("queue: start %s job %d: %w", row.Kind, row.ID, err)
	}
	if !free {
		return river.JobSnooze(singletonPause)
	}
	return work(ctx)
}

// singletonArgs reads a job's arguments where its kind is a keyed one; else it gives nil.
func singletonArgs(row *rivertype.JobRow) (job.Singleton, error) {
	switch row.Kind {
	case job.Issue{}.Kind():
		return decodeSingleton[job.Issue](row)
	case job.Check{}.Kind():
		return decodeSingleton[job.Check](row)
	case job.Backfill{}.Kind():
		return decodeSingleton[job.Backfill](row)
	case job.Digest{}.Kind():
		return decodeSingleton[job.Digest](row)
	case job.Issues{}.Kind():
		return decodeSingleton[job.Issues](row)
	case job.Summary{}.Kind():
		return decodeSingleton[job.Summary](row)
	case job.AuditIssue{}.Kind():
		return decodeSingleton[job.AuditIssue](row)
	case job.Reconcile{}.Kind():
		return decodeSingleton[job.Reconcile](row)
	case job.Policy{}.Kind():
		return decodeSingleton[job.Policy](row)
	case job.Alert{}.Kind():
		return decodeSingleton[job.Alert](row)
	case job.Texts{}.Kind():
		return decodeSingleton[job.Texts](row)
	case job.Mask{}.Kind():
		return decodeSingleton[job.Mask](row)
	case job.Audit{}.Kind():
		return decodeSingleton[job.Audit](row)
	case job.Wiki{}.Kind():
		return decodeSingleton[job.Wiki](row)
	case job.Assets{}.Kind():
		return decodeSingleton[job.Assets](row)
	case job.Logs{}.Kind():
		return decodeSingleton[job.Logs](row)
	case job.CodeScanning{}.Kind():
		return decodeSingleton[job.CodeScanning](row)
	case job.TextHistory{}.Kind():
		return decodeSingleton[job.TextHistory](row)
	case job.Sweep{}.Kind():
		return decodeSingleton[job.Sweep](row)
	}
	return nil, nil
}

func decodeSingleton[T job.Singleton](row *rivertype.JobRow) (job.Singleton, error) {
	var args T
	if err := json.Unmarshal(row.EncodedArgs, &args); err != nil {
		return nil, fmt.Errorf("queue: %s job %d: %w", row.Kind, row.ID, err)
	}
	return args, nil
}
