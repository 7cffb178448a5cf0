package read

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// maxHaves bounds how many recorded tips a request names. More would make it longer, hardly ever its answer shorter.
const maxHaves = 64

// haves returns what the server need not send: what the event says was there before, and the tips on record.
// Where neither says anything, the server is asked; listed then says that it knows what is returned.
func (r *Reader) haves(ctx context.Context, client *github.Client, t *Task) (haves []string, listed bool, err error) {
	base := t.Base
	unread := false
	var left *left
	var tips []respond.Tip
	var read []string
	err = r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		if t.Again {
			// The range that was read before is the one that is meant: by now the head may be on the default branch.
			scans, err := tx.Scans(ctx, t.Repository.ID, t.Head)
			if err != nil {
				return err
			}
			if left, err = leftOf(ctx, tx, t.Repository.ID, scans); err != nil {
				return err
			}
			if len(scans) > 0 {
				base = scans[0].Base
				return nil
			}
		}
		if !t.movesRef() {
			return nil
		}
		if tips, err = tx.Tips(ctx, t.Repository.ID, maxHaves); err != nil {
			return err
		}
		if base == "" || t.Forced {
			// A branch that has moved on since the event came has a tip that is too young. What it had before was read too.
			// What was read of a new ref itself, before the event that made it came at last, says nothing of what was there before.
			own := ""
			if base == "" {
				own = t.Ref
			}
			read, err = tx.ReadBefore(ctx, t.Repository.ID, own, t.Received, maxHaves)
		}
		if err != nil || base == "" {
			return err
		}
		repository, err := tx.Repository(ctx, t.Repository.ID)
		if err != nil {
			return err
		}
		// Before the backfill nothing was read, and it will read all that was there.
		if repository.Backfilled.IsZero() {
			return nil
		}
		if unread, err = baseIsLost(ctx, tx, *t, base); err != nil || !unread {
			return err
		}
		read, err = tx.ReadBefore(ctx, t.Repository.ID, "", t.Received, maxHaves)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	t.Base, t.From = base, base
	if left != nil {
		t.From, t.Also = left.from, left.also
		return left.haves(), false, nil
	}
	haves = havesOf(*t, tips, unread)
	t.Others, t.Lost = t.movesRef() && (base == "" || t.Forced || unread), unread
	for _, sha := range read {
		if !slices.Contains(haves, sha) {
			haves = append(haves, sha)
		}
	}
	if unread {
		t.From = readFrom(t.Ref, tips, haves)
	}
	if len(haves) > 0 {
		return haves, false, nil
	}
	haves, err = r.assumedTip(ctx, client, t)
	t.From = t.Base
	return haves, true, err
}

// readFrom returns the one of the haves that best says where the range begins: the ref's own tip. Reading from it alone reads
// no less.
func readFrom(ref string, tips []respond.Tip, haves []string) string {
	for _, tip := range tips {
		if tip.Ref == ref && slices.Contains(haves, tip.SHA) {
			return tip.SHA
		}
	}
	if len(haves) > 0 {
		return haves[0]
	}
	return ""
}

// baseIsLost reports whether nobody has read the base and nobody is going to: the delivery that brought it was lost, or its
// scan was given up. One that came before the Task and has not been finished reads it, be it before this scan or after; for
// a while this scan waits for it, so that pushes are read in their order, in whatever process. One that came later does not
// count: two pushes that moved a ref back and forth would rely on each other.
func baseIsLost(ctx context.Context, tx Tx, t Task, base string) (bool, error) {
	read, err := tx.WasRead(ctx, t.Repository.ID, base)
	if err != nil || read {
		return false, err
	}
	waits, err := tx.HeadWaits(ctx, t.Repository.ID, base, t.Received)
	if err == nil && waits && t.Trigger == respond.TriggerPush && tx.Now().Sub(t.Received) < maxOrderWait {
		return false, &outcome.WaitError{Until: tx.Now().Add(orderPause), Reason: "the push before it has not been read"}
	}
	return !waits, err
}

// maxOrderWait is for how long a push waits for the one that it came upon, after it was received, and orderPause how long it
// does so at a time. One that fails does not hold those behind it for longer.
const (
	maxOrderWait = 10 * time.Second
	orderPause   = 200 * time.Millisecond
)

// fallbackHaves is for a server that knows none of the haves: what was there before is gone from it. The tips of other refs
// may still be there, and the default branch's is. Where that is what was pushed, nobody has read any of what is there now,
// and all of it is wanted.
func (r *Reader) fallbackHaves(ctx context.Context, client *github.Client, t *Task) ([]string, error) {
	haves, err := r.assumedTip(ctx, client, t)
	if err != nil || !t.movesRef() {
		return haves, err
	}
	var tips []respond.Tip
	err = r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		tips, err = tx.Tips(ctx, t.Repository.ID, maxHaves)
		return err
	})
	elsewhere := *t
	elsewhere.Base = ""
	return append(haves, havesOf(elsewhere, tips, false)...), err
}

// assumedTip asks the server for the default branch's tip.
func (r *Reader) assumedTip(ctx context.Context, client *github.Client, t *Task) ([]string, error) {
	refs, err := client.Refs(ctx, "HEAD")
	if err != nil {
		return nil, fmt.Errorf("asking for the default branch of %s/%s: %w", t.Repository.Owner, t.Repository.Name, err)
	}
	t.Others = true
	for _, ref := range refs {
		if ref.Name != "HEAD" {
			continue
		}
		if !mayAssume(*t, ref.Target, ref.ID) {
			return nil, nil
		}
		t.Base = ref.ID
		return []string{ref.ID}, nil
	}
	return nil, nil
}

// mayAssume reports whether the default branch, as it is now, may stand for what was there before. It may not where it is
// what was pushed: its tip holds what is wanted. Another branch that was made at its tip brings nothing.
func mayAssume(t Task, branch, tip string) bool {
	if t.movesRef() {
		return t.Ref != branch
	}
	return t.Want != tip
}

// havesOf returns the base first, then tips, without repetitions.
//
// A ref that only moved on is read from its base alone, so that each commit is read by the scan of the push that brought
// it. Tips are refs as they were when their own scans ended, and events come in any order: a younger tip may hold what is
// wanted here, though nobody has read it, since its own scan began where this one is to end. Where a ref is new, or was
// moved elsewhere, there is no such base, and the tips that were known when the event came say what was there before, with
// what else had been read by then: see [Reader.haves]. A ref's own tip says nothing of what was there before the ref was made.
//
// What is wanted may be among them: a branch that is made at the tip of another brings nothing, and without that have the
// server would send all that it reaches.
//
// unread says that nobody has read the base, and nobody will: the delivery that brought it was lost, or its scan given up.
// Then only tips count, all of which were read, and what else had been read when the event came: a ref that moved on since
// has a tip that is too young.
func havesOf(t Task, tips []respond.Tip, unread bool) []string {
	var haves []string
	add := func(sha string) {
		if sha != "" && !slices.Contains(haves, sha) {
			haves = append(haves, sha)
		}
	}
	if !unread {
		add(t.Base)
		if t.Base != "" && !t.Forced {
			return haves
		}
	}
	for _, tip := range tips {
		if tip.Seen.Before(t.Received) && (unread || tip.Ref != t.Ref) {
			add(tip.SHA)
		}
	}
	return haves
}
