package recovery_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/recovery"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// One process at a time recovers, and one that was killed holds up the next for some seconds.
func TestOneProcessRecovers(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.deliver(2)
		if taken, err := w.store.TakeLease(t.Context(), "recover", "killed", 20*time.Second); err != nil || !taken {
			t.Fatal(taken, err)
		}
		if _, err := w.r.Once(t.Context(), time.Hour, false); !errors.Is(err, recovery.ErrBusy) {
			t.Errorf("beside another one: %v", err)
		}
		if r, err := w.r.Once(t.Context(), time.Hour, true); err != nil || r.Missed != 2 || r.Taken != 0 {
			t.Errorf("only looking needs no lease: %+v, %v", r, err)
		}
		w.clock.pass(21 * time.Second)
		if r, err := w.r.Once(t.Context(), time.Hour, false); err != nil || r.Taken != 2 {
			t.Errorf("%+v, %v", r, err)
		}
		if r, err := w.recoverer("two").Once(t.Context(), time.Hour, false); err != nil || r.Taken != 0 || r.Missed != 0 {
			t.Errorf("another process afterwards: %+v, %v", r, err)
		}
	})
}

// By hand it looks as far back as is asked for, whatever was read before, and with a dry run it changes nothing.
func TestByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	old := w.sent(1)
	w.clock.pass(2 * 24 * time.Hour)
	w.sent(2)
	if r, err := w.r.Once(t.Context(), 24*time.Hour, true); err != nil || r.Missed != 1 || r.Taken != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := w.r.Once(t.Context(), 24*time.Hour, false); err != nil || r.Missed != 1 || r.Taken != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if got := w.waiting(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if r, err := w.r.Once(t.Context(), 72*time.Hour, false); err != nil || r.Missed != 1 || r.Taken != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if d := w.delivery(old.GUID); !d.Finished.IsZero() {
		t.Errorf("%+v", d)
	}
}

// A run begins at once, says when its first pass is over, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	w.sent(1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	started := make(chan struct{})
	go func() {
		defer close(ended)
		w.r.Run(ctx, func() { close(started) })
	}()
	<-started
	if got := w.waiting(); len(got) != 1 {
		t.Errorf("after the first pass %d wait", len(got))
	}
	cancel()
	<-ended
}
