package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

const actionKey = "issue:1"

// actionLog is the log of effects, with a key that runs begin.
type actionLog struct {
	t *testing.T
	s *ledger.Store
}

func (l actionLog) try(do func(context.Context, *ledger.Tx) error) error {
	return l.s.Update(l.t.Context(), do)
}

func (l actionLog) tryBegin(owner string) (a ledger.Action, err error) {
	err = l.try(func(ctx context.Context, tx *ledger.Tx) error {
		a, err = tx.BeginAction(ctx, actionKey, ledger.Lease{Owner: owner, For: time.Minute, Send: 10 * time.Second})
		return err
	})
	return a, err
}

// begin begins a run, and demands what is there before.
func (l actionLog) begin(owner string, want ledger.Action) ledger.Action {
	l.t.Helper()
	got, err := l.tryBegin(owner)
	if err != nil {
		l.t.Fatal(err)
	}
	was := got
	was.Token, was.SendBy = 0, time.Time{}
	want.Key = actionKey
	equal(l.t, "what was there", was, want)
	return got
}

func (l actionLog) busy(owner string) {
	l.t.Helper()
	if _, err := l.tryBegin(owner); !errors.Is(err, ledger.ErrBusy) {
		l.t.Errorf("%s begins while another one holds the key: %v", owner, err)
	}
}

// fenced demands that a run can do nothing any more.
func (l actionLog) fenced(a ledger.Action) {
	l.t.Helper()
	for what, do := range map[string]func(context.Context, *ledger.Tx) error{
		"hold": func(ctx context.Context, tx *ledger.Tx) error { return tx.HoldsAction(ctx, a) },
		"extend": func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.ExtendAction(ctx, a, time.Minute)
			return err
		},
		"finish":  func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishAction(ctx, a, "stale") },
		"release": func(ctx context.Context, tx *ledger.Tx) error { return tx.ReleaseAction(ctx, a, time.Time{}) },
	} {
		if err := l.try(do); !errors.Is(err, ledger.ErrFenced) {
			l.t.Errorf("%s after another run has taken over: %v", what, err)
		}
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		l := actionLog{t, s}
		first := l.begin("one", ledger.Action{})
		equal(t, "time to send", first.SendBy, start().Add(10*time.Second))
		l.busy("two")

		// Another attempt of the same job takes over, and knows until when the first one may have been sending.
		second := l.begin("one", ledger.Action{Begun: start(), Sending: first.SendBy})
		l.fenced(first)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
			if err := tx.HoldsAction(ctx, second); err != nil {
				return err
			}
			second, err = tx.ExtendAction(ctx, second, 2*time.Minute)
			return err
		})
		clock.Time = start().Add(time.Minute)
		l.busy("two") // the lease lasts as long as the run may send
		clock.Time = start().Add(2 * time.Minute)
		third := l.begin("two", ledger.Action{Begun: start(), Sending: second.SendBy})
		l.fenced(second)

		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishAction(ctx, third, "number 12") })
		l.fenced(third)
		fourth := l.begin("three", ledger.Action{Begun: clock.Time, Finished: clock.Time, Result: "number 12"})
		l.busy("one")

		// What is released may be begun by anybody; what may be under way is told.
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.ReleaseAction(ctx, fourth, clock.Time) })
		fifth := l.begin("one", ledger.Action{Begun: clock.Time, Result: "number 12", Sending: clock.Time})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.ReleaseAction(ctx, fifth, time.Time{}) })
		l.begin("two", ledger.Action{Begun: clock.Time, Result: "number 12"})

		// Whose lease it is may let others go on, and nobody else may.
		yield := func(owner string) {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.YieldAction(ctx, actionKey, owner) })
		}
		yield("one")
		l.busy("three")
		yield("two")
		l.begin("three", ledger.Action{Begun: clock.Time, Result: "number 12", Sending: clock.Time.Add(10 * time.Second)})
	})
}

// What is done only once stays finished, also when a process is killed right after it began again.
func TestActionsOnce(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		begin := func() (a ledger.Action) {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				a, err = tx.BeginOnce(ctx, actionKey, ledger.Lease{Owner: "one", For: time.Minute})
				return err
			})
			return a
		}
		first := begin()
		equal(t, "token", first.Token, int64(1))
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishAction(ctx, first, "done") })
		for range 2 {
			again := begin()
			if again.Token != 0 || again.Finished.IsZero() || again.Result != "done" {
				t.Errorf("begun again: %+v", again)
			}
		}
	})
}

// What was begun long ago, and has not been finished, is not being tried again.
func TestRetried(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		l := actionLog{t, s}
		retried := func(want bool) {
			t.Helper()
			err := l.try(func(ctx context.Context, tx *ledger.Tx) error {
				got, err := tx.Retried(ctx, actionKey, tx.Now().Add(-time.Hour))
				if got != want {
					t.Errorf("retried: %v, want %v", got, want)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		retried(false)
		for _, want := range []bool{false, true} {
			if _, err := l.tryBegin("job"); err != nil {
				t.Fatal(err)
			}
			retried(want)
		}
		clock.Time = clock.Time.Add(time.Hour + time.Second)
		retried(false)
	})
}

func TestUnfinishedChecks(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			var failed error
			for _, repository := range []int64{9, 99} {
				failed = errors.Join(failed, tx.UpsertRepository(ctx, respond.Repository{ID: repository, Installation: 7, Owner: "acme", Name: fmt.Sprint(repository)}))
			}
			for _, c := range []struct {
				repository int64
				head       string
				done       bool
			}{{9, headA, false}, {9, headB, true}, {99, headB, false}} {
				for _, trigger := range []respond.Trigger{respond.TriggerPush, respond.TriggerCheckRun} {
					_, err := tx.RecordScan(ctx, respond.Scan{Repository: c.repository, Head: c.head, Trigger: trigger}, nil)
					failed = errors.Join(failed, err)
				}
				a, err := tx.BeginAction(ctx, fmt.Sprintf("check:%d:%s", c.repository, c.head), ledger.Lease{Owner: "check", For: time.Minute})
				if failed = errors.Join(failed, err); c.done {
					failed = errors.Join(failed, tx.FinishAction(ctx, a, "done"))
				}
			}
			return failed
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			heads, err := tx.UnfinishedChecks(ctx, 9, 10)
			equal(t, "unfinished", heads, []string{headA})
			none, err2 := tx.UnfinishedChecks(ctx, 9, 1)
			equal(t, "of the last scan", len(none), 0)
			return errors.Join(err, err2)
		})
	})
}
