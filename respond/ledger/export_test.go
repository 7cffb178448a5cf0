package ledger

import "context"

// Exec runs a statement in the transaction.
func (tx *Tx) Exec(ctx context.Context, statement string, args ...any) error {
	_, err := tx.exec(ctx, statement, args...)
	return err
}

// Count counts the rows of a table.
func (tx *Tx) Count(ctx context.Context, table string) (n int64, err error) {
	_, err = one(ctx, tx, []any{&n}, `SELECT count(*) FROM `+table)
	return n, err
}

// SetSpace says how much space is free on the database's disk.
func (s *Store) SetSpace(free int64) { s.space = func() (int64, error) { return free, nil } }
