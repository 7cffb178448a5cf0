package publish

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

// What became of a text that somebody wants deleted, as its effect's result; else it is the reason why it was kept.
const (
	textDeleted = "deleted"
	textClean   = "clean" // the key is not in it any more, or it was gone before
)

// DeleteTexts deletes the comments in which a leak's key is, since somebody asked for it, and says under the leak's issue what came of it.
func (w *Worker) DeleteTexts(ctx context.Context, j *river.Job[job.DeleteTexts]) error {
	list, in, err := w.textsOf(ctx, j.Args.Leak)
	if err != nil || in.ID == 0 {
		return err
	}
	for _, s := range list {
		if !s.Deletable() || !s.Text.Gone.IsZero() {
			continue
		}
		effect := &deletion{w: w, in: in, leak: j.Args.Leak, text: s}
		if err := w.runner().DoOnce(ctx, deletionKey(j.Args, s), outcome.Owner(j.JobRow), effect); err != nil {
			return fmt.Errorf("deleting a comment in repository %d: %w", in.ID, err)
		}
	}
	return w.reportDeletions(ctx, j.Args)
}

func deletionKey(args job.DeleteTexts, s respond.Sighting) string {
	return fmt.Sprintf("delete:%s:%s", args.Command, s.Text.NodeID)
}

// textsOf returns the sightings of a leak in texts, and its repository, whose id is 0 where there is none any more.
func (w *Worker) textsOf(ctx context.Context, id int64) (list []respond.Sighting, in respond.Repository, err error) {
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		list = nil
		leak, err := tx.Leak(ctx, id)
		if err != nil {
			return ignoreNotFound(err)
		}
		all, err := tx.Sightings(ctx, id, maxSightings)
		for _, s := range all {
			if s.InText() {
				list = append(list, s)
			}
		}
		if err == nil {
			in, err = tx.Repository(ctx, leak.Repository)
		}
		return ignoreNotFound(err)
	})
	return list, in, err
}

// deletion is a comment that is deleted; see [Effect].
type deletion struct {
	w    *Worker
	in   respond.Repository
	leak int64
	text respond.Sighting

	facts       respond.Leak
	sightings   []respond.Sighting // of all leaks in the comment
	interrupted bool
	result      string
}

func (e *deletion) Facts(ctx context.Context, tx Tx, _ ledger.Action) (err error) {
	if e.facts, err = tx.Leak(ctx, e.leak); err != nil {
		return err
	}
	e.sightings, err = tx.InText(ctx, e.in.ID, e.text.Text.NodeID, maxInText)
	return err
}

// Plan reads the comment: it is deleted only while the key is in it, in what it says now or in an earlier version.
func (e *deletion) Plan(ctx context.Context, interrupted bool) (bool, error) {
	e.interrupted = interrupted
	client := e.w.GitHub.Repository(record.Target(e.in), readAccess(e.text))
	h, err := client.Edits(ctx, e.text.Text.NodeID)
	switch {
	case errors.Is(err, github.ErrForbidden):
		e.result = string(respond.KeptPermission)
		return false, nil
	case err != nil:
		return false, err
	case !h.Exists:
		e.result, err = e.missing(ctx, client)
		return false, err
	case !e.w.holds(ctx, e.text, h, e.facts.Fingerprint):
		e.result = textClean
		return false, nil
	}
	if e.text.Source == respond.InDiscussionComment {
		if replied, err := client.HasReplies(ctx, e.text.Text.NodeID); err != nil || replied {
			e.result = string(respond.KeptReplies)
			return false, err
		}
	}
	return true, nil
}

// missing is what became of a comment that GitHub does not show any more.
func (e *deletion) missing(ctx context.Context, client *github.Client) (string, error) {
	if e.interrupted {
		return textDeleted, nil
	}
	if e.text.Source == respond.InIssueComment {
		if deleted, err := client.Deleted(ctx, e.text.Text.Number, true); err != nil || !deleted {
			return string(respond.KeptMoved), err
		}
	}
	return textClean, nil
}

// holds reports whether a text shows a key: now, in an earlier version, or in code that it quotes, which never changes.
func (w *Worker) holds(ctx context.Context, s respond.Sighting, h github.History, fingerprint string) bool {
	shows := func(text string) bool {
		for _, f := range w.Scanner.Scan(ctx, "", []byte(text)) {
			if f.Secret.Fingerprint() == fingerprint {
				return true
			}
		}
		return false
	}
	if s.Text.Field == "diff_hunk" || shows(h.Body) {
		return true
	}
	for _, v := range h.Edits {
		if !v.Deleted() && shows(v.Text) {
			return true
		}
	}
	return false
}

func (*deletion) Find(context.Context) error { return nil }

func (e *deletion) Send(ctx context.Context, before func(context.Context) error) error {
	access := editAccess(e.text)
	if e.text.Source == respond.InReviewComment {
		access = github.ReviewsWriteAccess
	}
	client := e.w.GitHub.Repository(record.Target(e.in), access).BeforeWrite(before)
	var err error
	switch e.text.Source {
	case respond.InIssueComment:
		err = client.DeleteComment(ctx, e.text.Text.ID)
	case respond.InReviewComment:
		err = client.DeleteReviewComment(ctx, e.text.Text.ID)
	case respond.InDiscussionComment:
		err = client.DeleteDiscussionComment(ctx, e.text.Text.NodeID)
	}
	why, err := e.w.keptBy(err)
	switch {
	case err != nil:
		return err
	case why == respond.KeptMoved: // it was there a moment ago: somebody else deleted it
		e.result = textClean
	case why != "":
		e.result = string(why)
	default:
		e.result = textDeleted
	}
	return nil
}

// keptBy sorts out an answer of GitHub's to editing or deleting a text: what it refuses for good is told to people, and is no fault of the
// server's. [respond.KeptMoved] is for a text that is not there.
func (w *Worker) keptBy(err error) (respond.Kept, error) {
	switch {
	case err == nil:
		return "", nil
	case errors.Is(err, github.ErrNotFound), errors.Is(err, github.ErrGone), errors.Is(err, github.ErrIssuesDisabled):
		return respond.KeptMoved, nil
	case errors.Is(err, github.ErrArchived):
		return respond.KeptArchived, nil
	case errors.Is(err, github.ErrForbidden) && github.Mentions(err, "locked"):
		return respond.KeptLocked, nil
	case errors.Is(err, github.ErrForbidden):
		return respond.KeptPermission, nil
	case github.Refused(err) && outcome.Of(err, w.Now(), outcome.Attempt{}).Do == github.GiveUp:
		return respond.KeptRefused, nil
	}
	return "", err
}

// readAccess is what reading a text takes.
func readAccess(s respond.Sighting) github.Access {
	if s.Source == respond.InDiscussion || s.Source == respond.InDiscussionComment {
		return github.DiscussionsAccess
	}
	return github.TextsAccess
}

func (e *deletion) Save(ctx context.Context, tx Tx) (string, error) {
	if e.result != textDeleted {
		return e.result, nil
	}
	leaks := map[int64]bool{}
	for _, s := range e.sightings {
		if _, err := tx.SaveText(ctx, s.ID, s.Text.Former, tx.Now()); err != nil {
			return "", err
		}
		leaks[s.Leak] = true
	}
	for id := range leaks {
		leak, err := tx.Leak(ctx, id)
		if err != nil {
			return "", err
		}
		if leak.IssueNumber != 0 {
			if err := tx.Enqueue(ctx, job.Issue{Leak: id, Refresh: true}, nil); err != nil {
				return "", err
			}
		}
	}
	return e.result, tx.RecordActivity(ctx, ledger.Activity{
		By: respond.Self, Kind: ledger.ActivityEffect, What: "delete", Repository: e.in.ID, Leak: e.leak,
	})
}

// reportDeletions says once what was deleted, and what was not and why.
func (w *Worker) reportDeletions(ctx context.Context, args job.DeleteTexts) error {
	_, p, found, err := w.Policies.OfLeak(ctx, args.Leak)
	if err != nil || !found {
		return err
	}
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		all, err := tx.Sightings(ctx, args.Leak, maxSightings)
		if err != nil {
			return err
		}
		var came []respond.Deletion
		told := map[string]bool{}
		for _, s := range all {
			d := respond.Deletion{Text: s, Kept: respond.KeptWhole}
			if !s.InText() || s.Deletable() && told[s.Text.NodeID] {
				continue
			}
			if s.Deletable() {
				told[s.Text.NodeID] = true
				result, err := tx.ActionResult(ctx, deletionKey(args, s))
				if err != nil && !errors.Is(err, ledger.ErrNotFound) {
					return err
				}
				switch d.Deleted, d.Kept = result == textDeleted, respond.Kept(result); result {
				case textDeleted:
					d.Kept = ""
				case textClean, "":
					continue
				}
			} else if !s.Text.Gone.IsZero() {
				continue
			}
			came = append(came, d)
		}
		// The texts that are not deleted may have changed too.
		if err := tx.Enqueue(ctx, job.Texts{Leak: args.Leak, Now: true}, nil); err != nil {
			return err
		}
		return w.Recorder.Decide(ctx, tx, args.Leak, p, func(f respond.LeakFacts) respond.Decision {
			return respond.TellDeletions(f, args.Command, args.By, came, respond.OnlyInTexts(all))
		})
	})
	return ignoreNotFound(err)
}
