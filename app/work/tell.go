package work

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
	"github.com/rekey-app/rekey/respond/text"
)

// enqueueNotices queues one notice for each target of the policy that wants to hear of the event. A target that the
// server does not know is left out, and logged.
func (w *Worker) enqueueNotices(ctx context.Context, tx *ledger.Tx, a respond.Action, p respond.Policy) error {
	leak, err := tx.Leak(ctx, a.Leak)
	if err != nil {
		return err
	}
	facts, err := w.leakFacts(ctx, tx, leak, p)
	if err != nil {
		return err
	}
	history, err := tx.Events(ctx, leak.ID)
	if err != nil {
		return err
	}
	step := ledger.Event{Leak: leak.ID, At: tx.Now(), By: respond.Self, To: leak.State}
	if len(history) > 0 && a.Notice != respond.NoticeOpened {
		step = history[len(history)-1]
	}
	notice := text.Notice(facts, a, step)
	targets := p.Notify
	if a.Always {
		targets = p.Always
	}
	for _, n := range targets {
		if !a.Always && !n.Tells(a.Notice) {
			continue
		}
		if _, known := w.target(n.To); !known {
			w.Log.WarnContext(ctx, "the policy names a target that the server does not know: nobody is told there", "target", n.To,
				"repository", w.named(leak.Repository))
			continue
		}
		if err := enqueueNotice(ctx, tx, leak, n.To, notice); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) target(name string) (notify.Target, bool) {
	for _, t := range w.Targets {
		if t.Name == name {
			return t, true
		}
	}
	return notify.Target{}, false
}

// notify tells one target. The target knows repetitions by the event's id.
func (w *Worker) notify(ctx context.Context, j *river.Job[job.Notify]) error {
	event := j.Args.Event
	target, known := w.target(j.Args.Target)
	if !known {
		return outcome.Final("the target %q is not configured any more", j.Args.Target)
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
	return w.told(w.Sender.Send(ctx, target, event), j.CreatedAt)
}

// told says how a job goes on after its message was sent, or was not.
func (w *Worker) told(err error, since time.Time) error {
	if failure, ok := errors.AsType[*notify.Failure](err); ok {
		switch {
		case !failure.Again:
			return outcome.Final("%v", failure)
		case failure.After > 0 && w.Now().Sub(since) < tellFor:
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
	err = w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) error {
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
		waits, err = tx.Chosen(ctx, id)
		return err
	})
	return waits, err
}

// tellFor is for how long a target may put us off.
const tellFor = 24 * time.Hour
