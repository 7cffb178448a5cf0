package work

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// historyOf stands before the commit in the head of a first look's scan. No check run speaks of all that was there before
// rekey came, so the head's own scans and this one are kept apart.
const historyOf = "history of "

// firstLook reads a repository's whole history: all branches and tags, one listing of refs and one fetch.
func (w *Worker) firstLook(ctx context.Context, j *river.Job[job.FirstLook]) error {
	repository, found, err := w.repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	target := repository.target()
	client := w.GitHub.Repository(target, github.ScanAccess)
	prefixes := []string{"HEAD", "refs/heads/", "refs/tags/"}
	if w.PullRefs {
		prefixes = append(prefixes, "refs/pull/")
	}
	refs, err := client.Refs(ctx, prefixes...)
	if err != nil {
		return fmt.Errorf("listing the refs of %s/%s: %w", target.Owner, target.Name, err)
	}
	wants, head := wantsOf(refs)
	t := &task{Repository: target, Event: "first_look", Want: head, Head: historyOf + head}
	if len(wants) == 0 {
		return w.looked(ctx, repository.Repository, refs)
	}
	report, err := w.read(ctx, client, wire.Request{Wants: wants}, wants, w.tellProgress(ctx, repository.ID))
	if err != nil {
		return fmt.Errorf("reading the history of %s/%s: %w", target.Owner, target.Name, err)
	}
	if err := w.record(ctx, t, report); err != nil {
		return err
	}
	w.metrics.scanned(t.Event, report)
	w.Log.InfoContext(ctx, "history read", "repository", repository.ID, "commits", report.Stats.Commits,
		"blobs", report.Stats.Blobs, "bytes", report.Stats.Bytes, "sightings", len(report.Sightings))
	return w.looked(ctx, repository.Repository, refs)
}

// wantsOf is pure: every object that a branch or tag names, once, and the commit that stands for the history: HEAD's,
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

// looked remembers the tips, which serve later pushes as haves, and that the history was read.
func (w *Worker) looked(ctx context.Context, repository ledger.Repository, refs []wire.Ref) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		// Events may have changed the record, and moved refs on, while the history was read.
		repository, err := tx.Repository(ctx, repository.ID)
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
			if !strings.HasPrefix(ref.Name, "refs/heads/") && !strings.HasPrefix(ref.Name, "refs/tags/") {
				continue
			}
			note := func() error { return tx.SetTip(ctx, repository.ID, ref.Name, ref.ID) }
			if moved[ref.Name] {
				note = func() error { return tx.NoteRead(ctx, repository.ID, ref.ID) }
			}
			if err := note(); err != nil {
				return err
			}
		}
		repository.FirstLooked = tx.Now()
		return tx.UpsertRepository(ctx, repository)
	})
}

// tellProgress logs how far the reading of a history is, a line for each tenth.
func (w *Worker) tellProgress(ctx context.Context, repository int64) func(pack.Progress) {
	told, arriving := 0, true
	return func(p pack.Progress) {
		if p.Arriving != arriving {
			told, arriving = 0, p.Arriving
		}
		if p.Total == 0 || p.Objects*10/p.Total <= told {
			return
		}
		told = p.Objects * 10 / p.Total
		w.Log.InfoContext(ctx, "history is being read", "repository", repository, "arriving", p.Arriving,
			"objects", p.Objects, "of", p.Total, "bytes", p.Bytes, "percent", told*10)
	}
}
