package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestErrorsOfTheDatabaseAreReported: what the database refuses is told of, and what callers find wrong is not.
func TestErrorsOfTheDatabaseAreReported(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		var told []string
		s := ledgertest.Open(t, ledger.Options{URL: url, OnError: func(o ledger.Operation, r ledger.Reason) {
			told = append(told, fmt.Sprintf("%s %s", o, r))
		}})
		wrong := errors.New("not of the database")
		_ = s.View(t.Context(), func(context.Context, *ledger.Tx) error { return wrong })
		_ = s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.RecordScan(ctx, respond.Scan{Repository: 4711, Head: headA}, nil)
			return err
		})
		if len(told) != 0 {
			t.Errorf("told of what is no error of the database's: %v", told)
		}
		_ = s.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.OneSQL(ctx, nil, "SELECT nothing FROM nowhere")
			return err
		})
		_ = s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.ExecSQL(ctx, "DELETE FROM nowhere")
			return err
		})
		if want := []string{"read other", "write other"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}
