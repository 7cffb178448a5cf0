package ledger

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
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
	if _, err := s.TakeLease(ctx, stepName, other, stepLease); err != nil {
		return err
	}
	do()
	return s.EndLease(ctx, stepName, other)
}

// UpgradeUntil runs the first migrations of a database up to a version, in the transaction in which they are run, and calls die before
// it is committed.
func UpgradeUntil(ctx context.Context, url string, version int, die func()) error {
	s := &Store{now: time.Now, log: slog.New(slog.DiscardHandler)}
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		list, err := migrationsOf("sqlite")
		if err != nil {
			return err
		}
		if s.writer, err = sql.Open("sqlite", sqliteDSN(path, map[string][]string{"_pragma": {"journal_mode(WAL)"}})); err != nil {
			return err
		}
		return s.migrating(ctx, nil, func(q querier) error {
			err := s.upgrade(ctx, q, list[:version])
			die()
			return err
		})
	}
	list, err := migrationsOf("postgres")
	if err != nil {
		return err
	}
	if s.pool, err = pgxpool.New(ctx, url); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		err := s.upgrade(ctx, pgMigrator{pgQuerier{tx}}, list[:version])
		die()
		return err
	})
}

// Latest is the version of the schema.
func Latest() int {
	list, _ := migrationsOf("sqlite")
	return len(list)
}

// EmptyWAL copies the write-ahead log into the database.
func (s *Store) EmptyWAL(ctx context.Context) error { return s.wal.empty(ctx) }

// WatchWAL empties the write-ahead log when it is larger than limit.
func (s *Store) WatchWAL(limit int64, every time.Duration) {
	s.wal.stop()
	s.wal.ended.Wait()
	s.wal.watch(limit, every)
}

// Record tells of each statement that the transaction runs from now on.
func (tx *Tx) Record(see func(statement string)) {
	if r, again := tx.querier.(recorder); again {
		tx.querier = r.querier
	}
	tx.querier = recorder{tx.querier, see}
}

type recorder struct {
	querier
	see func(string)
}

func (r recorder) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	r.see(statement)
	return r.querier.exec(ctx, statement, args...)
}

func (r recorder) query(ctx context.Context, statement string, args ...any) (rows, error) {
	r.see(statement)
	return r.querier.query(ctx, statement, args...)
}
