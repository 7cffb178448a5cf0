package work

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// tellEvery is how often the ledger is told how far a look is: most are over sooner, and cost it nothing.
	tellEvery = 5 * time.Second
	// tellWithin is how long that may hold the reading up.
	tellWithin = 2 * time.Second
)

// progress follows a look at a history, for the log and the ledger. It is used by one goroutine at a time.
type progress struct {
	worker *Worker
	ctx    context.Context // the look's
	look   ledger.Look
	told   time.Time // when the ledger was
	tenth  int       // the last one that was logged
}

func (w *Worker) follow(ctx context.Context, look ledger.Look) *progress {
	return &progress{worker: w, ctx: ctx, look: look, told: look.Told}
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
	p.tell()
}

// log writes a line for each tenth.
func (p *progress) log(at pack.Progress) {
	if at.Total == 0 || at.Objects*10/at.Total <= p.tenth {
		return
	}
	p.tenth = at.Objects * 10 / at.Total
	p.worker.Log.InfoContext(p.ctx, "history is being read", "repository", p.worker.recorder.Named(p.look.Repository), "arriving", at.Arriving,
		"objects", at.Objects, "of", at.Total, "bytes", at.Bytes, "percent", p.tenth*10)
}

// tell writes to the ledger, if that was not done a moment ago. A look does not fail because nobody hears of it.
func (p *progress) tell() {
	now := p.worker.Now()
	if now.Sub(p.told) < tellEvery {
		return
	}
	p.told = now
	ctx, cancel := context.WithTimeout(p.ctx, tellWithin)
	defer cancel()
	if err := p.worker.Store.TellLook(ctx, p.look); err != nil && p.ctx.Err() == nil {
		p.worker.Log.WarnContext(ctx, "could not record the progress of a history", "repository", p.worker.recorder.Named(p.look.Repository), "error", err)
	}
}
