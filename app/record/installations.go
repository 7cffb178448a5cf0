package record

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// MaxPart is how many repositories one transaction registers or forgets: meanwhile others wait for it.
const MaxPart = 200

// InParts does something about each of many repositories, a transaction for each [MaxPart] of them.
func InParts[X, T any](ctx context.Context, store ledger.Scoped[X], all []T, do func(context.Context, X, T) error) error {
	for some := range slices.Chunk(all, MaxPart) {
		err := store.Update(ctx, func(ctx context.Context, tx X) error {
			for _, r := range some {
				if err := do(ctx, tx, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveInstallation notes that an installation was removed, and lets its jobs end. What belongs to it is forgotten later.
func (r *Recorder) RemoveInstallation(ctx context.Context, installation int64) error {
	var known []respond.Repository
	err := r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		known, err = tx.RepositoriesOf(ctx, installation)
		return err
	})
	if err == nil {
		err = InParts(ctx, r.Store, known, func(ctx context.Context, tx Tx, gone respond.Repository) error {
			return tx.RemoveUnreachable(ctx, gone.ID, installation)
		})
	}
	if err != nil {
		return err
	}
	return r.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return errors.Join(tx.ResumeJobs(ctx, installation), tx.RemoveInstallation(ctx, installation))
	})
}

// ReportGrant logs what the installation lacks, what does not work for lack of it, and where an owner fixes it.
func (r *Recorder) ReportGrant(ctx context.Context, i github.Installation) {
	log := r.Log.With("account", i.Account, "installation", i.ID)
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
