package work

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// tendEvery is how often it is looked whether there is something to do that no event asks for.
	tendEvery = 5 * time.Minute
	// reconcileEvery is how often installations are compared with GitHub's lists, and at each start.
	reconcileEvery = 24 * time.Hour
)

// Tend does what no event asks for, until ctx ends: it files the issues that had to wait, queues the sweeps that are due,
// lets jobs go on after a suspension, and compares installations and issues with GitHub's lists. Several processes may tend the
// same ledger.
func (w *Worker) Tend(ctx context.Context) {
	ticker := time.NewTicker(tendEvery)
	defer ticker.Stop()
	var reconciled time.Time
	for {
		if now := w.Now(); now.Sub(reconciled) >= reconcileEvery && w.tend(ctx, "comparing installations with GitHub", w.reconcileAll) {
			reconciled = now
			w.tend(ctx, "comparing issues with GitHub", w.queueComparisons)
		}
		w.tend(ctx, "filing issues that had to wait", w.catchUp)
		w.tend(ctx, "queueing sweeps", w.queueSweeps)
		w.tend(ctx, "queueing histories", w.topUpAllLooks)
		w.tend(ctx, "resuming jobs after a suspension", func(ctx context.Context) error {
			return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error { return tx.ResumeParked(ctx) })
		})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tend reports whether it was done.
func (w *Worker) tend(ctx context.Context, what string, do func(context.Context) error) bool {
	err := do(ctx)
	if err != nil && ctx.Err() == nil {
		w.Log.WarnContext(ctx, what+" failed; retrying in a few minutes", "error", err)
	}
	return err == nil
}
