package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options name the database.
type Options struct {
	// URL is a file path or sqlite:///path, or postgres://…. The file and its WAL are made with mode 0600; its directory
	// must exist.
	URL string
	// Now is the clock; nil means time.Now. River's own times come from time.Now or the database.
	Now func() time.Time
	// Log gets River's and the ledger's complaints; nil means none.
	Log *slog.Logger
	// Beside opens a database that a server may be using: it must be there, of this rekey's version, and the store may do nothing but
	// [Store.ForgetAccount], [Store.Backup], what recovers deliveries, and to look.
	Beside bool
	// Program is what opens it, as in "rekey v1.2.3": a database that it upgrades tells older ones.
	Program string
	// LockWait is how long OpenStore waits for another process to release the SQLite database. Zero means not at all.
	LockWait time.Duration

	// Queue queues jobs in the store's transactions. Package queue has it, and opens stores with it.
	Queue Queue
	// OnError, if set, is told of each transaction that the database failed, for metrics. It is called from many goroutines.
	OnError func(Operation, Reason)
	// StatementTimeout limits each statement on PostgreSQL. Zero means 20 seconds.
	StatementTimeout time.Duration
}

// Store is the ledger. It is safe for concurrent use. On SQLite one process uses it at a time, on
// PostgreSQL as many as wanted.
type Store struct {
	now func() time.Time
	log *slog.Logger

	// SQLite: writes go through one connection, which River shares.
	writer, reader *sql.DB
	writes, reads  *statements
	path           string
	lock           io.Closer
	wal            *wal

	// PostgreSQL
	pool *pgxpool.Pool

	bodies sync.Pool // of *[]byte, in which bodies are packed

	space func() (int64, error) // free on the database's disk, in bytes; nil: not known
	full  atomic.Bool           // the last write found the disk full, or the database read-only
	file  os.FileInfo           // SQLite's file, as it was opened

	onError  func(Operation, Reason) // may be nil
	beside   bool
	restored restored
	program  string
	id       string        // of this store among those that share a database
	removed  chan struct{} // see Removed
	queue    Queue
	process  atomic.Pointer[Process] // set while a worker runs in this process
}

// OpenStore opens the ledger, made or migrated where needed: its own tables and River's. Several processes may do so at the
// same time. Errors never hold the URL's password.
func OpenStore(ctx context.Context, o Options) (*Store, error) {
	s := &Store{now: o.Now, log: o.Log, queue: o.Queue, onError: o.OnError, beside: o.Beside, program: o.Program, id: rand.Text(), removed: make(chan struct{}, 1)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	scheme, _, found := strings.Cut(o.URL, "://")
	var err error
	switch {
	case o.Queue == nil:
		return nil, errors.New("ledger: a store needs its queue: open it with queue.OpenStore")
	case o.URL == "":
		return nil, errors.New("ledger: no database is set: use a file or postgres://…")
	case scheme == "postgres" || scheme == "postgresql":
		err = s.openPostgres(ctx, o.URL, cmp.Or(max(o.StatementTimeout, 0), statementTimeout))
	case scheme == "sqlite" || scheme == "file":
		path, pathErr := pathOf(o.URL)
		if pathErr != nil {
			return nil, pathErr
		}
		err = s.openSQLite(ctx, path, o.LockWait)
	case found:
		return nil, fmt.Errorf("ledger: no store for %s://…: use a file, sqlite:///path or postgres://…", scheme)
	default:
		err = s.openSQLite(ctx, o.URL, o.LockWait)
	}
	if err == nil && !s.beside {
		err = s.noteRestored(ctx)
	}
	if err != nil {
		return nil, errors.Join(s.explained(ctx, err), s.Close())
	}
	return s, nil
}

// Close closes the database. Workers must have been stopped before.
func (s *Store) Close() error {
	var errs []error
	if s.pool != nil {
		s.closePool()
	}
	for _, statements := range []*statements{s.writes, s.reads} {
		statements.close()
	}
	errs = append(errs, s.wal.close())
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// pathOf returns the path of the file that a sqlite:// URL names. What would be cut off is refused: the file would be another one.
func pathOf(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.Contains(text, "%"):
		return "", fmt.Errorf("ledger: %s is not a database URL: write %% as %%25", text)
	case err != nil || u.Host != "" || u.Path == "":
		return "", fmt.Errorf("ledger: %s is not a database URL: use sqlite:///path/to/file", text)
	case strings.ContainsAny(text, "#?"):
		return "", fmt.Errorf("ledger: the path in %s would end at # or ?: write # as %%23 and ? as %%3F; there are no options", text)
	}
	return u.Path, nil
}
