package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
)

// maxWaiting is how many notices one digest takes; the rest goes into the next.
const maxWaiting = 1000

// Digest sends a target all notices that waited, in one message.
func (w *Worker) Digest(ctx context.Context, j *river.Job[job.Digest]) error {
	var waiting []ledger.Notice
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
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
	if target, known := notify.Find(w.Targets, j.Args.Target); known {
		id := fmt.Sprintf("digest:%s:%d", target.Name, last)
		failed = w.afterSending(w.Sender.SendDigest(ctx, target, notify.Summarise(id, events, w.Now())), j.CreatedAt)
	} else {
		failed = outcome.Final("the target %q is not configured any more", j.Args.Target)
	}
	if failed != nil && outcome.Of(failed, w.Now(), outcome.AttemptOf(j.JobRow, w.Now())).Do != github.GiveUp {
		return failed
	}
	return errors.Join(failed, w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.ForgetNotices(ctx, j.Args.Target, last); err != nil {
			return err
		}
		if len(waiting) == maxWaiting {
			return record.EnqueueDigest(ctx, tx, j.Args.Target)
		}
		return nil
	}))
}
