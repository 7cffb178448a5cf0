package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

func TestNotices(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		other := repository()
		other.ID = 10
		know(t, s, repository(), other)
		note := func(target string, repository int64, event []byte) {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.RecordNotice(ctx, target, repository, event) })
		}
		counted := func(since time.Time, ofRepository, inAll int) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				a, b, err := tx.CountNotices(ctx, "team", 9, since)
				if a != ofRepository || b != inAll {
					t.Errorf("%d of the repository, %d in all, want %d and %d", a, b, ofRepository, inAll)
				}
				return err
			})
		}
		counted(start(), 0, 0)
		note("team", 9, nil)
		note("team", 10, nil)
		note("other", 9, nil)
		note("team", 9, []byte("a\xff"))
		note("team", 9, []byte("b"))
		note("other", 9, []byte("c"))
		counted(start(), 1, 2)
		clock.Time = start().Add(time.Hour)
		note("team", 9, nil)
		counted(start(), 2, 3)
		counted(clock.Time, 1, 1)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			waiting, err := tx.WaitingNotices(ctx, "team", 10)
			if err != nil || len(waiting) != 2 || string(waiting[0].Event) != "a\xff" {
				t.Fatalf("%+v, %v", waiting, err)
			}
			return tx.ForgetNotices(ctx, "team", waiting[0].ID)
		})
		clock.Time = start().Add(48 * time.Hour) // what was counted is forgotten, what waits is not
		note("team", 9, nil)
		counted(start(), 1, 1)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			waiting, err := tx.WaitingNotices(ctx, "team", 10)
			if len(waiting) != 1 || string(waiting[0].Event) != "b" {
				t.Errorf("%+v", waiting)
			}
			return err
		})
	})
}
