// Package read reads what a ref got, and records what was found there. [Reader.Scan] asks the server for a range of history, scans
// its pack as it comes, and writes the scan, its leaks and what was decided about them in one transaction.
package read

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	record.Tx
	GapsTx
	havesTx
	scanTx
	tipsTx
	auditTx
}

var _ Tx = (*ledger.Tx)(nil)

// GapsTx is what finding and closing gaps needs of the ledger.
type GapsTx interface {
	Repository(ctx context.Context, id int64) (respond.Repository, error)
	Gaps(ctx context.Context, repository int64) ([]respond.Gap, error)
	CloseGap(ctx context.Context, id int64) error
	HeadsOn(ctx context.Context, repository int64, ref string, limit int) ([]string, error)
	Enqueue(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) error
}

// havesTx is what finding out what was read already needs.
type havesTx interface {
	Scans(ctx context.Context, repository int64, head string) ([]respond.Scan, error)
	Tips(ctx context.Context, repository int64, limit int) ([]respond.Tip, error)
	Unread(ctx context.Context, repository int64) ([]ledger.Unread, error)
	PolicyTouched(ctx context.Context, repository int64, ref string) (bool, error)
	WasRead(ctx context.Context, repository int64, commit string) (bool, error)
	ReadBefore(ctx context.Context, repository int64, but string, received time.Time, limit int) ([]string, error)
	HeadWaits(ctx context.Context, repository int64, head string, received time.Time) (bool, error)
}

// scanTx is what recording a scan needs.
type scanTx interface {
	RecordScan(ctx context.Context, s respond.Scan, seen []respond.Observation) (ledger.RecordedScan, error)
	RecordReadBefore(ctx context.Context, s respond.Scan, commits []string) error
	Fingerprints(ctx context.Context, repository int64) (map[string]bool, error)
	UsesClerk(ctx context.Context, repository int64) (bool, error)
	Unsure(ctx context.Context, repository int64) (bool, error)
	OpenIn(ctx context.Context, repository int64, ref string, limit int) ([]respond.Leak, error)
	EnqueueOnce(ctx context.Context, args job.Singleton, opts *river.InsertOpts) error
	LastUpload(ctx context.Context, repository int64) (ledger.Upload, error)
	SaveTexts(ctx context.Context, h ledger.TextHistory) error
}

// auditTx is what queueing audits needs.
type auditTx interface {
	AuditKnown(ctx context.Context, repository int64) (known, uses bool, err error)
	ForgetAuditText(ctx context.Context, repository int64, head string) error
}

// tipsTx is what recording how far a ref was read needs.
type tipsTx interface {
	SetTip(ctx context.Context, repository int64, ref, sha string, asOf time.Time) error
	MovedSince(ctx context.Context, repository int64, ref string, asOf time.Time) (bool, error)
	RecordRead(ctx context.Context, repository int64, sha string) error
	RecordFullyRead(ctx context.Context, repository int64, ref string) error
	RecordUnread(ctx context.Context, repository int64, ref, sha string, reasons []string) (ledger.Unread, error)
	RecordGap(ctx context.Context, repository int64, ref, base, head string, reasons []string) error
}

// Reader reads ranges of history. It is safe for concurrent use.
type Reader struct {
	Store    ledger.Scoped[Tx]
	GitHub   *github.App
	Scanner  *detect.Scanner
	TempDir  string         // for packs over 8 MiB; default os.TempDir
	Memory   *budget.Memory // what all scans may hold of packs; nil for no bound
	Policies *policies.Policies
	Recorder *record.Recorder
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  *Metrics

	gate  gate
	roles roles
}
