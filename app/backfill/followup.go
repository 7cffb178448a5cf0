package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// maxFollowUps is how many leaks one round looks at: with a round every five minutes, some 57,000 a day.
	maxFollowUps = 200
	// maxReminders is how many reminders of one repository's leaks are sent in one round; the others wait for followUpPause.
	maxReminders = 10
	// followUpPause is for how long a leak is left alone that had to wait, or could not be looked at.
	followUpPause = time.Hour
	// goneFor is for how long one is left alone whose repository the App does not reach.
	goneFor = 24 * time.Hour
)

// followUpTx is what the package needs to follow up leaks.
type followUpTx interface {
	LeaksToFollowUp(ctx context.Context, limit int) ([]respond.Leak, error)
	PostponeFollowUp(ctx context.Context, leak int64, until time.Time) error
}

// followUp does what time brings about leaks: see [respond.FollowUp]. One that cannot be looked at does not keep others waiting.
func (w *Worker) followUp(ctx context.Context) error {
	var due []respond.Leak
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		due, err = tx.LeaksToFollowUp(ctx, maxFollowUps)
		return err
	})
	if err != nil {
		return err
	}
	r := followUps{reminded: map[int64]int{}, failed: map[int64]bool{}}
	var errs []error
	for _, leak := range due {
		err := w.followUpOn(ctx, leak, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.failed[leak.Repository] = true
			errs = append(errs, fmt.Errorf("leak %d: %w", leak.ID, err))
		}
		if r.failed[leak.Repository] {
			errs = append(errs, w.postpone(ctx, leak.ID, followUpPause))
		}
	}
	return errors.Join(errs...)
}

// followUps is what a round has done, by repository.
type followUps struct {
	reminded map[int64]int
	failed   map[int64]bool // the others there are not tried
}

func (w *Worker) followUpOn(ctx context.Context, leak respond.Leak, round followUps) error {
	if round.failed[leak.Repository] {
		return nil
	}
	repository, found, err := w.Recorder.Repository(ctx, leak.Repository)
	switch {
	case err != nil:
		return err
	case !found:
		return w.postpone(ctx, leak.ID, goneFor)
	case repository.Private && !leak.Production() && leak.IsOpen() && !leak.Request.Waits():
		return w.postpone(ctx, leak.ID, goneFor) // whatever its policy says
	}
	p, err := w.Policies.Of(ctx, repository)
	if err != nil {
		return err
	}
	var reminds, waits bool
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		reminds, waits = false, false
		now, err := tx.Leak(ctx, leak.ID)
		if errors.Is(err, ledger.ErrNotFound) || err == nil && (now.Look.IsZero() || now.Look.After(tx.Now())) {
			return nil // another process was quicker
		}
		if err != nil {
			return err
		}
		err = w.Recorder.Decide(ctx, tx, leak.ID, p, func(f respond.LeakFacts) respond.Decision {
			d := respond.FollowUp(f, tx.Now())
			reminds = d.Reminds()
			if waits = reminds && round.reminded[repository.ID] >= maxReminders; waits {
				return respond.Decision{}
			}
			return d
		})
		if err != nil || !waits {
			return err
		}
		return tx.PostponeFollowUp(ctx, leak.ID, tx.Now().Add(followUpPause))
	})
	if err == nil && reminds && !waits {
		round.reminded[repository.ID]++
	}
	return err
}

func (w *Worker) postpone(ctx context.Context, leak int64, pause time.Duration) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.PostponeFollowUp(ctx, leak, tx.Now().Add(pause))
	})
}
