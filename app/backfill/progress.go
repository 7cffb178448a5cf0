package backfill

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// reportEvery is how often a backfill's progress is saved: most are over sooner, and cost it nothing.
	reportEvery = 5 * time.Second
	// reportWithin is how long that may hold the reading up.
	reportWithin = 2 * time.Second
)

// progress follows a backfill, for the log and the ledger. It is used by one goroutine at a time.
type progress struct {
	worker *Worker
	ctx    context.Context // the backfill's
	run    ledger.Backfill
	saved  time.Time // when it was last
	tenth  int       // the last one that was logged
}

func (w *Worker) follow(ctx context.Context, run ledger.Backfill) *progress {
	return &progress{worker: w, ctx: ctx, run: run, saved: run.Updated}
}

// advance returns the backfill after it has come as far as it says. A history with findings is walked more than once; what
// was reported does not go back within a phase.
func advance(run ledger.Backfill, at pack.Progress) ledger.Backfill {
	phase := ledger.BackfillReading
	if at.Arriving {
		phase = ledger.BackfillArriving
	}
	if phase != run.Phase {
		run.Phase, run.Objects, run.Bytes = phase, 0, 0
	}
	run.Objects, run.Total, run.Bytes = max(run.Objects, at.Objects), at.Total, max(run.Bytes, at.Bytes)
	return run
}

// at takes what the pack reports.
func (p *progress) at(at pack.Progress) {
	if (p.run.Phase == ledger.BackfillArriving) != at.Arriving {
		p.tenth = 0
	}
	p.run = advance(p.run, at)
	p.log(at)
	p.save()
}

// log writes a line for each tenth.
func (p *progress) log(at pack.Progress) {
	if at.Total == 0 || at.Objects*10/at.Total <= p.tenth {
		return
	}
	p.tenth = at.Objects * 10 / at.Total
	p.worker.Log.InfoContext(p.ctx, "history is being read", "repository", p.worker.Recorder.Named(p.run.Repository), "arriving", at.Arriving,
		"objects", at.Objects, "of", at.Total, "bytes", at.Bytes, "percent", p.tenth*10)
}

// save writes to the ledger, if that was not done a moment ago. A backfill does not fail because its progress cannot be saved.
func (p *progress) save() {
	now := p.worker.Now()
	if now.Sub(p.saved) < reportEvery {
		return
	}
	p.saved = now
	ctx, cancel := context.WithTimeout(p.ctx, reportWithin)
	defer cancel()
	if err := p.worker.Progress.SaveProgress(ctx, p.run); err != nil && p.ctx.Err() == nil {
		p.worker.Log.WarnContext(ctx, "could not record the progress of a history", "repository", p.worker.Recorder.Named(p.run.Repository), "error", err)
	}
}
