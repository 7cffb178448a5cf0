package backfill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Backfill reads a repository's whole history. Until that is done the ledger knows how far it is; each attempt starts over.
func (w *Worker) Backfill(ctx context.Context, j *river.Job[job.Backfill]) error {
	if outcome.Crashed(j.JobRow) {
		// What ends a process is not tried for ever.
		return w.pause(ctx, j, outcome.Final("rekey was stopped each time it tried, last in the middle of the reading"))
	}
	leave, err := w.Reader.Enter(j.JobRow)
	if err != nil {
		return err
	}
	defer leave()
	repository, run, err := w.start(ctx, j.Args.Repository)
	if errors.Is(err, ledger.ErrNotFound) { // its installation is gone, or it was deleted
		return w.topUp(ctx, j.Args.Installation)
	}
	if err == nil {
		err = outcome.Overtime(ctx, j.Attempt, job.BackfillTimeout, outcome.Contain(func() error { return w.readHistory(ctx, j, repository, run) }))
	}
	if err != nil {
		return w.pause(ctx, j, err)
	}
	return nil
}

func (w *Worker) start(ctx context.Context, id int64) (r respond.Repository, run ledger.Backfill, err error) {
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if r, err = tx.Repository(ctx, id); err != nil {
			return err
		}
		run, err = tx.StartBackfill(ctx, id)
		return err
	})
	if err == nil && run.Attempt > 1 {
		w.Log.InfoContext(ctx, "history is scanned again: an earlier attempt didn't finish", "repository", w.Recorder.Named(id), "attempt", run.Attempt)
	}
	return r, run, err
}

// readHistory reads all that refs lead to, branches, tags, notes and others: one listing and one fetch.
func (w *Worker) readHistory(ctx context.Context, j *river.Job[job.Backfill], repository respond.Repository, run ledger.Backfill) error {
	target := record.Target(repository)
	client := w.GitHub.Repository(target, github.ScanAccess)
	prefixes := append(ownRefs(), "HEAD")
	if w.PullRefs {
		prefixes = append(prefixes, pulls)
	}
	listed := w.Now() // what moves from now on is newer
	refs, err := w.refs(ctx, client, prefixes...)
	if err != nil {
		return fmt.Errorf("listing the refs of %s/%s: %w", target.Owner, target.Name, err)
	}
	wants, head := wantsOf(refs)
	t := &read.Task{Repository: target, Trigger: respond.TriggerBackfill, Want: head, Head: record.HistoryOf + head}
	if len(wants) == 0 {
		return w.finish(ctx, j, refs, listed, ledger.HistoryRead{})
	}
	report, err := w.Reader.Read(ctx, client, wire.Request{Wants: wants}, wants, w.follow(ctx, run).at)
	if err != nil {
		return fmt.Errorf("reading the history of %s/%s: %w", target.Owner, target.Name, err)
	}
	unjudged, err := w.Reader.Record(ctx, t, report)
	if err != nil {
		return err
	}
	w.Reader.Metrics.Scanned(t.Trigger, report)
	if again, err := w.noteLeft(ctx, t, unjudged); err != nil || again {
		if err == nil {
			err = outcome.Final("not all could be judged: %s", strings.Join(unjudged[:min(len(unjudged), 3)], "; "))
		}
		return err
	}
	w.Log.InfoContext(ctx, "history read", "repository", w.Recorder.Named(repository.ID), "commits", report.Stats.Commits,
		"blobs", report.Stats.Blobs, "bytes", report.Stats.Bytes, "sightings", len(report.Sightings))
	return w.finish(ctx, j, refs, listed, ledger.HistoryRead{Commits: report.Stats.Commits, Bytes: report.Stats.Bytes, Took: w.Now().Sub(run.Started)})
}

// noteLeft notes what a backfill could not judge, and reports whether another attempt is to try it again. The leaks that it found
// are recorded either way, and pushes are read meanwhile.
func (w *Worker) noteLeft(ctx context.Context, t *read.Task, unjudged []string) (again bool, err error) {
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if len(unjudged) == 0 {
			if err := tx.RecordFullyRead(ctx, t.Repository.ID, read.WholeHistory); err != nil {
				return err
			}
			return read.CloseGaps(ctx, tx, t.Repository.ID, func(respond.Gap) bool { return true })
		}
		u, err := tx.RecordUnread(ctx, t.Repository.ID, read.WholeHistory, t.Want, unjudged)
		if again = u.Attempts < budget.UnreadAttempts; again || err != nil {
			return err
		}
		// What an earlier attempt left was left again, and this stands in for it.
		if err := read.CloseGaps(ctx, tx, t.Repository.ID, func(g respond.Gap) bool { return g.Ref == read.WholeHistory && g.Accepted.IsZero() }); err != nil {
			return err
		}
		return tx.RecordGap(ctx, t.Repository.ID, read.WholeHistory, "", t.Want, unjudged)
	})
	return again, err
}

// pause remembers why a backfill has failed, and whether another attempt will come. A backfill that is given up is tried again
// when the repositories are next compared with GitHub's list; see [tryAgain].
func (w *Worker) pause(ctx context.Context, j *river.Job[job.Backfill], err error) error {
	// The job's own time may be what ran out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), job.RespondTimeout)
	defer cancel()
	out := outcome.Of(err, w.Now(), outcome.AttemptOf(j.JobRow, w.Now()))
	reason := w.Scanner.RedactString(ctx, out.Reason)
	noted := w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if out.Do == github.GiveUp {
			if err := tx.GiveUpBackfill(ctx, j.Args.Repository, reason, outcome.Crashed(j.JobRow)); err != nil {
				return err
			}
			return enqueueNext(ctx, tx, j.Args.Installation)
		}
		return tx.PauseBackfill(ctx, j.Args.Repository, reason)
	})
	switch {
	case errors.Is(noted, ledger.ErrNotFound):
		return nil // forgotten meanwhile
	case noted != nil:
		w.Log.WarnContext(ctx, "could not record why a history can't be read", "repository", w.Recorder.Named(j.Args.Repository), "error", noted)
	case out.Do == github.GiveUp:
		w.Log.ErrorContext(ctx, "history not read: it is tried again within a day", "repository", w.Recorder.Named(j.Args.Repository), "reason", out.Reason)
	}
	return err
}

// wantsOf returns every object that a branch or tag names, once, and the commit that stands for the history: HEAD's,
// else the first.
func wantsOf(refs []wire.Ref) (wants []string, head string) {
	seen := make(map[string]bool, len(refs))
	for _, ref := range refs {
		if ref.Name == "HEAD" {
			head = ref.ID
		}
		if !seen[ref.ID] {
			seen[ref.ID] = true
			wants = append(wants, ref.ID)
		}
	}
	if head == "" && len(wants) > 0 {
		head = wants[0]
	}
	return wants, head
}

// finish remembers the tips, which serve later pushes as haves, and that the history was read. The job is done in the same
// transaction: River writes it down some time later, and a process that was killed in between would read all of it again.
func (w *Worker) finish(ctx context.Context, j *river.Job[job.Backfill], refs []wire.Ref, listed time.Time, took ledger.HistoryRead) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		// Events may have changed the record, and moved refs on, while the history was read.
		repository, err := tx.Repository(ctx, j.Args.Repository)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		tips, err := tx.Tips(ctx, repository.ID, maxTips)
		if err != nil {
			return err
		}
		moved := make(map[string]bool, len(tips))
		for _, tip := range tips {
			moved[tip.Ref] = true
		}
		for _, ref := range refs {
			if !owns(ref.Name) {
				continue
			}
			note := func() error { return tx.SetTip(ctx, repository.ID, ref.Name, ref.ID, listed) }
			if moved[ref.Name] {
				note = func() error { return tx.RecordRead(ctx, repository.ID, ref.ID) }
			}
			if err := note(); err != nil {
				return err
			}
		}
		if err := errors.Join(tx.EndBackfill(ctx, repository.ID), tx.RecordHistory(ctx, repository.ID, took)); err != nil {
			return err
		}
		repository.Backfilled = tx.Now()
		if err := tx.UpsertRepository(ctx, repository); err != nil {
			return err
		}
		if err := errors.Join(textsAfter(ctx, tx, repository.Installation, repository.ID), enqueueNext(ctx, tx, repository.Installation)); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, job.Audit{Repository: repository.ID}, nil); err != nil {
			return err
		}
		return tx.CompleteJob(ctx, j.JobRow)
	})
}
