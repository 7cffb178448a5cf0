package publish

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// A ledger that was restored from a backup has lost what happened since: effects that it knows nothing of may have been performed. For
// some days it says so of each that begins, and what was performed is looked for on GitHub; see [ledger.Store.Backup].

// clockSlack is by how much our clock and GitHub's may differ when something is looked for by its time.
const clockSlack = time.Hour

// lookFrom is from when on something about a leak is looked for on GitHub: the leak may have been found again since it was lost.
func lookFrom(detected time.Time, begun ledger.Action) time.Time {
	if !begun.Sending.IsZero() && begun.Sending.Before(detected) {
		detected = begun.Sending
	}
	return detected.Add(-clockSlack)
}

// mayBeLost reports whether an effect that is not on record may have been performed all the same.
func mayBeLost(begun ledger.Action) bool { return begun.Begun.IsZero() && !begun.Sending.IsZero() }

// findLost looks for a comment that says the same and was written in a time that the ledger has lost: nothing about it is on record.
// Its marker is another one, as what it is about happened at another time.
func (e *issueAction) findLost(ctx context.Context) error {
	slug, err := e.w.GitHub.Slug(ctx)
	if err != nil {
		return fmt.Errorf("asking GitHub for our own name: %w", err)
	}
	comments, err := e.client.Comments(ctx, e.leak.IssueNumber, lookFrom(e.leak.Detected, e.begun))
	if err != nil {
		return err
	}
	for _, c := range comments {
		marker, ok := text.FindCommentMarker(c.Body)
		if !ok || !strings.EqualFold(c.Author, slug+"[bot]") || opening(c.Body) != opening(e.action.Body) {
			continue
		}
		known := false
		err := e.w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
			result, err := tx.ActionResult(ctx, commentKey(marker))
			known = result != ""
			return err
		})
		if err != nil {
			return err
		}
		if !known {
			e.comment, e.lost = c.ID, marker
			return nil
		}
	}
	return nil
}

// opening is the beginning of a comment up to its first figure: times and counts differ.
func opening(body string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	if i := strings.IndexFunc(line, unicode.IsDigit); i >= 0 {
		line = line[:i]
	}
	return line
}

// saveLost puts the comment that was found on record, so that it stands for one of this run only.
func (e *issueAction) saveLost(ctx context.Context, tx Tx) error {
	if e.lost == "" {
		return nil
	}
	a, err := tx.BeginAction(ctx, commentKey(e.lost), ledger.Lease{Owner: "restored"})
	if err != nil {
		return err
	}
	return tx.FinishAction(ctx, a, fmt.Sprint(e.comment))
}
