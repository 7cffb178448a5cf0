package recovery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

// requestsPerHour is how many requests to GitHub all processes together may spend on recovery. The App has 5,000 an hour as itself,
// which tokens come from too, one an hour for each repository that is pushed to. With these, 100,000 missed deliveries are fetched
// within 51 hours, and GitHub keeps them for 72.
const requestsPerHour = 2000

var (
	errSpent   = errors.New("this hour's requests are spent")
	errLimited = errors.New("GitHub's quota of the App is needed for other work")
	errNoRoom  = errors.New("recovered deliveries wait to be worked off")
)

// stopped reports whether an error only ends the pass: the next one goes on.
func stopped(err error) bool {
	return errors.Is(err, errSpent) || errors.Is(err, errLimited) || errors.Is(err, errNoRoom)
}

// pass is one pass.
type pass struct {
	*Recoverer
	order  order
	log    ledger.DeliveryLog
	result Result
}

// spent is how many requests of the last hour count at a time: they are forgotten evenly.
func spent(l ledger.DeliveryLog, now time.Time) float64 {
	since := max(0, now.Sub(l.SpentAt))
	return max(0, l.Spent-since.Hours()*requestsPerHour)
}

// spend takes one request from the hour's, or says why there is none.
func (p *pass) spend() error {
	now := p.Now()
	if p.GitHub.Open(0, github.Background).After(now) {
		return errLimited
	}
	n := spent(p.log, now) + 1
	if n > requestsPerHour {
		return errSpent
	}
	p.log.Spent, p.log.SpentAt = n, now
	p.result.Requests++
	return nil
}

// stop notes why the pass ends early; other errors are the pass's own.
func (p *pass) stop(err error) error {
	if err == nil || !stopped(err) {
		return err
	}
	p.result.Stopped = err.Error()
	return nil
}

// read reads what is new in GitHub's log, and notes what is missed. A reading that was interrupted goes on where it was; what came
// meanwhile is read after it.
func (p *pass) read(ctx context.Context) error {
	if p.order.byHand {
		return p.stop(p.walk(ctx, place{}))
	}
	resumed := place{next: p.log.Next, top: p.log.Top}
	if resumed.next != "" {
		err := p.walk(ctx, resumed)
		if err != nil && !errors.Is(err, github.ErrCursor) {
			return p.stop(err)
		}
	}
	return p.stop(p.walk(ctx, place{etag: p.log.ETag}))
}

// place is where in the log a reading is.
type place struct {
	next string    // cursor; "": the beginning
	top  time.Time // the newest delivery that the reading met
	etag string    // of the first page when it was last read
}

// walk reads pages, the newest first, until all before them is known.
func (p *pass) walk(ctx context.Context, at place) error {
	etag := ""
	for first := at.next == ""; ; first = false {
		if err := p.spend(); err != nil {
			return err
		}
		ask := ""
		if first {
			ask = at.etag
		}
		asked := p.Now() // the answer may take long, and this process may stand still before it is read
		page, err := p.GitHub.HookDeliveries(ctx, at.next, ask)
		if err != nil {
			return err
		}
		p.result.Pages++
		c := clocksAt(page.Now, asked)
		if page.Unchanged {
			p.log.Read = c.ours
			return p.save(ctx)
		}
		if page.Unreadable > 0 {
			p.Log.WarnContext(ctx, "entries of GitHub's log of deliveries make no sense", "entries", page.Unreadable)
		}
		if first {
			at.top, etag = newest(page.Deliveries, c.github), page.ETag
		}
		end, err := p.note(ctx, page, c, &at, etag)
		if err != nil || end {
			return err
		}
	}
}

// note notes what of a page is missed, and how far the reading is, in one transaction. It reports whether the reading is at its end.
func (p *pass) note(ctx context.Context, page github.DeliveryPage, c clocks, at *place, etag string) (end bool, err error) {
	floor := c.github.Add(-p.GitHub.DeliveriesKept())
	cut := cutOf(p.log.Mark, floor)
	if p.order.byHand {
		if since := c.github.Add(-p.order.since); since.After(floor) {
			floor = since
		}
		cut = floor
	}
	end = page.Next == "" || page.Next == at.next || endsBefore(page.Deliveries, cut)
	p.result.Listed += len(page.Deliveries)
	l := p.log
	if !p.order.byHand {
		l.Next, l.Top = page.Next, at.top
		if end {
			l.Next, l.Top, l.Read = "", time.Time{}, c.ours
			if at.top.After(l.Mark) || at.top.Before(l.Mark) && l.Mark.After(c.github) {
				l.Mark = at.top
			}
			if etag != "" {
				l.ETag = etag
			}
		}
	}
	at.next = page.Next
	guids := guidsOf(page.Deliveries)
	var missed []ledger.Missed
	var failed, noted int
	write := func(ctx context.Context, tx Tx) error {
		known, err := tx.KnownDeliveries(ctx, guids)
		if err != nil {
			return err
		}
		missed, failed = choose(page.Deliveries, known, floor, c)
		if noted = len(missed); p.order.dryRun {
			return nil
		}
		if _, err = tx.NoteMissed(ctx, missed); err != nil {
			return err
		}
		return tx.SetDeliveryLog(ctx, l)
	}
	if p.order.dryRun {
		err = p.Store.View(ctx, write)
	} else {
		err = p.Store.Update(ctx, write)
	}
	if err != nil {
		return false, fmt.Errorf("noting missed deliveries: %w", err)
	}
	p.log = l
	p.result.Missed += noted
	p.result.Failed += failed
	return end, nil
}

// save writes how far the log was read, and what was spent.
func (p *pass) save(ctx context.Context) error {
	if p.order.dryRun {
		return nil
	}
	return p.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.SetDeliveryLog(ctx, p.log) })
}
