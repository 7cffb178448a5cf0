package texts

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// DeleteLogs deletes the logs of the runs in which a leak's key is, for somebody who may ask for it, and says what came of it.
func (w *Watcher) DeleteLogs(ctx context.Context, j *river.Job[job.DeleteLogs]) error {
	leak, in, list, err := w.logsOf(ctx, j.Args.Leak)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // forgotten since
	}
	if err != nil {
		return err
	}
	p, err := w.Policies.Of(ctx, in)
	if err != nil {
		return err
	}
	client := w.GitHub.Repository(record.Target(in), github.ActionsWriteAccess)
	var came respond.Logs
	gone := map[int64]bool{} // by run
	for _, s := range list {
		run := s.Text.ID
		if _, done := gone[run]; done {
			continue
		}
		err := client.DeleteRunLogs(ctx, run)
		switch {
		case err == nil:
			came.Deleted++
		case errors.Is(err, github.ErrNotFound), errors.Is(err, github.ErrGone):
			came.Gone++
		case errors.Is(err, github.ErrArchived):
			came.Archived, gone[run] = true, false
			continue
		case errors.Is(err, github.ErrForbidden):
			came.Refused, gone[run] = append(came.Refused, s.Text.URL), false
			continue
		case github.Refused(err) && outcome.Of(err, w.Now(), outcome.Attempt{}).Do == github.GiveUp: // who asked hears of it, and of the others
			came.Failed, gone[run] = came.Failed+1, false
			continue
		default:
			return fmt.Errorf("deleting the logs of run %d of %s: %w", run, in.FullName(), err)
		}
		gone[run] = true
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		for _, s := range list {
			if !gone[s.Text.ID] {
				continue
			}
			if _, err := tx.SaveText(ctx, s.ID, false, tx.Now()); err != nil {
				return err
			}
		}
		return w.Recorder.Decide(ctx, tx, leak.ID, p, func(f respond.LeakFacts) respond.Decision {
			return respond.LogsDeleted(f, j.Args.By, j.Args.ID, came, tx.Now())
		})
	})
}

// logsOf returns a leak with where it is in logs that are there.
func (w *Watcher) logsOf(ctx context.Context, id int64) (leak respond.Leak, in respond.Repository, logs []respond.Sighting, err error) {
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		if leak, err = tx.Leak(ctx, id); err != nil {
			return err
		}
		if in, err = tx.Repository(ctx, leak.Repository); err != nil {
			return err
		}
		list, err := tx.TextsOf(ctx, id, maxDeleted)
		logs = nil
		for _, s := range list {
			if s.Source == respond.InLog {
				logs = append(logs, s)
			}
		}
		return err
	})
	return leak, in, logs, err
}

// maxDeleted is how many places of a leak in texts are gone through for one command.
const maxDeleted = 200
