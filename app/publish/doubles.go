package publish

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// GitHub sends an event about everything that it made for us. Where it made a check run or an issue a second time, since a request took
// effect long after it had failed, or was sent by a process that stood still, the one that is not on record is withdrawn.

// unrecordedWait is how long an echo waits at a time for the end of the effect that it may be of, and unrecordedFor how long after that
// was begun: a run takes no longer. One that was given up, or waits for long, looks on GitHub for all that it made when it goes on.
const (
	unrecordedWait = 5 * time.Second
	unrecordedFor  = lease + time.Minute
)

// double is a check run, an issue or a comment that an event of GitHub names, beside the one on record.
type double struct {
	key      string // of the effect that made it
	recorded int64  // its id, or the issue's number; 0: none yet
	made     int64
	withdraw func(ctx context.Context, before func(context.Context) error) error
}

// WithdrawDouble withdraws what our own event is about, if it is a double. It reports whether it was one.
func (w *Worker) WithdrawDouble(ctx context.Context, owner string, in github.Repository, event webhook.Event) (bool, error) {
	var d double
	var retried bool
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		switch e := event.(type) {
		case *webhook.CheckRun:
			d, err = w.doubleCheck(ctx, tx, in, e)
		case *webhook.Issues:
			d, err = w.doubleIssue(ctx, tx, in, e)
		case *webhook.IssueComment:
			d, err = w.doubleComment(ctx, tx, in, e)
		}
		if err == nil && d.made != 0 && d.recorded == 0 {
			if _, err := tx.Repository(ctx, in.ID); err != nil {
				return err // taken away since: nothing will be recorded any more
			}
			retried, err = tx.Retried(ctx, d.key, w.Now().Add(-unrecordedFor))
		}
		return err
	})
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return false, nil // nothing on record
	case err != nil:
		return false, err
	case retried: // which of two will be recorded is not known yet
		return false, &outcome.WaitError{Until: w.Now().Add(unrecordedWait), Reason: "an effect that was begun before is not recorded yet"}
	case d.made == 0 || d.recorded == 0 || d.made == d.recorded:
		return false, nil
	}
	err = w.runner().DoOnce(ctx, fmt.Sprintf("withdraw:%s:%d", d.key, d.made), owner, withdrawal{d.withdraw})
	if errors.Is(err, github.ErrNotFound) || IssueUnavailable(err) {
		return true, nil
	}
	return true, err
}

func (w *Worker) doubleCheck(ctx context.Context, tx Tx, in github.Repository, e *webhook.CheckRun) (double, error) {
	var d double
	var have ledger.Check
	var err error
	var name string
	switch {
	case e.AppID != w.AppID:
		return double{}, nil
	case e.ExternalID == text.CheckID(e.Repository.ID, e.HeadSHA):
		name, d.key = text.CheckName, checkKey(e.Repository.ID, e.HeadSHA)
		have, err = tx.Check(ctx, e.Repository.ID, e.HeadSHA)
	case e.ExternalID == text.AuditCheckID(e.Repository.ID, e.HeadSHA):
		name, d.key = text.AuditCheckName, auditKey(e.Repository.ID, e.HeadSHA)
		var audit ledger.AuditCheck
		audit, err = tx.AuditCheck(ctx, e.Repository.ID, e.HeadSHA)
		have = audit.Check
	default:
		return double{}, nil
	}
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return double{}, err
	}
	d.made = e.ID
	d.recorded = have.RunID
	client := w.GitHub.Repository(in, github.ScanAccess)
	d.withdraw = func(ctx context.Context, before func(context.Context) error) error {
		return client.BeforeWrite(before).UpdateCheckRun(ctx, e.ID, superseded(name, e.ExternalID))
	}
	return d, nil
}

// superseded is what a second check run on a commit is made to say. It gets a name of its own, so that a required check
// never looks at it: the last run of a name counts.
func superseded(name, externalID string) github.CheckRun {
	return github.CheckRun{
		Name: name + " (superseded)", ExternalID: externalID + ":superseded", Conclusion: github.Neutral,
		Title: "Superseded", Summary: "This check run was created twice. The result is in the other one on this commit.",
	}
}

func (w *Worker) doubleIssue(ctx context.Context, tx Tx, in github.Repository, e *webhook.Issues) (double, error) {
	repository, fingerprint, ok := text.ParseMarker(e.Issue.Body)
	if !ok || e.Action != "opened" {
		return double{}, nil
	}
	leak, err := tx.LeakByFingerprint(ctx, repository, fingerprint)
	if err != nil || leak.IssueNumber != 0 && leak.IssueRepository != e.Repository.ID {
		return double{}, err
	}
	client := w.GitHub.Repository(in, github.RespondAccess)
	return double{
		key: issueKey(leak.ID), recorded: int64(leak.IssueNumber), made: int64(e.Issue.Number),
		withdraw: func(ctx context.Context, before func(context.Context) error) error {
			_, err := client.BeforeWrite(before).EditIssue(ctx, duplicate(e.Issue.Number, leak.IssueNumber))
			return err
		},
	}, nil
}

func (w *Worker) doubleComment(ctx context.Context, tx Tx, in github.Repository, e *webhook.IssueComment) (double, error) {
	marker, ok := text.FindCommentMarker(e.Body)
	if !ok || e.Action != "created" || e.AppID != w.AppID {
		return double{}, nil
	}
	d := double{key: commentKey(marker), made: e.CommentID}
	result, err := tx.ActionResult(ctx, d.key)
	if err != nil {
		return double{}, err
	}
	d.recorded, _ = strconv.ParseInt(result, 10, 64)
	client := w.GitHub.Repository(in, github.RespondAccess)
	d.withdraw = func(ctx context.Context, before func(context.Context) error) error {
		return client.BeforeWrite(before).DeleteComment(ctx, e.CommentID)
	}
	return d, nil
}

// duplicate is what a second issue about a leak is made to say. It has no marker.
func duplicate(number, of int) github.Issue {
	return github.Issue{
		Number: number, State: "closed", Reason: "not_planned",
		Title: fmt.Sprintf("Duplicate of #%d", of),
		Body:  fmt.Sprintf("Duplicate of #%d. This issue was filed twice; please follow the other one.", of),
	}
}

// withdrawal is the withdrawing of a double; see [Effect].
type withdrawal struct {
	do func(ctx context.Context, before func(context.Context) error) error
}

func (withdrawal) Facts(context.Context, Tx, ledger.Action) error { return nil }
func (withdrawal) Plan(context.Context, bool) (bool, error)       { return true, nil }
func (withdrawal) Find(context.Context) error                     { return nil }
func (e withdrawal) Send(ctx context.Context, before func(context.Context) error) error {
	return e.do(ctx, before)
}
func (withdrawal) Save(context.Context, Tx) (string, error) { return "withdrawn", nil }
