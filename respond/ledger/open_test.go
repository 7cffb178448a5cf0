package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

func TestManyMayOpenAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url, LockWait: testTimeout})
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(s.Ping(t.Context()), s.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestSecondProcessOnSQLiteIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b%20?#.db")
	ledgertest.Open(t, ledger.Options{URL: path})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database has the mode %v (%v)", info.Mode(), err)
	}
	_, err = queue.OpenStore(t.Context(), ledger.Options{URL: path})
	if !errors.Is(err, ledger.ErrLocked) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), fmt.Sprintf("process %d on ", os.Getpid())) {
		t.Errorf("opened twice: %v", err)
	}
}

func TestURLsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "mysql://host/db", "sqlite://relative/path", filepath.Join(t.TempDir(), "no", "such", "directory"),
		"postgres://rekey:hunter2@127.0.0.1:1/db?connect_timeout=1", "postgres://rekey:hunter2@host:port/db",
	} {
		s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url, LockWait: time.Millisecond})
		if err == nil {
			t.Errorf("%q could be opened", url)
			_ = s.Close()
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestReopening(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		for range 2 {
			s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			know(t, s, repository())
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// A database that something else than this rekey's migrations made is refused, and one of before checksums is taken.
func TestMigrationsAreChecked(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		reopen := func(statement string) error {
			s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url})
			if err != nil {
				return err
			}
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.Exec(ctx, statement) })
			return s.Close()
		}
		for _, statement := range []string{"DROP TABLE ledger_checksums", "UPDATE ledger_checksums SET checksum = 'other' WHERE version = 2"} {
			if err := reopen(statement); err != nil {
				t.Fatalf("before %s: %v", statement, err)
			}
		}
		if err := reopen("SELECT 1"); err == nil || !strings.Contains(err.Error(), "migration 2") {
			t.Errorf("opened a database whose migration was another one: %v", err)
		}
	})
}
