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

// TestWhatDependsOnPolicies: which checks and repositories a changed policy is for, and which refs changed one.
func TestWhatDependsOnPolicies(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		for id := range int64(4) { // 1 has an open leak, 2 a failing check, 3 neither; 4 is another installation's
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				return tx.UpsertRepository(ctx, respond.Repository{ID: id + 1, Installation: 5 + id/3, Owner: "acme", Name: fmt.Sprint(id), DefaultBranch: "main"})
			})
		}
		scan := scanOf(headA, "push")
		scan.Repository, scan.Ref, scan.PolicyChanged = 1, "refs/heads/patch", true
		record(t, s, scan, observation("f1", 1))
		scan.Repository, scan.PolicyChanged = 4, false
		record(t, s, scan, observation("f1", 1))
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(
				tx.SaveCheck(ctx, ledger.Check{Repository: 2, Head: "old", RunID: 1, Conclusion: "neutral", Updated: clock.Time}),
				tx.SaveCheck(ctx, ledger.Check{Repository: 2, Head: "new", RunID: 2, Conclusion: "failure", Updated: clock.Time.Add(time.Second)}),
				tx.SaveCheck(ctx, ledger.Check{Repository: 2, Head: "good", RunID: 3, Conclusion: "success", Updated: clock.Time}),
				tx.SaveCheck(ctx, ledger.Check{Repository: 3, Head: "good", RunID: 4, Conclusion: "success", Updated: clock.Time}),
			)
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			heads, err := tx.ChecksNotPassed(ctx, 2, 10)
			latest, limited := tx.ChecksNotPassed(ctx, 2, 1)
			equal(t, "checks", heads, []string{"new", "old"})
			equal(t, "the latest", latest, []string{"new"})
			ids, listed := tx.RepositoriesNotPassed(ctx, 5)
			all, allListed := tx.RepositoriesNotPassed(ctx, 0)
			equal(t, "repositories", ids, []int64{1, 2})
			equal(t, "of all installations", all, []int64{1, 2, 4})
			open, counted := tx.OpenLeaksIn(ctx, 5)
			equal(t, "open leaks", open, 1)
			touched, asked := tx.PolicyTouched(ctx, 1, "refs/heads/patch")
			other, again := tx.PolicyTouched(ctx, 1, "refs/heads/other")
			untouched, last := tx.PolicyTouched(ctx, 4, "refs/heads/patch")
			equal(t, "touched", []bool{touched, other, untouched}, []bool{true, false, false})
			return errors.Join(err, limited, listed, allListed, counted, asked, again, last)
		})
	})
}
