package recovery_test

import (
	"context"
	"testing"
	"time"

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
