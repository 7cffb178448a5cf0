package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// ErrNoBackup is returned by [Store.Backup] on PostgreSQL, which has better means of its own.
var ErrNoBackup = errors.New("ledger: PostgreSQL is backed up with its own tools")

const (
	// backupOf is the key of meta under which a backup says when it was made. The server that is started on it takes it away.
	backupOf = "backup of"
	// restoredAt is the key of meta that says when a server was started on a backup.
	restoredAt = "restored at"
	// restoredFor is for how long after that effects are looked for on GitHub before they are performed, though none is on record: by
	// then all that happened since the backup has come again.
	restoredFor = 10 * 24 * time.Hour
)

// Backup writes a copy of the SQLite database to a file that must not exist, and returns its size in bytes. It is one state of the
// database, whoever writes meanwhile; its mode is 0600. The file appears when it is whole, was checked and is on the disk. Errors are
// those of files and of the database; [fs.ErrExist] where the file is there; [ErrNoBackup].
func (s *Store) Backup(ctx context.Context, path string) (size int64, err error) {
	if s.pool != nil {
		return 0, ErrNoBackup
	}
	if _, err := os.Lstat(path); err == nil {
		return 0, fmt.Errorf("ledger: back up to %s: %w", path, fs.ErrExist)
	}
	name := path
	if path, err = filepath.Abs(path); err != nil {
		return 0, fmt.Errorf("ledger: back up to %s: %w", name, err)
	}
	partial := path + ".partial-" + rand.Text()
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return 0, fmt.Errorf("ledger: back up: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if removed := os.Remove(partial); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}()
	if err := s.copyTo(ctx, partial); err != nil {
		return 0, fmt.Errorf("ledger: back up to %s: %w", name, s.explained(ctx, err))
	}
	info, err := f.Stat()
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = appear(partial, path)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return 0, fmt.Errorf("ledger: back up: %w", err)
	}
	return info.Size(), nil
}

// appear gives a file its name, and replaces none. A rename would: it is for file systems that have no links.
func appear(partial, path string) error {
	err := os.Link(partial, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(partial, path)
}

// copyTo writes a copy of the database into an empty file, and checks it.
func (s *Store) copyTo(ctx context.Context, path string) error {
	source, err := sql.Open("sqlite", sqliteDSN(s.path, url.Values{"_pragma": {"busy_timeout(10000)"}}))
	if err != nil {
		return err
	}
	_, err = source.ExecContext(ctx, "VACUUM INTO $1", path)
	if err := errors.Join(err, source.Close()); err != nil {
		return err
	}
	written, err := sql.Open("sqlite", sqliteDSN(path, url.Values{"_pragma": {"synchronous(FULL)", "secure_delete(1)"}}))
	if err != nil {
		return err
	}
	_, err = written.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		backupOf, s.now().UTC().Format(time.RFC3339))
	if err == nil {
		err = whole(ctx, written)
	}
	return errors.Join(err, written.Close())
}

// whole returns what is wrong with a database.
func whole(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("the copy is damaged, and maybe the database is: %s", verdict)
	}
	return nil
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = dir.Sync() // not every system can
	return dir.Close()
}

// restored says that a server was started on a backup, and when; the zero value, that the database is none.
type restored struct {
	Backup  time.Time `json:"backup"` // what happened since is lost
	Started time.Time `json:"started"`
}

// noteRestored notes that the database is a backup that a server is started on, and from when on effects need not be looked for any
// more.
func (s *Store) noteRestored(ctx context.Context) error {
	return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		of, err := tx.Meta(ctx, backupOf)
		if err != nil {
			return err
		}
		if of != "" {
			if err := tx.beginRestored(ctx, of); err != nil {
				return err
			}
		}
		text, err := tx.Meta(ctx, restoredAt)
		if err == nil && text != "" {
			err = json.Unmarshal([]byte(text), &s.restored)
		}
		return err
	})
}

func (tx *Tx) beginRestored(ctx context.Context, of string) error {
	made, err := time.Parse(time.RFC3339, of)
	if err != nil {
		return fmt.Errorf("ledger: %q is not when a backup was made: write it as in 2026-11-28T18:00:00Z: %w", of, err)
	}
	text, err := json.Marshal(restored{Backup: made, Started: tx.now})
	if err != nil {
		return err
	}
	tx.s.log.WarnContext(ctx, "this database is a backup: what was done since is looked for on GitHub before it is done again",
		"backup", of, "for", restoredFor)
	if _, err := tx.exec(ctx, `DELETE FROM meta WHERE key = $1`, backupOf); err != nil {
		return err
	}
	return tx.SetMeta(ctx, restoredAt, string(text))
}

// mayBeDone returns since when an effect of which nothing is on record may have been performed all the same; zero: it was not.
func (tx *Tx) mayBeDone() time.Time {
	if tx.s.restored.Started.IsZero() || tx.now.After(tx.s.restored.Started.Add(restoredFor)) {
		return time.Time{}
	}
	return tx.s.restored.Backup.Add(-time.Hour) // no request of then is under way any more
}
