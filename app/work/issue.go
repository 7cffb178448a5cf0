package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// maxSightings bounds how many places of a leak are read for its issue, which lists fewer.
const maxSightings = 100

// issue makes a leak's one issue say what the ledger knows: it files it, finds it again, or edits it in place.
func (w *Worker) issue(ctx context.Context, j *river.Job[job.Issue]) error {
	key := fmt.Sprintf("issue:%d", j.Args.Leak)
	var begun ledger.Action
	var facts issueFacts
	err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		if begun, err = tx.BeginAction(ctx, key, lease, owner(j.JobRow)); err != nil {
			return err
		}
		facts, err = w.issueFacts(ctx, tx, j.Args.Leak)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // uninstalled since
	}
	if err != nil {
		return err
	}
	text := respond.Issue(facts.IssueFacts)
	if !facts.wanted() || facts.Leak.IssueNumber != 0 && facts.Leak.IssueDigest == text.Digest() {
		return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.FinishAction(ctx, key, "nothing to send")
		})
	}
	client := w.GitHub.Repository(facts.repository.target(), github.RespondAccess)
	filed, err := w.sendIssue(ctx, client, begun, facts, text)
	if errors.Is(err, github.ErrIssuesDisabled) || errors.Is(err, github.ErrArchived) {
		w.Log.WarnContext(ctx, "no issue filed", "leak", facts.Leak.ID, "repository", facts.repository.ID, "reason", err.Error())
		return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.FinishAction(ctx, key, "not filed: "+err.Error())
		})
	}
	if err != nil {
		return fmt.Errorf("issue of leak %d: %w", facts.Leak.ID, err)
	}
	return w.filed(ctx, key, facts.Leak.ID, filed, text.Digest())
}

// sendIssue creates or edits the issue. Where an earlier attempt began and its end is not known, the issue may be there
// already: GitHub is asked first, through the List API and the hidden marker.
func (w *Worker) sendIssue(ctx context.Context, client *github.Client, begun ledger.Action, f issueFacts, text respond.IssueText) (github.Issue, error) {
	issue := github.Issue{
		Number: f.Leak.IssueNumber, Title: text.Title, Body: text.Body, Labels: text.Labels, Assignees: text.Assignees,
	}
	if issue.Number == 0 && unfinished(begun) {
		marker := respond.Marker(f.repository.ID, f.Leak.Fingerprint)
		found, ok, err := client.FindIssue(ctx, marker, begun.Begun.Add(-clockSlack))
		if err != nil {
			return github.Issue{}, err
		}
		if ok {
			issue.Number = found.Number
		}
	}
	if issue.Number == 0 {
		return client.CreateIssue(ctx, issue)
	}
	return client.EditIssue(ctx, issue)
}

// clockSlack is by how much our clock and GitHub's may differ when an issue is looked for by its time.
const clockSlack = time.Hour

// filed records the issue, and queues the check runs that are to name it.
func (w *Worker) filed(ctx context.Context, key string, leakID int64, issue github.Issue, digest string) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		leak, err := tx.Leak(ctx, leakID)
		if err != nil {
			return err
		}
		fresh := leak.IssueNumber == 0
		leak.IssueRepository, leak.IssueNumber, leak.IssueURL, leak.IssueDigest = leak.Repository, issue.Number, issue.URL, digest
		if err := tx.UpdateLeak(ctx, leak, ledger.Event{}); err != nil {
			return err
		}
		if fresh {
			heads, err := tx.HeadsOf(ctx, leakID)
			if err != nil {
				return err
			}
			for _, head := range heads {
				if err := tx.Enqueue(ctx, job.Check{Repository: head.Repository, Head: head.SHA}, nil); err != nil {
					return err
				}
			}
		}
		return tx.FinishAction(ctx, key, issue.URL)
	})
}

// issueFacts are the issue's facts and the repository that it goes to.
type issueFacts struct {
	respond.IssueFacts
	repository record
}

// wanted tells whether the leak is to have an issue: not on a guess, and not for what was allowed or closed before an
// issue was filed.
func (f issueFacts) wanted() bool {
	if f.Leak.IssueNumber != 0 {
		return true
	}
	return f.Leak.State == ledger.Open && detect.Confidence(f.Leak.Confidence) != detect.LowConfidence && !respond.AllowedEverywhere(f.Leak, f.Sightings)
}

func (w *Worker) issueFacts(ctx context.Context, tx *ledger.Tx, leakID int64) (issueFacts, error) {
	leak, err := tx.Leak(ctx, leakID)
	if err != nil {
		return issueFacts{}, err
	}
	repository, err := tx.Repository(ctx, leak.Repository)
	if err != nil {
		return issueFacts{}, err
	}
	sightings, err := tx.Sightings(ctx, leakID, maxSightings)
	if err != nil {
		return issueFacts{}, err
	}
	history, err := tx.Events(ctx, leakID)
	if err != nil {
		return issueFacts{}, err
	}
	return issueFacts{
		IssueFacts: respond.IssueFacts{
			Repository: w.describe(repository), Private: repository.Private, Leak: leak, Sightings: sightings, History: history,
		},
		repository: record{repository},
	}, nil
}
