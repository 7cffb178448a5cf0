// Package backfill does what no event asks for. It reads the histories of repositories that are new to the installation
// ([Worker.Backfill]), compares refs, repositories and issues with GitHub's lists, since events may be lost ([Worker.Sweep],
// [Worker.Reconcile], [Worker.CompareIssues]), and goes on with what had to wait ([Worker.Maintain]).
package backfill

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

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
	read.GapsTx
	backfillsTx
	refsTx
	unreadTx
	installationsTx
	issuesTx
	policyTx
	followUpTx
	textsTx
}

var _ Tx = (*ledger.Tx)(nil)

// backfillsTx is how far the reading of histories is.
type backfillsTx interface {
	StartBackfill(ctx context.Context, repository int64) (ledger.Backfill, error)
	PauseBackfill(ctx context.Context, repository int64, reason string) error
	GiveUpBackfill(ctx context.Context, repository int64, reason string, crashed bool) error
	EndBackfill(ctx context.Context, repository int64) error
	RecordHistory(ctx context.Context, repository int64, h ledger.HistoryRead) error
	GivenUpBackfills(ctx context.Context, installation int64) (map[int64]ledger.Backfill, error)
	BackfillsDue(ctx context.Context, installation int64, limit int) ([]int64, error)
	BackfillsQueued(ctx context.Context, installation int64) (int, error)
	RecordPush(ctx context.Context, repository int64, pushed time.Time) error
	jobsTx
}

type jobsTx interface {
	CompleteJob(ctx context.Context, row *rivertype.JobRow) error
	EnqueueOnce(ctx context.Context, args job.Singleton, opts *river.InsertOpts) error
}

// refsTx is what is known of refs.
type refsTx interface {
	Tips(ctx context.Context, repository int64, limit int) ([]respond.Tip, error)
	SetTip(ctx context.Context, repository int64, ref, sha string, asOf time.Time) error
	DeleteTip(ctx context.Context, repository int64, ref string, asOf time.Time) error
	RecordRead(ctx context.Context, repository int64, sha string) error
	HeadWaits(ctx context.Context, repository int64, head string, before time.Time) (bool, error)
	SweepDue(ctx context.Context, since time.Time, limit int) ([]int64, error)
	RecordSweep(ctx context.Context, repository int64) error
}

// unreadTx is what is known of refs that were not read whole.
type unreadTx interface {
	Unread(ctx context.Context, repository int64) ([]ledger.Unread, error)
	RecordUnread(ctx context.Context, repository int64, ref, sha string, reasons []string) (ledger.Unread, error)
	RecordFullyRead(ctx context.Context, repository int64, ref string) error
	RecordGap(ctx context.Context, repository int64, ref, base, head string, reasons []string) error
}

// installationsTx are installations and their repositories.
type installationsTx interface {
	Installations(ctx context.Context) ([]int64, error)
	UpsertInstallation(ctx context.Context, i respond.Installation, asOf time.Time) error
	UpsertRepository(ctx context.Context, r respond.Repository) error
	ResumeParked(ctx context.Context) error
}

// issuesTx are issues, and leaks that wait for one.
type issuesTx interface {
	IssueRepositories(ctx context.Context) ([]int64, error)
	LeakWorks(ctx context.Context, leak int64) (bool, error)
	IssueEventWaits(ctx context.Context, repository int64) (bool, error)
	LeaksWithIssuesIn(ctx context.Context, repository int64) ([]respond.Leak, error)
	RepositoriesUnfiled(ctx context.Context, limit int) ([]int64, error)
	Unfiled(ctx context.Context, repository int64, limit int) ([]respond.Leak, error)
	Unissued(ctx context.Context, repository int64, limit int) ([]respond.Leak, error)
}

// policyTx is what depends on policies.
type policyTx interface {
	ChecksNotPassed(ctx context.Context, repository int64, limit int) ([]string, error)
	RepositoriesNotPassed(ctx context.Context, installation int64) ([]int64, error)
	Meta(ctx context.Context, key string) (string, error)
	SetMeta(ctx context.Context, key, value string) error
	Processes(ctx context.Context) (int, error)
	LastUpload(ctx context.Context, repository int64) (ledger.Upload, error)
}

// Worker does the jobs of a backfill, and looks for what is to be done. It is safe for concurrent use.
type Worker struct {
	Store    ledger.Scoped[Tx]
	Progress interface { // of backfills that run; the ledger's store
		SaveProgress(ctx context.Context, run ledger.Backfill) error
	}
	GitHub   *github.App
	Scanner  *detect.Scanner // takes credentials out of the names of refs
	PullRefs bool            // backfills read refs/pull/ too: the heads of all pull requests, from forks as well
	Policies *policies.Policies
	Recorder *record.Recorder
	Reader   *read.Reader
	Publish  *publish.Worker
	Leases   Leases // nil: no other process is on this ledger
	Owner    string // of leases: this process and no other
	Now      func() time.Time
	Log      *slog.Logger

	cooldown cooldown
}
