package ledger

import (
	"context"
	"time"
)

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

// The sizes of steps.
const (
	FirstStep, MinStep, MaxStep = firstStep, minStep, maxStep
	StepLong                    = stepLong
)

// NextStep is how many rows the next step looks at.
func NextStep(limit int, took time.Duration) int { return nextStep(limit, took) }

// HoldLease runs do while another process has the lease for deleting what is old.
func (s *Store) HoldLease(ctx context.Context, do func()) error {
	const other = "another process"
	if _, err := s.TakeLease(ctx, stepName, other, time.Hour); err != nil {
		return err
	}
	do()
	return s.EndLease(ctx, stepName, other)
}
