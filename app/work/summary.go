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
	var have ledger.Summary
	var facts respond.SummaryFacts
	var target ledger.Repository
	err = w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) error {
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
	if len(facts.Leaks) == 0 && have.IssueNumber == 0 {
		return nil
	}
	text := respond.Summary(facts)
	digest := text.Digest() + fmt.Sprint(len(facts.Leaks) > 0)
	if have.IssueDigest == digest {
		return nil
	}
	if have.IssueRepository != 0 && have.IssueRepository != target.ID {
		have = ledger.Summary{} // the policy sends issues elsewhere now
	}
	return w.once(ctx, fmt.Sprintf("summary:%d:%s", repository.ID, digest), owner(j.JobRow), func(ctx context.Context, begun ledger.Action) error {
		issue, err := w.sendSummary(ctx, w.GitHub.Repository(record{target}.target(), github.RespondAccess), begun, have, facts, text)
		if gone(err) {
			w.Log.WarnContext(ctx, "no summary issue", "repository", repository.ID, "reason", err.Error())
			return nil
		}
		if err != nil {
			return fmt.Errorf("summary issue of repository %d: %w", repository.ID, err)
		}
		return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.SaveSummary(ctx, ledger.Summary{
				Repository: repository.ID, IssueRepository: target.ID, IssueNumber: issue.Number, IssueURL: issue.URL, IssueDigest: digest,
			})
		})
	})
}

func (w *Worker) sendSummary(ctx context.Context, client *github.Client, begun ledger.Action, have ledger.Summary, facts respond.SummaryFacts, text respond.IssueText) (github.Issue, error) {
	issue := github.Issue{Number: have.IssueNumber, Title: text.Title, Body: text.Body, Labels: text.Labels}
	if issue.Number == 0 && unfinished(begun) {
		found, ok, err := client.FindIssue(ctx, respond.SummaryMarker(facts.Repository.ID), begun.Begun.Add(-clockSlack))
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
	issue.State, issue.Reason = "open", ""
	if len(facts.Leaks) == 0 {
		issue.State, issue.Reason = "closed", "completed"
	}
	return client.EditIssue(ctx, issue)
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

// catchUpEvery is how often leaks that wait for an issue are looked through.
const catchUpEvery = 5 * time.Minute

// Tend does what no event asks for, until ctx ends: it files the issues that had to wait. Several processes may tend the
// same ledger.
func (w *Worker) Tend(ctx context.Context) {
	ticker := time.NewTicker(catchUpEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := w.catchUp(ctx); err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "issues that wait could not be looked through", "error", err)
		}
	}
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
	for _, id := range waiting {
		repository, found, err := w.repository(ctx, id)
		if err != nil || !found {
			return err
		}
		p, err := w.policy(ctx, repository.Repository)
		if err != nil {
			return err
		}
		err = w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
			leaks, err := tx.Unfiled(ctx, id, maxSummed)
			if err != nil {
				return err
			}
			filed, err := tx.Filings(ctx, id, tx.Now().Add(-time.Hour))
			if err != nil {
				return err
			}
			return w.apply(ctx, tx, respond.CatchUp(leaks, filed, p), p)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
