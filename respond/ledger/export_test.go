package ledger

import (
	"context"
	"time"
)

// SetHeartbeat makes processes on PostgreSQL send heartbeats more often, and be taken for dead sooner.
func (s *Store) SetHeartbeat(beatEvery, heartbeatTimeout time.Duration) {
	s.heartbeatEvery, s.heartbeatTimeout = beatEvery, heartbeatTimeout
}

// WithStatementTimeout limits statements on PostgreSQL.
func (o Options) WithStatementTimeout(d time.Duration) Options {
	o.statementTimeout = d
	return o
}

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

// Prune forgets what is of no use any more.
func (s *Store) Prune(ctx context.Context) { s.pruneAll(ctx) }

// SetSpace says how much space is free on the database's disk.
func (s *Store) SetSpace(free int64) { s.space = func() (int64, error) { return free, nil } }

// Replicated reports whether several processes may use the store.
func (s *Store) Replicated() bool { return s.pool != nil }
