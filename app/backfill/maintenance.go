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
)

// Maintain does what no event asks for, until ctx ends: it files the issues that had to wait, queues the sweeps that are due,
// lets jobs go on after a suspension, and compares installations and issues with GitHub's lists. Several processes may do so on
// the same ledger.
func (w *Worker) Maintain(ctx context.Context) {
	ticker := time.NewTicker(maintainEvery)
	defer ticker.Stop()
	var reconciled time.Time
	for {
		if now := w.Now(); now.Sub(reconciled) >= reconcileEvery && w.attempt(ctx, "comparing installations with GitHub", w.reconcileAll) {
			reconciled = now
			w.attempt(ctx, "comparing issues with GitHub", w.queueComparisons)
		}
		w.attempt(ctx, "filing issues that had to wait", w.catchUp)
		w.attempt(ctx, "queueing sweeps", w.queueSweeps)
		w.attempt(ctx, "queueing histories", w.topUpAll)
		w.attempt(ctx, "resuming jobs after a suspension", func(ctx context.Context) error {
			return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.ResumeParked(ctx) })
		})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// attempt reports whether it was done.
func (w *Worker) attempt(ctx context.Context, what string, do func(context.Context) error) bool {
	err := do(ctx)
	if err != nil && ctx.Err() == nil {
		w.Log.WarnContext(ctx, what+" failed; retrying in a few minutes", "error", err)
	}
	return err == nil
}
