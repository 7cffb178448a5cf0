package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// clock is a clock that tests set.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// start is the time at which tests begin; it has microseconds, as the records have.
func start() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC) }

func open(t *testing.T, url string) (*ledger.Store, *clock) {
	t.Helper()
	c := &clock{start()}
	return ledgertest.Open(t, ledger.Options{URL: url, Now: c.Now}), c
}

func update(t *testing.T, s *ledger.Store, fn func(ctx context.Context, tx *ledger.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s *ledger.Store, fn func(ctx context.Context, tx *ledger.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}

func runSQL(ctx context.Context, tx *ledger.Tx, statement string) error {
	_, err := tx.ExecSQL(ctx, statement)
	return err
}

// rows counts the rows of a table.
func rows(ctx context.Context, tx *ledger.Tx, table string) (n int64, err error) {
	_, err = tx.OneSQL(ctx, []any{&n}, `SELECT count(*) FROM `+table)
	return n, err
}

func know(t *testing.T, s *ledger.Store, rs ...respond.Repository) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		for _, r := range rs {
			if err := tx.UpsertRepository(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
}
