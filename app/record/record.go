// Package record writes down what was decided, in one transaction: the leaks' new states, and the jobs of all that follows
// ([Recorder.Apply]); for one leak it reads the facts that the decision needs too ([Recorder.Decide]).
package record

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	Now() time.Time
	Repository(ctx context.Context, id int64) (respond.Repository, error)
	Enqueue(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) error

	leaksTx
	noticesTx
	actionsTx
	installationsTx
}

var _ Tx = (*ledger.Tx)(nil)

type leaksTx interface {
	Leak(ctx context.Context, id int64) (respond.Leak, error)
	UpdateLeak(ctx context.Context, leak respond.Leak, step respond.Event) error
	AdmitLeak(ctx context.Context, leak int64) error
	Events(ctx context.Context, leak int64) ([]respond.Event, error)
	Sightings(ctx context.Context, leak int64, limit int) ([]respond.Sighting, error)
	HeadsOf(ctx context.Context, leak int64) ([]ledger.Head, error)
	Tip(ctx context.Context, repository int64, ref string) (string, error)
	IssuesFiled(ctx context.Context, repository int64, since time.Time) (int, error)
	RecordFiled(ctx context.Context, repository, leak int64) error
	AlertsOf(ctx context.Context, l respond.Leak) ([]respond.Alert, error)
}

// actionsTx is what was done, and by whom.
type actionsTx interface {
	BeginOnce(ctx context.Context, key string, lease ledger.Lease) (ledger.Action, error)
	FinishAction(ctx context.Context, a ledger.Action, result string) error
	RecordActivity(ctx context.Context, a ledger.Activity) error
}

type noticesTx interface {
	CountNotices(ctx context.Context, target string, repository int64, since time.Time) (ofRepository, inAll int, err error)
	RecordNotice(ctx context.Context, target string, repository int64, event []byte) error
}

type installationsTx interface {
	RepositoriesOf(ctx context.Context, installation int64) ([]respond.Repository, error)
	RemoveUnreachable(ctx context.Context, id, installation int64) error
	RemoveInstallation(ctx context.Context, id int64) error
	ResumeJobs(ctx context.Context, installation int64) error
}

// Recorder records decisions. It is safe for concurrent use.
type Recorder struct {
	Store   ledger.Scoped[Tx]
	WebURL  string          // GitHub's, for links to repositories
	Targets []notify.Target // whom policies may name in notify
	Log     *slog.Logger
}
