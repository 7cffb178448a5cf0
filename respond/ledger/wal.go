package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// SQLite copies its write-ahead log into the database after commits, and begins the log again when nobody reads from it. Readers that
// overlap without a pause would let it grow for ever. So views are limited in time, and when the log is large those that come wait a
// moment, until it was emptied.

const (
	// walLimit is how large the log may be left when it begins again. Larger, it is emptied.
	walLimit = 64 << 20
	walEvery = time.Second // how often its size is looked at
	// walWait is how long new views, and other writers, wait at most for views to end. It is tried again later.
	walWait = 200 * time.Millisecond
	walRest = time.Second // after it could not be emptied
	// viewLimit is how long a view may take on SQLite.
	viewLimit = time.Minute
)

// wal keeps the write-ahead log small. The nil wal is for databases that have none.
type wal struct {
	path string  // of the log
	db   *sql.DB // a connection of its own, which waits for walWait only
	shut atomic.Pointer[chan struct{}]

	stop  context.CancelFunc
	ended sync.WaitGroup
}

func openWAL(path string, pragmas []string) (*wal, error) {
	db, err := sql.Open("sqlite", sqliteDSN(path, map[string][]string{"_pragma": append(pragmas[:len(pragmas):len(pragmas)],
		fmt.Sprintf("busy_timeout(%d)", walWait.Milliseconds()))}))
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	db.SetMaxOpenConns(1)
	return &wal{path: path + "-wal", db: db}, nil
}

// watch empties the log when it is large, until close.
func (w *wal) watch(limit int64, every time.Duration) {
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	w.ended.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if info, err := os.Stat(w.path); err != nil || info.Size() <= limit {
				continue
			}
			if w.empty(ctx) == nil {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(walRest):
			}
		}
	})
}

// pass lets a view begin, when the log is not being emptied.
func (w *wal) pass(ctx context.Context) {
	if w == nil {
		return
	}
	if open := w.shut.Load(); open != nil {
		select {
		case <-*open:
		case <-ctx.Done():
		}
	}
}

// empty copies the log into the database, and makes it empty. Views that come meanwhile wait; it fails when those that are under way
// take longer than walWait.
func (w *wal) empty(ctx context.Context) error {
	if w == nil {
		return nil
	}
	// Most of it is copied while others read and write.
	if _, err := w.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return fmt.Errorf("ledger: copy the write-ahead log: %w", err)
	}
	open := make(chan struct{})
	if !w.shut.CompareAndSwap(nil, &open) {
		return nil // it is being emptied
	}
	defer close(open)
	defer w.shut.Store(nil)
	var busy, frames, copied int
	err := w.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &copied)
	switch {
	case err != nil:
		return fmt.Errorf("ledger: empty the write-ahead log: %w", err)
	case busy != 0:
		return fmt.Errorf("%w: somebody reads from the write-ahead log", ErrUnavailable)
	}
	return nil
}

func (w *wal) close() error {
	if w == nil {
		return nil
	}
	if w.stop != nil {
		w.stop()
		w.ended.Wait()
	}
	return w.db.Close()
}
