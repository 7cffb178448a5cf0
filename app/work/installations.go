package work

import (
	"context"
	"strings"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// reconcileAll records every installation that GitHub lists, those from before the first start or of a lost database
// too, and queues a comparison of repositories for each. Installations that GitHub does not list any more are compared
// as well: that request says for certain whether they are gone.
func (w *Worker) reconcileAll(ctx context.Context) error {
	listed, err := w.GitHub.Installations(ctx)
	if err != nil {
		return err
	}
	for _, installation := range listed {
		w.reportGrant(ctx, installation)
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		known, err := tx.Installations(ctx)
		if err != nil {
			return err
		}
		compare := map[int64]bool{}
		for _, id := range known {
			compare[id] = true
		}
		for _, i := range listed {
			err := tx.UpsertInstallation(ctx, ledger.Installation{ID: i.ID, AccountID: i.AccountID, Account: i.Account, Suspended: i.Suspended})
			if err != nil {
				return err
			}
			compare[i.ID] = !i.Suspended
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

// reportGrant logs what the installation lacks, what does not work for lack of it, and where an owner mends it.
func (w *Worker) reportGrant(ctx context.Context, i github.Installation) {
	log := w.Log.With("account", i.Account, "installation", i.ID)
	if i.Suspended {
		log.WarnContext(ctx, "installation is suspended: nothing is scanned there until an owner unsuspends it", "fix", i.SettingsURL)
		return
	}
	missing := i.Missing()
	if len(missing) == 0 {
		log.InfoContext(ctx, "installation has every permission and event")
		return
	}
	names, effects := describeNeeds(missing)
	log.WarnContext(ctx, "installation lacks permissions or events", "missing", names, "effect", effects,
		"fix", "add them to the App, then accept them at "+i.SettingsURL)
}

// describeNeeds returns what is missing and what does not work without it, each as one line for the log.
func describeNeeds(missing []github.Need) (names, effects string) {
	var name, effect []string
	for _, need := range missing {
		name = append(name, need.String())
		effect = append(effect, need.Without)
	}
	return strings.Join(name, ", "), strings.Join(effect, "; ")
}
