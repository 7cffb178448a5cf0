package backfill

import (
	"context"
	"time"
)

const (
	// maintainEvery is how often rekey checks whether there is something to do that no event asks for.
	maintainEvery = 5 * time.Minute
	// reconcileEvery is how often installations are compared with GitHub's lists, and at each start.
	reconcileEvery = 24 * time.Hour
	// leadFor is how long a process leads after each round: until its next one, and the time that this may take to come.
	leadFor = maintainEvery + time.Minute
	// maintenance is the name of the lease under which a process leads.
	maintenance = "maintenance"
)

// Leases let one process at a time do some work; see [ledger.Store.TakeLease].
type Leases interface {
	TakeLease(ctx context.Context, name, owner string, last time.Duration) (bool, error)
	EndLease(ctx context.Context, name, owner string) error
}

// Maintain does what no event asks for, until ctx ends: it files the issues that had to wait, reminds people of open leaks, queues the sweeps that are due,
// lets jobs go on after a suspension, and compares installations and issues with GitHub's lists. Of the processes on one ledger one
// does so at a time, the leader. Another takes over some minutes after its end; whoever begins to lead compares.
func (w *Worker) Maintain(ctx context.Context) {
	var reconciled time.Time
	w.lead(ctx, func(ctx context.Context) { reconciled = w.maintainOnce(ctx, reconciled) })
}

// lead does a round at once and then every few minutes, while this process leads, until ctx ends.
func (w *Worker) lead(ctx context.Context, round func(context.Context)) {
	ticker := time.NewTicker(maintainEvery)
	defer ticker.Stop()
	defer w.retire(ctx)
	for {
		if w.leads(ctx) {
			round(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// maintainOnce is one round. It returns when installations were last compared.
func (w *Worker) maintainOnce(ctx context.Context, reconciled time.Time) time.Time {
	if now := w.Now(); now.Sub(reconciled) >= reconcileEvery && w.attempt(ctx, "comparing installations with GitHub", w.reconcileAll) {
		reconciled = now
		w.attempt(ctx, "comparing issues with GitHub", w.queueComparisons)
	}
	w.attempt(ctx, "looking for a change of the server's policy", w.serverPolicy)
	w.attempt(ctx, "filing issues that had to wait", w.catchUp)
	w.attempt(ctx, "following leaks up", w.followUp)
	w.attempt(ctx, "queueing sweeps", w.queueSweeps)
	w.attempt(ctx, "queueing histories", w.topUpAll)
	w.attempt(ctx, "resuming jobs after a suspension", func(ctx context.Context) error {
		return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.ResumeParked(ctx) })
	})
	return reconciled
}

// leads reports whether this process leads until the next round.
func (w *Worker) leads(ctx context.Context) (leads bool) {
	if w.Leases == nil {
		return true
	}
	w.attempt(ctx, "finding out which process leads", func(ctx context.Context) (err error) {
		leads, err = w.Leases.TakeLease(ctx, maintenance, w.Owner, leadFor)
		return err
	})
	return leads
}

// retireWithin is how long it may take to let another process lead.
const retireWithin = time.Second

// retire lets another process lead.
func (w *Worker) retire(ctx context.Context) {
	if w.Leases == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retireWithin)
	defer cancel()
	_ = w.Leases.EndLease(ctx, maintenance, w.Owner) // else it ends by itself
}

// attempt reports whether it was done.
func (w *Worker) attempt(ctx context.Context, what string, do func(context.Context) error) bool {
	err := do(ctx)
	if err != nil && ctx.Err() == nil {
		w.Log.WarnContext(ctx, what+" failed; retrying in a few minutes", "error", err)
	}
	return err == nil
}
