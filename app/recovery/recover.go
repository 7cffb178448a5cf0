// Package recovery gets from GitHub's own log what did not reach rekey. GitHub never sends a delivery again by itself; it lists each for
// some days. [Recoverer.Run] reads that list every few minutes, notes what the ledger does not have, and feeds each payload to the code
// that takes webhook requests: so nothing is lost while rekey is down, nor where nothing can reach it.
//
// What is missed is noted in the ledger before the place in the log moves on, and recovered from there, the oldest first. Each has the
// same cost, and of more than can be fetched in time most are saved so: those that GitHub forgets next go first, and the others are
// still there after them. It is also the order in which they would have come.
package recovery

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	Now() time.Time
	Recovering(ctx context.Context) (int, error)
	logTx
	missedTx
}

// logTx is what is known of GitHub's log.
type logTx interface {
	DeliveryLog(ctx context.Context) (ledger.DeliveryLog, error)
	SetDeliveryLog(ctx context.Context, l ledger.DeliveryLog) error
	KnownDeliveries(ctx context.Context, guids []string) (map[string]bool, error)
}

// missedTx are deliveries that did not come.
type missedTx interface {
	NoteMissed(ctx context.Context, list []ledger.Missed) (int, error)
	MissedDue(ctx context.Context, limit int) ([]ledger.Missed, error)
	MissedStats(ctx context.Context) (ledger.MissedStats, error)
	PostponeMissed(ctx context.Context, guid string, due time.Time) error
	EndMissed(ctx context.Context, guid string) error
	LoseMissed(ctx context.Context, guid, outcome string) error
}

var _ Tx = (*ledger.Tx)(nil)

// Inbox takes deliveries, and keeps the lease that lets one process at a time recover them. The ledger's store is one.
type Inbox interface {
	Accept(ctx context.Context, deliveries []ledger.Delivery) ([]ledger.Acceptance, error)
	TakeLease(ctx context.Context, name, owner string, last time.Duration) (bool, error)
	EndLease(ctx context.Context, name, owner string) error
}

// Log is GitHub's log of deliveries. [*github.App] has it.
type Log interface {
	DeliveriesKept() time.Duration
	HookDeliveries(ctx context.Context, cursor, etag string) (github.DeliveryPage, error)
	GetHookDelivery(ctx context.Context, id int64) (github.Delivery, []byte, error)
	RedeliverHookDelivery(ctx context.Context, id int64) error
	Open(installation int64, kind github.Kind) time.Time
}

const (
	// readEvery is how often the log is read: an idle App's costs one request then.
	readEvery = 5 * time.Minute
	// again is when another pass is made where something was left, or failed.
	again = time.Minute
	// leaseName is the lease of whoever reads the log; it lasts leaseFor, and is taken again each renewEvery. So a process that
	// was killed in the middle holds up the next one for no longer.
	leaseName  = "recover"
	leaseFor   = 20 * time.Second
	renewEvery = 5 * time.Second
)

// Recoverer recovers missed deliveries. Its fields must be set before it is used.
type Recoverer struct {
	Store   ledger.Scoped[Tx]
	Inbox   Inbox
	GitHub  Log
	Reading intake.Reading // of what is stored
	Owner   string         // names this process among those that share the ledger
	Now     func() time.Time
	Log     *slog.Logger
	Metrics *Metrics // nil: nothing is counted
	// Every is how often the log is read; 0: each five minutes.
	Every time.Duration
	// MaxQueued is how many recovered deliveries may wait to be worked off, so that a backlog never stands before what comes
	// live; 0: as many as there are.
	MaxQueued int
}

// ErrBusy is returned while another process recovers deliveries.
var ErrBusy = errors.New("another process is recovering deliveries")

// Run recovers what was missed, now and every five minutes, until ctx ends. started is called after the first pass, or when it
// turns out that another process makes it.
func (r *Recoverer) Run(ctx context.Context, started func()) {
	since := r.Now()
	for first := true; ; first = false {
		wait := r.every()
		result, err := r.pass(ctx, order{unlessReadSince: since})
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrBusy):
			wait = renewEvery
		case err != nil:
			r.Log.WarnContext(ctx, "GitHub's log of deliveries could not be read to the end; retrying", "error", err)
			wait = min(again, wait)
		case result.Left > 0:
			wait = min(again, wait)
		}
		result.log(ctx, r.Log)
		if first {
			started()
		}
		since = time.Time{}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Once makes one pass by hand: it looks as far back as since, but no farther than GitHub's log goes. With dryRun it only looks, and
// writes nothing. The Result says what was done, also with an error.
func (r *Recoverer) Once(ctx context.Context, since time.Duration, dryRun bool) (Result, error) {
	return r.pass(ctx, order{byHand: true, since: since, dryRun: dryRun})
}

// order says what a pass is to do.
type order struct {
	byHand          bool
	since           time.Duration // by hand: how far to look back
	dryRun          bool
	unlessReadSince time.Time // zero: unless it was read a moment ago
}

// due reports whether the log is to be read, which is done each so often by all processes together.
func (o order) due(l ledger.DeliveryLog, now time.Time, every time.Duration) bool {
	switch {
	case o.byHand:
		return true
	case !o.unlessReadSince.IsZero():
		return l.Read.Before(o.unlessReadSince)
	}
	return now.Sub(l.Read) >= every-every/5 || l.Read.After(now) // the clock was set back
}

// pass reads what is new in the log, then works off what was missed.
func (r *Recoverer) pass(ctx context.Context, o order) (result Result, err error) {
	p := &pass{Recoverer: r, order: o}
	if !o.dryRun {
		var end func()
		if ctx, end, err = r.lease(ctx); err != nil {
			return result, err
		}
		defer end()
	}
	err = r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		p.log, err = tx.DeliveryLog(ctx)
		return err
	})
	if err != nil {
		return result, err
	}
	if o.due(p.log, r.Now(), r.every()) {
		err = p.read(ctx)
	}
	if !o.dryRun {
		err = errors.Join(err, p.work(ctx), p.count(ctx))
	}
	return p.result, err
}

func (r *Recoverer) every() time.Duration { return cmp.Or(r.Every, readEvery) }

// lease takes the lease, and keeps it until end is called. When it is lost, the context ends.
func (r *Recoverer) lease(ctx context.Context) (_ context.Context, end func(), err error) {
	taken, err := r.Inbox.TakeLease(ctx, leaseName, r.Owner, leaseFor)
	if err != nil {
		return nil, nil, err
	}
	if !taken {
		return nil, nil, ErrBusy
	}
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(renewEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			// While the database does not answer, the lease may run out: what is done twice is harmless.
			if taken, err := r.Inbox.TakeLease(ctx, leaseName, r.Owner, leaseFor); err == nil && !taken {
				cancel(ErrBusy)
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
		defer cancel()
		if err := r.Inbox.EndLease(ctx, leaseName, r.Owner); err != nil {
			r.Log.WarnContext(ctx, "the lease of the recovery runs out by itself", "error", err)
		}
	}, nil
}
