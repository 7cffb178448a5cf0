package publish_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

const settle = 15 * time.Second

// clock is set by hand: the runner waits for nothing, it says when to come again.
type clock struct{ now time.Time }

func (c *clock) forward(d time.Duration) { c.now = c.now.Add(d) }

type world struct {
	t     *testing.T
	clock *clock
	store *ledger.Store
	made  *things
	*publish.Runner
}

func newWorld(t *testing.T, url string) *world {
	c := &clock{time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	now := func() time.Time { return c.now }
	s := ledgertest.Open(t, ledger.Options{URL: url, Now: now})
	return &world{t, c, s, &things{}, &publish.Runner{Store: ledger.Scope[publish.Tx](s), Now: now, Settle: settle, Write: github.WriteTimeout}}
}

// things is GitHub: what was made there, and what it answers.
type things struct {
	made []string
	fail error // the next request's answer; what was asked for is done late
	late []string
}

// settled does what GitHub had put off.
func (g *things) settled() { g.made, g.late = append(g.made, g.late...), nil }

// thing is an effect: it makes one thing, which is found by its name.
type thing struct {
	on    *things
	name  string
	calls []string

	during func() // while the run plans
	saved  string
}

func (e *thing) call(name string) { e.calls = append(e.calls, name) }

func (e *thing) Facts(context.Context, publish.Tx, ledger.Action) error {
	e.call("facts")
	return nil
}

func (e *thing) Plan(context.Context, bool) (bool, error) {
	e.call("plan")
	if e.during != nil {
		e.during()
	}
	return true, nil
}

func (e *thing) Find(context.Context) error {
	e.call("find")
	if slices.Contains(e.on.made, e.name) {
		e.saved = "found"
	}
	return nil
}

func (e *thing) Send(ctx context.Context, before func(context.Context) error) error {
	if e.saved != "" {
		return nil
	}
	if err := before(ctx); err != nil {
		return err
	}
	e.call("send")
	if err := e.on.fail; err != nil {
		e.on.fail = nil
		if !github.Refused(err) {
			e.on.late = append(e.on.late, e.name)
		}
		return err
	}
	e.on.made = append(e.on.made, e.name)
	e.saved = "made"
	return nil
}

func (e *thing) Save(context.Context, publish.Tx) (string, error) {
	e.call("save")
	return e.saved, nil
}

// run performs the effect, and demands the calls.
func (w *world) run(e *thing, calls string) error {
	w.t.Helper()
	e.on, e.name = w.made, "issue"
	err := w.Do(w.t.Context(), "issue", "job 1", e)
	if got := strings.Join(e.calls, " "); got != calls {
		w.t.Errorf("called %q, want %q", got, calls)
	}
	return err
}

func (w *world) ok(e *thing, calls string) {
	w.t.Helper()
	if err := w.run(e, calls); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) waits(want time.Duration) {
	w.t.Helper()
	err := w.run(&thing{}, "")
	wait, ok := errors.AsType[*outcome.WaitError](err)
	if !ok {
		w.t.Fatalf("%v, want a wait", err)
	}
	if got := wait.Until.Sub(w.clock.now); got != want {
		w.t.Errorf("waits for %s, want %s", got, want)
	}
}

func (w *world) one() {
	w.t.Helper()
	w.made.settled()
	if len(w.made.made) != 1 {
		w.t.Errorf("made %d things, want 1", len(w.made.made))
	}
}

func status(code int) error {
	return &gogithub.ErrorResponse{Response: &http.Response{
		StatusCode: code, Request: &http.Request{Method: http.MethodPost, URL: &url.URL{Path: "/repos/a/b/issues"}},
	}}
}

func each(t *testing.T, test func(w *world)) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) { test(newWorld(t, url)) })
}

// A request that failed may take effect later: nothing is sent, and GitHub is not asked, before that is over.
func TestAnInterruptedEffectWaitsThenLooks(t *testing.T) {
	each(t, func(w *world) {
		w.made.fail = status(http.StatusBadGateway)
		if err := w.run(&thing{}, "facts plan send"); err == nil {
			w.t.Fatal("a 502 is a success")
		}
		w.waits(settle)
		w.clock.forward(settle - time.Millisecond)
		w.waits(time.Millisecond)
		w.made.settled()
		w.clock.forward(time.Millisecond)
		w.ok(&thing{}, "facts plan find save")
		w.one()
	})
}

// What GitHub refused did not happen: the next attempt need not wait or look.
func TestARefusedEffectIsSentAgainAtOnce(t *testing.T) {
	each(t, func(w *world) {
		w.made.fail = status(http.StatusForbidden)
		if err := w.run(&thing{}, "facts plan send"); err == nil {
			w.t.Fatal("a 403 is a success")
		}
		w.ok(&thing{}, "facts plan send save")
		w.one()
	})
}

// What an interrupted run had made is found, and cannot be updated at once: it is looked for again, and not made a second time.
func TestWhatWasFoundIsNotForgotten(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context, before func(context.Context) error) error{
		"Unanswered": func(context.Context, func(context.Context) error) error { return status(http.StatusServiceUnavailable) },
		"Refused": func(ctx context.Context, before func(context.Context) error) error {
			return errors.Join(before(ctx), status(http.StatusTooManyRequests))
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				w.made.fail = status(http.StatusBadGateway)
				if err := w.run(&thing{}, "facts plan send"); err == nil {
					w.t.Fatal("a 502 is a success")
				}
				w.made.settled()
				w.clock.forward(settle)
				e := &thing{on: w.made, name: "issue"}
				if err := w.Do(w.t.Context(), "issue", "job 1", failing{e, fail}); err == nil || e.saved != "found" {
					w.t.Fatalf("%v, found %q: want it found, and an error", err, e.saved)
				}
				w.ok(&thing{}, "facts plan find save")
				w.one()
			})
		})
	}
}

// failing is a thing that is found, but not updated.
type failing struct {
	*thing
	fail func(ctx context.Context, before func(context.Context) error) error
}

func (e failing) Send(ctx context.Context, before func(context.Context) error) error {
	return e.fail(ctx, before)
}

// A process that is killed releases nothing: the next run waits for as long as a request of it may be under way, and then for
// GitHub.
func TestAKilledRunMayHaveSent(t *testing.T) {
	each(t, func(w *world) {
		killed := &thing{during: func() { panic("killed") }}
		func() {
			defer func() { _ = recover() }()
			_ = w.run(killed, "facts plan")
		}()
		w.waits(15*time.Second + github.WriteTimeout + settle)
		w.clock.forward(15*time.Second + github.WriteTimeout + settle)
		w.ok(&thing{}, "facts plan find send save")
		w.one()
	})
}

// A run that stood still while another one did its work sends nothing and records nothing.
func TestAPausedRunIsFenced(t *testing.T) {
	each(t, func(w *world) {
		paused := &thing{during: func() {
			w.clock.forward(time.Minute + settle)
			w.ok(&thing{}, "facts plan find send save")
		}}
		if err := w.run(paused, "facts plan"); !errors.Is(err, ledger.ErrFenced) {
			w.t.Errorf("%v, want that another run has taken over", err)
		}
		w.one()
		// And one that was paused after it had sent records nothing.
		sent := &thing{}
		sent.during = func() {
			sent.saved = "stale"
			w.clock.forward(time.Minute + settle)
			w.ok(&thing{saved: "fresh"}, "facts plan find save")
		}
		if err := w.run(sent, "facts plan"); !errors.Is(err, ledger.ErrFenced) {
			w.t.Errorf("%v, want that another run has taken over", err)
		}
	})
}

// A run that plans for long extends its time to send, so that the one that takes over after a kill waits for long enough.
func TestALongPlanExtendsTheTimeToSend(t *testing.T) {
	each(t, func(w *world) {
		begun := w.clock.now
		w.made.fail = errors.New("killed")
		var until time.Time
		e := &thing{during: func() { w.clock.forward(2 * time.Minute) }}
		e.on, e.name = w.made, "issue"
		err := w.Do(w.t.Context(), "issue", "job 1", sendOnly{e, func() {
			w.t.Helper()
			err := w.store.Update(w.t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
				a, err := tx.BeginAction(ctx, "issue", ledger.Lease{Owner: "job 1"})
				until = a.Sending
				return errors.Join(err, errors.New("only to look"))
			})
			if until.IsZero() {
				w.t.Error(err)
			}
		}})
		if err == nil {
			w.t.Fatal("no error")
		}
		if want := begun.Add(2*time.Minute + github.WriteTimeout); until.Before(want) {
			w.t.Errorf("may send until %s, want at least %s", until, want)
		}
	})
}

// sendOnly calls a function while the request is under way.
type sendOnly struct {
	*thing
	under func()
}

func (e sendOnly) Send(ctx context.Context, before func(context.Context) error) error {
	if err := before(ctx); err != nil {
		return err
	}
	e.under()
	return fmt.Errorf("killed")
}

// What is done only once is not done again, and others are kept away while a key is held.
func TestOnceAndHold(t *testing.T) {
	each(t, func(w *world) {
		for range 2 {
			e := &thing{on: w.made, name: "comment"}
			if err := w.DoOnce(w.t.Context(), "comment", "job 1", e); err != nil {
				w.t.Fatal(err)
			}
		}
		w.one()
		err := w.Hold(w.t.Context(), "effects", "job 1", func(ctx context.Context) error {
			return w.Hold(ctx, "effects", "job 2", func(context.Context) error { return errors.New("both at once") })
		})
		if !errors.Is(err, ledger.ErrBusy) {
			w.t.Errorf("%v, want %v", err, ledger.ErrBusy)
		}
		if err := w.Hold(w.t.Context(), "effects", "job 2", func(context.Context) error { return nil }); err != nil {
			w.t.Error(err)
		}
	})
}
