package work

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// reconcile brings the ledger in line with GitHub's list of what the installation reaches: events name repositories too,
// but not always, and may be lost.
func (w *Worker) reconcile(ctx context.Context, j *river.Job[job.Reconcile]) error {
	listed, err := w.GitHub.InstallationRepositories(ctx, j.Args.Installation)
	if errors.Is(err, github.ErrUninstalled) {
		return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.RemoveInstallation(ctx, j.Args.Installation)
		})
	}
	if err != nil {
		return fmt.Errorf("listing the repositories of installation %d: %w", j.Args.Installation, err)
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		known, err := tx.RepositoriesOf(ctx, j.Args.Installation)
		if err != nil {
			return err
		}
		for _, id := range lost(known, listed) {
			if err := tx.LoseRepository(ctx, id, j.Args.Installation); err != nil {
				return err
			}
		}
		givenUp, err := tx.GivenUpLooks(ctx, j.Args.Installation)
		if err != nil {
			return err
		}
		for _, r := range newestFirst(listed) {
			if err := w.register(ctx, tx, j.Args.Installation, r, givenUp); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Worker) register(ctx context.Context, tx *ledger.Tx, installation int64, r github.RepositoryInfo, givenUp map[int64]ledger.Look) error {
	record, err := tx.Repository(ctx, r.ID)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	record.ID, record.Installation, record.Owner, record.Name = r.ID, installation, r.Owner, r.Name
	record.DefaultBranch, record.Private, record.Archived = r.DefaultBranch, r.Private, r.Archived
	if err := tx.UpsertRepository(ctx, record); err != nil {
		return err
	}
	look, failed := givenUp[r.ID]
	if !failed && !record.FirstLooked.IsZero() {
		return nil
	}
	// A repository that was just made public goes first.
	opts := river.InsertOpts{Priority: 2}
	if failed {
		again, attempts := lookAgain(look, tx.Now())
		if !again {
			return nil
		}
		opts.MaxAttempts = attempts
	}
	// A look that has begun is enough, though its end is not recorded yet.
	return tx.EnqueueOnce(ctx, job.FirstLook{Installation: installation, Repository: r.ID}, &opts)
}

// deadlyPause is how long a look is left alone that ended the process each time. It is longer than a process lives that
// is restarted over and over, and shorter than what lies between two comparisons.
const deadlyPause = reconcileEvery / 2

// lookAgain is pure: whether a look that was given up is tried again, and how often at most; 0 is as often as any. What
// failed for a reason that people can mend, a missing permission say, is tried at each comparison.
func lookAgain(look ledger.Look, now time.Time) (again bool, attempts int) {
	if look.Deadly {
		return now.Sub(look.Told) >= deadlyPause, 1
	}
	return true, 0
}

// lost is pure: which of the known repositories are not listed any more.
func lost(known []ledger.Repository, listed []github.RepositoryInfo) []int64 {
	there := make(map[int64]bool, len(listed))
	for _, r := range listed {
		there[r.ID] = true
	}
	var ids []int64
	for _, r := range known {
		if !there[r.ID] {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// newestFirst is pure: those that were pushed to last come first, as their keys are the likeliest to live.
func newestFirst(listed []github.RepositoryInfo) []github.RepositoryInfo {
	sorted := slices.Clone(listed)
	slices.SortStableFunc(sorted, func(a, b github.RepositoryInfo) int { return b.PushedAt.Compare(a.PushedAt) })
	return sorted
}
