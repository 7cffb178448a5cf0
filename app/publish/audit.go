package publish

import (
	"context"
	"errors"
	"fmt"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// auditTx is what the second check run of a head commit is about.
type auditTx interface {
	AuditCheck(ctx context.Context, repository int64, head string) (ledger.AuditCheck, error)
	SaveAuditCheck(ctx context.Context, c ledger.AuditCheck) error
	AuditIssue(ctx context.Context, repository int64) (ledger.AuditIssue, error)
	SaveAuditIssue(ctx context.Context, i ledger.AuditIssue) error
}

// PublishAudit makes a head commit's second check run say what an audit has found. It sends nothing where GitHub has it already. Without
// createIfMissing it makes none where none was made or begun.
func (w *Worker) PublishAudit(ctx context.Context, owner string, facts text.AuditFacts, createIfMissing bool) error {
	effect := &auditEffect{
		w: w, client: w.GitHub.Repository(record.Target(facts.Repository), github.ScanAccess), facts: facts, createIfMissing: createIfMissing,
		have: ledger.AuditCheck{Check: ledger.Check{Repository: facts.Repository.ID, Head: facts.Head}, Pull: facts.Pull},
	}
	err := w.runner().Do(ctx, auditKey(facts.Repository.ID, facts.Head), owner, effect)
	if errors.Is(err, ledger.ErrNotFound) { // uninstalled since
		return nil
	}
	if err != nil {
		return fmt.Errorf("second check run on %s: %w", facts.Head, err)
	}
	return nil
}

func auditKey(repository int64, head string) string {
	return fmt.Sprintf("audit:%d:%s", repository, head)
}

// auditEffect is a head commit's second check run; see [Effect].
type auditEffect struct {
	w               *Worker
	client          *github.Client
	facts           text.AuditFacts
	createIfMissing bool

	have    ledger.AuditCheck
	run     github.CheckRun
	doubles []int64
}

func (e *auditEffect) Facts(ctx context.Context, tx Tx, begun ledger.Action) error {
	if _, err := tx.Repository(ctx, e.have.Repository); err != nil {
		return err
	}
	have, err := tx.AuditCheck(ctx, e.have.Repository, e.have.Head)
	switch {
	case err == nil:
		if e.have = have; e.facts.Pull != 0 {
			e.have.Pull = e.facts.Pull
		}
	case !errors.Is(err, ledger.ErrNotFound):
		return err
	case !e.createIfMissing && begun.Begun.IsZero():
		return ErrNotNeeded
	}
	return nil
}

func (e *auditEffect) Plan(_ context.Context, interrupted bool) (bool, error) {
	run := text.AuditCheck(e.facts)
	e.run = checkRun(run)
	digest := text.AuditDigest(run)
	same := e.have.RunID != 0 && e.have.Digest == digest && !interrupted
	e.have.Conclusion, e.have.Digest, e.have.Updated = string(e.run.Conclusion), digest, e.w.Now()
	return !same, nil
}

func (e *auditEffect) runs() *checkRuns {
	return &checkRuns{w: e.w, client: e.client, run: &e.run, id: &e.have.RunID, doubles: &e.doubles}
}

func (e *auditEffect) Find(ctx context.Context) error { return e.runs().find(ctx) }

func (e *auditEffect) Send(ctx context.Context, before func(context.Context) error) error {
	return e.runs().send(ctx, before)
}

func (e *auditEffect) Save(ctx context.Context, tx Tx) (string, error) {
	return fmt.Sprintf("check run %d", e.have.RunID), tx.SaveAuditCheck(ctx, e.have)
}
