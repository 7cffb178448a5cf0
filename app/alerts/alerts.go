// Package alerts joins what GitHub's secret scanning finds with rekey's leaks. Start with [Worker.Look].
//
// Which alerts are about Clerk's credentials says our own detector: GitHub's patterns may be anybody's, and it may call a Clerk key a
// Stripe key, since the prefix is the same. For that the secret is read, and kept nowhere but as a fingerprint.
package alerts

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	record.Tx
	Alert(ctx context.Context, repository int64, number int) (respond.Alert, error)
	AlertsOf(ctx context.Context, l respond.Leak) ([]respond.Alert, error)
	SaveAlert(ctx context.Context, a respond.Alert) (added int, err error)
	LeakByFingerprint(ctx context.Context, repository int64, fingerprint string) (respond.Leak, error)
	Sightings(ctx context.Context, leak int64, limit int) ([]respond.Sighting, error)
	RaiseLeak(ctx context.Context, leak int64) error
}

var _ Tx = (*ledger.Tx)(nil)

// Worker looks at alerts. It is safe for concurrent use.
type Worker struct {
	Store    ledger.Scoped[Tx]
	GitHub   *github.App
	Scanner  *detect.Scanner
	Policies *policies.Policies
	Recorder *record.Recorder
	Reader   *read.Reader
	Now      func() time.Time
}

// Task is an alert to look at. What became of it is asked of GitHub, so that late and doubled events do no harm.
type Task struct {
	Repository github.Repository
	Number     int
	Type, Name string       // what GitHub calls such secrets
	Action     string       // of the event
	Sender     github.Actor // who caused the event
	Received   time.Time    // when the event came
}

// Seen is what came of looking at an alert.
type Seen struct {
	Note string // for the delivery's record
	Leak int64  // 0: the alert is about no Clerk credential, or that is not known
	// Command is what a person said by resolving or reopening the alert, without their role; nil: nothing.
	Command *respond.Command
}
