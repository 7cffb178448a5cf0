// Package deliver does what a webhook delivery asks for: it decodes the event, decides what it asks for ([planOf], a pure function), and
// has it done. Start with [Worker.Deliver].
package deliver

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/alerts"
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
	deliveriesTx
	commandsTx
	repositoriesTx
	sessionsTx
}

var _ Tx = (*ledger.Tx)(nil)

// deliveriesTx are deliveries.
type deliveriesTx interface {
	Delivery(ctx context.Context, guid string) (ledger.Delivery, error)
	FinishDelivery(ctx context.Context, guid, outcome string) error
	GiveUpDelivery(ctx context.Context, guid, outcome string) error
	PushWaits(ctx context.Context, repository int64, before time.Time) (bool, error)
	Uninstalled(ctx context.Context, installation int64) (bool, error)
	RepositoryDeleted(ctx context.Context, repository int64, since time.Time) (bool, error)
	InstallationDeleted(ctx context.Context, installation int64) (bool, error)
}

// commandsTx is what commands are about.
type commandsTx interface {
	LeakByIssue(ctx context.Context, issueRepository int64, number int) (respond.Leak, error)
	OutsideLeaks(ctx context.Context, repository int64, pull, limit int) ([]respond.Leak, error)
	OpenAfter(ctx context.Context, repository, after int64, limit int) ([]respond.Leak, error)
	HeadSightings(ctx context.Context, repository int64, head string) ([]respond.HeadSighting, error)
	Scans(ctx context.Context, repository int64, head string) ([]respond.Scan, error)
	AcceptGap(ctx context.Context, id int64, login string) error
}

// sessionsTx are people who are signed in to the dashboard.
type sessionsTx interface {
	EndSessionsOf(ctx context.Context, person int64) error
	StaleSessions(ctx context.Context) error
}

// repositoriesTx are installations, their repositories, and those repositories' refs.
type repositoriesTx interface {
	UpsertInstallation(ctx context.Context, i respond.Installation, asOf time.Time) error
	UpsertRepository(ctx context.Context, r respond.Repository) error
	DeleteTip(ctx context.Context, repository int64, ref string, asOf time.Time) error
	Unissued(ctx context.Context, repository int64, limit int) ([]respond.Leak, error)
	UnfinishedChecks(ctx context.Context, repository int64, scans int) ([]string, error)
	EnqueueOnce(ctx context.Context, args job.Singleton, opts *river.InsertOpts) error
	LeaksIn(ctx context.Context, repository int64, source respond.Source, id int64, limit int) ([]int64, error)
	TakeTurn(ctx context.Context, installation int64, kind string, burst int, pause, within time.Duration) (at time.Time, ok bool, err error)
	RestartTexts(ctx context.Context, repository int64) error
	ReopenTexts(ctx context.Context, installation int64) error
}

// Worker works deliveries off. It is safe for concurrent use.
type Worker struct {
	Store    ledger.Scoped[Tx]
	GitHub   *github.App
	AppID    int64           // our own
	Scanner  *detect.Scanner // takes credentials out of what people wrote
	Policies *policies.Policies
	Recorder *record.Recorder
	Reader   *read.Reader
	Publish  *publish.Worker
	Alerts   *alerts.Worker
	Now      func() time.Time
	Log      *slog.Logger
}
