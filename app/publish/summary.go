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
	"github.com/rekey-app/rekey/respond/text"
)

// maxSummed is how many waiting leaks a summary is made of; it lists fewer.
const maxSummed = 500

// Summary brings a repository's summary issue up to date: it is filed, edited in place, and closed when no leak waits.
func (w *Worker) Summary(ctx context.Context, j *river.Job[job.Summary]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	p, err := w.Policies.Of(ctx, repository)
	if err != nil || !p.FilesIssues() {
		return err
	}
	err = w.runner().Do(ctx, summaryKey(repository.ID), outcome.Owner(j.JobRow), &summaryEffect{w: w, repository: repository, policy: p})
	if err != nil {
		return fmt.Errorf("summary issue of repository %d: %w", repository.ID, err)
	}
	return nil
}

func summaryKey(repository int64) string { return fmt.Sprintf("summary:%d", repository) }

// summaryEffect is a repository's summary issue; see [Effect].
type summaryEffect struct {
	w          *Worker
	repository respond.Repository
	policy     respond.Policy

	have, made ledger.Summary
	facts      text.SummaryFacts
	issue      standing
	nowhere    bool // the policy's repository for issues cannot be used
}

func (e *summaryEffect) Facts(ctx context.Context, tx Tx, _ ledger.Action) (err error) {
	if e.have, err = tx.Summary(ctx, e.repository.ID); err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	target, err := e.w.Policies.IssueTarget(ctx, tx, e.repository, e.policy)
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
	e.issue = standing{w: e.w, client: e.w.GitHub.Repository(record.Target(target), github.RespondAccess)}
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
	e.issue.say(e.have.IssueNumber, text)
	wanted := e.have.IssueNumber != 0 || len(e.facts.Leaks) > 0
	return wanted && (e.have.IssueDigest != e.made.IssueDigest || interrupted), nil
}

func (e *summaryEffect) Find(ctx context.Context) error {
	return e.issue.find(ctx, text.SummaryMarker(e.repository.ID))
}

// Send creates, edits, closes or reopens the summary issue.
func (e *summaryEffect) Send(ctx context.Context, before func(context.Context) error) error {
	state, reason := "open", ""
	if len(e.facts.Leaks) == 0 {
		state, reason = "closed", "completed"
	}
	issue, err := e.issue.send(ctx, before, state, reason)
	switch {
	case errors.Is(err, github.ErrGone) && e.have.IssueNumber != 0: // deleted: another one takes its place
		e.made = ledger.Summary{Repository: e.repository.ID}
	case IssueUnavailable(err):
		e.w.Log.WarnContext(ctx, "no summary issue", "repository", e.w.Recorder.Named(e.repository.ID), "reason", err.Error())
		e.made = e.have
	case err != nil:
		return err
	default:
		e.made.IssueNumber, e.made.IssueURL = issue.Number, issue.URL
	}
	return nil
}

func (e *summaryEffect) Save(ctx context.Context, tx Tx) (string, error) {
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

func (w *Worker) summaryFacts(ctx context.Context, tx Tx, repository, target respond.Repository, p respond.Policy) (text.SummaryFacts, error) {
	f := text.SummaryFacts{
		Repository: w.Recorder.WithURL(repository), Private: target.Private, Elsewhere: target.ID != repository.ID, Policy: p,
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
