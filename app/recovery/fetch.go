package recovery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// batch is how many missed deliveries are looked at together.
	batch = 16
	// roomWithin is how long a pass waits for recovered deliveries to be worked off, looking each roomEvery.
	roomWithin, roomEvery = 30 * time.Second, 100 * time.Millisecond
	// maxFailures requests in a row that fail end a pass.
	maxFailures = 3
	// postpone is how long a delivery is left alone that could not be recovered. It doubles with each try, up to maxPostponed times.
	postpone, maxPostponed = 5 * time.Minute, 5
	// maxTries is how often a delivery is asked for whose payload the log does not hold: for about a day.
	maxTries = 12
)

// work recovers missed deliveries that are due, the oldest first, until none is left.
func (p *pass) work(ctx context.Context) error {
	failures := 0
	for {
		if err := p.room(ctx); err != nil {
			return p.stop(errors.Join(err, p.save(ctx)))
		}
		due, known, err := p.due(ctx)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, m := range due {
			if known[m.GUID] {
				if err := p.end(ctx, m, Arrived, ""); err != nil {
					return err
				}
				p.result.Arrived++
				continue
			}
			err := p.recover(ctx, m)
			if stopped(err) {
				return p.stop(errors.Join(err, p.save(ctx)))
			}
			if err == nil {
				failures = 0
				continue
			}
			if failures++; failures == maxFailures || fatal(err, p.Now()) {
				return errors.Join(err, p.save(ctx))
			}
			p.Log.WarnContext(ctx, "a missed delivery could not be recovered; it is tried again", "delivery", m.GUID, "event", m.Event, "error", err)
			if err := p.later(ctx, m); err != nil {
				return err
			}
		}
		if err := p.save(ctx); err != nil {
			return err
		}
	}
}

// fatal reports whether the next request would meet the same: a limit, the credentials, or what is not GitHub's.
func fatal(err error, now time.Time) bool {
	if _, ofGitHub := errors.AsType[*github.Error](err); !ofGitHub {
		return true
	}
	return errors.Is(err, github.ErrUnauthorized) || github.Classify(err, now).Do == github.Snooze
}

// room waits until few enough recovered deliveries wait to be worked off.
func (p *pass) room(ctx context.Context) error {
	if p.MaxQueued == 0 {
		return nil
	}
	for deadline := p.Now().Add(roomWithin); ; {
		var n int
		err := p.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
			n, err = tx.Recovering(ctx)
			return err
		})
		if err != nil || n < p.MaxQueued {
			return err
		}
		if p.Now().After(deadline) {
			return errNoRoom
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(roomEvery):
		}
	}
}

// due lists missed deliveries, and which of them have come by now.
func (p *pass) due(ctx context.Context) (due []ledger.Missed, known map[string]bool, err error) {
	err = p.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		if due, err = tx.MissedDue(ctx, batch); err != nil {
			return err
		}
		guids := make([]string, len(due))
		for i, m := range due {
			guids[i] = m.GUID
		}
		known, err = tx.KnownDeliveries(ctx, guids)
		return err
	})
	return due, known, err
}

// recover fetches a missed delivery and takes it like a webhook. Where GitHub's log does not hold its payload whole, GitHub is asked to
// send it again.
func (p *pass) recover(ctx context.Context, m ledger.Missed) error {
	if err := p.spend(); err != nil {
		return err
	}
	d, payload, err := p.GitHub.GetHookDelivery(ctx, m.Log)
	switch {
	case errors.Is(err, github.ErrNotFound):
		return p.lose(ctx, m, "GitHub's log does not go back so far any more")
	case errors.Is(err, github.ErrNoPayload):
		return p.ask(ctx, m, err)
	case err != nil:
		return err
	case d.GUID != m.GUID:
		return p.lose(ctx, m, "GitHub's log has another delivery in its place")
	}
	p.result.Fetched++
	delivery, err := intake.Recovered(ctx, m.GUID, d.Event, payload, m.Delivered, p.Reading)
	if err != nil {
		return p.ask(ctx, m, err)
	}
	if _, err := p.Inbox.Accept(ctx, []ledger.Delivery{delivery}); err != nil {
		return fmt.Errorf("storing a recovered delivery: %w", err)
	}
	p.result.Taken++
	p.Log.InfoContext(ctx, "delivery recovered from GitHub's log", "delivery", m.GUID, "event", d.Event, "action", d.Action,
		"sent", m.Delivered.UTC().Format(time.RFC3339))
	return p.end(ctx, m, Recovered, "")
}

// ask asks for a redelivery, at most once in a while, and a limited number of times.
func (p *pass) ask(ctx context.Context, m ledger.Missed, why error) error {
	if m.Tries >= maxTries {
		return p.lose(ctx, m, "redelivery did not bring it")
	}
	if err := p.spend(); err != nil {
		return err
	}
	err := p.GitHub.RedeliverHookDelivery(ctx, m.Log)
	if errors.Is(err, github.ErrNotFound) {
		return p.lose(ctx, m, "GitHub does not redeliver it any more")
	}
	if err != nil {
		return err
	}
	p.result.Asked++
	p.Metrics.count(Requested)
	p.Log.InfoContext(ctx, "redelivery requested: GitHub's log does not hold the payload whole", "delivery", m.GUID, "event", m.Event, "reason", why)
	return p.later(ctx, m)
}

// later leaves a delivery alone for a while.
func (p *pass) later(ctx context.Context, m ledger.Missed) error {
	return p.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.PostponeMissed(ctx, m.GUID, tx.Now().Add(postpone<<min(m.Tries, maxPostponed)))
	})
}

func (p *pass) lose(ctx context.Context, m ledger.Missed, why string) error {
	p.result.Lost++
	p.Log.ErrorContext(ctx, "a delivery is lost", "delivery", m.GUID, "event", m.Event, "action", m.Action, "installation", m.Installation,
		"repository", m.Repository, "reason", why, "fix", "push again, or use \"Check again\"; refs are compared hourly all the same")
	return p.end(ctx, m, Lost, "lost: "+why)
}

// end notes that a delivery is missed no more.
func (p *pass) end(ctx context.Context, m ledger.Missed, o Outcome, words string) error {
	err := p.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if o == Lost {
			return tx.LoseMissed(ctx, m.GUID, words)
		}
		return tx.EndMissed(ctx, m.GUID)
	})
	if err == nil {
		p.Metrics.count(o)
	}
	return err
}

// count counts what is left.
func (p *pass) count(ctx context.Context) error {
	return p.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		stats, err := tx.MissedStats(ctx)
		p.result.Left = stats.Count
		return err
	})
}
