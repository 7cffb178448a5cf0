package work

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// maxSummed is how many waiting leaks a summary is made of; it lists fewer.
const maxSummed = 500

// summary brings a repository's summary issue up to date: it is filed, edited in place, and closed when no leak waits.
func (w *Worker) summary(ctx context.Context, j *river.Job[job.Summary]) error {
	repository, found, err := w.recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	p, err := w.policies.Of(ctx, repository)
	if err != nil || p.Issues.Off {
		return err
	}
	err = w.publisher().Do(ctx, summaryKey(repository.ID), outcome.Owner(j.JobRow), &summaryEffect{w: w, repository: repository, policy: p})
	if err != nil {
		return fmt.Errorf("summary issue of repository %d: %w", repository.ID, err)
	}
	return nil
}

func summaryKey(repository int64) string { return fmt.Sprintf("summary:%d", repository) }

// summaryEffect is a repository's summary issue; see [publish.Effect].
type summaryEffect struct {
	w          *Worker
	repository ledger.Repository
	policy     respond.Policy

	have, made ledger.Summary
	facts      text.SummaryFacts
	client     *github.Client
	issue      github.Issue
	labels     []string // of a new one
	assignees  []string
	doubles    []github.Issue
	nowhere    bool // the policy's repository for issues cannot be used
}

func (e *summaryEffect) Facts(ctx context.Context, tx *ledger.Tx, _ ledger.Action) (err error) {
	if e.have, err = tx.Summary(ctx, e.repository.ID); err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	target, err := e.w.policies.IssueTarget(ctx, tx, e.repository, e.policy)
	if err != nil {
		return err
	}
	if e.nowhere = target.ID == 0; e.nowhere { // the log has said why
		return nil
	}
	if e.have.IssueRepository != target.ID {
		e.have = ledger.Summary{} // none, or the policy sends issues elsewhere now
	}
	e.have.Repository, e.have.IssueRepository = e.repository.ID, target.ID
	e.client = e.w.GitHub.Repository(record.Target(target), github.RespondAccess)
	e.facts, err = e.w.summaryFacts(ctx, tx, e.repository, target, e.policy)
	return err
}

func (e *summaryEffect) Plan(_ context.Context, interrupted bool) (bool, error) {
	if e.nowhere {
		return false, nil
	}
	text := text.Summary(e.facts)
	e.made = e.have
	e.made.IssueDigest = text.Digest() + fmt.Sprint(len(e.facts.Leaks) > 0)
	e.issue = github.Issue{Number: e.have.IssueNumber, Title: text.Title, Body: text.Body}
	e.labels, e.assignees = text.Labels, text.Assignees
	wanted := e.have.IssueNumber != 0 || len(e.facts.Leaks) > 0
	return wanted && (e.have.IssueDigest != e.made.IssueDigest || interrupted), nil
}

func (e *summaryEffect) Find(ctx context.Context) error {
	if e.issue.Number != 0 {
		return nil
	}
	found, err := e.client.FindIssues(ctx, text.SummaryMarker(e.repository.ID), time.Time{})
	if len(found) > 0 {
		e.issue.Number, e.doubles = found[0].Number, found[1:]
	}
	return err
}

// Send creates, edits, closes or reopens the summary issue.
func (e *summaryEffect) Send(ctx context.Context, before func(context.Context) error) error {
	issue, err := e.send(ctx, e.client.BeforeWrite(before))
	switch {
	case errors.Is(err, github.ErrGone) && e.have.IssueNumber != 0: // deleted: another one takes its place
		e.made = ledger.Summary{Repository: e.repository.ID}
	case gone(err):
		e.w.Log.WarnContext(ctx, "no summary issue", "repository", e.w.recorder.Named(e.repository.ID), "reason", err.Error())
		e.made = e.have
	case err != nil:
		return err
	default:
		e.made.IssueNumber, e.made.IssueURL = issue.Number, issue.URL
	}
	return nil
}

func (e *summaryEffect) send(ctx context.Context, client *github.Client) (github.Issue, error) {
	for _, i := range e.doubles {
		if _, err := client.EditIssue(ctx, duplicate(i.Number, e.issue.Number)); err != nil {
			return github.Issue{}, err
		}
	}
	issue := e.issue
	if issue.Number == 0 {
		issue.Labels, issue.Assignees = e.labels, e.assignees
		return client.CreateIssue(ctx, e.w.safeIssue(ctx, issue))
	}
	issue.State = "open"
	if len(e.facts.Leaks) == 0 {
		issue.State, issue.Reason = "closed", "completed"
	}
	return client.EditIssue(ctx, e.w.safeIssue(ctx, issue))
}

func (e *summaryEffect) Save(ctx context.Context, tx *ledger.Tx) (string, error) {
	if e.nowhere {
		return "not filed", nil
	}
	if err := tx.SaveSummary(ctx, e.made); err != nil {
		return "", err
	}
	if e.made.IssueNumber == 0 && e.have.IssueNumber != 0 && len(e.facts.Leaks) > 0 {
		return "", tx.Enqueue(ctx, job.Summary{Repository: e.repository.ID}, nil)
	}
	return e.made.IssueURL, nil
}

func (w *Worker) summaryFacts(ctx context.Context, tx *ledger.Tx, repository, target ledger.Repository, p respond.Policy) (text.SummaryFacts, error) {
	f := text.SummaryFacts{
		Repository: w.recorder.WithURL(repository), Private: target.Private, Elsewhere: target.ID != repository.ID, Policy: p,
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
		f.Leaks = append(f.Leaks, text.SummaryLeak{Leak: leak, Sightings: sightings})
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
	repository, found, err := w.recorder.Repository(ctx, id)
	if err != nil || !found {
		return false, err
	}
	p, err := w.policies.Of(ctx, repository)
	if err != nil || p.Issues.Off {
		return false, err
	}
	return true, w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		leaks, err := tx.Unfiled(ctx, id, maxSummed)
		if err != nil {
			return err
		}
		for i := range leaks {
			leaks[i] = record.WithVisibility(leaks[i], repository)
		}
		filed, err := tx.Filings(ctx, id, tx.Now().Add(-time.Hour))
		if err != nil {
			return err
		}
		return w.recorder.Apply(ctx, tx, respond.CatchUp(leaks, filed, p), p)
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
