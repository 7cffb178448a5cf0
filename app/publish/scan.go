package publish

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// PublishScan makes the head's check run say what the scan found. Where that has to wait or fails for a time (another job is
// at that check run, since a push and its pull request come together; GitHub has a problem), a job for it alone goes on: what
// was read is recorded, and need not be read again.
func (w *Worker) PublishScan(ctx context.Context, owner string, t *read.Task) error {
	if t.Head == "" {
		return nil
	}
	if t.Again {
		if err := w.forgetCheckText(ctx, t); err != nil {
			return err
		}
	}
	client := w.GitHub.Repository(t.Repository, github.ScanAccess)
	err := w.publishCheck(ctx, owner, client, t.Repository.ID, t.Head, true)
	if !begunCheck(err) || outcome.Of(err, w.Now(), outcome.Attempt{}).Do == github.GiveUp {
		return err
	}
	w.Log.InfoContext(ctx, "check run waits", "repository", w.Recorder.Named(t.Repository.ID), "head", t.Head, "reason", err.Error())
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		// The lease may be this job's, from a run that ended with its process: nobody waits for the end of that.
		if err := tx.YieldAction(ctx, checkKey(t.Repository.ID, t.Head), owner); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Check{Repository: t.Repository.ID, Head: t.Head}, nil)
	})
}

// forgetCheckText has the check run sent again, whatever it says. "Re-run" sets the commit's check suite back to queued, and GitHub
// shows it so until a check run in it is updated.
func (w *Worker) forgetCheckText(ctx context.Context, t *read.Task) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		have, err := tx.Check(ctx, t.Repository.ID, t.Head)
		if err != nil {
			return ignoreNotFound(err)
		}
		have.Digest = ""
		return tx.SaveCheck(ctx, have)
	})
}

// begunCheck reports whether a check run that could not be published was begun all the same, so that a job which only updates check
// runs goes on with it.
func begunCheck(err error) bool {
	if _, waits := errors.AsType[*outcome.WaitError](err); waits || errors.Is(err, ledger.ErrBusy) || errors.Is(err, ledger.ErrFenced) {
		return true
	}
	_, asked := errors.AsType[*github.Error](err)
	return asked
}

// GiveUpScan records a scan that could not be finished, and publishes the head's check run with the reason.
func (w *Worker) GiveUpScan(ctx context.Context, owner string, t *read.Task, reason string) error {
	if err := w.Reader.RecordFailure(ctx, t, reason); err != nil || t.Head == "" {
		return err
	}
	err := w.PublishScan(ctx, owner, t)
	if err != nil && outcome.Of(err, w.Now(), outcome.Attempt{Last: true}).Do == github.GiveUp {
		// GitHub does not take the check run either (repository gone, permission missing): the log has said why.
		w.Log.ErrorContext(ctx, "check run not published", "repository", w.Recorder.Named(t.Repository.ID), "head", t.Head, "error", err)
		return nil
	}
	return err
}
