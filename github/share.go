package github

import (
	"context"
	"time"
)

// SharedLimits is what all processes that act for the App keep in common, so that together they stay below GitHub's limits.
type SharedLimits interface {
	// Take takes one write of a rate that lets burst through at once, then one in each pause; force, also where none is left.
	// It returns zero, or when the next one may be taken.
	Take(ctx context.Context, installation int64, rate string, burst int, pause time.Duration, force bool) (time.Time, error)
	// Close remembers that GitHub told an installation to wait with what the scope names.
	Close(ctx context.Context, installation int64, scope string, until time.Time) error
	// Closures shows what GitHub told any process and is not over.
	Cooldowns(ctx context.Context, show func(installation int64, scope string, until time.Time)) error
}

// share is what the processes share about one installation.
type share struct {
	with         SharedLimits // nil: there is no other process
	installation int64
}

func (a *App) share(installation int64) share { return share{a.shared, installation} }

// take takes what a request of the class costs, here and of what is shared.
func (s share) take(ctx context.Context, p *pacer, now time.Time, class class) error {
	if err := p.take(now, class); err != nil || s.with == nil {
		return err
	}
	for _, r := range p.rates(class) {
		at, err := s.with.Take(ctx, s.installation, r.name, r.burst, r.pause, class == moreChecks)
		if err != nil {
			p.giveBack(class)
			return err
		}
		if at.After(now) {
			p.giveBack(class)
			p.notBefore(r, at)
			return &LimitError{at, "others of this installation go before it"}
		}
	}
	return nil
}

// learn keeps to a limit, and tells the other processes of it.
func (s share) learn(ctx context.Context, p *pacer, now time.Time, class class, limit limit) error {
	scope, until := p.learn(now, class, limit)
	if s.with == nil {
		return nil
	}
	return s.with.Close(ctx, s.installation, string(scope), until)
}

// shareEvery is how often a process looks for what GitHub told others.
const shareEvery = 2 * time.Second

// Recall keeps to what GitHub told other processes, and earlier ones. It is for before the first request: a restart is no reason
// to ask GitHub what it said not to.
func (a *App) Recall(ctx context.Context) error {
	if a.shared == nil {
		return nil
	}
	return a.shared.Cooldowns(ctx, func(installation int64, s string, until time.Time) {
		a.pacers.of(installation).close(scope(s), until)
	})
}

// Share does what Recall does, again and again until ctx ends. It returns at once where nothing is shared.
func (a *App) Share(ctx context.Context) {
	if a.shared == nil {
		return
	}
	ticker := time.NewTicker(shareEvery)
	defer ticker.Stop()
	for {
		if err := a.Recall(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "limits that GitHub told other processes of are not known", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
