package publish

import (
	"cmp"
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
	"github.com/rekey-app/rekey/respond/text"
)

// maxSightings bounds how many places of a leak are read for its issue, which lists fewer.
const maxSightings = 100

// Issue makes a leak's one issue say what the ledger knows: it files it, finds it again, or edits it in place.
func (w *Worker) Issue(ctx context.Context, j *river.Job[job.Issue]) error {
	if !j.Args.Refresh {
		var err error
		if ctx, err = w.issueTurn(ctx, j.Args.Leak); err != nil {
			return err
		}
	}
	_, p, found, err := w.Policies.OfLeak(ctx, j.Args.Leak)
	if err != nil || !found {
		return err
	}
	err = w.runner().Do(ctx, issueKey(j.Args.Leak), outcome.Owner(j.JobRow), &issueEffect{
		w: w, leak: j.Args.Leak, policy: p, mayRetry: j.Attempt < filesAttempts,
	})
	if errors.Is(err, ledger.ErrNotFound) { // uninstalled since
		return nil
	}
	if err != nil {
		return fmt.Errorf("issue of leak %d: %w", j.Args.Leak, err)
	}
	return nil
}

// issueTurn takes the turn for the one write that the issue needs, before anything is asked for it: the policy, the
// repository's files, the assignees.
func (w *Worker) issueTurn(ctx context.Context, id int64) (context.Context, error) {
	var leak respond.Leak
	var repository respond.Repository
	var chosen bool
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		if leak, err = tx.Leak(ctx, id); err != nil {
			return err
		}
		if chosen, err = tx.IssueRequested(ctx, id); err != nil {
			return err
		}
		repository, err = tx.Repository(ctx, leak.Repository)
		return err
	})
	switch {
	case errors.Is(err, ledger.ErrNotFound): // uninstalled since
		return ctx, nil
	case err != nil:
		return ctx, err
	case leak.IssueNumber != 0:
		return w.GitHub.Turn(ctx, repository.Installation, github.IssueEdits)
	case chosen && leak.State == respond.Open:
		return w.GitHub.Turn(ctx, repository.Installation, github.NewIssues)
	}
	return ctx, nil // none will be wanted
}

func issueKey(leak int64) string { return fmt.Sprintf("issue:%d", leak) }

// Filing reports whether the leak's issue is being filed, or is to be: GitHub may show it already, though it is not on record.
func (w *Worker) Filing(ctx context.Context, repositoryID int64, fingerprint string) (filing bool, err error) {
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		leak, err := tx.LeakByFingerprint(ctx, repositoryID, fingerprint)
		if err != nil || leak.IssueNumber != 0 {
			return ignoreNotFound(err)
		}
		// In a database that was restored from a backup nothing is begun: the issue is found on GitHub when its job comes.
		if filing = leak.State == respond.Open; filing {
			return nil
		}
		filing, err = tx.Unfinished(ctx, issueKey(leak.ID))
		return err
	})
	return filing, err
}

// issueEffect is a leak's issue; see [Effect].
type issueEffect struct {
	w        *Worker
	leak     int64
	policy   respond.Policy
	mayRetry bool // another attempt may read the repository's files where this one cannot

	facts   issueFacts
	text    text.IssueText
	client  *github.Client
	issue   github.Issue // Number 0: to be filed
	sent    github.Issue // what was sent of it last, without what looks like a credential
	doubles []github.Issue
	outcome string // where nothing is filed or edited
	deleted bool
	begun   ledger.Action
}

func (e *issueEffect) Facts(ctx context.Context, tx Tx, begun ledger.Action) (err error) {
	e.begun = begun
	e.facts, err = e.w.issueFacts(ctx, tx, e.leak, e.policy)
	return err
}

func (e *issueEffect) Plan(ctx context.Context, interrupted bool) (send bool, err error) {
	if !e.facts.wanted(e.policy) {
		e.outcome = "none is wanted"
		return false, nil
	}
	hidden := respond.Hidden(e.facts.target.Private, e.facts.Leak.State, e.policy)
	if hidden && e.facts.Leak.IssueNumber == 0 {
		e.w.Log.WarnContext(ctx, "the issue is public, so it has no details: set issues.repository in the policy to a private repository",
			"repository", e.facts.source.Owner+"/"+e.facts.source.Name, "leak", e.leak)
	}
	if e.facts.Leak.State == respond.Open && !hidden { // else there are no instructions
		source := e.w.GitHub.Repository(record.Target(e.facts.source), github.ScanAccess)
		read, err := e.w.source(ctx, source, e.facts, !e.mayRetry)
		if err != nil {
			return false, err
		}
		e.facts.Files, e.facts.Head, e.facts.Branch = read.files, read.head, read.branch
		if e.facts.Secrets, err = e.w.secretsUpdated(ctx, e.facts); err != nil {
			return false, err
		}
	}
	e.text = issueText(ctx, e.facts.IssueFacts)
	if e.facts.Leak.IssueNumber != 0 && e.facts.Leak.IssueDigest == e.text.Digest() && !interrupted {
		e.outcome = "it says so already"
		return false, nil
	}
	e.client = e.w.GitHub.Repository(record.Target(e.facts.target), github.RespondAccess)
	e.issue = github.Issue{Number: e.facts.Leak.IssueNumber, Title: e.text.Title, Body: e.text.Body}
	return true, nil
}

// Find looks through the List API, by the hidden marker.
func (e *issueEffect) Find(ctx context.Context) error {
	if e.issue.Number != 0 {
		return nil
	}
	found, err := e.client.FindIssues(ctx, text.Marker(e.facts.source.ID, e.facts.Leak.Fingerprint), lookFrom(e.facts.Leak.Detected, e.begun))
	if len(found) > 0 {
		e.issue.Number, e.doubles = found[0].Number, found[1:]
	}
	return err
}

// Send creates or edits the issue. An edit leaves labels and assignees alone: once the issue is filed, they are people's.
func (e *issueEffect) Send(ctx context.Context, before func(context.Context) error) error {
	known := e.issue.Number != 0
	err := e.send(ctx, e.client.BeforeWrite(before))
	switch {
	case errors.Is(err, github.ErrGone) && known: // deleted, and the event was lost
		e.deleted = true
		return nil
	case IssueUnavailable(err):
		e.w.Log.WarnContext(ctx, "no issue filed", "leak", e.leak, "repository", e.w.Recorder.Named(e.facts.target.ID), "reason", err.Error())
		e.outcome = "not filed: " + err.Error()
		return nil
	}
	return err
}

func (e *issueEffect) send(ctx context.Context, client *github.Client) (err error) {
	for _, i := range e.doubles {
		if _, err := client.EditIssue(ctx, duplicate(i.Number, e.issue.Number)); err != nil {
			return err
		}
	}
	if e.issue.Number != 0 {
		e.sent = e.w.redactIssue(ctx, e.issue)
		e.issue, err = client.EditIssue(ctx, e.sent)
		return err
	}
	e.issue.Labels = e.text.Labels
	for _, login := range e.text.Assignees {
		ok, err := client.Assignable(ctx, login)
		if err != nil {
			return err
		}
		if ok && len(e.issue.Assignees) < maxAssignees {
			e.issue.Assignees = append(e.issue.Assignees, login)
		}
	}
	e.sent = e.w.redactIssue(ctx, e.issue)
	e.issue, err = client.CreateIssue(ctx, e.sent)
	return err
}

func (e *issueEffect) Save(ctx context.Context, tx Tx) (string, error) {
	switch {
	case e.outcome != "":
		return e.outcome, e.w.saidSo(ctx, tx, e.facts)
	case e.deleted:
		return "deleted", record.ForgetIssue(ctx, tx, e.facts.Leak)
	}
	if err := e.saveText(ctx, tx); err != nil {
		return "", err
	}
	return e.issue.URL, e.w.filed(ctx, tx, e.facts, e.issue, e.text.Digest())
}

// saveText keeps what was sent, to be shown elsewhere, unless it is the text without details for strangers.
func (e *issueEffect) saveText(ctx context.Context, tx Tx) error {
	if respond.Hidden(e.facts.target.Private, e.facts.Leak.State, e.policy) {
		return nil
	}
	return tx.SaveIssueText(ctx, e.leak, e.sent.Title, e.sent.Body)
}

// issueText writes the issue. Where the instructions take too long to fit to the repository, they are general ones.
func issueText(ctx context.Context, facts text.IssueFacts) text.IssueText {
	ctx, cancel := context.WithTimeout(ctx, guideTime)
	defer cancel()
	return text.Issue(ctx, facts)
}

// maxAssignees is how many people GitHub assigns to one issue.
const maxAssignees = 10

// filesRef is the ref whose files hold the leak, "" for none.
func (f issueFacts) filesRef() string {
	if len(f.Head) == 0 {
		return ""
	}
	return "refs/heads/" + cmp.Or(f.Branch, f.source.DefaultBranch)
}

// saidSo records what an issue says that needs no edit.
func (w *Worker) saidSo(ctx context.Context, tx Tx, f issueFacts) error {
	if f.Files == nil || f.Leak.FilesRef == f.filesRef() {
		return nil
	}
	leak, err := tx.Leak(ctx, f.Leak.ID)
	if err != nil {
		return err
	}
	leak.FilesRef = f.filesRef()
	return tx.UpdateLeak(ctx, leak, respond.Event{})
}

// filed records the issue, and queues the check runs that are to name it.
func (w *Worker) filed(ctx context.Context, tx Tx, f issueFacts, issue github.Issue, digest string) error {
	leak, err := tx.Leak(ctx, f.Leak.ID)
	if err != nil {
		return err
	}
	fresh := leak.IssueNumber != issue.Number || leak.IssueRepository != f.target.ID
	leak.IssueRepository, leak.IssueNumber, leak.IssueURL, leak.IssueDigest = f.target.ID, issue.Number, issue.URL, digest
	leak.FilesRef = f.filesRef()
	if err := tx.UpdateLeak(ctx, leak, respond.Event{}); err != nil || !fresh {
		return err
	}
	w.Log.InfoContext(ctx, "issue filed", "leak", leak.ID, "repository", w.Recorder.Named(leak.Repository), "issue", issue.URL)
	err = tx.RecordActivity(ctx, ledger.Activity{
		By: respond.Self, Kind: ledger.ActivityEffect, What: "issue", Repository: leak.Repository, Leak: leak.ID,
	})
	if err != nil {
		return err
	}
	if err := record.EnqueueChecks(ctx, tx, leak); err != nil || leak.State == respond.Open {
		return err
	}
	return w.closeFresh(ctx, tx, leak) // closed while its issue was being filed
}

// closeFresh closes an issue that nobody could close when its leak was, since it was not there yet.
func (w *Worker) closeFresh(ctx context.Context, tx Tx, leak respond.Leak) error {
	about := respond.Action{Repository: leak.Repository, Leak: leak.ID, NotPlanned: leak.State == respond.Ignored}
	edit, end := about, about
	edit.Do = respond.EditIssue
	end.Do, end.Key = respond.CloseIssue, fmt.Sprintf("leak:%d:close_fresh:%d", leak.ID, leak.IssueNumber)
	return w.Recorder.Apply(ctx, tx, respond.Decision{Actions: []respond.Action{edit, end}}, respond.Policy{})
}

// issueFacts are the issue's facts, the leak's repository and the one that the issue goes to.
type issueFacts struct {
	text.IssueFacts
	source, target respond.Repository
	requested      bool // a decision was taken to file it
	tips           []respond.Tip
}

// wanted reports whether the leak is to have an issue: one that was decided on, that is still of use, and has a place.
func (f issueFacts) wanted(p respond.Policy) bool {
	return f.Leak.IssueNumber != 0 || f.requested && f.target.ID != 0 && f.Leak.State == respond.Open && p.FilesIssues()
}

func (w *Worker) issueFacts(ctx context.Context, tx Tx, leakID int64, p respond.Policy) (issueFacts, error) {
	leak, err := tx.Leak(ctx, leakID)
	if err != nil {
		return issueFacts{}, err
	}
	repository, err := tx.Repository(ctx, leak.Repository)
	if err != nil {
		return issueFacts{}, err
	}
	target, err := w.Policies.IssueTarget(ctx, tx, repository, p)
	if err != nil {
		return issueFacts{}, err
	}
	if leak.IssueNumber != 0 && leak.IssueRepository != target.ID {
		filed, err := tx.Repository(ctx, leak.IssueRepository)
		switch {
		case err == nil:
			target = filed // it stays where it was filed
		case errors.Is(err, ledger.ErrNotFound): // out of reach: another one takes its place
			leak.IssueRepository, leak.IssueNumber, leak.IssueURL, leak.IssueDigest = 0, 0, "", ""
		default:
			return issueFacts{}, err
		}
	}
	sightings, err := tx.Sightings(ctx, leakID, maxSightings)
	if err != nil {
		return issueFacts{}, err
	}
	history, err := tx.Events(ctx, leakID)
	if err != nil {
		return issueFacts{}, err
	}
	tips, err := tx.Tips(ctx, repository.ID, guideTips)
	if err != nil {
		return issueFacts{}, err
	}
	alerts, err := tx.AlertsOf(ctx, leak)
	if err != nil {
		return issueFacts{}, err
	}
	exposed, err := exposure(ctx, tx, leak)
	if err != nil {
		return issueFacts{}, err
	}
	chosen, err := tx.IssueRequested(ctx, leakID)
	return issueFacts{
		IssueFacts: text.IssueFacts{
			Repository: w.Recorder.WithURL(repository), Elsewhere: target.ID != repository.ID, Private: target.Private,
			Leak: record.WithVisibility(leak, repository), Sightings: sightings, History: history, Policy: p, Alerts: alerts, Exposed: exposed,
		},
		source: repository, target: target, requested: chosen, tips: tips,
	}, err
}
