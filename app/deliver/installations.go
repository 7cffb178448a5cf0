package deliver

import (
	"context"
	"errors"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// remember writes what the event says about installations and repositories, and queues the backfills. Events that name more
// repositories than one transaction takes ask for a comparison too, which queues the backfills.
func (w *Worker) remember(ctx context.Context, installation int64, p plan) error {
	if p.Uninstalled {
		return w.Recorder.RemoveInstallation(ctx, installation)
	}
	few, many := p.Know, []webhook.Repository(nil)
	if len(p.Know) > record.MaxPart {
		few, many = nil, p.Know
	}
	err := record.InParts(ctx, w.Store, many, func(ctx context.Context, tx Tx, r webhook.Repository) error {
		_, err := knowRepository(ctx, tx, installation, r, p)
		return err
	})
	if err == nil {
		err = record.InParts(ctx, w.Store, p.Forget, func(ctx context.Context, tx Tx, id int64) error {
			return tx.RemoveUnreachable(ctx, id, installation)
		})
	}
	if err != nil {
		return err
	}
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := rememberInstalled(ctx, tx, installation, p); err != nil {
			return err
		}
		if p.Public { // strangers read old texts too from now on
			if err := tx.RestartTexts(ctx, p.Know[0].ID); err != nil {
				return err
			}
		}
		backfill := p.Backfill
		for _, r := range few {
			isNew, err := knowRepository(ctx, tx, installation, r, p)
			if err != nil {
				return err
			}
			if isNew && p.Late { // it may be out of reach by now
				if err := tx.EnqueueOnce(ctx, job.Reconcile{Installation: installation}, nil); err != nil {
					return err
				}
			}
			if isNew && !p.Reconcile && len(p.Backfill) == 0 { // else its history is queued by the comparison
				backfill = append(backfill, r)
			}
		}
		if p.ForgetTip != "" && len(p.Know) > 0 {
			if err := tx.DeleteTip(ctx, p.Know[0].ID, p.ForgetTip, p.AsOf); err != nil {
				return err
			}
		}
		return enqueueBackfills(ctx, tx, installation, backfill, p)
	})
	if err == nil && p.Public {
		return w.publicized(ctx, p.Know[0].ID)
	}
	return err
}

// rememberInstalled records the installation, and lets jobs go on that waited for the end of its suspension.
func rememberInstalled(ctx context.Context, tx Tx, installation int64, p plan) error {
	if p.Installed == nil {
		return nil
	}
	err := tx.UpsertInstallation(ctx, respond.Installation{
		ID: installation, AccountID: p.Installed.ID, Account: p.Installed.Login, Suspended: p.Suspended,
	}, p.AsOf)
	if err == nil && !p.Suspended {
		err = tx.ResumeJobs(ctx, installation)
	}
	if err == nil && p.Granted != nil {
		err = tx.ReopenTexts(ctx, installation)
	}
	return err
}

// enqueueBackfills queues what the plan asks for in the background. A repository that the event only made known has one backfill,
// be it queued or running; what was published has another one after that.
func enqueueBackfills(ctx context.Context, tx Tx, installation int64, repositories []webhook.Repository, p plan) error {
	if p.Reconcile {
		if err := tx.Enqueue(ctx, job.Reconcile{Installation: installation}, nil); err != nil {
			return err
		}
	}
	opts := &river.InsertOpts{Priority: priority(p)}
	for _, r := range repositories {
		args := job.Backfill{Installation: installation, Repository: r.ID}
		var err error
		if len(p.Backfill) > 0 {
			err = tx.Enqueue(ctx, args, opts)
		} else {
			err = tx.EnqueueOnce(ctx, args, opts)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// priority puts what strangers can read since a moment ago before what was always there.
func priority(p plan) int {
	if p.Public {
		return 1
	}
	return 2
}

// knowRepository writes what the event says about a repository over what the ledger knows, unless that is newer; events of
// installations say little. It reports whether the ledger did not know the repository.
func knowRepository(ctx context.Context, tx Tx, installation int64, r webhook.Repository, p plan) (isNew bool, err error) {
	repository, err := tx.Repository(ctx, r.ID)
	isNew = errors.Is(err, ledger.ErrNotFound)
	if err != nil && !isNew {
		return false, err
	}
	if !isNew && !p.AsOf.IsZero() && !saysMore(p, repository) {
		return false, nil
	}
	known := repository
	repository.ID, repository.Installation = r.ID, installation
	repository.Owner, repository.Name, repository.Private = r.Owner, r.Name, r.Private
	if r.DefaultBranch != "" {
		repository.DefaultBranch, repository.Archived = r.DefaultBranch, r.Archived
	}
	if repository == known && !p.Stated {
		return false, nil
	}
	repository.AsOf = p.AsOf
	if err := tx.UpsertRepository(ctx, repository); err != nil || isNew || known.Installation == installation {
		return isNew, err
	}
	return false, refile(ctx, tx, r.ID)
}

// saysMore reports whether an event says more of a repository than what is known of it: it is younger, or as old as that, which GitHub's
// log tells to the second, and about the repository itself.
func saysMore(p plan, known respond.Repository) bool {
	return p.AsOf.After(known.AsOf) || p.AsOf.Equal(known.AsOf) && p.Stated
}

// maxRefiled is how many issues and check runs of a repository that came to another installation are queued at once.
const maxRefiled = 500

// refile queues the issues that were decided on and are not there, and the check runs that were begun and came to no end: their jobs may
// have been given up, as the installation that was known did not reach the repository any more.
func refile(ctx context.Context, tx Tx, repository int64) error {
	leaks, err := tx.Unissued(ctx, repository, maxRefiled)
	if err != nil {
		return err
	}
	for _, leak := range leaks {
		if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID}, nil); err != nil {
			return err
		}
	}
	heads, err := tx.UnfinishedChecks(ctx, repository, maxRefiled)
	if err != nil {
		return err
	}
	for _, head := range heads {
		if err := tx.Enqueue(ctx, job.Check{Repository: repository, Head: head}, nil); err != nil {
			return err
		}
	}
	return nil
}
