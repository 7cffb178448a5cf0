package recovery_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/recovery"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

func TestMissedDeliveriesAreRecovered(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		if r := w.pass(); r.Listed != 0 || r.Missed != 0 {
			t.Errorf("of an empty log: %+v", r)
		}
		first := w.deliver(3)
		w.github.Ping(t.Context())
		w.github.Deliver(t.Context(), "star", []byte(`{}`))
		if r := w.pass(); r.Missed != 3 || r.Failed != 3 || r.Taken != 3 || r.Left != 0 || r.Requests != 4 {
			t.Errorf("%+v", r)
		}
		if got := w.waiting(); !slices.Equal(got, guidsOf(first)) {
			t.Errorf("%v wait, want %v", got, guidsOf(first))
		}
		for _, sent := range first {
			d := w.delivery(sent.GUID)
			want := sent.At.Add(-ahead)
			if !d.Recovered || d.Repository != 9 || d.Installation != 7 || bytes.Contains(d.Body, []byte("hunter2")) || d.Received.Sub(want).Abs() > time.Second {
				t.Errorf("%+v, sent %s", d, want)
			}
		}
		w.lists = nil
		for range 3 { // an idle App's log
			if r := w.pass(); r.Requests != 1 || r.Missed != 0 {
				t.Errorf("%+v", r)
			}
		}
		if !slices.Equal(w.lists, []int{304, 304, 304}) {
			t.Errorf("the list was answered %v", w.lists)
		}
		second := w.sent(9)
		if r := w.pass(); r.Taken != 1 {
			t.Errorf("%+v", r)
		}
		if d := w.delivery(second.GUID); d.Finished.IsZero() == false {
			t.Errorf("%+v", d)
		}
	})
}

// A reading that GitHub interrupts goes on where it was; deliveries that come meanwhile shift the pages, and are read after it.
func TestAReadingIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	w.r.MaxQueued = 1 // hardly anything is fetched
	all := guidsOf(w.deliver(250))
	w.clock.step = 5 * time.Second
	n := 0
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/app/hook/deliveries") {
			if n++; n == 2 || n == 4 {
				githubtest.Answer(map[int]int{2: 502, 4: 429}[n], "no")(rw, r, next)
				return
			}
		}
		next.ServeHTTP(rw, r)
	})
	fails := func() {
		t.Helper()
		w.clock.pass(2 * time.Hour)
		if r, err := recovery.Pass(t.Context(), w.r); err == nil || r.Pages != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	fails()
	all = append(all, guidsOf(w.deliver(5))...)
	fails()
	w.clock.pass(2 * time.Hour)
	r := w.pass()
	if r.Pages != 2 || n != 6 { // the last page, and the first again
		t.Errorf("%d requests, %+v", n, r)
	}
	ledgertest.View(t, w.store, func(ctx context.Context, tx *ledger.Tx) error {
		stats, err := tx.MissedStats(ctx)
		taken := len(w.waiting())
		if stats.Count+taken != len(all) {
			t.Errorf("%d missed, %d taken, want %d in all", stats.Count, taken, len(all))
		}
		return err
	})
	w.r.MaxQueued, w.clock.step = 0, time.Millisecond
	w.clock.pass(time.Hour)
	if r := w.pass(); r.Left != 0 {
		t.Errorf("%+v", r)
	}
	if got := w.waiting(); !slices.Equal(got, all) {
		t.Errorf("%d wait, want %d, in their order", len(got), len(all))
	}
}

// A backlog neither stands before what comes live nor takes the App's quota.
func TestABacklogIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	all := guidsOf(w.deliver(120))
	w.r.MaxQueued = 40
	w.clock.step = 5 * time.Second // nobody waits for room for long
	r := w.pass()
	if n := len(w.waiting()); n < 40 || n > 60 || r.Stopped == "" || r.Left != 120-n {
		t.Fatalf("%d wait, %+v", n, r)
	}
	if got := w.waiting(); !slices.Equal(got, all[:len(got)]) {
		t.Error("not the oldest first")
	}
	w.r.MaxQueued, w.clock.step = 0, time.Millisecond
	spend := func(n float64) {
		ledgertest.Update(t, w.store, func(ctx context.Context, tx *ledger.Tx) error {
			l, err := tx.DeliveryLog(ctx)
			l.Spent, l.SpentAt = n, w.clock.Now()
			return errors.Join(err, tx.SetDeliveryLog(ctx, l))
		})
	}
	spend(2000 + 2000.0/12 - 5.5) // five minutes forget a twelfth
	if r := w.pass(); r.Requests != 5 || r.Stopped == "" || r.Left == 0 {
		t.Errorf("with little left of the hour: %+v", r)
	}
	w.clock.pass(time.Hour)
	if r := w.pass(); r.Left != 0 || r.Stopped != "" {
		t.Errorf("an hour later: %+v", r)
	}
	if got := w.waiting(); !slices.Equal(got, all) {
		t.Errorf("%d wait, want %d", len(got), len(all))
	}
}

// What the log holds of a delivery may be anything.
