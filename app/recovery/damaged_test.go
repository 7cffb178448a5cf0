package recovery_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/recovery"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

func TestADamagedLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	sent := w.deliver(9)
	w.github.EditDeliveries(func(log []githubtest.Delivery) []githubtest.Delivery {
		log[0].Payload = nil
		log[1].Shown = []byte(`{"ref":"refs/he`)
		log[2].Payload = []byte(`[1]`)
		log[3].Stamp = "2126-01-01T00:00:00Z"
		log[4].Stamp = "some day"
		log[6].GUID = ""
		log[7].Event = "comet"
		// One is gone, one is there twice, and the order is another.
		return []githubtest.Delivery{log[8], log[0], log[1], log[2], log[4], log[3], log[4], log[6], log[7]}
	})
	r := w.pass()
	if r.Taken != 3 || r.Asked != 3 || r.Left != 3 {
		t.Errorf("%+v\n%s", r, w.log)
	}
	for i, want := range map[int]bool{3: true, 4: true, 8: true} {
		if d := w.delivery(sent[i].GUID); d.Finished.IsZero() != want || d.Received.After(w.clock.Now()) {
			t.Errorf("%d: %+v", i, d)
		}
	}
	if old := w.delivery(sent[4].GUID); w.clock.Now().Sub(old.Received) < 7*24*time.Hour-time.Hour {
		t.Errorf("what was sent at an unknown time counts as sent at %s", old.Received)
	}
}

// Where the log lacks a payload, GitHub is asked to send the delivery again, now and then.
func TestRedelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	sent := w.sent(1)
	w.github.EditDeliveries(func(log []githubtest.Delivery) []githubtest.Delivery {
		log[0].Payload = nil
		return log
	})
	asked := func() (n int) {
		for _, r := range w.github.Requests() {
			if strings.HasSuffix(r.Path, "/attempts") {
				n++
			}
		}
		return n
	}
	first := w.pass()
	again, err := recovery.Pass(t.Context(), w.r)
	if err != nil || first.Asked != 1 || again.Asked != 0 || asked() != 1 {
		t.Errorf("%+v, %+v, %v", first, again, err)
	}
	w.pass()
	if asked() != 2 {
		t.Errorf("asked %d times after a while", asked())
	}
	// It comes, and keeps its place in time.
	body := ledger.Delivery{GUID: sent.GUID, Event: "push", Body: []byte(`{}`)}
	if got, err := w.store.Accept(t.Context(), []ledger.Delivery{body}); err != nil || got[0] != ledger.Requeued {
		t.Fatalf("%v, %v", got, err)
	}
	if d := w.delivery(sent.GUID); d.Received.Sub(sent.At.Add(-ahead)).Abs() > time.Second {
		t.Errorf("received %s, first sent %s", d.Received, sent.At.Add(-ahead))
	}
	w.clock.pass(time.Hour)
	if r := w.pass(); r.Arrived != 1 || r.Left != 0 || asked() != 2 {
		t.Errorf("%+v", r)
	}
}

// What GitHub does not have any more is lost, loudly, and looked for no more.
func TestALostDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	w.sent(1)
	w.github.Inject(githubtest.Times(1, func(r *http.Request) bool { return !strings.HasSuffix(r.URL.Path, "/app/hook/deliveries") },
		githubtest.Answer(404, "Not Found")))
	if r := w.pass(); r.Lost != 1 || r.Left != 0 || !strings.Contains(w.log.String(), "a delivery is lost") {
		t.Errorf("%+v\n%s", r, w.log)
	}
	w.sent(2) // so that the page is another
	if r := w.pass(); r.Missed != 1 || r.Taken != 1 || r.Lost != 0 {
		t.Errorf("%+v", r)
	}
}

// A delivery that GitHub fails to show is tried again, and holds up no other.
func TestADeliveryThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	sent := w.deliver(3)
	bad := fmt.Sprintf("/app/hook/deliveries/%d", sent[0].ID)
	w.github.Inject(githubtest.Times(1, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, bad) }, githubtest.Answer(500, "no")))
	if r := w.pass(); r.Taken != 2 || r.Left != 1 {
		t.Errorf("%+v", r)
	}
	if r := w.pass(); r.Taken != 1 || r.Left != 0 {
		t.Errorf("%+v", r)
	}
	w.deliver(5)
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/app/hook/deliveries") {
			next.ServeHTTP(rw, r)
			return
		}
		githubtest.Answer(503, "no")(rw, r, next)
	})
	w.clock.pass(time.Hour)
	if r, err := recovery.Pass(t.Context(), w.r); err == nil || r.Requests != 4 || r.Left != 5 { // the list, and three failures
		t.Errorf("%+v, %v", r, err)
	}
}
