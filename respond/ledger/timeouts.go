package ledger

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A connection to PostgreSQL can go silent without ending: a firewall that forgot it, a cable, a proxy that hangs. Every
// statement of this process therefore has a time limit, those of River too; so has every wait for a connection. The server
// has limits of its own, since what a silent process left open there holds locks.
const (
	connectTimeout   = 10 * time.Second
	statementTimeout = 20 * time.Second
	// slowTimeout is for the few statements that may take long: migrations.
	slowTimeout = 10 * time.Minute
	pingTimeout = 3 * time.Second // of a connection that was idle
)

// setTimeouts limits a pool's statements and waits.
func setTimeouts(cfg *pgxpool.Config, statement time.Duration) {
	cfg.PingTimeout = pingTimeout
	cfg.ConnConfig.Tracer = timeLimits{statement}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	cfg.ConnConfig.DialFunc = (&net.Dialer{
		Timeout:         cfg.ConnConfig.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
	}).DialContext
	after := cfg.AfterConnect
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if err := setServerTimeouts(ctx, conn); err != nil || after == nil {
			return err
		}
		return after(ctx, conn)
	}
}

// setServerTimeouts limits what the server does for a connection. Ours are shorter, so that we see them first. It also has the server
// compile no statement: that takes longer than any of ours.
func setServerTimeouts(ctx context.Context, conn *pgx.Conn) error {
	const limit = "30s"
	_, err := conn.Exec(ctx, `SELECT set_config('statement_timeout', $1, false), set_config('idle_in_transaction_session_timeout', $1, false),
		set_config('jit', 'off', false)`, limit)
	if err != nil {
		return fmt.Errorf("set time limits: %w", err)
	}
	// Not every system has these, and Unix sockets need none.
	_, _ = conn.Exec(ctx, `SELECT set_config('tcp_keepalives_idle', '15', false), set_config('tcp_keepalives_interval', '5', false),
		set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '20000', false)`)
	return nil
}

type (
	slowKey   struct{}
	cancelKey struct{}
)

// slow gives the statements that are run with the context more time.
func slow(ctx context.Context) context.Context { return context.WithValue(ctx, slowKey{}, true) }

// timeLimits gives every statement and every wait for a connection a time limit, whoever runs it: pgx uses the context that
// its tracers return. It is safe for concurrent use.
type timeLimits struct{ statement time.Duration }

func (l timeLimits) begin(ctx context.Context) context.Context {
	limit := l.statement
	if ctx.Value(slowKey{}) != nil {
		limit = slowTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	return context.WithValue(ctx, cancelKey{}, cancel)
}

func (timeLimits) end(ctx context.Context) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// TraceQueryStart implements [pgx.QueryTracer].
func (l timeLimits) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return l.begin(ctx)
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (l timeLimits) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	l.end(ctx)
}

// TraceBatchStart implements [pgx.BatchTracer].
func (l timeLimits) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return l.begin(ctx)
}

// TraceBatchQuery implements [pgx.BatchTracer].
func (timeLimits) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements [pgx.BatchTracer].
func (l timeLimits) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) {
	l.end(ctx)
}

// TraceCopyFromStart implements [pgx.CopyFromTracer].
func (l timeLimits) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	return l.begin(ctx)
}

// TraceCopyFromEnd implements [pgx.CopyFromTracer].
func (l timeLimits) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromEndData) {
	l.end(ctx)
}

// TracePrepareStart implements [pgx.PrepareTracer].
func (l timeLimits) TracePrepareStart(ctx context.Context, _ *pgx.Conn, _ pgx.TracePrepareStartData) context.Context {
	return l.begin(ctx)
}

// TracePrepareEnd implements [pgx.PrepareTracer].
func (l timeLimits) TracePrepareEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TracePrepareEndData) {
	l.end(ctx)
}

// TraceAcquireStart implements [pgxpool.AcquireTracer].
func (l timeLimits) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return l.begin(ctx)
}

// TraceAcquireEnd implements [pgxpool.AcquireTracer].
func (l timeLimits) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	l.end(ctx)
}
