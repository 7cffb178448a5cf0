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

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivershared/baseservice"
	"github.com/riverqueue/river/rivershared/riverpilot"
	"github.com/riverqueue/river/rivertype"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// readers is how many transactions [Store.View] runs at once on SQLite.
const readers = 4

func (s *Store) openSQLite(ctx context.Context, path string, lockWait time.Duration) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if s.lock, err = lockFile(ctx, path+".lock", lockWait); err != nil {
		return err
	}
	s.space = func() (int64, error) { return freeSpace(filepath.Dir(path)) }
	// SQLite gives the WAL the mode of the database.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	pragmas := url.Values{"_pragma": {
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit is on disk when it returns
		"foreign_keys(1)",
		"secure_delete(1)", // bodies of deliveries may hold anything
		"cache_size(-16384)",
		"wal_autocheckpoint(4000)",
		"journal_size_limit(67108864)",
	}}
	write := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas["_pragma"]}
	if s.writer, err = sql.Open("sqlite", sqliteDSN(path, write)); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	// River works with a single connection only; see package riversqlite.
	s.writer.SetMaxOpenConns(1)
	s.writes = &statements{db: s.writer}
	if err := s.migrateSQLite(ctx); err != nil {
		return err
	}
	read := url.Values{"_pragma": append([]string{"query_only(1)"}, pragmas["_pragma"]...)}
	if s.reader, err = sql.Open("sqlite", sqliteDSN(path, read)); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	s.reader.SetMaxOpenConns(readers)
	s.reads = &statements{db: s.reader}
	s.sqliteQueue, err = river.NewClient(newSQLiteDriver(s.writer), &river.Config{Logger: s.log})
	if err != nil {
		return fmt.Errorf("ledger: queue: %w", err)
	}
	return nil
}

func sqliteDSN(path string, q url.Values) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// sqliteDriver is River's driver, but a commit in this process, the only one, wakes the queue at once: River's way on
// SQLite asks a table of notifications twenty times a second.
type sqliteDriver struct {
	*riversqlite.Driver
	pilot *pilot
}

func newSQLiteDriver(db *sql.DB) *sqliteDriver {
	return &sqliteDriver{riversqlite.New(db), &pilot{}}
}

// SupportsListener says no, so that River waits to be woken, and looks by itself now and then.
func (*sqliteDriver) SupportsListener() bool { return false }

// SupportsListenNotify says no, so that River writes no notifications.
func (*sqliteDriver) SupportsListenNotify() bool { return false }

// PluginInit makes River ask for PluginPilot.
func (*sqliteDriver) PluginInit(*baseservice.Archetype) {}

// PluginPilot is how River hands out the function that wakes its queues.
func (d *sqliteDriver) PluginPilot() riverpilot.Pilot { return d.pilot }

type pilot struct {
	riverpilot.StandardPilot
	inserted func(context.Context, []*rivertype.JobInsertResult)
}

func (p *pilot) PilotInit(archetype *baseservice.Archetype, params *riverpilot.PilotInitParams) {
	p.StandardPilot.PilotInit(archetype, params)
	p.inserted = params.NotifyNonTxJobInsert
}

func (p *pilot) wake(queues []string) {
	results := make([]*rivertype.JobInsertResult, len(queues))
	for i, queue := range queues {
		results[i] = &rivertype.JobInsertResult{Job: &rivertype.JobRow{Queue: queue}}
	}
	p.inserted(context.Background(), results)
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
			_ = stmt.Close()
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
