package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// minPoolConns is the least number of connections that workers, River's services and intake share. pool_max_conns in the
// URL may raise it.
const minPoolConns = 16

func (s *Store) openPostgres(ctx context.Context, url string, limit time.Duration) error {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("ledger: the database URL cannot be used: %w", err)
	}
	cfg.MaxConns = max(cfg.MaxConns, minPoolConns)
	setTimeouts(cfg, limit)
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "rekey"
	}
	if err := refusePooler(ctx, cfg.ConnConfig); err != nil {
		return err
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := s.migratePostgres(ctx); err != nil {
		return err
	}
	return nil
}

// CloseWithin is how long [Store.Close] takes at most: a connection may take so long to say goodbye. pgx would wait 15 seconds for a silent one.
const CloseWithin = 3 * time.Second

func (s *Store) closePool() {
	closed := make(chan struct{})
	go func() {
		s.pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(CloseWithin):
	}
}

func pgCode(err error) string {
	if e, is := errors.AsType[*pgconn.PgError](err); is {
		return e.Code
	}
	return ""
}

// pgConflict reports whether a transaction failed only because of another one: serialization failure or deadlock.
func pgConflict(err error) bool {
	code := pgCode(err)
	return code == "40001" || code == "40P01"
}

func pgForeignKey(err error) bool { return pgCode(err) == "23503" }
