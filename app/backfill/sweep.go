package backfill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// sweepEvery is how long a repository's refs go uncompared. Listing them costs one git request and no REST quota.
	sweepEvery = time.Hour
	// sweepBatch is how many sweeps are queued at a time, so that many repositories are spread.
	sweepBatch = 200
	// maxMoved is how many moved refs one sweep reads; what is left moves in the next one.
	maxMoved = 100
	// maxTips is how many recorded tips are compared.
	maxTips = 100_000
)

// Sweep reads what moved without an event that we received.
func (w *Worker) Sweep(ctx context.Context, j *river.Job[job.Sweep]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	client := w.GitHub.Repository(record.Target(repository), github.ScanAccess)
	listed := w.Now() // what moves from now on is newer
	refs, err := w.refs(ctx, client, ownRefs()...)
	if err != nil {
		return fmt.Errorf("listing the refs of repository %d: %w", repository.ID, err)
	}
	var tips []respond.Tip
	var unread []ledger.Unread
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		if tips, err = tx.Tips(ctx, repository.ID, maxTips); err != nil {
			return err
		}
		unread, err = tx.Unread(ctx, repository.ID)
		return err
	})
	if err != nil {
		return err
	}
	moved, gone := compareRefs(refs, tips)
	moved = notTriedLately(moved, unread, w.Now())
	moved = moved[:min(len(moved), maxMoved)]
	if moved, err = w.withoutEvent(ctx, repository.ID, moved, listed); err != nil {
		return err
	}
	for _, t := range moved {
		t.Repository, t.Received = record.Target(repository), listed
		if err := w.sweepRef(ctx, j, &t); err != nil {
			return fmt.Errorf("reading %s, which moved without an event: %w", t.Ref, err)
		}
	}
	if len(moved) > 0 {
		w.Log.InfoContext(ctx, "refs moved without an event", "repository", w.Recorder.Named(repository.ID), "refs", len(moved))
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		for _, ref := range gone {
			if err := tx.DeleteTip(ctx, repository.ID, ref, listed); err != nil {
				return err
			}
		}
		return tx.RecordSweep(ctx, repository.ID)
	})
}

// withoutEvent returns the readings without those that a delivery brought which waits: they are done in its turn.
func (w *Worker) withoutEvent(ctx context.Context, repository int64, moved []read.Task, listed time.Time) ([]read.Task, error) {
	var without []read.Task
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		without = nil
		for _, t := range moved {
			waits, err := tx.HeadWaits(ctx, repository, t.Want, listed)
			if err != nil {
				return err
			}
			if !waits {
				without = append(without, t)
			}
		}
		return nil
	})
	return without, err
}

// sweepRef reads one ref. What will not get better is noted, and holds up no other ref.
func (w *Worker) sweepRef(ctx context.Context, j *river.Job[job.Sweep], t *read.Task) error {
	leave, err := w.Reader.Enter(j.JobRow)
	if err != nil {
		return err
	}
	defer leave()
	err = outcome.Contain(func() error {
		if _, err := w.Reader.Scan(ctx, t); err != nil {
			return err
		}
		return w.Publish.PublishScan(ctx, outcome.Owner(j.JobRow), t)
	})
	if err == nil {
		return nil
	}
	out := outcome.Of(err, w.Now(), outcome.AttemptOf(j.JobRow, w.Now()))
	if out.Do != github.GiveUp {
		return err
	}
	w.Log.ErrorContext(ctx, "scan given up", "repository", t.Repository.Owner+"/"+t.Repository.Name, "ref", t.Ref, "head", t.Head, "reason", out.Reason, "error", err, outcome.Stack(err))
	return w.Publish.GiveUpScan(ctx, outcome.Owner(j.JobRow), t, out.Reason)
}

// unreadPause is how long a ref that could not be judged wholly is left alone while it does not move.
const unreadPause = 24 * time.Hour

// notTriedLately returns the readings without those that were done a short while ago and left something, of the same commits.
func notTriedLately(moved []read.Task, unread []ledger.Unread, now time.Time) []read.Task {
	tried := make(map[string]string, len(unread))
	for _, u := range unread {
		if now.Sub(u.Tried) < unreadPause {
			tried[u.Ref] = u.SHA
		}
	}
	return slices.DeleteFunc(moved, func(t read.Task) bool { return tried[t.Ref] == t.Want })
}

// refs lists the refs under prefixes, by the names that the ledger knows them by: without credentials, as the bodies of
// deliveries are.
func (w *Worker) refs(ctx context.Context, client *github.Client, prefixes ...string) ([]wire.Ref, error) {
	refs, err := client.Refs(ctx, prefixes...)
	for i := range refs {
		refs[i].Name = w.Scanner.RedactString(ctx, refs[i].Name)
	}
	return refs, err
}

// compareRefs returns the readings that refs ask for which moved or are new, and the recorded refs that are gone.
func compareRefs(refs []wire.Ref, tips []respond.Tip) (moved []read.Task, gone []string) {
	recorded := make(map[string]string, len(tips))
	for _, tip := range tips {
		recorded[tip.Ref] = tip.SHA
	}
	for _, ref := range refs {
		before, known := recorded[ref.Name]
		delete(recorded, ref.Name)
		if known && before == ref.ID || ref.ID == webhook.ZeroSHA {
			continue
		}
		t := read.Task{Trigger: respond.TriggerSweep, Ref: ref.Name, Want: ref.ID, Head: ref.ID, Base: before}
		switch {
		case strings.HasPrefix(ref.Name, "refs/tags/"):
			t.Head, t.Base = ref.Peeled, ""
			if ref.Peeled == "" {
				t.Head = ref.ID // a lightweight tag
			}
		case !strings.HasPrefix(ref.Name, "refs/heads/"):
			t.Head = "" // notes and the like: nobody looks at check runs there
		}
		moved = append(moved, t)
	}
	for ref := range recorded {
		gone = append(gone, ref)
	}
	return moved, gone
}

// queueSweeps queues the sweeps that are due.
func (w *Worker) queueSweeps(ctx context.Context) error {
	return w.queueSweepsDue(ctx, w.Now().Add(-sweepEvery))
}

// queueSweepsDue queues sweeps of repositories that were not compared since then.
func (w *Worker) queueSweepsDue(ctx context.Context, since time.Time) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		due, err := tx.SweepDue(ctx, since, sweepBatch)
		if err != nil {
			return err
		}
		for _, id := range due {
			if err := tx.RecordSweep(ctx, id); err != nil {
				return err
			}
			if err := tx.Enqueue(ctx, job.Sweep{Repository: id}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
