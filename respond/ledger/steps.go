package ledger

import (
	"context"
	"errors"
	"time"
)

// What is deleted is deleted in small steps, so that no push waits for long behind one: on SQLite a step keeps all other writers
// waiting. One process at a time does it; what a process leaves undone, the next one continues.

const (
	stepName  = "prune"     // of the lease
	stepLease = time.Minute // after the last step of a process that has ended

	firstStep, minStep, maxStep = 200, 100, 1000 // rows that a step looks at; the least takes a millisecond or two, and the disk its time

	stepShort = 3 * time.Millisecond  // the next step may be larger
	stepLong  = 10 * time.Millisecond // the next step is smaller
	stepPause = 5 * time.Millisecond  // between two steps, at least
)

// nextStep is how many rows the step after one of limit rows looks at.
func nextStep(limit int, took time.Duration) int {
	switch {
	case took > stepLong:
		return max(limit/2, minStep)
	case took < stepShort:
		return min(limit*2, maxStep)
	}
	return limit
}

// steps are the steps of one process while it has the lease.
type steps struct {
	s     *Store
	limit int
}

// errLeaseLost ends the steps of a process that stood still for so long that another one took over.
var errLeaseLost = errors.New("ledger: another process deletes what is old by now")

// inSteps runs do with the lease; ran is false where another process has it.
func (s *Store) inSteps(ctx context.Context, do func(*steps) error) (ran bool, err error) {
	taken, err := s.TakeLease(ctx, stepName, s.id, stepLease)
	if err != nil || !taken {
		return false, err
	}
	err = do(&steps{s: s, limit: firstStep})
	return true, errors.Join(err, s.EndLease(context.WithoutCancel(ctx), stepName, s.id))
}

// run repeats a step, each in a transaction of its own, until one says that it was the last. A step that could not be committed is
// run again; what it deleted is added to count, which may be nil, once it is. Between two steps others have at least as much time as
// a step took.
func (p *steps) run(ctx context.Context, count *int64, step func(ctx context.Context, tx *Tx, limit int) (deleted int64, last bool, err error)) error {
	for {
		var deleted int64
		var last bool
		begun := time.Now()
		err := p.s.Update(ctx, func(ctx context.Context, tx *Tx) (err error) {
			if deleted, last, err = step(ctx, tx, p.limit); err != nil {
				return err
			}
			return p.hold(ctx, tx)
		})
		if err != nil {
			return err
		}
		if count != nil {
			*count += deleted
		}
		if last {
			return nil
		}
		took := time.Since(begun)
		p.limit = nextStep(p.limit, took)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(took, stepPause)):
		}
	}
}

// hold takes the lease for longer, together with a step.
func (p *steps) hold(ctx context.Context, tx *Tx) error {
	n, err := tx.exec(ctx, `UPDATE leases SET until = $3 WHERE name = $1 AND owner = $2`, stepName, p.s.id, tx.now.Add(stepLease))
	if err == nil && n == 0 {
		err = errLeaseLost
	}
	return err
}
