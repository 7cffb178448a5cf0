package ledger_test

import (
	"context"
	"testing"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestKeptPolicies: an installation keeps one policy, the latest, until it is dropped.
func TestKeptPolicies(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		kept := func(installation int64) (p ledger.KeptPolicy, found bool) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				p, found, err = tx.KeptPolicy(ctx, installation)
				return err
			})
			return p, found
		}
		keep := func(installation int64, p ledger.KeptPolicy) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.KeepPolicy(ctx, installation, p) })
		}
		_, found := kept(1)
		equal(t, "none is kept", found, false)
		first := ledger.KeptPolicy{Content: []byte("fail_on: any\n\xff"), Read: clock.Time}
		later := ledger.KeptPolicy{Content: nil, Read: clock.Time, Problem: "it has an error"}
		keep(1, first)
		keep(2, later)
		got, _ := kept(1)
		equal(t, "the first", got, first)
		keep(1, later)
		got, found = kept(1)
		equal(t, "the later, which is empty", string(got.Content)+got.Problem, later.Problem)
		equal(t, "found", found, true)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.DropPolicy(ctx, 1) })
		_, found = kept(1)
		equal(t, "dropped", found, false)
		_, found = kept(2)
		equal(t, "that of others", found, true)
	})
}
