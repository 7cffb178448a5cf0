package backfill

import (
	"context"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// reconcileAll records every installation that GitHub lists, those from before the first start or of a lost database
// too, and queues a comparison of repositories for each. Installations that GitHub does not list any more are compared
// as well: that request says for certain whether they are gone.
func (w *Worker) reconcileAll(ctx context.Context) error {
	asOf := w.Now() // what is told from now on is newer
	listed, err := w.GitHub.Installations(ctx)
	if err != nil {
		return err
	}
	for _, installation := range listed {
		w.Recorder.ReportGrant(ctx, installation)
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		known, err := tx.Installations(ctx)
		if err != nil {
			return err
		}
		compare := map[int64]bool{}
		for _, id := range known {
			compare[id] = true
		}
		for _, i := range listed {
			err := tx.UpsertInstallation(ctx, respond.Installation{ID: i.ID, AccountID: i.AccountID, Account: i.Account, Suspended: i.Suspended}, asOf)
			if err != nil {
				return err
			}
			compare[i.ID] = !i.Suspended
			if i.Permissions["discussions"] != "" { // the event that says so may have been lost
				if err := tx.ReopenTexts(ctx, i.ID); err != nil {
					return err
				}
			}
		}
		for id, due := range compare {
			if !due {
				continue
			}
			if err := tx.EnqueueOnce(ctx, job.Reconcile{Installation: id}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
