package work

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// effects comments on a leak's issue, closes and reopens it, in the order in which it was decided, each once.
func (w *Worker) effects(ctx context.Context, j *river.Job[job.Effects]) error {
	var actions []respond.Action
	if err := json.Unmarshal(j.Args.Actions, &actions); err != nil {
		return final("the job's actions cannot be read: %v", err)
	}
	return w.alone(ctx, fmt.Sprintf("effects:%d", j.Args.Leak), owner(j.JobRow), func(ctx context.Context) error {
		for _, a := range actions {
			err := w.once(ctx, "effect:"+a.Key, owner(j.JobRow), func(ctx context.Context, begun ledger.Action) error {
				return w.effect(ctx, a, begun)
			})
			if gone(err) {
				w.Log.WarnContext(ctx, "no word on the issue", "leak", a.Leak, "effect", string(a.Do), "reason", err.Error())
				continue
			}
			if err != nil {
				return fmt.Errorf("%s on the issue of leak %d: %w", a.Do, a.Leak, err)
			}
		}
		return nil
	})
}

// alone keeps the effects on one issue from running into each other: while one job is at it, others wait.
func (w *Worker) alone(ctx context.Context, key, owner string, do func(context.Context) error) error {
	err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		_, err := tx.BeginAction(ctx, key, lease, owner)
		return err
	})
	if err != nil {
		return err
	}
	err = do(ctx)
	// What failed waits for its next attempt; others need not.
	free := w.Store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *ledger.Tx) error {
		return tx.FinishAction(ctx, key, "")
	})
	return errors.Join(err, free)
}

// gone tells that an issue cannot be written to, now or later.
func gone(err error) bool {
	return errors.Is(err, github.ErrIssuesDisabled) || errors.Is(err, github.ErrArchived) || errors.Is(err, github.ErrGone)
}

// once performs an effect under its key: what ended before is not done again; what began and may or may not have had its
// effect is told so.
func (w *Worker) once(ctx context.Context, key, owner string, do func(context.Context, ledger.Action) error) error {
	var begun ledger.Action
	err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		begun, err = tx.BeginAction(ctx, key, lease, owner)
		return err
	})
	if err != nil {
		return err
	}
	result := begun.Result
	if begun.Finished.IsZero() {
		if err := do(ctx, begun); err != nil {
			return w.letGo(ctx, key, owner, err)
		}
		result = "done"
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishAction(ctx, key, result) })
}

// effect performs one effect. Whether the issue is to be open or closed is the ledger's to say, as it is now: an effect
// that is late, because GitHub was away say, does not undo one that was decided after it.
func (w *Worker) effect(ctx context.Context, a respond.Action, begun ledger.Action) error {
	leak, client, found, err := w.issueOf(ctx, a.Leak)
	if err != nil || !found {
		return err
	}
	if late(a.Do, leak.State) {
		return nil
	}
	switch a.Do {
	case respond.CloseIssue:
		reason := "completed"
		if a.NotPlanned {
			reason = "not_planned"
		}
		_, err := client.EditIssue(ctx, github.Issue{Number: leak.IssueNumber, State: "closed", Reason: reason})
		return err
	case respond.ReopenIssue:
		_, err := client.EditIssue(ctx, github.Issue{Number: leak.IssueNumber, State: "open", Reason: "reopened"})
		return err
	case respond.Comment:
		return w.comment(ctx, client, leak, a, begun)
	}
	return final("%s is no effect on an issue", a.Do)
}

// late is pure: the leak has moved on since the effect was decided.
func late(do respond.Effect, state ledger.LeakState) bool {
	return do == respond.CloseIssue && state == ledger.Open || do == respond.ReopenIssue && state != ledger.Open
}

// comment writes the comment, unless an earlier attempt did: it is known by a hidden marker.
func (w *Worker) comment(ctx context.Context, client *github.Client, leak ledger.Leak, a respond.Action, begun ledger.Action) error {
	marker := "<!-- rekey:" + strings.ReplaceAll(a.Key, "--", "") + " -->"
	if unfinished(begun) {
		comments, err := client.Comments(ctx, leak.IssueNumber, leak.Detected.Add(-clockSlack))
		if err != nil {
			return err
		}
		for _, c := range comments {
			if strings.Contains(c.Body, marker) {
				return nil
			}
		}
	}
	_, err := client.Comment(ctx, leak.IssueNumber, w.Scanner.RedactString(ctx, a.Body)+"\n\n"+marker)
	return err
}

// issueOf returns the client of the repository where a leak's issue stands; found is false where there is none.
func (w *Worker) issueOf(ctx context.Context, id int64) (leak ledger.Leak, client *github.Client, found bool, err error) {
	var repository ledger.Repository
	err = w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if leak, err = tx.Leak(ctx, id); err != nil || leak.IssueNumber == 0 {
			return err
		}
		repository, err = tx.Repository(ctx, leak.IssueRepository)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) || err == nil && leak.IssueNumber == 0 {
		return leak, nil, false, nil
	}
	return leak, w.GitHub.Repository(record{repository}.target(), github.RespondAccess), err == nil, err
}
