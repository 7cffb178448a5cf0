package read

import (
	"context"
	"slices"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// A gap is what a limit left unread three times; see [respond.Gap]. It is named by the checks of its ref, and ends when somebody
// has it read again and nothing is left, or a maintainer accepts it.

// maxGapHeads is how many of a ref's checks are brought up to date when a gap ends.
const maxGapHeads = 50

// WholeHistory stands for all refs among those that were not read.
const WholeHistory = ""

// refsOf returns the refs that were read for a head as pushes.
func refsOf(scans []respond.Scan) []string {
	var refs []string
	for _, s := range scans {
		if (s.Trigger == respond.TriggerPush || s.Trigger == respond.TriggerSweep) && !slices.Contains(refs, s.Ref) {
			refs = append(refs, s.Ref)
		}
	}
	return refs
}

// GapsOf lists the gaps that concern a head: those of the refs that it was pushed to, and with the default branch's those of
// the whole history.
func GapsOf(ctx context.Context, tx GapsTx, r respond.Repository, scans []respond.Scan) ([]respond.Gap, error) {
	refs := refsOf(scans)
	if len(refs) == 0 {
		return nil, nil
	}
	gaps, err := tx.Gaps(ctx, r.ID)
	return slices.DeleteFunc(gaps, func(g respond.Gap) bool {
		return !slices.Contains(refs, g.Ref) && (g.Ref != WholeHistory || !slices.Contains(refs, "refs/heads/"+r.DefaultBranch))
	}), err
}

// left is what limits left of a head's refs, for one who wants it checked again.
type left struct {
	from string   // where the reading begins that takes it all: "" for the beginning
	also []string // heads of gaps, which the head itself need not reach
}

func (l left) haves() []string {
	if l.from == "" {
		return nil
	}
	return []string{l.from}
}

// leftOf says what was left of a head's refs: from the oldest gap on, or else from the last tip that was read. nil: nothing.
func leftOf(ctx context.Context, tx Tx, repository int64, scans []respond.Scan) (*left, error) {
	refs := refsOf(scans)
	if len(refs) == 0 {
		return nil, nil
	}
	gaps, err := tx.Gaps(ctx, repository)
	if err != nil {
		return nil, err
	}
	var found *left
	for _, g := range gaps {
		if !g.Accepted.IsZero() || !slices.Contains(refs, g.Ref) {
			continue
		}
		if found == nil {
			found = &left{from: g.Base}
		}
		found.also = append(found.also, g.Head)
	}
	if found != nil {
		return found, nil
	}
	unread, err := tx.Unread(ctx, repository)
	if err != nil {
		return nil, err
	}
	for _, u := range unread {
		if slices.Contains(refs, u.Ref) {
			tip, err := tx.Tip(ctx, repository, u.Ref)
			return &left{from: tip}, err
		}
	}
	return nil, nil
}

// fillGaps ends the gaps that somebody had read again with the scan. What is left of them once more is known already, and does
// not fail a check that it did not fail before.
func (r *Reader) fillGaps(ctx context.Context, tx Tx, t *Task, scan *respond.Scan) error {
	if !t.Again || scan.Failure != "" {
		return nil
	}
	repository, err := tx.Repository(ctx, t.Repository.ID)
	if err != nil {
		return err
	}
	scans, err := tx.Scans(ctx, t.Repository.ID, t.Head)
	if err != nil {
		return err
	}
	gaps, err := GapsOf(ctx, tx, repository, scans)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		switch {
		case !g.Accepted.IsZero() || g.Head == t.Head && len(scan.Unjudged) > 0:
			continue
		case g.Ref == WholeHistory:
			if err := tx.EnqueueOnce(ctx, job.Backfill{Installation: repository.Installation, Repository: repository.ID}, nil); err != nil {
				return err
			}
		case len(scan.Unjudged) == 0:
			if err := CloseGaps(ctx, tx, repository.ID, func(o respond.Gap) bool { return o.ID == g.ID }); err != nil {
				return err
			}
		default:
			scan.Unjudged = slices.DeleteFunc(slices.Clone(scan.Unjudged), g.Covers)
		}
	}
	return nil
}

// CloseGaps ends the gaps of a repository that were read.
func CloseGaps(ctx context.Context, tx GapsTx, repository int64, read func(respond.Gap) bool) error {
	gaps, err := tx.Gaps(ctx, repository)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		if !read(g) {
			continue
		}
		if err := tx.CloseGap(ctx, g.ID); err != nil {
			return err
		}
		if err := EnqueueGapChecks(ctx, tx, repository, g); err != nil {
			return err
		}
	}
	return nil
}

// EnqueueGapChecks brings the checks up to date that name a gap.
func EnqueueGapChecks(ctx context.Context, tx GapsTx, repository int64, g respond.Gap) error {
	ref := g.Ref
	if ref == WholeHistory {
		r, err := tx.Repository(ctx, repository)
		if err != nil {
			return err
		}
		ref = "refs/heads/" + r.DefaultBranch
	}
	heads, err := tx.HeadsOn(ctx, repository, ref, maxGapHeads)
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
