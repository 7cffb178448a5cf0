package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Reconcile brings the ledger in line with GitHub's list of what the installation reaches: events name repositories too,
// but not always, and may be lost.
func (w *Worker) Reconcile(ctx context.Context, j *river.Job[job.Reconcile]) error {
	asOf := w.Now() // what is told from now on is newer
	listed, err := w.GitHub.InstallationRepositories(ctx, j.Args.Installation)
	if errors.Is(err, github.ErrUninstalled) {
		return w.Recorder.RemoveInstallation(ctx, j.Args.Installation)
	}
	if err != nil {
		return fmt.Errorf("listing the repositories of installation %d: %w", j.Args.Installation, err)
	}
	var known []respond.Repository
	var givenUp map[int64]ledger.Backfill
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		if known, err = tx.RepositoriesOf(ctx, j.Args.Installation); err != nil {
			return err
		}
		givenUp, err = tx.GivenUpBackfills(ctx, j.Args.Installation)
		return err
	})
	if err != nil {
		return err
	}
	err = record.InParts(ctx, w.Store, lost(known, listed, asOf), func(ctx context.Context, tx Tx, id int64) error {
		return tx.RemoveUnreachable(ctx, id, j.Args.Installation)
	})
	if err != nil {
		return err
	}
	err = record.InParts(ctx, w.Store, newestFirst(listed), func(ctx context.Context, tx Tx, r github.RepositoryInfo) error {
		return w.register(ctx, tx, j.Args.Installation, r, asOf, givenUp)
	})
	if err != nil {
		return err
	}
	if err := w.queueSweepsDue(ctx, time.Time{}); err != nil { // of what came back
		return err
	}
	return w.topUp(ctx, j.Args.Installation)
}

// register records a repository. The backfill of a new one is due from now on; one that was given up is tried again at once.
func (w *Worker) register(ctx context.Context, tx Tx, installation int64, r github.RepositoryInfo, asOf time.Time, givenUp map[int64]ledger.Backfill) error {
	repository, err := tx.Repository(ctx, r.ID)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	known := repository
	repository.ID, repository.Installation, repository.Owner, repository.Name = r.ID, installation, r.Owner, r.Name
	repository.DefaultBranch, repository.Private, repository.Archived = r.DefaultBranch, r.Private, r.Archived
	if repository != known {
		repository.AsOf = asOf
		if err := tx.UpsertRepository(ctx, repository); err != nil {
			return err
		}
	}
	run, failed := givenUp[r.ID]
	if !failed {
		if !repository.Backfilled.IsZero() {
			return nil
		}
		return tx.RecordPush(ctx, r.ID, r.PushedAt)
	}
	again, attempts := tryAgain(run, tx.Now())
	if !again {
		return nil
	}
	// A backfill that has begun is enough, though its end is not recorded yet.
	return tx.EnqueueOnce(ctx, job.Backfill{Installation: installation, Repository: r.ID}, &river.InsertOpts{Priority: 2, MaxAttempts: attempts})
}

// window is how many backfills of an installation are queued at a time.
const window = 8

// topUp queues backfills that are due, as many as the window has room for; and readings of texts, where none is.
func (w *Worker) topUp(ctx context.Context, installation int64) error {
	var due []int64
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		queued, err := tx.BackfillsQueued(ctx, installation)
		if err == nil && queued < window {
			due, err = tx.BackfillsDue(ctx, installation, window-queued)
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(due) == 0 {
		return w.topUpTexts(ctx, installation)
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return enqueueBackfills(ctx, tx, installation, due)
	})
}

// topUpAll does so for every installation: a process that ends between two backfills leaves a gap.
func (w *Worker) topUpAll(ctx context.Context) error {
	var installations []int64
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		installations, err = tx.Installations(ctx)
		return err
	})
	errs := []error{err}
	for _, id := range installations {
		errs = append(errs, w.topUp(ctx, id))
	}
	return errors.Join(errs...)
}

// enqueueNext queues the next backfill of an installation, after one that is over.
func enqueueNext(ctx context.Context, tx Tx, installation int64) error {
	due, err := tx.BackfillsDue(ctx, installation, 1)
	if err != nil {
		return err
	}
	return enqueueBackfills(ctx, tx, installation, due)
}

func enqueueBackfills(ctx context.Context, tx Tx, installation int64, repositories []int64) error {
	for _, id := range repositories {
		// A repository that was just made public goes first.
		err := tx.EnqueueOnce(ctx, job.Backfill{Installation: installation, Repository: id}, &river.InsertOpts{Priority: 2})
		if err != nil {
			return err
		}
	}
	return nil
}

// crashPause is how long a backfill is left alone that ended the process each time. It is longer than a process lives that
// is restarted over and over, and shorter than what lies between two comparisons.
const crashPause = reconcileEvery / 2

// tryAgain reports whether a backfill that was given up is tried again, and how often at most; 0 is as often as any. What
// failed for a reason that people can fix, a missing permission say, is tried at each comparison.
func tryAgain(run ledger.Backfill, now time.Time) (again bool, attempts int) {
	if run.Crashed {
		return now.Sub(run.Updated) >= crashPause, 1
	}
	return true, 0
}

// lost returns which of the known repositories are not listed any more. What is known of some since then may have brought them.
func lost(known []respond.Repository, listed []github.RepositoryInfo, asOf time.Time) []int64 {
	there := make(map[int64]bool, len(listed))
	for _, r := range listed {
		there[r.ID] = true
	}
	var ids []int64
	for _, r := range known {
		if !there[r.ID] && !r.AsOf.After(asOf) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// newestFirst puts those first that were pushed to last, as their keys are the likeliest to live.
func newestFirst(listed []github.RepositoryInfo) []github.RepositoryInfo {
	sorted := slices.Clone(listed)
	slices.SortStableFunc(sorted, func(a, b github.RepositoryInfo) int { return b.PushedAt.Compare(a.PushedAt) })
	return sorted
}
