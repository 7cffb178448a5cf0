package publish

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// stillReminds reports whether a reminder is to be sent now, though it was decided on before: the policy is asked again. to is the target
// that it goes to; "": it is a comment.
func (w *Worker) stillReminds(ctx context.Context, f respond.LeakFacts, to string) (bool, error) {
	_, p, found, err := w.Policies.OfLeak(ctx, f.Leak.ID)
	f.Policy = p
	return found && err == nil && respond.StillReminds(f, to, w.Now()), err
}

// wantsReminder reports whether a target is still to be told that a leak is open.
func (w *Worker) wantsReminder(ctx context.Context, id int64, to string) (bool, error) {
	var facts respond.LeakFacts
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		leak, err := tx.Leak(ctx, id)
		if err == nil {
			facts, err = w.Recorder.Facts(ctx, tx, leak, respond.Policy{})
		}
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return w.stillReminds(ctx, facts, to)
}
