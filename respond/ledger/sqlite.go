package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// readers is how many transactions [Store.View] runs at once on SQLite.
const readers = 4

// readerIdle is how long a connection for that keeps the pages that it has read, while nothing is read.
const readerIdle = 20 * time.Second

func (s *Store) openSQLite(ctx context.Context, path string, lockWait time.Duration) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	s.path = path
	s.space = func() (int64, error) { return freeSpace(filepath.Dir(path)) }
	if s.beside {
		// Closing a file that SQLite has open in this process would end its locks: the file is only looked at.
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("ledger: no database is there: %w", err)
		}
	} else if err := s.ownSQLite(ctx, path, lockWait); err != nil {
		return err
	}
	pragmas := url.Values{"_pragma": {
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit is on disk when it returns
		"foreign_keys(1)",
		"secure_delete(1)", // bodies of deliveries may hold anything
		"cache_size(-16384)",
		"wal_autocheckpoint(4000)",
		fmt.Sprintf("journal_size_limit(%d)", walLimit),
	}}
	write := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas["_pragma"]}
	if s.writer, err = sql.Open("sqlite", sqliteDSN(path, write)); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	// River, which shares it, works with a single connection only; see package riversqlite.
	s.writer.SetMaxOpenConns(1)
	s.writes = &statements{db: s.writer}
	if err := s.migrateSQLite(ctx); err != nil {
		return err
	}
	if s.file, err = os.Stat(path); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	read := url.Values{"_pragma": append([]string{"query_only(1)"}, pragmas["_pragma"]...)}
	if s.reader, err = sql.Open("sqlite", sqliteDSN(path, read)); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetConnMaxIdleTime(readerIdle)
	s.reads = &statements{db: s.reader}
	if s.wal, err = openWAL(path, pragmas["_pragma"]); err != nil {
		return err
	}
	if !s.beside {
		s.wal.watch(walLimit, walEvery)
	}
	return nil
}

// ownSQLite keeps other servers from the database, and makes its file.
func (s *Store) ownSQLite(ctx context.Context, path string, lockWait time.Duration) (err error) {
	if s.lock, err = lockFile(ctx, path+".lock", lockWait); err != nil {
		return err
	}
	// SQLite gives the WAL the mode of the database.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

func sqliteDSN(path string, q url.Values) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// statements keeps prepared statements. A pool of one connection cannot prepare while a transaction has it, so what a
// transaction lacked is prepared after it.
type statements struct {
	db       *sql.DB
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
	missing  []string
}

// maxPrepared bounds the statements kept. The ledger has fewer.
const maxPrepared = 200

func (s *statements) get(statement string) *sql.Stmt {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt, ok := s.prepared[statement]
	if !ok && len(s.prepared)+len(s.missing) < maxPrepared {
		s.missing = append(s.missing, statement)
	}
	return stmt
}

// prepareMissing is called outside transactions. What cannot be prepared now is run unprepared.
func (s *statements) prepareMissing(ctx context.Context) {
	s.mu.Lock()
	missing := s.missing
	s.missing = nil
	s.mu.Unlock()
	for _, statement := range missing {
		stmt, err := s.db.PrepareContext(ctx, statement)
		if err != nil {
			continue
		}
		s.mu.Lock()
		if s.prepared == nil {
			s.prepared = map[string]*sql.Stmt{}
		}
		if _, twice := s.prepared[statement]; twice {
			_ = stmt.Close() // the other one stays open
		} else {
			s.prepared[statement] = stmt
		}
		s.mu.Unlock()
	}
}

func (s *statements) close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.prepared {
		_ = stmt.Close()
	}
	s.prepared = nil
}

func sqliteCode(err error) (code int, ok bool) {
	if e, is := errors.AsType[*sqlite.Error](err); is {
		return e.Code(), true
	}
	return 0, false
}

func sqliteBusy(err error) bool {
	code, ok := sqliteCode(err)
	return ok && (code&0xff == sqlite3.SQLITE_BUSY || code&0xff == sqlite3.SQLITE_LOCKED)
}

func sqliteForeignKey(err error) bool {
	code, ok := sqliteCode(err)
	return ok && code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}
