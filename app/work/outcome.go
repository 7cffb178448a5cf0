package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// outcome says how a job goes on after an error. This is the one place that decides it.
type outcome struct {
	Do     github.Reaction
	After  time.Duration // for Snooze
	Reason string
}

// leaseWait is how long a job waits that found another one at the same check run or issue.
const leaseWait = time.Second

// turnWait is how long a job waits at least whose turn at GitHub another process has taken.
const turnWait = 20 * time.Millisecond

// memoryWait is how long a job waits for which other scans left no memory.
const memoryWait = 20 * time.Second

// attempt is a job's attempt, as far as it says how the job goes on after it failed.
type attempt struct {
	Last bool          // no attempt is left
	Age  time.Duration // since the job was queued
}

func (w *Worker) attemptOf(row *rivertype.JobRow) attempt {
	return attempt{Last: row.Attempt >= row.MaxAttempts, Age: w.Now().Sub(row.CreatedAt)}
}

const (
	// outageFor is how long an outage costs a job no attempt: one of GitHub, the network or the database, which says nothing
	// about the job.
	outageFor = 24 * time.Hour
	// outagePause is the longest time between two tries in an outage.
	outagePause = 15 * time.Minute
	// suspendedPause is when a job is tried again whose installation is suspended, unless GitHub says before that it is not.
	suspendedPause = 6 * time.Hour
)

// during is how a job goes on in an outage: each wait is half of the time that it has waited before.
func (a attempt) during(reason string) outcome {
	return outcome{Do: github.Snooze, After: min(max(a.Age/2, time.Second), outagePause), Reason: reason}
}

// outcomeOf is the one table of retry, snooze and give up.
func outcomeOf(err error, now time.Time, a attempt) outcome {
	if errors.Is(err, ledger.ErrUnavailable) && a.Age < outageFor {
		return a.during(err.Error())
	}
	if errors.Is(err, ledger.ErrBusy) {
		return outcome{Do: github.Snooze, After: leaseWait, Reason: "another job is at it"}
	}
	if errors.Is(err, ledger.ErrFenced) {
		return outcome{Do: github.Snooze, After: leaseWait, Reason: "another run of the job has taken over"}
	}
	if fault, ok := errors.AsType[*pack.PanicError](err); ok {
		return outcome{Do: github.GiveUp, Reason: fault.Error()}
	}
	if errors.Is(err, pack.ErrMemory) {
		return outcome{Do: github.Snooze, After: memoryWait, Reason: err.Error()}
	}
	if wait, ok := errors.AsType[*publish.WaitError](err); ok {
		return outcome{Do: github.Snooze, After: max(wait.Until.Sub(now), leaseWait), Reason: wait.Error()}
	}
	if final, ok := errors.AsType[*finalError](err); ok {
		return outcome{Do: github.GiveUp, Reason: final.Error()}
	}
	if errors.Is(err, pack.ErrLimit) { // it would be over the limit again
		return outcome{Do: github.GiveUp, Reason: err.Error()}
	}
	if wait, ok := errors.AsType[*waitError](err); ok {
		return outcome{Do: github.Snooze, After: wait.after, Reason: wait.reason}
	}
	verdict := github.Classify(err, now)
	switch limit, ours := errors.AsType[*github.LimitError](err); {
	case ours: // it was not its turn
		return outcome{Do: github.Snooze, After: max(limit.Until.Sub(now), turnWait), Reason: verdict.Reason}
	case errors.Is(err, github.ErrSuspended):
		return outcome{Do: github.Snooze, After: suspendedPause, Reason: verdict.Reason}
	case verdict.Do == github.Snooze:
		return outcome{Do: github.Snooze, After: max(verdict.Until.Sub(now), time.Second), Reason: verdict.Reason}
	case verdict.Do == github.GiveUp:
		return outcome{Do: github.GiveUp, Reason: verdict.Reason}
	case verdict.Outage && a.Age < outageFor:
		return a.during(verdict.Reason)
	case a.Last:
		return outcome{Do: github.GiveUp, Reason: "tried often enough: " + verdict.Reason}
	}
	return outcome{Do: github.Retry, Reason: verdict.Reason}
}

// stackOf tells the log where a fault of our own happened; nothing for any other error.
func stackOf(err error) slog.Attr {
	if fault, ok := errors.AsType[*pack.PanicError](err); ok {
		return slog.String("stack", fault.Stack)
	}
	return slog.Attr{}
}

// finalError is a failure that no repetition mends.
type finalError struct{ reason string }

func (e *finalError) Error() string { return e.reason }

func final(format string, args ...any) error { return &finalError{fmt.Sprintf(format, args...)} }

// overtimes is how often a job may use up its time: once, GitHub may have been slow.
const overtimes = 2

// overtime returns err, or where the job's own time has run out, and not for the first time, a final error: what could not be
// read in ten minutes twice keeps nobody else waiting for the same again.
func overtime(ctx context.Context, tried int, within time.Duration, err error) error {
	if err == nil || tried < overtimes || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return err
	}
	return final("reading it takes longer than the %d minutes that it may", int(within.Minutes()))
}

// errGivenUp ends the job of a scan that was given up: its check run says so, and nothing is left to do.
var errGivenUp = errors.New("the scan was given up")

// waitError is a failure whose time to try again somebody named.
type waitError struct {
	after  time.Duration
	reason string
}

func (e *waitError) Error() string { return e.reason }

// deadly reports whether a job ended its process so often that it is not tried again. One that did so before, and has only
// one attempt now, has no second.
func deadly(row *rivertype.JobRow) bool {
	crashes := job.CrashesOf(row)
	return crashes.Deadly() || row.MaxAttempts == 1 && crashes.Times > 0
}

// answer turns a job's error into River's answer, and tells the log and the metrics.
func (w *Worker) answer(ctx context.Context, row *rivertype.JobRow, err error) error {
	switch {
	case err == nil:
		w.metrics.jobs.WithLabelValues(row.Kind, "done").Inc()
		return nil
	case errors.Is(err, errGivenUp):
		w.metrics.jobs.WithLabelValues(row.Kind, string(github.GiveUp)).Inc()
		return nil
	}
	now := w.Now()
	out := outcomeOf(err, now, w.attemptOf(row))
	w.metrics.jobs.WithLabelValues(row.Kind, string(out.Do)).Inc()
	log := w.Log.With("job", row.Kind, "job_id", row.ID, "attempt", row.Attempt, "reason", out.Reason)
	switch out.Do {
	case github.Snooze:
		log.DebugContext(ctx, "job waits", "seconds", out.After.Seconds())
		w.park(ctx, row, err)
		return river.JobSnooze(out.After)
	case github.GiveUp:
		log.ErrorContext(ctx, "job given up", "error", err, stackOf(err))
		return river.JobCancel(errors.New(out.Reason))
	}
	log.WarnContext(ctx, "job failed, will be tried again", "error", err)
	return errors.New(out.Reason)
}

// park notes a job that waits for the end of its installation's suspension, so that it goes on then.
func (w *Worker) park(ctx context.Context, row *rivertype.JobRow, err error) {
	failed, ok := errors.AsType[*github.Error](err)
	if !ok || failed.Installation == 0 || !errors.Is(err, github.ErrSuspended) {
		return
	}
	err = w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		return tx.ParkJob(ctx, row.ID, failed.Installation)
	})
	if err != nil {
		w.Log.WarnContext(ctx, "the end of the suspension will be seen hours late", "job_id", row.ID, "error", err)
	}
}

func timeoutOf(queue string) time.Duration {
	switch queue {
	case job.Respond:
		return job.RespondTimeout
	case job.Backfill:
		return job.BackfillTimeout
	}
	return job.ScanTimeout
}
