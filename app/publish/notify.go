package publish

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
)

// Notify sends a notice to one target. The target knows repetitions by the event's id.
func (w *Worker) Notify(ctx context.Context, j *river.Job[job.Notify]) error {
	event := j.Args.Event
	target, known := notify.Find(w.Targets, j.Args.Target)
	if !known {
		return outcome.Final("the target %q is not configured any more", j.Args.Target)
	}
	if event.Kind() == respond.NoticeReminded {
		if wanted, err := w.wantsReminder(ctx, j.Args.Leak, j.Args.Target); err != nil || !wanted {
			return err
		}
	}
	if event.Issue == nil {
		waits, err := w.addIssue(ctx, j.Args.Leak, &event)
		if err != nil {
			return err
		}
		if waits && w.Now().Sub(j.CreatedAt) < issueFor {
			return &outcome.WaitError{Until: w.Now().Add(time.Second), Reason: "the issue that the notice is to name is being filed"}
		}
	}
	return w.afterSending(w.Sender.Send(ctx, target, event), j.CreatedAt)
}

// afterSending says how a job goes on after its message was sent, or was not.
func (w *Worker) afterSending(err error, since time.Time) error {
	if failure, ok := errors.AsType[*notify.Failure](err); ok {
		switch {
		case !failure.Again:
			return outcome.Final("%v", failure)
		case failure.After > 0 && w.Now().Sub(since) < deferFor:
			return &outcome.WaitError{Until: w.Now().Add(min(failure.After, time.Hour)), Reason: failure.Error()}
		}
	}
	return err
}

// issueFor is how long a notice waits for the issue that it is to name.
const issueFor = 30 * time.Second

// addIssue names the leak's issue in the event, which was queued before the issue was filed. It reports whether one is
// still to come.
func (w *Worker) addIssue(ctx context.Context, id int64, event *respond.Notice) (waits bool, err error) {
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		leak, err := tx.Leak(ctx, id)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if leak.IssueNumber != 0 {
			event.Issue = &respond.NoticeIssue{Number: leak.IssueNumber, URL: leak.IssueURL}
			return nil
		}
		waits, err = tx.IssueRequested(ctx, id)
		return err
	})
	return waits, err
}

// deferFor is for how long a target may put us off.
const deferFor = 24 * time.Hour
