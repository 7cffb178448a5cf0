package publish

import (
	"context"
	"log/slog"
	"time"

	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	record.Tx
	read.GapsTx
	runnerTx
	checkTx
	issueTx
	alertTx
	codeScanningTx
	auditTx
	noticeTx
	maskTx
}

var _ Tx = (*ledger.Tx)(nil)

// runnerTx is the log of effects.
type runnerTx interface {
	BeginAction(ctx context.Context, key string, lease ledger.Lease) (ledger.Action, error)
	HoldsAction(ctx context.Context, a ledger.Action) error
	ExtendAction(ctx context.Context, a ledger.Action, send time.Duration) (ledger.Action, error)
	ReleaseAction(ctx context.Context, a ledger.Action, sending time.Time) error
	YieldAction(ctx context.Context, key, owner string) error
	ActionResult(ctx context.Context, key string) (result string, err error)
	Retried(ctx context.Context, key string, since time.Time) (bool, error)
	Unfinished(ctx context.Context, key string) (bool, error)
}

// checkTx is what check runs are about.
type checkTx interface {
	Check(ctx context.Context, repository int64, head string) (ledger.Check, error)
	SaveCheck(ctx context.Context, c ledger.Check) error
	Scans(ctx context.Context, repository int64, head string) ([]respond.Scan, error)
	HeadSightings(ctx context.Context, repository int64, head string) ([]respond.HeadSighting, error)
	MarkAnnotated(ctx context.Context, repository int64, head string, sightings []int64) error
	StillOpen(ctx context.Context, repository int64, limit int) ([]respond.Leak, error)
}

// issueTx is what issues are about.
type issueTx interface {
	Sightings(ctx context.Context, leak int64, limit int) ([]respond.Sighting, error)
	Tips(ctx context.Context, repository int64, limit int) ([]respond.Tip, error)
	IssueRequested(ctx context.Context, leak int64) (bool, error)
	LeakByFingerprint(ctx context.Context, repository int64, fingerprint string) (respond.Leak, error)
	Unfiled(ctx context.Context, repository int64, limit int) ([]respond.Leak, error)
	Summary(ctx context.Context, repository int64) (ledger.Summary, error)
	SaveSummary(ctx context.Context, s ledger.Summary) error
	SaveIssueText(ctx context.Context, leak int64, title, body string) error
	Audit(ctx context.Context, repository int64) (ledger.Audit, error)
}

// noticeTx are the notices that wait for a digest.
type noticeTx interface {
	WaitingNotices(ctx context.Context, target string, limit int) ([]ledger.Notice, error)
	ForgetNotices(ctx context.Context, target string, last int64) error
}

// Worker does the jobs that have effects: check runs, issues, comments, notices. It is safe for concurrent use.
type Worker struct {
	Store    ledger.Scoped[Tx]
	GitHub   *github.App
	AppID    int64
	Scanner  *detect.Scanner // takes credentials out of what is published
	Policies *policies.Policies
	Recorder *record.Recorder
	Reader   *read.Reader
	Targets  []notify.Target // whom policies may name in notify
	Sender   *notify.Sender
	Settle   time.Duration // see [DefaultSettle]
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  *Metrics // nil: none
}

func (w *Worker) runner() *Runner {
	return &Runner{Store: w.Store, Now: w.Now, Settle: w.Settle, Write: w.GitHub.WriteWithin(), Metrics: w.Metrics}
}
