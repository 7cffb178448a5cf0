package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

func TestPrune(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		accept := func(guids ...string) {
			for _, guid := range guids {
				if _, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: guid, Event: "push", Received: clock.Time}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		begin := func(key string) (a ledger.Action) {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				a, err = tx.BeginAction(ctx, key, ledger.Lease{Owner: "one", For: time.Minute, Send: time.Second})
				return err
			})
			return a
		}
		accept("finished", "waits", "died")
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishDelivery(ctx, "finished", "done") })
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return runSQL(ctx, tx, `UPDATE river_job SET state = 'discarded', finalized_at = CURRENT_TIMESTAMP WHERE id = (SELECT max(id) FROM river_job)`)
		})
		done := begin("done")
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishAction(ctx, done, "done") })
		begin("interrupted")
		unsent := begin("unsent")
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.ReleaseAction(ctx, unsent, time.Time{}) })
		enqueue(t, s, job.Issue{Leak: 1}) // waits
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return runSQL(ctx, tx, `INSERT INTO keyed_jobs (kind, key, waiting) VALUES ('issue', '2', 4711)`)
		})

		count := func(what string, want map[string]int64) {
			t.Helper()
			got := map[string]int64{}
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				for table := range want {
					if got[table], err = rows(ctx, tx, table); err != nil {
						return err
					}
				}
				return nil
			})
			equal(t, what, got, want)
		}
		clock.Time = start().Add(29 * 24 * time.Hour)
		s.Prune(t.Context(), ledger.DefaultRetention)
		count("after 29 days", map[string]int64{"deliveries": 3, "actions": 3, "keyed_jobs": 1})
		clock.Time = start().Add(31 * 24 * time.Hour)
		s.Prune(t.Context(), ledger.DefaultRetention)
		count("after 31 days", map[string]int64{"deliveries": 1, "actions": 1, "keyed_jobs": 1})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.Delivery(ctx, "waits")
			return err
		})
	})
}

// A stop ends pruning at once, also in the middle of it, when each further transaction fails.
func TestStopWhilePruning(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Prune(ctx, ledger.DefaultRetention) // the test's time limit ends it otherwise
}
