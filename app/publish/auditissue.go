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
	"github.com/rekey-app/rekey/respond/checks"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// AuditIssue brings the one issue of a repository about its Clerk configuration up to date, where the policy wants one.
func (w *Worker) AuditIssue(ctx context.Context, j *river.Job[job.AuditIssue]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	p, err := w.Policies.Of(ctx, repository)
	if err != nil || !p.FilesAuditIssue() {
		return err
	}
	err = w.runner().Do(ctx, fmt.Sprintf("auditissue:%d", repository.ID), outcome.Owner(j.JobRow), &auditIssueEffect{w: w, repository: repository, policy: p})
	if errors.Is(err, ledger.ErrNotFound) { // uninstalled since
		return nil
	}
	if err != nil {
		return fmt.Errorf("audit issue of repository %d: %w", repository.ID, err)
	}
	return nil
}

// auditIssueEffect is a repository's issue about its Clerk configuration; see [Effect].
type auditIssueEffect struct {
	w          *Worker
	repository respond.Repository
	policy     respond.Policy

	have, made    ledger.AuditIssue
	facts         text.AuditIssueFacts
	issue         standing
	state, reason string // as GitHub names them; "": as it is
	outcome       string // where nothing is sent
}

func (e *auditIssueEffect) Facts(ctx context.Context, tx Tx, _ ledger.Action) (err error) {
	if e.have, err = tx.AuditIssue(ctx, e.repository.ID); err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	target, err := e.w.Policies.IssueTarget(ctx, tx, e.repository, e.policy)
	if err != nil {
		return err
	}
	last, err := tx.Audit(ctx, e.repository.ID)
	if err != nil {
		return err
	}
	if target.ID == 0 || last.Manifests == "" { // the log has said why, or the policy wanted no audit
		return ErrNotNeeded
	}
	if e.have.IssueRepository != target.ID {
		e.have = ledger.AuditIssue{} // none, or the policy sends issues elsewhere now
	}
	e.have.Repository, e.have.IssueRepository = e.repository.ID, target.ID
	e.issue = standing{w: e.w, client: e.w.GitHub.Repository(record.Target(target), github.RespondAccess)}
	e.facts = text.AuditIssueFacts{
		Audit: text.AuditFacts{
			Repository: e.w.Recorder.WithURL(e.repository), Head: last.Head, Policy: e.policy, Findings: checks.Described(last.Findings),
			AllowedBefore: last.Allowed, Gaps: last.Gaps,
		},
		Private: target.Private, Elsewhere: target.ID != e.repository.ID,
	}
	return nil
}

// Plan has the state sent where what was found is other than what it was opened or closed for: who closed it by hand is left alone until
// then. Where something was not read, nothing says that all is well.
func (e *auditIssueEffect) Plan(_ context.Context, interrupted bool) (bool, error) {
	e.made = e.have
	e.made.IssueDigest = text.AuditIssueDigest(e.facts)
	e.issue.say(e.have.IssueNumber, text.AuditIssue(e.facts))
	found := text.AuditFound(e.facts.Audit.Findings)
	switch {
	case found == e.have.Found:
	case len(e.facts.Audit.Findings) > 0:
		e.state, e.made.Found = "open", found
	case len(e.facts.Audit.Gaps) == 0:
		e.state, e.reason, e.made.Found = "closed", "completed", found
	}
	if e.have.IssueNumber == 0 && len(e.facts.Audit.Findings) == 0 {
		e.outcome = "none is wanted"
		return false, nil
	}
	return e.made != e.have || interrupted, nil
}

func (e *auditIssueEffect) Find(ctx context.Context) error {
	return e.issue.find(ctx, text.AuditMarker(e.repository.ID))
}

func (e *auditIssueEffect) Send(ctx context.Context, before func(context.Context) error) error {
	issue, err := e.issue.send(ctx, before, e.state, e.reason)
	switch {
	case errors.Is(err, github.ErrGone) && e.have.IssueNumber != 0: // deleted: another one takes its place
		e.made = ledger.AuditIssue{Summary: ledger.Summary{Repository: e.repository.ID}}
	case IssueUnavailable(err):
		e.w.Log.WarnContext(ctx, "no issue about the Clerk configuration", "repository", e.w.Recorder.Named(e.repository.ID), "reason", err.Error())
		e.made, e.outcome = e.have, "not filed: "+err.Error()
	case err != nil:
		return err
	default:
		e.made.IssueNumber, e.made.IssueURL = issue.Number, issue.URL
	}
	return nil
}

func (e *auditIssueEffect) Save(ctx context.Context, tx Tx) (string, error) {
	if e.outcome != "" {
		return e.outcome, nil
	}
	if err := tx.SaveAuditIssue(ctx, e.made); err != nil {
		return "", err
	}
	if e.made.IssueNumber == 0 && e.have.IssueNumber != 0 && len(e.facts.Audit.Findings) > 0 {
		return "", tx.Enqueue(ctx, job.AuditIssue{Repository: e.repository.ID}, nil)
	}
	return e.made.IssueURL, nil
}
