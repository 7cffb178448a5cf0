package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// The child of TestKilledUpgrade gets the database and the version by these.
const (
	killedDatabase = "REKEY_TEST_KILLED_DATABASE"
	killedVersion  = "REKEY_TEST_KILLED_VERSION"
)

// TestKilledUpgrade kills a process with SIGKILL in the middle of an upgrade, after each of the migrations that are missing, and before
// the commit. The next start upgrades the database, which holds what it held.
func TestKilledUpgrade(t *testing.T) {
	t.Parallel()
	if url := os.Getenv(killedDatabase); url != "" {
		var version int
		if _, err := fmt.Sscan(os.Getenv(killedVersion), &version); err != nil {
			t.Fatal(err)
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		t.Fatal("still alive: ", ledger.UpgradeUntil(t.Context(), url, version, func() {
			_ = self.Kill()
			select {}
		}))
	}
	ledgertest.Each(t, func(t *testing.T, url string) {
		const from = 15
		load(t, url, fmt.Sprintf("testdata/schema-%03d.%s.sql", from, storeOf(url)))
		for version := from + 1; version <= ledger.Latest(); version++ {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledUpgrade$", "-test.count=1")
			child.Env = append(os.Environ(), killedDatabase+"="+url, fmt.Sprint(killedVersion, "=", version))
			out, err := child.CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Exited() {
				t.Fatalf("version %d: the process was not killed: %v\n%s", version, err, out)
			}
		}
		holdsWhatItHeld(t, ledgertest.Open(t, ledger.Options{URL: url}))
	})
}

// A database that a newer rekey has upgraded is refused, by name, with both versions and what to do, and stays as it is. Beside a server
// an older one is refused too.
func TestOtherVersionsAreRefused(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url, Program: "rekey v9.0.0"})
		if err != nil {
			t.Fatal(err)
		}
		newer := ledger.Latest() + 1
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(
				tx.Exec(ctx, `INSERT INTO ledger_versions VALUES ($1)`, newer),
				tx.Exec(ctx, `DELETE FROM river_migration`)) // an old River would run its migrations again
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, beside := range []bool{false, true} {
			_, err = queue.OpenStore(t.Context(), ledger.Options{URL: url, Program: "rekey v8.0.0", Beside: beside})
			refused, ok := errors.AsType[*ledger.VersionError](err)
			if !ok || *refused != (ledger.VersionError{Have: newer, Known: ledger.Latest(), By: "rekey v9.0.0", Program: "rekey v8.0.0"}) {
				t.Fatalf("a newer database: %+v, %v", refused, err)
			}
			for _, part := range []string{
				fmt.Sprintf("schema version %d, upgraded by rekey v9.0.0", newer), fmt.Sprintf("rekey v8.0.0 knows no version after %d", ledger.Latest()),
				"run the newer rekey, or restore a backup",
			} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}
		}
		older := empty(t, url)
		load(t, older, "testdata/schema-016."+storeOf(older)+".sql")
		_, err = queue.OpenStore(t.Context(), ledger.Options{URL: older, Beside: true})
		if refused, ok := errors.AsType[*ledger.VersionError](err); !ok || refused.Have != 16 || !strings.Contains(err.Error(), "start rekey serve of this version once") {
			t.Errorf("an older database beside a server: %v", err)
		}
	})
}
