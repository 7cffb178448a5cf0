package work

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// maxSummed is how many waiting leaks a summary is made of; it lists fewer.
const maxSummed = 500

// summary brings a repository's summary issue up to date: it is filed, edited in place, and closed when no leak waits.
func (w *Worker) summary(ctx context.Context, j *river.Job[job.Summary]) error {
	repository, found, err := w.repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	p, err := w.policy(ctx, repository.Repository)
	if err != nil || p.Issues.Off {
		return err
	}
	key := fmt.Sprintf("summary:%d", repository.ID)
	var begun ledger.Action
	var have ledger.Summary
	var facts respond.SummaryFacts
	var target ledger.Repository
	err = w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if begun, err = tx.BeginAction(ctx, key, lease, owner(j.JobRow)); err != nil {
			return err
		}
		if have, err = tx.Summary(ctx, repository.ID); err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		if target, err = w.issueTarget(ctx, tx, repository.Repository, p); err != nil {
			return err
		}
		facts, err = w.summaryFacts(ctx, tx, repository.Repository, target, p)
		return err
	})
	if err != nil {
		return err
	}
	if have.IssueRepository != 0 && have.IssueRepository != target.ID {
		have = ledger.Summary{} // the policy sends issues elsewhere now
	}
	return w.letGo(ctx, key, owner(j.JobRow), w.sumUp(ctx, key, begun, have, target, facts))
}

func (w *Worker) sumUp(ctx context.Context, key string, begun ledger.Action, have ledger.Summary, target ledger.Repository, facts respond.SummaryFacts) error {
	text := respond.Summary(facts)
	digest := text.Digest() + fmt.Sprint(len(facts.Leaks) > 0)
	made := ledger.Summary{
		Repository: facts.Repository.ID, IssueRepository: target.ID, IssueNumber: have.IssueNumber, IssueURL: have.IssueURL, IssueDigest: digest,
	}
	wanted := have.IssueNumber != 0 || len(facts.Leaks) > 0
	if wanted && (have.IssueDigest != digest || unfinished(begun)) {
		issue, err := w.sendSummary(ctx, w.GitHub.Repository(record{target}.target(), github.RespondAccess), begun, have, facts, text)
		switch {
		case errors.Is(err, github.ErrGone) && have.IssueNumber != 0: // deleted: another one takes its place
			made = ledger.Summary{Repository: facts.Repository.ID}
		case gone(err):
			w.Log.WarnContext(ctx, "no summary issue", "repository", facts.Repository.ID, "reason", err.Error())
			made = have
			made.Repository = facts.Repository.ID
		case err != nil:
			return fmt.Errorf("summary issue of repository %d: %w", facts.Repository.ID, err)
		default:
			made.IssueNumber, made.IssueURL = issue.Number, issue.URL
		}
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if err := tx.SaveSummary(ctx, made); err != nil {
			return err
		}
		if made.IssueNumber == 0 && have.IssueNumber != 0 && len(facts.Leaks) > 0 {
			if err := tx.Enqueue(ctx, job.Summary{Repository: facts.Repository.ID}, nil); err != nil {
				return err
			}
		}
		return tx.FinishAction(ctx, key, made.IssueURL)
	})
}

// sendSummary creates, edits, closes or reopens the summary issue.
func (w *Worker) sendSummary(ctx context.Context, client *github.Client, begun ledger.Action, have ledger.Summary, facts respond.SummaryFacts, text respond.IssueText) (github.Issue, error) {
	issue := github.Issue{Number: have.IssueNumber, Title: text.Title, Body: text.Body}
	if issue.Number == 0 && unfinished(begun) {
		found, ok, err := client.FindIssue(ctx, respond.SummaryMarker(facts.Repository.ID), time.Time{})
		if err != nil {
			return github.Issue{}, err
		}
		if ok {
			issue.Number = found.Number
		}
	}
	if issue.Number == 0 {
		issue.Labels, issue.Assignees = text.Labels, text.Assignees
		return client.CreateIssue(ctx, w.safeIssue(ctx, issue))
	}
	issue.State = "open"
	if len(facts.Leaks) == 0 {
		issue.State, issue.Reason = "closed", "completed"
	}
	return client.EditIssue(ctx, w.safeIssue(ctx, issue))
}

func (w *Worker) summaryFacts(ctx context.Context, tx *ledger.Tx, repository, target ledger.Repository, p policy.Policy) (respond.SummaryFacts, error) {
	f := respond.SummaryFacts{
		Repository: w.describe(repository), Private: target.Private, Elsewhere: target.ID != repository.ID, Policy: p,
	}
	leaks, err := tx.Unfiled(ctx, repository.ID, maxSummed)
	if err != nil {
		return f, err
	}
	for _, leak := range leaks {
		sightings, err := tx.Sightings(ctx, leak.ID, 1)
		if err != nil {
			return f, err
		}
		f.Leaks = append(f.Leaks, respond.SummaryLeak{Leak: leak, Sightings: sightings})
	}
	return f, nil
}

func (w *Worker) catchUp(ctx context.Context) error {
	var waiting []int64
	err := w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		waiting, err = tx.RepositoriesUnfiled(ctx, 1000)
		return err
	})
	if err != nil {
		return err
	}
	now := w.Now()
	var errs []error
	for _, id := range waiting {
		if !w.patience.over(id, now) {
			continue
		}
		files, err := w.catchUpOn(ctx, id)
		if err != nil {
			errs = append(errs, fmt.Errorf("repository %d: %w", id, err)) // others need not wait for it
		}
		if err != nil || !files {
			w.patience.until(id, now.Add(catchUpPause))
		}
	}
	return errors.Join(errs...)
}

// catchUpPause is how long a repository is left alone for which no issues can be filed: its policy is not read each time.
const catchUpPause = time.Hour

// catchUpOn files what the hour still allows; files is false where the policy wants no issues.
func (w *Worker) catchUpOn(ctx context.Context, id int64) (files bool, err error) {
	repository, found, err := w.repository(ctx, id)
	if err != nil || !found {
		return false, err
	}
	p, err := w.policy(ctx, repository.Repository)
	if err != nil || p.Issues.Off {
		return false, err
	}
	return true, w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		leaks, err := tx.Unfiled(ctx, id, maxSummed)
		if err != nil {
			return err
		}
		for i := range leaks {
			leaks[i] = w.here(leaks[i], repository.Repository)
		}
		filed, err := tx.Filings(ctx, id, tx.Now().Add(-time.Hour))
		if err != nil {
			return err
		}
		return w.apply(ctx, tx, respond.CatchUp(leaks, filed, p), p)
	})
}

// patience remembers until when repositories are left alone. It is safe for concurrent use; its zero value is ready.
type patience struct {
	mu    sync.Mutex
	ready map[int64]time.Time
}

func (p *patience) over(repository int64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !now.Before(p.ready[repository])
}

func (p *patience) until(repository int64, ready time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready == nil || len(p.ready) > 10_000 {
		p.ready = map[int64]time.Time{}
	}
	p.ready[repository] = ready
}
