package publish

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// Effects comments on a leak's issue, closes and reopens it, in the order in which it was decided, each once.
func (w *Worker) Effects(ctx context.Context, j *river.Job[job.Effects]) error {
	runner := w.runner()
	// Effects on one issue do not overlap: while one job holds it, others wait.
	return runner.Hold(ctx, fmt.Sprintf("effects:%d", j.Args.Leak), outcome.Owner(j.JobRow), func(ctx context.Context) error {
		for _, a := range j.Args.Actions {
			err := runner.DoOnce(ctx, effectKey(a), outcome.Owner(j.JobRow), &issueAction{w: w, action: a})
			if IssueUnavailable(err) {
				w.Log.WarnContext(ctx, "comment not posted", "leak", a.Leak, "effect", string(a.Do), "reason", err.Error())
				continue
			}
			if err != nil {
				return fmt.Errorf("%s on the issue of leak %d: %w", a.Do, a.Leak, err)
			}
		}
		return nil
	})
}

// IssueUnavailable reports whether an issue cannot be written to, now or later.
func IssueUnavailable(err error) bool {
	return errors.Is(err, github.ErrIssuesDisabled) || errors.Is(err, github.ErrArchived) || errors.Is(err, github.ErrGone)
}

// issueAction is a comment on a leak's issue, its closing or its reopening; see [Effect]. Whether the issue is to be
// open or closed is the ledger's to say, as it is now: an effect that is late, because GitHub was away say, does not undo one
// that was decided after it.
type issueAction struct {
	w      *Worker
	action respond.Action

	leak    respond.Leak
	facts   respond.LeakFacts // of what reminds
	late    bool              // nobody is to be reminded any more
	begun   ledger.Action
	client  *github.Client // nil: there is no issue
	comment int64          // 0: not written yet, or already withdrawn
	lost    string         // the marker of the comment, where it was written in a time that the ledger has lost
}

func (e *issueAction) Facts(ctx context.Context, tx Tx, begun ledger.Action) (err error) {
	e.begun = begun
	e.leak, e.client, err = e.w.issueOf(ctx, tx, e.action.Leak)
	if err != nil || e.client == nil {
		return err
	}
	switch {
	case e.action.Reminder:
		e.facts, err = e.w.Recorder.Facts(ctx, tx, e.leak, respond.Policy{})
	case e.action.Do == respond.WithdrawComment:
		var written string
		if written, err = tx.ActionResult(ctx, commentKey(text.CommentMarker(e.action.Of))); err == nil {
			e.comment, _ = strconv.ParseInt(written, 10, 64) // one that was not written is not withdrawn
		}
	}
	return err
}

func (e *issueAction) Plan(ctx context.Context, interrupted bool) (bool, error) {
	switch {
	case e.client == nil || isStale(e.action.Do, e.leak.State):
		return false, nil
	case e.action.Reminder:
		reminds, err := e.w.stillReminds(ctx, e.facts, "")
		e.late = !reminds
		return reminds || interrupted, err // what may be there is looked for
	case e.action.Do == respond.WithdrawComment:
		return e.comment != 0, nil
	}
	return true, nil
}

// Find looks for the comment, which is known by a hidden marker. To close or reopen twice changes nothing.
func (e *issueAction) Find(ctx context.Context) (err error) {
	if e.action.Do != respond.Comment {
		return nil
	}
	e.comment, err = e.client.FindComment(ctx, e.leak.IssueNumber, e.marker(), lookFrom(e.leak.Detected, e.begun))
	if err == nil && e.comment == 0 && mayBeLost(e.begun) {
		err = e.findLost(ctx)
	}
	return err
}

func (e *issueAction) marker() string {
	return text.CommentMarker(e.action.Key)
}

func (e *issueAction) Send(ctx context.Context, before func(context.Context) error) error {
	client := e.client.BeforeWrite(before)
	var err error
	switch e.action.Do {
	case respond.CloseIssue:
		reason := "completed"
		if e.action.NotPlanned {
			reason = "not_planned"
		}
		_, err = client.EditIssue(ctx, github.Issue{Number: e.leak.IssueNumber, State: "closed", Reason: reason})
	case respond.ReopenIssue:
		_, err = client.EditIssue(ctx, github.Issue{Number: e.leak.IssueNumber, State: "open", Reason: "reopened"})
	case respond.Comment:
		if e.comment == 0 && !e.late {
			e.comment, err = client.Comment(ctx, e.leak.IssueNumber, e.w.Scanner.RedactString(ctx, e.action.Body)+"\n\n"+e.marker())
		}
	case respond.WithdrawComment:
		if err = client.DeleteComment(ctx, e.comment); errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrGone) {
			err = nil
		}
		e.comment = 0
	default:
		err = outcome.Final("%s is no effect on an issue", e.action.Do)
	}
	return err
}

func (e *issueAction) Save(ctx context.Context, tx Tx) (string, error) {
	if err := e.saveLost(ctx, tx); err != nil {
		return "", err
	}
	if err := e.tell(ctx, tx); err != nil {
		return "", err
	}
	if e.comment != 0 {
		return strconv.FormatInt(e.comment, 10), nil
	}
	return "done", nil
}

// tell records what was done, for people.
func (e *issueAction) tell(ctx context.Context, tx Tx) error {
	if e.client == nil || isStale(e.action.Do, e.leak.State) || e.action.Do == respond.WithdrawComment || e.action.Reminder && e.comment == 0 {
		return nil
	}
	what := map[respond.Effect]string{respond.CloseIssue: "close", respond.ReopenIssue: "reopen", respond.Comment: "comment"}[e.action.Do]
	if e.action.Reminder {
		what = "remind"
	}
	detail := "" // the issue may be where not all look who see the leak
	if e.comment != 0 {
		detail = "issuecomment-" + strconv.FormatInt(e.comment, 10)
	}
	_, err := tx.Leak(ctx, e.leak.ID)
	if err == nil {
		err = tx.RecordActivity(ctx, ledger.Activity{
			By: respond.Self, Kind: ledger.ActivityEffect, What: what, Detail: detail, Repository: e.leak.Repository, Leak: e.leak.ID,
		})
	}
	return ignoreNotFound(err)
}

// effectKey is what an effect is recorded under. A comment is found by its marker, which is all that GitHub shows of it.
func effectKey(a respond.Action) string {
	if a.Do == respond.Comment {
		return commentKey(text.CommentMarker(a.Key))
	}
	return "effect:" + a.Key
}

func commentKey(marker string) string { return "comment:" + marker }

// isStale reports whether the leak has moved on since the effect was decided.
func isStale(do respond.Effect, state respond.State) bool {
	return do == respond.CloseIssue && state == respond.Open || do == respond.ReopenIssue && state != respond.Open
}

// issueOf returns a leak and the client of the repository where its issue is; the client is nil where there is none.
func (w *Worker) issueOf(ctx context.Context, tx Tx, id int64) (respond.Leak, *github.Client, error) {
	leak, err := tx.Leak(ctx, id)
	if err != nil || leak.IssueNumber == 0 {
		return leak, nil, ignoreNotFound(err)
	}
	repository, err := tx.Repository(ctx, leak.IssueRepository)
	if err != nil {
		return leak, nil, ignoreNotFound(err)
	}
	return leak, w.GitHub.Repository(record.Target(repository), github.RespondAccess), nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}
