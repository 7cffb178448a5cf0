package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// delivery does what a webhook delivery asks for, and marks it finished.
func (w *Worker) delivery(ctx context.Context, j *river.Job[job.Delivery]) error {
	var d ledger.Delivery
	err := w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		d, err = tx.Delivery(ctx, j.Args.GUID)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // uninstalled since: its deliveries were forgotten
	}
	if err != nil {
		return fmt.Errorf("delivery %s: %w", j.Args.GUID, err)
	}
	if !d.Finished.IsZero() {
		return nil
	}
	event, err := webhook.Decode(d.Event, d.Body)
	if err != nil {
		return w.finish(ctx, d, fmt.Sprintf("not understood: %v", err))
	}
	ctx = withAttrs(ctx, eventAttrs(event))
	if ours, err := w.ownEvent(ctx, event); err != nil {
		return err
	} else if ours {
		note := ownDoing
		if double, err := w.withdrawDouble(ctx, owner(j.JobRow), event); err != nil {
			return err
		} else if double {
			note = "withdrawn: it was made twice"
			w.Log.WarnContext(ctx, "GitHub did the same twice: the second one is withdrawn", "delivery", d.GUID, "event", d.Event)
		}
		return w.finish(ctx, d, note)
	}
	if deleted, err := w.deletedSince(ctx, event, d.Received); err != nil {
		return err
	} else if deleted {
		return w.finish(ctx, d, deletedMeanwhile)
	}
	p := planOf(event, w.AppID)
	if err := w.remember(ctx, event.About().InstallationID, p); err != nil {
		return err
	}
	if p.Granted != nil {
		w.reportGrant(ctx, *p.Granted)
	}
	if p.Word != nil {
		return w.hear(ctx, d, *p.Word)
	}
	if p.Deleted != 0 {
		if err := w.issueDeleted(ctx, event.About().Repository.ID, p.Deleted); err != nil {
			return err
		}
	}
	if p.Moved != nil {
		if err := w.issueMoved(ctx, event.About().InstallationID, *p.Moved); err != nil {
			return err
		}
	}
	if p.Scan != nil {
		p.Scan.Received = d.Received
		note, err := w.tryScan(ctx, j, p.Scan)
		if err != nil {
			return w.giveUpScan(ctx, j, d, p.Scan, err)
		}
		p.Note = note
	}
	return w.finish(ctx, d, p.Note)
}

// ownDoing is what became of a delivery that tells of something rekey did itself.
const ownDoing = "ignored: rekey's own doing"

func (w *Worker) finish(ctx context.Context, d ledger.Delivery, note string) error {
	return w.finishWith(ctx, d, note, func(context.Context, *ledger.Tx) error { return nil })
}

// finishWith marks the delivery finished in one transaction with the last that it asked for.
func (w *Worker) finishWith(ctx context.Context, d ledger.Delivery, note string, last func(context.Context, *ledger.Tx) error) error {
	err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if err := last(ctx, tx); err != nil {
			return err
		}
		return tx.FinishDelivery(ctx, d.GUID, note)
	})
	if errors.Is(err, ledger.ErrNotFound) {
		err = nil // the delivery told of the end of its installation, or waited behind it
	}
	if err == nil {
		level := slog.LevelInfo
		if note == ownDoing { // several for each push
			level = slog.LevelDebug
		}
		w.Log.Log(ctx, level, "delivery done", append([]any{"delivery", d.GUID, "event", d.Event, "action", d.Action, "outcome", note}, attrsOf(ctx)...)...)
	}
	return err
}

// ownEvent reports whether the event is the echo of something that we did ourselves: answering it would never end.
func (w *Worker) ownEvent(ctx context.Context, event webhook.Event) (bool, error) {
	sender := event.About().Sender
	if sender.Type != "Bot" {
		return false, nil
	}
	switch event.(type) {
	case *webhook.Issues, *webhook.IssueComment, *webhook.CheckRun, *webhook.CheckSuite:
	default:
		// We push nothing; a bot's push is as dangerous as a person's.
		return false, nil
	}
	slug, err := w.GitHub.Slug(ctx)
	if err != nil {
		return false, fmt.Errorf("asking GitHub for our own name: %w", err)
	}
	return sender.Login == slug+"[bot]", nil
}

// remember writes what the event says about installations and repositories, and queues the first looks.
func (w *Worker) remember(ctx context.Context, installation int64, p plan) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if p.Uninstalled {
			return errors.Join(tx.ResumeJobs(ctx, installation), tx.RemoveInstallation(ctx, installation))
		}
		if p.Installed != nil {
			err := tx.UpsertInstallation(ctx, ledger.Installation{
				ID: installation, AccountID: p.Installed.ID, Account: p.Installed.Login, Suspended: p.Suspended,
			})
			if err == nil && !p.Suspended {
				err = tx.ResumeJobs(ctx, installation)
			}
			if err != nil {
				return err
			}
		}
		for _, r := range p.Know {
			isNew, err := knowRepository(ctx, tx, installation, r)
			if err != nil {
				return err
			}
			if isNew && !p.Reconcile && len(p.LookAt) == 0 { // else its history is queued by the comparison
				if err := tx.EnqueueOnce(ctx, job.FirstLook{Installation: installation, Repository: r.ID}, &river.InsertOpts{Priority: priority(p)}); err != nil {
					return err
				}
			}
		}
		for _, id := range p.Forget {
			if err := tx.LoseRepository(ctx, id, installation); err != nil {
				return err
			}
		}
		if p.ForgetTip != "" && len(p.Know) > 0 {
			if err := tx.DeleteTip(ctx, p.Know[0].ID, p.ForgetTip); err != nil {
				return err
			}
		}
		if p.Public {
			if err := w.publicized(ctx, tx, p.Know[0].ID); err != nil {
				return err
			}
		}
		if p.Reconcile {
			if err := tx.Enqueue(ctx, job.Reconcile{Installation: installation}, nil); err != nil {
				return err
			}
		}
		for _, r := range p.LookAt {
			if err := tx.Enqueue(ctx, job.FirstLook{Installation: installation, Repository: r.ID}, &river.InsertOpts{Priority: priority(p)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// priority is pure: what strangers can read since a moment ago goes before what was always there.
func priority(p plan) int {
	if p.Public {
		return 1
	}
	return 2
}

// knowRepository writes what the event tells about a repository over what the ledger knows; events of installations
// tell little. It reports whether the ledger did not know the repository.
func knowRepository(ctx context.Context, tx *ledger.Tx, installation int64, r webhook.Repository) (isNew bool, err error) {
	record, err := tx.Repository(ctx, r.ID)
	isNew = errors.Is(err, ledger.ErrNotFound)
	if err != nil && !isNew {
		return false, err
	}
	known := record
	record.ID, record.Installation = r.ID, installation
	record.Owner, record.Name, record.Private = r.Owner, r.Name, r.Private
	if r.DefaultBranch != "" {
		record.DefaultBranch, record.Archived = r.DefaultBranch, r.Archived
	}
	if record == known {
		return false, nil
	}
	return isNew, tx.UpsertRepository(ctx, record)
}

// deletedMeanwhile is what became of a delivery about a repository that is not there any more.
const deletedMeanwhile = "ignored: the repository was deleted meanwhile"

// disorder is by how much deliveries may overtake each other: GitHub promises no order.
const disorder = time.Minute

// deletedSince reports whether the event is about a repository whose deletion GitHub has told of since, or shortly before.
// What the event says must not be remembered then: nothing would take it back.
func (w *Worker) deletedSince(ctx context.Context, event webhook.Event, received time.Time) (deleted bool, err error) {
	id := event.About().Repository.ID
	if change, ok := event.(*webhook.RepositoryChange); id == 0 || ok && change.Action == "deleted" {
		return false, nil
	}
	err = w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		deleted, err = tx.RepositoryDeleted(ctx, id, received.Add(-disorder))
		return err
	})
	return deleted, err
}

// tryScan scans, unless the process was killed in the middle of the last attempt: what ends a process is not tried for
// ever.
func (w *Worker) tryScan(ctx context.Context, j *river.Job[job.Delivery], t *task) (note string, err error) {
	if deadly(j.JobRow) {
		return "", final("rekey was stopped each time it tried, last in the middle of the scan")
	}
	leave, err := w.enter(j.JobRow)
	if err != nil {
		return "", err
	}
	defer leave()
	err = contained(func() (err error) {
		note, err = w.scan(ctx, owner(j.JobRow), t)
		return err
	})
	return note, overtime(ctx, j.Attempt, job.ScanTimeout, err)
}

// giveUpScan concludes the check of a scan that cannot be finished, so that nobody waits for it; a scan that will be
// tried again is left alone.
func (w *Worker) giveUpScan(ctx context.Context, j *river.Job[job.Delivery], d ledger.Delivery, t *task, err error) error {
	if errors.Is(err, github.ErrNotFound) || errors.Is(err, ledger.ErrNotFound) {
		if _, found, lookup := w.repository(ctx, t.Repository.ID); lookup == nil && !found {
			return w.finish(ctx, d, deletedMeanwhile)
		}
	}
	out := outcomeOf(err, w.Now(), w.attemptOf(j.JobRow))
	if out.Do != github.GiveUp {
		return err
	}
	// The job's own time may be what ran out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), job.RespondTimeout)
	defer cancel()
	w.Log.ErrorContext(ctx, "scan given up", "delivery", d.GUID, "repository", t.Repository.Owner+"/"+t.Repository.Name, "head", t.Head,
		"reason", out.Reason, "error", err, stackOf(err))
	if err := w.recordFailure(ctx, owner(j.JobRow), t, out.Reason); err != nil {
		return err
	}
	err = w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		return tx.GiveUpDelivery(ctx, d.GUID, "scan given up: "+out.Reason)
	})
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	return errGivenUp
}
