// Package ledgertest gives tests an empty database of each store. SQLite is always there; PostgreSQL where
// REKEY_TEST_POSTGRES_URL names a server on which databases may be made, as in
// postgres://postgres@localhost/postgres. Start with [Each] and [OpenWithClock].
package ledgertest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// PostgresURL is the environment variable that names the PostgreSQL server.
const PostgresURL = "REKEY_TEST_POSTGRES_URL"

// Each runs a test on each store, with the URL of an empty database.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite names an empty database in the test's directory.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return (&url.URL{Scheme: "sqlite", Path: filepath.Join(tb.TempDir(), "rekey.db")}).String()
}

// Postgres makes an empty database, which is dropped after the test. Without a server the test is skipped.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(PostgresURL)
	if server == "" {
		tb.Skipf("%s is not set: not tested on PostgreSQL", PostgresURL)
	}
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("%s is not a URL", PostgresURL)
	}
	name := "rekey_test_" + strings.ToLower(rand.Text())
	administer(tb, server, "CREATE DATABASE "+name)
	tb.Cleanup(func() { administer(tb, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

func administer(tb testing.TB, server, statement string) {
	tb.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Fatal(err)
	}
}

// Open opens a database, to be closed after the test.
func Open(tb testing.TB, o ledger.Options) *ledger.Store {
	tb.Helper()
	s, err := queue.OpenStore(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Clock is a clock that stands until a test sets it. It is not safe for concurrent use.
type Clock struct{ Time time.Time }

// Now returns the time that was set.
func (c *Clock) Now() time.Time { return c.Time }

// Start is the time at which tests begin; it has microseconds, as the records have.
func Start() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC) }

// OpenWithClock is [Open] with a clock that stands at [Start].
func OpenWithClock(tb testing.TB, url string) (*ledger.Store, *Clock) {
	tb.Helper()
	c := &Clock{Start()}
	return Open(tb, ledger.Options{URL: url, Now: c.Now}), c
}

// Update runs a transaction that must succeed.
func Update(tb testing.TB, s *ledger.Store, fn func(ctx context.Context, tx *ledger.Tx) error) {
	tb.Helper()
	if err := s.Update(tb.Context(), fn); err != nil {
		tb.Fatal(err)
	}
}

// View runs a transaction that only reads, and must succeed.
func View(tb testing.TB, s *ledger.Store, fn func(ctx context.Context, tx *ledger.Tx) error) {
	tb.Helper()
	if err := s.View(tb.Context(), fn); err != nil {
		tb.Fatal(err)
	}
}

// Know records repositories.
func Know(tb testing.TB, s *ledger.Store, rs ...respond.Repository) {
	tb.Helper()
	Update(tb, s, func(ctx context.Context, tx *ledger.Tx) error {
		for _, r := range rs {
			if err := tx.UpsertRepository(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// Equal compares what a store gave with what is wanted.
func Equal(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}
