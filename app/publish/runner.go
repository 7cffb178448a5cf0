// Package publish performs effects: what rekey makes true on GitHub, such as a check run, an issue or a comment. Each is
// performed once, whatever fails or is killed in between. A new effect is one type with five methods, [Effect]; the [Runner]
// owns the rest. [Worker] does the jobs whose effects they are, and sends notices.
//
// GitHub has no idempotency keys, and may do what a request asked for after the request has failed. So:
//
//  1. An effect begins under its key, in the transaction that reads what it is about. The key is a lease, and each run gets a
//     fencing token.
//  2. A run that finds an earlier one unfinished waits until no request of that run can be under way any more, and then looks
//     on GitHub for what came of it.
//  3. Right before each request the token is checked: a run that another one has taken over from sends nothing.
//  4. The outcome is recorded in one transaction with the end of the run, under the same token.
//
// What cannot be excluded, a process that stands still between 3 and its request, leaves two of a kind. Whoever sees them
// later withdraws one.
package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Effect is one thing to make true on GitHub. Its methods are called in this order, by one goroutine; what one finds out,
// the effect keeps for the next.
type Effect interface {
	// Facts reads what the effect is about, in the transaction that begins the run. It may run again. ErrNotNeeded: there is
	// nothing to do, and the run is not begun.
	Facts(ctx context.Context, tx Tx, begun ledger.Action) error
	// Plan reports whether anything is to be sent: not where GitHub has it already. interrupted: an earlier run sent, or may
	// have sent, what it did not record.
	Plan(ctx context.Context, interrupted bool) (send bool, err error)
	// Find looks on GitHub for what an interrupted run may have made. It is called only after one.
	Find(ctx context.Context) error
	// Send makes it true. Each request that changes something calls before right before it is sent; see
	// [github.Client.BeforeWrite].
	Send(ctx context.Context, before func(context.Context) error) error
	// Save records the outcome, in the transaction that finishes the run; also where nothing was sent. It returns the
	// outcome in words.
	Save(ctx context.Context, tx Tx) (result string, err error)
}

// ErrNotNeeded is returned by Effect.Facts where there is nothing to do.
var ErrNotNeeded = errors.New("publish: there is nothing to do")

// DefaultSettle is how long GitHub may take to do what a request asked for after the request has ended. GitHub ends requests
// after ten seconds itself.
const DefaultSettle = 15 * time.Second

const (
	// lease is for how long a run keeps others away: longer than all requests that an effect takes, with their waits.
	lease = 3 * time.Minute
	// planning is how long a run may take before its first request without extending its time to send.
	planning = 15 * time.Second
	// releaseWithin is how long a failed run may take to release its key, though its own time has run out.
	releaseWithin = 10 * time.Second
)

// Runner performs effects. It is safe for concurrent use.
type Runner struct {
	Store  ledger.Scoped[Tx]
	Now    func() time.Time
	Settle time.Duration // see [DefaultSettle]; zero means no wait
	Write  time.Duration // how long one request may be under way; see [github.App.WriteWithin]

	Metrics *Metrics // nil: none
}

// Do performs an effect under its key. owner names the job that asks for it: another attempt of the same job takes over at
// once. Errors are those of the effect; [ledger.ErrBusy] while another job holds the lease, [ledger.ErrFenced] where another run has
// taken over, and [*outcome.WaitError].
func (r *Runner) Do(ctx context.Context, key, owner string, e Effect) error {
	return r.do(ctx, Tx.BeginAction, key, owner, e)
}

// DoOnce is Do for what is done only once: where it was done before, it does nothing.
func (r *Runner) DoOnce(ctx context.Context, key, owner string, e Effect) error {
	return r.do(ctx, Tx.BeginOnce, key, owner, e)
}

// Hold runs do while no other owner holds the key.
func (r *Runner) Hold(ctx context.Context, key, owner string, do func(context.Context) error) error {
	var held ledger.Action
	err := r.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		held, err = tx.BeginAction(ctx, key, ledger.Lease{Owner: owner, For: lease})
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(do(ctx), r.release(ctx, held, time.Time{}))
}

type begin func(Tx, context.Context, string, ledger.Lease) (ledger.Action, error)

func (r *Runner) do(ctx context.Context, begin begin, key, owner string, e Effect) error {
	n := &run{Runner: r, effect: e}
	ctx, span := observe.Start(ctx, "effect "+nameOf(e))
	err := n.do(ctx, begin, key, owner)
	result := resultOf(n.sends, err, r.Now())
	r.Metrics.performed(e, result)
	span.Set(observe.Text("rekey.result", result))
	span.End(err)
	return err
}

func (n *run) do(ctx context.Context, begin begin, key, owner string) error {
	r, e := n.Runner, n.effect
	err := r.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		n.action, err = begin(tx, ctx, key, ledger.Lease{Owner: owner, For: lease, Send: planning + r.Write})
		switch {
		case err != nil:
			return err
		case n.action.Token == 0: // done before
			return ErrNotNeeded
		case n.interrupted() && tx.Now().Before(n.action.Sending.Add(r.Settle)):
			until := n.action.Sending.Add(r.Settle)
			return &outcome.WaitError{Until: until, Reason: fmt.Sprintf("%s: an earlier request may still take effect: waiting until %s", key, until.UTC().Format(time.RFC3339))}
		}
		return e.Facts(ctx, tx, n.action)
	})
	if errors.Is(err, ErrNotNeeded) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := n.perform(ctx); err != nil {
		return errors.Join(err, r.release(ctx, n.action, n.underWay(err)))
	}
	return nil
}

// release ends a run that did not come to its end. It is no error if another run has taken over.
func (r *Runner) release(ctx context.Context, a ledger.Action, sending time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
	defer cancel()
	err := r.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.ReleaseAction(ctx, a, sending) })
	if errors.Is(err, ledger.ErrFenced) {
		return nil
	}
	return err
}

// run is one performance of an effect.
type run struct {
	*Runner
	effect Effect
	action ledger.Action
	sends  bool // there was something to send
	sent   int  // requests that change something, and that may have reached GitHub
}

func (n *run) interrupted() bool { return n.action.Finished.IsZero() && !n.action.Sending.IsZero() }

func (n *run) perform(ctx context.Context) error {
	send, err := n.effect.Plan(ctx, n.interrupted())
	if err != nil {
		return err
	}
	if send && n.interrupted() {
		if err := n.effect.Find(ctx); err != nil {
			return err
		}
	}
	if n.sends = send; send {
		if err := n.effect.Send(ctx, n.before); err != nil {
			return err
		}
	}
	return n.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		// First of all: what a run found that another one has taken over from is not recorded.
		if err := tx.HoldsAction(ctx, n.action); err != nil {
			return err
		}
		result, err := n.effect.Save(ctx, tx)
		if err != nil {
			return err
		}
		return tx.FinishAction(ctx, n.action, result)
	})
}

// before is called as late as possible before each request that changes something.
func (n *run) before(ctx context.Context) error {
	if n.Now().Add(n.Write).After(n.action.SendBy) {
		err := n.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			extended, err := tx.ExtendAction(ctx, n.action, planning+n.Write)
			if err == nil {
				n.action = extended
			}
			return err
		})
		if err != nil {
			return err
		}
	} else if err := n.Store.View(ctx, func(ctx context.Context, tx Tx) error { return tx.HoldsAction(ctx, n.action) }); err != nil {
		return err
	}
	n.sent++
	return nil
}

// underWay is until when a request may have been under way from us, after a run that failed with err; zero: none is.
func (n *run) underWay(err error) time.Time {
	if n.sent == 0 || n.sent == 1 && github.Refused(err) {
		return n.action.Sending // as before this run: what it found is not on record
	}
	return n.Now()
}
