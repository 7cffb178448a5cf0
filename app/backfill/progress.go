package backfill

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// reportEvery is how often the ledger is told how far a look is: most are over sooner, and cost it nothing.
	reportEvery = 5 * time.Second
	// reportWithin is how long that may hold the reading up.
	reportWithin = 2 * time.Second
)

// progress follows a look at a history, for the log and the ledger. It is used by one goroutine at a time.
type progress struct {
	worker *Worker
	ctx    context.Context // the look's
	look   ledger.Look
	saved  time.Time // when it was last
	tenth  int       // the last one that was logged
}

func (w *Worker) follow(ctx context.Context, look ledger.Look) *progress {
	return &progress{worker: w, ctx: ctx, look: look, saved: look.Told}
}

// advance is pure: the look after it has come as far as it says. A history with findings is walked more than once; what
// was told does not go back within a phase.
func advance(look ledger.Look, at pack.Progress) ledger.Look {
	phase := ledger.LookReading
	if at.Arriving {
		phase = ledger.LookArriving
	}
	if phase != look.Phase {
		look.Phase, look.Objects, look.Bytes = phase, 0, 0
	}
	look.Objects, look.Total, look.Bytes = max(look.Objects, at.Objects), at.Total, max(look.Bytes, at.Bytes)
	return look
}

// at takes what the pack tells.
func (p *progress) at(at pack.Progress) {
	if (p.look.Phase == ledger.LookArriving) != at.Arriving {
		p.tenth = 0
	}
	p.look = advance(p.look, at)
	p.log(at)
	p.save()
}

// log writes a line for each tenth.
func (p *progress) log(at pack.Progress) {
	if at.Total == 0 || at.Objects*10/at.Total <= p.tenth {
		return
	}
	p.tenth = at.Objects * 10 / at.Total
	p.worker.Log.InfoContext(p.ctx, "history is being read", "repository", p.worker.Recorder.Named(p.look.Repository), "arriving", at.Arriving,
		"objects", at.Objects, "of", at.Total, "bytes", at.Bytes, "percent", p.tenth*10)
}

// save writes to the ledger, if that was not done a moment ago. A look does not fail because nobody hears of it.
func (p *progress) save() {
	now := p.worker.Now()
	if now.Sub(p.saved) < reportEvery {
		return
	}
	p.saved = now
	ctx, cancel := context.WithTimeout(p.ctx, reportWithin)
	defer cancel()
	if err := p.worker.Progress.TellLook(ctx, p.look); err != nil && p.ctx.Err() == nil {
		p.worker.Log.WarnContext(ctx, "could not record the progress of a history", "repository", p.worker.Recorder.Named(p.look.Repository), "error", err)
	}
}
