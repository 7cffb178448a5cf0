package work

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
)

const (
	// digestAfter is how long the first notice waits that is over the limit: others join it.
	digestAfter = 10 * time.Minute
	// maxWaiting is how many notices one digest takes; the rest goes into the next.
	maxWaiting = 1000
)

// enqueueNotice queues a notice for one target, or keeps it for the target's next digest where there were enough.
func enqueueNotice(ctx context.Context, tx *ledger.Tx, leak ledger.Leak, target string, event respond.Notice) error {
	ofRepository, inAll, err := tx.CountNotices(ctx, target, leak.Repository, tx.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	if respond.NotifyNow(ofRepository, inAll) {
		if err := tx.NoteNotice(ctx, target, leak.Repository, nil); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Notify{Leak: leak.ID, Target: target, Event: event}, nil)
	}
	waiting, err := json.Marshal(event)
	if err != nil {
		return err
	}
	if err := tx.NoteNotice(ctx, target, leak.Repository, waiting); err != nil {
		return err
	}
	return tx.Enqueue(ctx, job.Digest{Target: target}, after(tx.Now(), digestAfter))
}

// digest tells a target at once of all that waited.
func (w *Worker) digest(ctx context.Context, j *river.Job[job.Digest]) error {
	var waiting []ledger.Notice
	err := w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		waiting, err = tx.WaitingNotices(ctx, j.Args.Target, maxWaiting)
		return err
	})
	if err != nil || len(waiting) == 0 {
		return err
	}
	last := waiting[len(waiting)-1].ID
	var events []respond.Notice
	for _, n := range waiting {
		var e respond.Notice
		if err := json.Unmarshal(n.Event, &e); err != nil {
			w.Log.ErrorContext(ctx, "a notice cannot be read", "target", j.Args.Target, "error", err)
			continue
		}
		events = append(events, e)
	}
	var failed error
	if target, known := w.target(j.Args.Target); known {
		id := fmt.Sprintf("digest:%s:%d", target.Name, last)
		failed = w.told(w.Sender.SendDigest(ctx, target, notify.Summarise(id, events, w.Now())), j.CreatedAt)
	} else {
		failed = outcome.Final("the target %q is not configured any more", j.Args.Target)
	}
	if failed != nil && outcome.Of(failed, w.Now(), outcome.AttemptOf(j.JobRow, w.Now())).Do != github.GiveUp {
		return failed
	}
	return errors.Join(failed, w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if err := tx.ForgetNotices(ctx, j.Args.Target, last); err != nil {
			return err
		}
		if len(waiting) == maxWaiting {
			return tx.Enqueue(ctx, job.Digest{Target: j.Args.Target}, after(tx.Now(), digestAfter))
		}
		return nil
	}))
}
