package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrPooler is returned by [OpenStore] where a pooler gives each transaction another connection to PostgreSQL, as PgBouncer does in
// its transaction mode. What rekey keeps on a connection would be lost, or another's: its prepared statements, its time limits, what it
// listens to, and the lock under which one process migrates.
var ErrPooler = errors.New("ledger: a connection pooler in transaction mode (such as PgBouncer) is in front of PostgreSQL: give it pool_mode = session, " +
	"or name PostgreSQL's own address; rekey keeps 17 connections at most per process itself")

// poolerTries is how often the pooler is asked: with others beside us it may give us the same connection by chance.
const poolerTries = 5

// refusePooler returns ErrPooler where two connections to the server are found to share one of the server's own. A pooler that keeps
// them apart is welcome.
func refusePooler(ctx context.Context, cfg *pgx.ConnConfig) error {
	plain := cfg.Copy()
	plain.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // prepared statements are what a pooler mixes up
	first, err := pgx.ConnectConfig(ctx, plain)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer first.Close(ctx)
	own, err := backend(ctx, first)
	if err != nil || own == first.PgConn().PID() { // PostgreSQL itself: what it said when we connected
		return err
	}
	second, err := pgx.ConnectConfig(ctx, plain)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer second.Close(ctx)
	for range poolerTries {
		shared, err := shares(ctx, first, second)
		if err != nil {
			return fmt.Errorf("ledger: is PostgreSQL behind a pooler: %w", err)
		}
		if shared {
			return ErrPooler
		}
	}
	return nil
}

// shares reports whether the server's connection of first is another one, or second's, while second is in a transaction.
func shares(ctx context.Context, first, second *pgx.Conn) (bool, error) {
	before, err := backend(ctx, first)
	if err != nil {
		return false, err
	}
	tx, err := second.Begin(ctx)
	if _, refused := errors.AsType[*pgconn.PgError](err); refused { // as PgBouncer does in its statement mode
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	other, err := backend(ctx, second)
	if err != nil || other == before {
		return err == nil, err
	}
	after, err := backend(ctx, first)
	return after != before, err
}

// backend is the number of the server's process that serves the connection now.
func backend(ctx context.Context, conn *pgx.Conn) (uint32, error) {
	var text string
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()::text").Scan(&text); err != nil {
		return 0, fmt.Errorf("ledger: %w", err)
	}
	pid, err := strconv.ParseUint(text, 10, 32)
	return uint32(pid), err
}
