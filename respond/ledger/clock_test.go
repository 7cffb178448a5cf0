package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestClockSetBack lets the clock run a day ahead, and be set right: what was recorded meanwhile doesn't hold up what comes then.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := ledgertest.OpenWithClock(t, url)
		right := clock.Time
		repository := respond.Repository{ID: 7, Installation: 1, Owner: "acme", Name: "shop", DefaultBranch: "main"}
		record := func(name, sha string) {
			t.Helper()
			ledgertest.Update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				repository.Name = name
				if err := tx.UpsertInstallation(ctx, respond.Installation{ID: 1, AccountID: 2, Account: name}, time.Time{}); err != nil {
					return err
				}
				if err := tx.UpsertRepository(ctx, repository); err != nil {
					return err
				}
				return tx.SetTip(ctx, repository.ID, "refs/heads/main", sha, time.Time{})
			})
		}
		take := func(owner string) bool {
			t.Helper()
			taken, err := s.TakeLease(t.Context(), "work", owner, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return taken
		}

		clock.Time = right.Add(24 * time.Hour)
		record("ahead", commit(1))
		if !take("one") || take("two") {
			t.Fatal("the lease is not one process's")
		}

		clock.Time = right
		if !take("two") {
			t.Error("a lease from before the clock was set back holds up the work")
		}
		if take("one") {
			t.Error("the lease was taken from its owner")
		}
		record("right", commit(2))
		ledgertest.Update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			i, err := tx.Installation(ctx, 1)
			if err != nil || i.Account != "right" {
				t.Errorf("installation %q: %v", i.Account, err)
			}
			r, err := tx.Repository(ctx, repository.ID)
			if err != nil || r.Name != "right" {
				t.Errorf("repository %q: %v", r.Name, err)
			}
			tips, err := tx.Tips(ctx, repository.ID, 10)
			if err != nil || len(tips) != 1 || tips[0].SHA != commit(2) {
				t.Errorf("tips %v: %v", tips, err)
			}
			moved, err := tx.MovedSince(ctx, repository.ID, "refs/heads/main", right)
			if err != nil || moved {
				t.Errorf("moved: %t, %v", moved, err)
			}
			return nil
		})

		// A clock that is a little behind, that of another process, overwrites nothing.
		clock.Time = right.Add(-time.Second)
		record("behind", commit(3))
		ledgertest.Update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			r, err := tx.Repository(ctx, repository.ID)
			if err != nil || r.Name != "right" {
				t.Errorf("repository %q: %v", r.Name, err)
			}
			return nil
		})
	})
}

func commit(n int) string { return fmt.Sprintf("%040x", n) }
