package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// A backup that is made while others write is one state of the database: deliveries and their jobs come in pairs.
func TestBackupWhileWriting(t *testing.T) {
	t.Parallel()
	url := ledgertest.SQLite(t)
	s := ledgertest.Open(t, ledger.Options{URL: url})
	const before = 50
	accept := func(n int) {
		if _, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: fmt.Sprint(n), Event: "push", Body: []byte("{}")}}); err != nil {
			t.Error(err)
		}
	}
	for n := range before {
		accept(n)
	}
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() {
		for n := before; ; n++ {
			select {
			case <-stop:
				return
			default:
				accept(n)
			}
		}
	})
	beside := ledgertest.Open(t, ledger.Options{URL: url, Beside: true})
	path := filepath.Join(t.TempDir(), "rekey.db")
	size, err := beside.Backup(t.Context(), path)
	close(stop)
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != size || size == 0 {
		t.Errorf("the backup: %v bytes of %d, %v (%v)", info.Size(), size, info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("beside the backup: %v (%v)", entries, err)
	}
	copied := counted(t, ledgertest.Open(t, ledger.Options{URL: path}))
	if copied["deliveries"] < before || copied["deliveries"] != copied["river_job"] {
		t.Errorf("%d deliveries and %d jobs in the backup", copied["deliveries"], copied["river_job"])
	}
}

// A backup beside a server needs no lock for writing: one that is held for as long as it takes holds up neither opening the database nor
// the copy, which has what was committed before.
func TestABackupWaitsForNoWriter(t *testing.T) {
	t.Parallel()
	url := ledgertest.SQLite(t)
	s := ledgertest.Open(t, ledger.Options{URL: url})
	know(t, s, repository())
	path := filepath.Join(t.TempDir(), "rekey.db")
	var err error // kept from Update, which would try again
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM repositories"); err != nil {
			return err
		}
		beside, opened := queue.OpenStore(ctx, ledger.Options{URL: url, Beside: true})
		if err = opened; err == nil {
			_, err = beside.Backup(ctx, path)
			err = errors.Join(err, beside.Close())
		}
		return nil
	})
	if err != nil {
		t.Fatalf("beside a writer: %v", err)
	}
	if copied := counted(t, ledgertest.Open(t, ledger.Options{URL: path})); copied["repositories"] != 1 {
		t.Errorf("%d repositories in the backup", copied["repositories"])
	}
}

// A backup replaces nothing, leaves nothing behind that failed, and is not for PostgreSQL.
func TestBackupsThatFail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "there.db")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	if _, err := s.Backup(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file that was there: %q (%v)", text, err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link.db")); err == nil {
		if _, err := s.Backup(t.Context(), filepath.Join(dir, "link.db")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("onto a link: %v", err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Backup(ended, filepath.Join(dir, "cut-off.db")); err == nil {
		t.Error("made a backup though nobody waits for it")
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if name := entry.Name(); name != "there.db" && name != "link.db" {
			t.Errorf("left behind: %s", name)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestNoBackupOfPostgres(t *testing.T) {
	t.Parallel()
	pg := ledgertest.Open(t, ledger.Options{URL: ledgertest.Postgres(t)})
	if _, err := pg.Backup(t.Context(), filepath.Join(t.TempDir(), "pg.db")); !errors.Is(err, ledger.ErrNoBackup) {
		t.Errorf("of PostgreSQL: %v", err)
	}
}

// In a database that was restored, an effect that is not on record may have been performed: for some days, and only there. One that
// is on record is known.
func TestEffectsOfARestoredDatabase(t *testing.T) {
	t.Parallel()
	s, clock := open(t, ledgertest.SQLite(t))
	begin := func(s *ledger.Store, key string) (a ledger.Action) {
		update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
			a, err = tx.BeginAction(ctx, key, ledger.Lease{Owner: "one", For: time.Minute, Send: time.Second})
			return err
		})
		return a
	}
	done := begin(s, "done")
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishAction(ctx, done, "done") })
	path := filepath.Join(t.TempDir(), "rekey.db")
	if _, err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if a := begin(s, "new"); !a.Sending.IsZero() {
		t.Errorf("in the database itself: %+v", a)
	}
	for i, after := range []time.Duration{0, 9 * day, 11 * day} { // each is a start of the server
		clock.Time = start().Add(after)
		restored, err := queue.OpenStore(t.Context(), ledger.Options{URL: path, Now: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		a := begin(restored, fmt.Sprintf("new %d", i))
		if unsure := !a.Sending.IsZero(); unsure != (after < 10*day) || a.Sending.After(clock.Time.Add(-time.Minute)) {
			t.Errorf("%s after the restart on the backup: %+v", after, a)
		}
		if known := begin(restored, "done"); known.Finished.IsZero() && i == 0 {
			t.Errorf("what was done before the backup: %+v", known)
		}
		if err := restored.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
