// Package outcome decides how a job goes on after an error: it is tried again, it waits, or it is given up. [Of] is the one
// table; [Handle] applies it to what River runs.
package outcome

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Outcome is how a job goes on after an error.
type Outcome struct {
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

// Attempt is a job's attempt, as far as it says how the job goes on after it failed.
type Attempt struct {
	Number int           // the first is 1; 0: not known
	Last   bool          // no attempt is left
	Age    time.Duration // since the job was queued
}

// AttemptOf is the attempt of a job that runs.
func AttemptOf(row *rivertype.JobRow, now time.Time) Attempt {
	return Attempt{Number: row.Attempt, Last: row.Attempt >= row.MaxAttempts, Age: now.Sub(row.CreatedAt)}
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

// awayAttempts is how often a job is tried at an installation that does not reach the repository: it may have been transferred, or
// deleted, or the App uninstalled, and the event that says so come a moment later. With River's pauses that is some 20 seconds.
const awayAttempts = 3

// away reports whether a job waits for news of its repository.
func (a Attempt) away(err error) bool {
	return !a.Last && a.Number > 0 && a.Number < awayAttempts && (errors.Is(err, github.ErrUninstalled) || errors.Is(err, github.ErrOutOfReach))
}

// during is how a job goes on in an outage: each wait is half of the time that it has waited before.
func (a Attempt) during(reason string) Outcome {
	return Outcome{Do: github.Snooze, After: min(max(a.Age/2, time.Second), outagePause), Reason: reason}
}

// Of is the one table of retry, snooze and give up.
func Of(err error, now time.Time, a Attempt) Outcome {
	if errors.Is(err, ledger.ErrUnavailable) && a.Age < outageFor {
		return a.during(err.Error())
	}
	if errors.Is(err, ledger.ErrBusy) {
		return Outcome{Do: github.Snooze, After: leaseWait, Reason: "another job has the lease"}
	}
	if errors.Is(err, ledger.ErrFenced) {
		return Outcome{Do: github.Snooze, After: leaseWait, Reason: "another run of the job has taken over"}
	}
	if fault, ok := errors.AsType[*pack.PanicError](err); ok {
		return Outcome{Do: github.GiveUp, Reason: fault.Error()}
	}
	if errors.Is(err, pack.ErrMemory) {
		return Outcome{Do: github.Snooze, After: memoryWait, Reason: err.Error()}
	}
	if final, ok := errors.AsType[*finalError](err); ok {
		return Outcome{Do: github.GiveUp, Reason: final.Error()}
	}
	if errors.Is(err, pack.ErrLimit) { // it would be over the limit again
		return Outcome{Do: github.GiveUp, Reason: err.Error()}
	}
	if wait, ok := errors.AsType[*WaitError](err); ok {
		return Outcome{Do: github.Snooze, After: max(wait.Until.Sub(now), turnWait), Reason: wait.Reason}
	}
	verdict := github.Classify(err, now)
	switch limit, ours := errors.AsType[*github.LimitError](err); {
	case ours: // it was not its turn
		return Outcome{Do: github.Snooze, After: max(limit.Until.Sub(now), turnWait), Reason: verdict.Reason}
	case errors.Is(err, github.ErrSuspended):
		return Outcome{Do: github.Snooze, After: suspendedPause, Reason: verdict.Reason}
	case verdict.Do == github.Snooze:
		return Outcome{Do: github.Snooze, After: max(verdict.Until.Sub(now), time.Second), Reason: verdict.Reason}
	case verdict.Do == github.GiveUp && a.away(err):
		return Outcome{Do: github.Retry, Reason: verdict.Reason}
	case verdict.Do == github.GiveUp:
		return Outcome{Do: github.GiveUp, Reason: verdict.Reason}
	case verdict.Outage && a.Age < outageFor:
		return a.during(verdict.Reason)
	case a.Last:
		return Outcome{Do: github.GiveUp, Reason: "tried often enough: " + verdict.Reason}
	}
	return Outcome{Do: github.Retry, Reason: verdict.Reason}
}

// Stack says for the log where a fault of our own happened; nothing for any other error.
func Stack(err error) slog.Attr {
	if fault, ok := errors.AsType[*pack.PanicError](err); ok {
		return slog.String("stack", fault.Stack)
	}
	return slog.Attr{}
}

// finalError is a failure that no repetition fixes.
type finalError struct{ reason string }

func (e *finalError) Error() string { return e.reason }

// Final returns a failure that no repetition fixes.
func Final(format string, args ...any) error { return &finalError{fmt.Sprintf(format, args...)} }

// overtimes is how often a job may use up its time: once, GitHub may have been slow.
const overtimes = 2

// Overtime returns err, or where the job's own time has run out, and not for the first time, a final error: what could not be
// read in ten minutes twice keeps nobody else waiting for the same again.
func Overtime(ctx context.Context, tried int, within time.Duration, err error) error {
	if err == nil || tried < overtimes || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return err
	}
	return Final("reading it takes longer than the limit of %s", format.Duration(within))
}

// ErrGivenUp ends the job of a scan that was given up: its check run says so, and nothing is left to do.
var ErrGivenUp = errors.New("the scan was given up")

// WaitError is a failure whose time to try again is known.
type WaitError struct {
	Until  time.Time
	Reason string
}

func (e *WaitError) Error() string { return e.Reason }

// Crashed reports whether a job ended its process so often that it is not tried again. One that did so before, and has only
// one attempt now, has no second.
func Crashed(row *rivertype.JobRow) bool {
	crashes := job.CrashesOf(row)
	return crashes.TooMany() || row.MaxAttempts == 1 && crashes.Times > 0
}

// Owner names a job for the log of effects: another attempt of it, in whatever process, takes over at once.
func Owner(row *rivertype.JobRow) string { return fmt.Sprintf("%s %d", row.Kind, row.ID) }

// Contain returns a panic of do as an error.
func Contain(do func() error) (err error) {
	defer pack.Contain(&err)
	return do()
}
