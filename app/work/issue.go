package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// maxSightings bounds how many places of a leak are read for its issue, which lists fewer.
const maxSightings = 100

// issue makes a leak's one issue say what the ledger knows: it files it, finds it again, or edits it in place.
func (w *Worker) issue(ctx context.Context, j *river.Job[job.Issue]) error {
	_, p, found, err := w.leakAndPolicy(ctx, j.Args.Leak)
	if err != nil || !found {
		return err
	}
	key := fmt.Sprintf("issue:%d", j.Args.Leak)
	return w.letGo(ctx, key, owner(j.JobRow), w.issueUnder(ctx, key, j, p))
}

func (w *Worker) issueUnder(ctx context.Context, key string, j *river.Job[job.Issue], p policy.Policy) error {
	var begun ledger.Action
	var facts issueFacts
	err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		if begun, err = tx.BeginAction(ctx, key, lease, owner(j.JobRow)); err != nil {
			return err
		}
		facts, err = w.issueFacts(ctx, tx, j.Args.Leak, p)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // uninstalled since
	}
	if err != nil {
		return err
	}
	finish := func(result string) error {
		return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishAction(ctx, key, result) })
	}
	if !facts.wanted(p) {
		return finish("none is wanted")
	}
	if facts.Leak.State == ledger.Open {
		source := w.GitHub.Repository(facts.source.target(), github.ScanAccess)
		if facts.Files, err = w.files(ctx, source, commitOf(facts.Sightings), j.Attempt >= filesAttempts); err != nil {
			return err
		}
	}
	text := respond.Issue(facts.IssueFacts)
	if facts.Leak.IssueNumber != 0 && facts.Leak.IssueDigest == text.Digest() && !unfinished(begun) {
		return finish("it says so already")
	}
	filed, err := w.sendIssue(ctx, w.GitHub.Repository(facts.target.target(), github.RespondAccess), begun, facts, text)
	if errors.Is(err, github.ErrGone) && facts.Leak.IssueNumber != 0 { // deleted, and the event was lost
		return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
			if err := w.forgetIssue(ctx, tx, facts.Leak); err != nil {
				return err
			}
			return tx.FinishAction(ctx, key, "deleted")
		})
	}
	if gone(err) {
		w.Log.WarnContext(ctx, "no issue filed", "leak", facts.Leak.ID, "repository", facts.target.ID, "reason", err.Error())
		return finish("not filed: " + err.Error())
	}
	if err != nil {
		return fmt.Errorf("issue of leak %d: %w", facts.Leak.ID, err)
	}
	return w.filed(ctx, key, facts, filed, text.Digest())
}

// commitOf is the commit whose files tell how the leaking key is used: the last one that brought it.
func commitOf(sightings []ledger.Sighting) string {
	commit, last := "", time.Time{}
	for _, s := range sightings {
		if s.Commit != "" && !s.Authored.Before(last) {
			commit, last = s.Commit, s.Authored
		}
	}
	return commit
}

// sendIssue creates or edits the issue. Where an earlier attempt began and its end is not known, the issue may be there
// already: GitHub is asked first, through the List API and the hidden marker. An edit leaves labels and assignees alone:
// once the issue is filed, they are people's.
func (w *Worker) sendIssue(ctx context.Context, client *github.Client, begun ledger.Action, f issueFacts, text respond.IssueText) (github.Issue, error) {
	issue := github.Issue{Number: f.Leak.IssueNumber, Title: text.Title, Body: text.Body}
	if issue.Number == 0 && unfinished(begun) {
		marker := respond.Marker(f.source.ID, f.Leak.Fingerprint)
		found, ok, err := client.FindIssue(ctx, marker, f.Leak.Detected.Add(-clockSlack))
		if err != nil {
			return github.Issue{}, err
		}
		if ok {
			issue.Number = found.Number
		}
	}
	if issue.Number != 0 {
		return client.EditIssue(ctx, w.safeIssue(ctx, issue))
	}
	issue.Labels = text.Labels
	for _, login := range text.Assignees {
		ok, err := client.Assignable(ctx, login)
		if err != nil {
			return github.Issue{}, err
		}
		if ok && len(issue.Assignees) < maxAssignees {
			issue.Assignees = append(issue.Assignees, login)
		}
	}
	return client.CreateIssue(ctx, w.safeIssue(ctx, issue))
}

// maxAssignees is how many people GitHub assigns to one issue.
const maxAssignees = 10

// clockSlack is by how much our clock and GitHub's may differ when an issue is looked for by its time.
const clockSlack = time.Hour

// filed records the issue, and queues the check runs that are to name it.
func (w *Worker) filed(ctx context.Context, key string, f issueFacts, issue github.Issue, digest string) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		leak, err := tx.Leak(ctx, f.Leak.ID)
		if err != nil {
			return err
		}
		fresh := leak.IssueNumber != issue.Number || leak.IssueRepository != f.target.ID
		leak.IssueRepository, leak.IssueNumber, leak.IssueURL, leak.IssueDigest = f.target.ID, issue.Number, issue.URL, digest
		if err := tx.UpdateLeak(ctx, leak, ledger.Event{}); err != nil {
			return err
		}
		if fresh {
			if err := enqueueChecks(ctx, tx, leak); err != nil {
				return err
			}
		}
		if fresh && leak.State != ledger.Open { // closed while its issue was being filed
			if err := w.closeFresh(ctx, tx, leak); err != nil {
				return err
			}
		}
		return tx.FinishAction(ctx, key, issue.URL)
	})
}

// closeFresh closes an issue that nobody could close when its leak was, since it was not there yet.
func (w *Worker) closeFresh(ctx context.Context, tx *ledger.Tx, leak ledger.Leak) error {
	about := respond.Action{Repository: leak.Repository, Leak: leak.ID, NotPlanned: leak.State == ledger.Ignored}
	edit, end := about, about
	edit.Do = respond.EditIssue
	end.Do, end.Key = respond.CloseIssue, fmt.Sprintf("leak:%d:close_fresh:%d", leak.ID, leak.IssueNumber)
	return w.apply(ctx, tx, respond.Decision{Actions: []respond.Action{edit, end}}, policy.Policy{})
}

// issueFacts are the issue's facts, the leak's repository and the one that the issue goes to.
type issueFacts struct {
	respond.IssueFacts
	source, target record
	chosen         bool // a decision was taken to file it
}

// wanted tells whether the leak is to have an issue: one that was decided on, and that is still of use.
func (f issueFacts) wanted(p policy.Policy) bool {
	return f.Leak.IssueNumber != 0 || f.chosen && f.Leak.State == ledger.Open && !p.Issues.Off
}

func (w *Worker) issueFacts(ctx context.Context, tx *ledger.Tx, leakID int64, p policy.Policy) (issueFacts, error) {
	leak, err := tx.Leak(ctx, leakID)
	if err != nil {
		return issueFacts{}, err
	}
	repository, err := tx.Repository(ctx, leak.Repository)
	if err != nil {
		return issueFacts{}, err
	}
	target, err := w.issueTarget(ctx, tx, repository, p)
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
	chosen, err := tx.Chosen(ctx, leakID)
	return issueFacts{
		IssueFacts: respond.IssueFacts{
			Repository: w.describe(repository), Elsewhere: target.ID != repository.ID, Private: target.Private,
			Leak: w.here(leak, repository), Sightings: sightings, History: history, Policy: p,
		},
		source: record{repository}, target: record{target}, chosen: chosen,
	}, err
}
