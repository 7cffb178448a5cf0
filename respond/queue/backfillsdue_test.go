package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

func TestLooksDue(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for id := int64(1); id <= 6; id++ {
				r := respond.Repository{ID: id, Installation: 7, Owner: "acme", Name: "r"}
				switch id {
				case 5:
					r.Backfilled = start()
				case 6:
					r.Installation = 8
				}
				if err := tx.UpsertRepository(ctx, r); err != nil {
					return err
				}
				if err := tx.RecordPush(ctx, id, start().Add(time.Duration(id)*time.Hour)); err != nil {
					return err
				}
			}
			if _, err := tx.StartBackfill(ctx, 1); err != nil {
				return err
			}
			return tx.GiveUpBackfill(ctx, 1, "no", false)
		})
		expect := func(queued int, due ...int64) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				n, err := tx.BackfillsQueued(ctx, 7)
				equal(t, "queued", n, queued)
				if err != nil {
					return err
				}
				ids, err := tx.BackfillsDue(ctx, 7, 2)
				equal(t, "due", ids, due)
				return err
			})
		}
		expect(0, 4, 3)
		enqueue(t, s, job.Backfill{Installation: 7, Repository: 4})
		expect(1, 3, 2)
	})
}
