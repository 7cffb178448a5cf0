package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	sqlite3 "modernc.org/sqlite/lib"
)

// The failures that callers act on.
var (
	// ErrNotFound is returned for records that are not, or no longer, in the ledger; also by what would write about a
	// repository that is not there: that of a removed installation, say.
	ErrNotFound = errors.New("ledger: not found")
	// ErrBusy is returned by [Tx.BeginAction] while another owner's lease runs.
	ErrBusy = errors.New("ledger: another job has the lease")
	// ErrFenced is returned to a run of an effect that another run has taken over from: it must send and record nothing more.
	ErrFenced = errors.New("ledger: another run has taken over")
	// ErrLocked is returned by [OpenStore] when another process has the SQLite database; [LockedError] says which.
	ErrLocked = errors.New("ledger: another rekey is using this database")
	// ErrUnavailable is returned when the database does not answer in time, or does not take what is written. It passes, and
	// nothing is wrong with what was to be done.
	ErrUnavailable = errors.New("ledger: the database is not available")
	// ErrFull is returned, together with ErrUnavailable, when there is no space for what is written.
	ErrFull = errors.New("the database's disk is full: free some space on it")
)

// LockedError is the ErrLocked of a SQLite database.
type LockedError struct {
	Path   string // of the lock's file
	Holder string // "process 4711 on host", "" if not known
}

func (e *LockedError) Error() string {
	holder := e.Holder
	if holder == "" {
		holder = "its process is not known"
	}
	return fmt.Sprintf("%v (%s, %s is locked): stop it, or use PostgreSQL for several processes", ErrLocked, holder, e.Path)
}

func (e *LockedError) Unwrap() error { return ErrLocked }

// ErrGone is returned, together with ErrUnavailable, while the file of a SQLite database is not where it was: what is written then may
// be lost, though SQLite does not mind.
var ErrGone = errors.New("the database's file was deleted, moved or replaced: put it back, or restart rekey")

// inPlace reports whether the file of a SQLite database is where it was when it was opened.
func (s *Store) inPlace() error {
	if s.file == nil {
		return nil
	}
	if now, err := os.Stat(s.path); err != nil || !os.SameFile(now, s.file) {
		return fmt.Errorf("%w: %w (%s)", ErrUnavailable, ErrGone, s.path)
	}
	return nil
}

// readOnly reports whether the database takes nothing that is written.
func readOnly(err error) bool {
	code, ok := sqliteCode(err)
	return ok && code&0xff == sqlite3.SQLITE_READONLY || pgCode(err) == "25006"
}

// explained names the failures that callers act on. ctx is the caller's own: it has no part in the failure unless it ended.
func (s *Store) explained(ctx context.Context, err error) error {
	switch {
	case full(err) || s.failedForSpace(err):
		return fmt.Errorf("%w: %w: %w", ErrUnavailable, ErrFull, err)
	case ctx.Err() == nil && unavailable(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return explain(err)
}

// failedForSpace reports whether SQLite's failed input or output has a full disk for its reason, which it does not always say.
func (s *Store) failedForSpace(err error) bool {
	code, ok := sqliteCode(err)
	if !ok || code&0xff != sqlite3.SQLITE_IOERR || s.space == nil {
		return false
	}
	free, err := s.space()
	return err == nil && free < 1<<20
}

// explain names the failures of records.
func explain(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) {
		return err
	}
	if sqliteForeignKey(err) || pgForeignKey(err) {
		return fmt.Errorf("%w: it was removed, or never recorded: %w", ErrNotFound, err)
	}
	return err
}

func full(err error) bool {
	code, ok := sqliteCode(err)
	return ok && code&0xff == sqlite3.SQLITE_FULL || pgCode(err) == "53100" || errors.Is(err, syscall.ENOSPC)
}

func unavailable(err error) bool {
	if code, ok := sqliteCode(err); ok {
		switch code & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return true
		}
	}
	if code := pgCode(err); len(code) == 5 {
		switch code[:2] {
		case "08", "53", "57", "58": // connection, resources, operator, system
			return true
		}
		return code == "25006" || code == "25P03" || code == "40001" || code == "40P01"
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, ended := range []error{context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, ended) {
			return true
		}
	}
	return pgconn.SafeToRetry(err)
}
