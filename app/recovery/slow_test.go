package recovery_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/recovery"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// However long the log takes to arrive, what is recovered from it counts as no later than it was sent.
func TestASlowAnswerMakesNothingLater(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.slow = 10 * time.Second
		d := w.sent(1)
		w.pass()
		err := w.store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.Delivery(ctx, d.GUID)
			if late := got.Received.Sub(d.At.Add(-ahead)); late > 0 || late < -2*time.Second {
				t.Errorf("received %s after it was sent", late)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A delivery that is on its way when the log is read counts as received when it comes, and so after what came before it: GitHub's
// times are too coarse to say so.
func TestOnItsWayWhenTheLogIsRead(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		var noted int
		var came time.Time
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			result, err := recovery.Pass(r.Context(), w.r)
			if err != nil {
				t.Error(err)
			}
			noted, came = result.Missed, w.clock.Now()
			d := ledger.Delivery{GUID: r.Header.Get("X-Github-Delivery"), Event: "push", Installation: 7, Repository: 9, Received: came, Body: body}
			if _, err := w.store.Accept(r.Context(), []ledger.Delivery{d}); err != nil {
				t.Error(err)
			}
		}))
		t.Cleanup(receiver.Close)
		w.github.SetWebhookURL(receiver.URL)
		sent := w.sent(1)
		if noted != 1 {
			t.Fatalf("%d were noted, want 1", noted)
		}
		if d := w.delivery(sent.GUID); !d.Received.Equal(came) || d.Recovered {
			t.Errorf("received %s, recovered: %v; came %s", d.Received, d.Recovered, came)
		}
		if r := w.pass(); r.Arrived != 1 || r.Fetched != 0 || r.Left != 0 {
			t.Errorf("%+v", r)
		}
	})
}
