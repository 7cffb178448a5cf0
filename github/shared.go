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
	// SetCooldown remembers that GitHub told an installation to wait with what the scope names.
	SetCooldown(ctx context.Context, installation int64, scope string, until time.Time) error
	// Cooldowns calls show for each cooldown of any process that is not over.
	Cooldowns(ctx context.Context, show func(installation int64, scope string, until time.Time)) error
}

// sharedPacer is what the processes share about one installation.
type sharedPacer struct {
	with         SharedLimits // nil: there is no other process
	installation int64
}

func (a *App) sharedPacer(installation int64) sharedPacer { return sharedPacer{a.shared, installation} }

// take takes what a request of the class costs, here and of what is shared.
func (s sharedPacer) take(ctx context.Context, p *pacer, now time.Time, class class) error {
	if err := p.take(now, class); err != nil || s.with == nil {
		return err
	}
	for _, r := range p.rates(class) {
		at, err := s.with.Take(ctx, s.installation, r.name, r.burst, r.pause, class == moreChecks)
		if err != nil {
			p.refund(class)
			return err
		}
		if at.After(now) {
			p.refund(class)
			p.notBefore(r, at)
			return &LimitError{at, "others of this installation go before it"}
		}
	}
	return nil
}

// learn keeps to a limit, and shares it with the other processes.
func (s sharedPacer) learn(ctx context.Context, p *pacer, now time.Time, class class, limit limit) error {
	scope, until := p.learn(now, class, limit)
	if s.with == nil {
		return nil
	}
	return s.with.SetCooldown(ctx, s.installation, string(scope), until)
}

// syncEvery is how often a process loads the cooldowns of the others.
const syncEvery = 2 * time.Second

// LoadLimits applies the cooldowns that GitHub imposed on other processes, and earlier ones. Call it before the first request: a
// restart is no reason
// to ask GitHub what it said not to.
func (a *App) LoadLimits(ctx context.Context) error {
	if a.shared == nil {
		return nil
	}
	return a.shared.Cooldowns(ctx, func(installation int64, s string, until time.Time) {
		a.pacers.of(installation).close(scope(s), until)
	})
}

// SyncLimits does what [App.LoadLimits] does, again and again until ctx ends. It returns at once where nothing is shared.
func (a *App) SyncLimits(ctx context.Context) {
	if a.shared == nil {
		return
	}
	ticker := time.NewTicker(syncEvery)
	defer ticker.Stop()
	for {
		if err := a.LoadLimits(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "limits that GitHub told other processes of are not known", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
