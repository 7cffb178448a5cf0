package ledger

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// retries is how often [Store.Update] tries again what failed because of other transactions, with up to retryPause
// between tries, growing.
const (
	retries    = 30
	retryPause = 10 * time.Millisecond
)

// Tx is a transaction. It is used by one goroutine, and not after the function that got it has returned.
type Tx struct {
	querier
	s      *Store
	sqlite *sql.Tx
	pg     pgx.Tx
	now    time.Time
	queues map[string]bool // have new jobs

	removed bool // an installation or repository
}

// Now is the transaction's time: all that it writes bears the same.
func (tx *Tx) Now() time.Time { return tx.now }

// Update runs fn in a transaction that sees and changes the ledger as if it were alone, and commits it when fn returns
// nil. When another transaction got in its way, fn runs again, up to some thirty times: it must do nothing but to
// use its Tx. When Update has returned nil, all is on disk.
func (s *Store) Update(ctx context.Context, fn func(context.Context, *Tx) error) error {
	return s.update(ctx, pgx.Serializable, fn)
}

func (s *Store) update(ctx context.Context, isolation pgx.TxIsoLevel, fn func(context.Context, *Tx) error) error {
	for try := 1; ; try++ {
		err := s.updateOnce(ctx, isolation, fn)
		if err == nil || try > retries || !(sqliteBusy(err) || pgConflict(err)) {
			return err
		}
		pause := time.Duration(try) * retryPause
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
	}
}

func (s *Store) updateOnce(ctx context.Context, isolation pgx.TxIsoLevel, fn func(context.Context, *Tx) error) error {
	tx := &Tx{s: s, now: s.now().UTC().Truncate(time.Microsecond)}
	var err error
	if s.pool != nil {
		err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: isolation}, func(pg pgx.Tx) error {
			tx.pg, tx.querier = pg, pgQuerier{pg}
			return fn(ctx, tx)
		})
	} else {
		if err = tx.inSQLite(ctx, s.writer, s.writes, &sql.TxOptions{}, fn); err == nil {
			err = s.inPlace() // else nobody will find what was written
		}
	}
	if err != nil {
		err = s.explained(ctx, err)
		s.report(Write, err)
		s.full.Store(errors.Is(err, ErrFull) || readOnly(err))
		return err
	}
	s.full.Store(false)
	if tx.removed {
		select {
		case s.removed <- struct{}{}:
		default:
		}
	}
	if p := s.process.Load(); p != nil && p.Wake != nil && len(tx.queues) > 0 {
		p.Wake(slices.Collect(maps.Keys(tx.queues)))
	}
	return nil
}

// View runs fn in a transaction that sees one state of the ledger and must not change it. It does not wait for updates.
func (s *Store) View(ctx context.Context, fn func(context.Context, *Tx) error) error {
	tx := &Tx{s: s, now: s.now().UTC().Truncate(time.Microsecond)}
	var err error
	if s.pool != nil {
		opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err = pgx.BeginTxFunc(ctx, s.pool, opts, func(pg pgx.Tx) error {
			tx.pg, tx.querier = pg, pgQuerier{pg}
			return fn(ctx, tx)
		})
	} else {
		s.wal.pass(ctx)
		limited, cancel := context.WithTimeout(ctx, viewLimit)
		defer cancel()
		err = tx.inSQLite(limited, s.reader, s.reads, &sql.TxOptions{ReadOnly: true}, fn)
	}
	err = s.explained(ctx, err)
	s.report(Read, err)
	return err
}

func (tx *Tx) inSQLite(ctx context.Context, db *sql.DB, stmts *statements, opts *sql.TxOptions, fn func(context.Context, *Tx) error) error {
	defer stmts.prepareMissing(context.WithoutCancel(ctx))
	begun, err := db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = begun.Rollback() }()
	tx.sqlite, tx.querier = begun, sqliteQuerier{begun, stmts}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return begun.Commit()
}
