package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// tips is a part of a transaction.
type tips interface {
	Tip(ctx context.Context, repository int64, ref string) (string, error)
	SetTip(ctx context.Context, repository int64, ref, sha string, asOf time.Time) error
}

func TestScope(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		store := ledgertest.Open(t, ledger.Options{URL: url})
		err := store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			return tx.UpsertRepository(ctx, respond.Repository{ID: 7, Installation: 1, Owner: "acme", Name: "shop"})
		})
		if err != nil {
			t.Fatal(err)
		}
		narrow := ledger.Scope[tips](store)
		if err := narrow.Update(t.Context(), func(ctx context.Context, tx tips) error {
			return tx.SetTip(ctx, 7, "refs/heads/main", "a", time.Time{})
		}); err != nil {
			t.Fatal(err)
		}
		err = narrow.View(t.Context(), func(ctx context.Context, tx tips) error {
			sha, err := tx.Tip(ctx, 7, "refs/heads/main")
			if sha != "a" {
				t.Errorf("tip %q", sha)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("a store is narrowed to what it does not have")
		}
	}()
	ledger.Scope[interface{ NoSuchMethod() }](nil)
}
