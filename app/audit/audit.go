// Package audit looks at the Clerk configuration of pull requests and default branches, for their second check run and for the dashboard.
// What is looked at and what is due is decided by pure functions, in plan.go and in package respond; files.go reads, by git alone.
//
// An audit is a job of its own, behind whatever anybody waits for. It takes one request for the lists of files, one more for the files
// themselves, and, of a pull request, one for where it begins; a repository that doesn't use Clerk takes the first only, and after that
// none until a push touches a file that names packages.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	record.Tx
	LeakByFingerprint(ctx context.Context, repository int64, fingerprint string) (respond.Leak, error)
	Scans(ctx context.Context, repository int64, head string) ([]respond.Scan, error)
	Tip(ctx context.Context, repository int64, ref string) (string, error)
	Audit(ctx context.Context, repository int64) (ledger.Audit, error)
	SaveAudit(ctx context.Context, a ledger.Audit) error
	AuditIssue(ctx context.Context, repository int64) (ledger.AuditIssue, error)
	AuditedPull(ctx context.Context, repository int64, pull int) (bool, error)
}

var _ Tx = (*ledger.Tx)(nil)

// Worker makes audits. It is safe for concurrent use.
type Worker struct {
	Store    ledger.Scoped[Tx]
	GitHub   *github.App
	Scanner  *detect.Scanner // takes credentials out of what is kept
	Policies *policies.Policies
	Recorder *record.Recorder
	Reader   *read.Reader
	Publish  *publish.Worker
	Version  string // rekey's own: another one may find something else in the same files
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  *Metrics
}

// Audit audits a commit, and makes its second check run say what was found.
func (w *Worker) Audit(ctx context.Context, j *river.Job[job.Audit]) error {
	if outcome.Crashed(j.JobRow) {
		return outcome.Final("rekey was stopped each time it tried, last in the middle of the audit")
	}
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	f := facts{repository: repository, head: j.Args.Head}
	if err := w.Store.View(ctx, f.read); err != nil {
		return err
	}
	t := plan(f)
	if t.head == "" {
		return nil
	}
	ctx, span := observe.Start(ctx, "audit")
	a := &auditing{
		Worker: w, facts: f, task: t, owner: outcome.Owner(j.JobRow), began: w.Now(), shelf: newShelf(),
		client: w.GitHub.Repository(record.Target(repository), github.ScanAccess),
	}
	if t.brings() {
		err = a.pullRequest(ctx)
	} else {
		err = a.defaultBranch(ctx)
	}
	span.Set(observe.Int("rekey.blobs", len(a.shelf.texts)), observe.Int("rekey.bytes", a.shelf.bytes))
	span.End(err)
	if read.Unreadable(err) || errors.Is(err, ledger.ErrNotFound) { // the commit is gone, or the repository
		w.Log.InfoContext(ctx, "not audited: the commit is gone", "repository", w.Recorder.Named(repository.ID), "head", t.head)
		return nil
	}
	return err
}

func (f *facts) read(ctx context.Context, tx Tx) (err error) {
	if f.repository.DefaultBranch != "" {
		if f.tip, err = tx.Tip(ctx, f.repository.ID, "refs/heads/"+f.repository.DefaultBranch); err != nil {
			return err
		}
	}
	if f.head == "" {
		f.head = f.tip
	}
	if f.scans, err = tx.Scans(ctx, f.repository.ID, f.head); err != nil {
		return err
	}
	f.last, err = tx.Audit(ctx, f.repository.ID)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}
