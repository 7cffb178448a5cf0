package queue_test

import (
	"context"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// What the tests of the store and of the queue share.
var (
	start  = ledgertest.Start
	open   = ledgertest.OpenWithClock
	update = ledgertest.Update
	view   = ledgertest.View
	know   = ledgertest.Know
	equal  = ledgertest.Equal
)

func runSQL(ctx context.Context, tx *ledger.Tx, statement string) error {
	_, err := tx.ExecSQL(ctx, statement)
	return err
}

// rows counts the rows of a table.
func rows(ctx context.Context, tx *ledger.Tx, table string) (n int64, err error) {
	_, err = tx.OneSQL(ctx, []any{&n}, `SELECT count(*) FROM `+table)
	return n, err
}
