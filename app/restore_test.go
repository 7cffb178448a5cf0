package app

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// A server that is started on a backup goes on from there: what comes again of the time since is done again in the database, and
// nothing twice on GitHub. It is told of everything since in GitHub's order.
func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	_, _, first := w.leaked(1, detect.Live)
	restore := w.backup()
	made := len(w.github.Deliveries())

	// All of this is not in the backup.
	sha, key, second := w.leaked(2, detect.Live)
	w.say(first.Number, "/rekey rotated", w.ada) // it still works: a comment
	w.clerk.Delete(key)
	w.say(second.Number, "/rekey rotated", w.ada) // revoked: a comment, closed, the check turns green
	w.conclusion(sha, "success")
	comments := map[int]int{first.Number: len(w.issue(first.Number).Comments), second.Number: len(w.issue(second.Number).Comments)}
	since := w.github.Deliveries()[made:]

	w.restart(restore)
	for _, d := range since {
		// 202, or 200 where the server has recovered it from GitHub's log meanwhile.
		if again, err := w.github.Redeliver(w.ctx, d.ID); err != nil || !again.OK() {
			t.Errorf("%s was answered %d, %v", d.Event, again.Status, err)
		}
	}
	w.settle()
	w.filed(2)
	for number, n := range comments {
		if got := w.issue(number); len(got.Comments) != n || (got.State == "closed") != (number == second.Number) {
			t.Errorf("issue %d is %s with %d comments of ours, not %d: %+v", number, got.State, len(got.Comments), n, got.Comments)
		}
	}
	if runs := w.shop.CheckRuns(sha); len(runs) != 1 {
		t.Errorf("%d check runs", len(runs))
	}
	w.conclusion(sha, "success")
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		leak, err := tx.LeakByIssue(ctx, w.shop.ID(), second.Number)
		if err != nil || leak.State != "revoked" {
			t.Errorf("the second leak is %s (%v)", leak.State, err)
		}
		return nil
	})
	w.leaked(3, detect.Live) // what is new is done as ever
}

// What is installed again in time, under another number, has its leaks as they were; what was pushed meanwhile is read.
func TestReinstalledInTime(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	_, _, issue := w.leaked(1, detect.Live)
	w.say(issue.Number, "/rekey triage", w.ada)
	before, history := w.leak(issue.Number)
	w.app.Uninstall(w.ctx, w.ada)
	w.settle()
	text, _ := w.secret(2, detect.Live)
	meanwhile := w.commit(w.shop, githubtest.Change{Files: map[string]string{"2.env": env(text)}})
	if _, err := w.shop.Push(w.ctx, githubtest.Push{SHA: meanwhile}); err != nil {
		t.Fatal(err)
	}
	old := w.app
	w.app, _ = w.github.Install(w.ctx, w.shop.Owner(), w.ada)
	if w.app.ID() == old.ID() {
		t.Fatal("installed under the same number")
	}
	w.settle()
	after, kept := w.leak(issue.Number)
	if after.ID != before.ID || after.Detected != before.Detected || len(kept) != len(history) {
		t.Errorf("the leak was %+v with %d events, and is %+v with %d", before, len(history), after, len(kept))
	}
	w.eventually("the issue of what was pushed meanwhile", func() bool { return len(w.shop.Issues()) == 2 })
	w.settle()
	w.filed(2)
	w.leaked(3, detect.Live)
}

// backup makes a backup of the server's database, and returns what has the next server start on it.
func (w *world) backup() (restore func()) {
	w.t.Helper()
	if w.flags.DatabaseURL != "" {
		return w.backupPostgres()
	}
	path := filepath.Join(w.t.TempDir(), "backup.db")
	beside, err := queue.OpenStore(w.ctx, ledger.Options{URL: filepath.Join(w.flags.Data, "rekey.db"), Beside: true})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := beside.Backup(w.ctx, path); err != nil {
		w.t.Fatal(err)
	}
	if err := beside.Close(); err != nil {
		w.t.Fatal(err)
	}
	return func() {
		data := w.t.TempDir()
		if err := os.Rename(path, filepath.Join(data, "rekey.db")); err != nil {
			w.t.Fatal(err)
		}
		w.flags.Data = data
	}
}

// backupPostgres copies the database, in place of pg_dump and pg_restore, and runs the statement of docs/operate.md on the copy.
func (w *world) backupPostgres() (restore func()) {
	w.t.Helper()
	backup, err := url.Parse(w.flags.DatabaseURL)
	if err != nil {
		w.t.Fatal(err)
	}
	original := strings.TrimPrefix(backup.Path, "/")
	backup.Path += "_backup"
	w.restart(func() { // nobody may be connected meanwhile
		w.administer("CREATE DATABASE " + original + "_backup TEMPLATE " + original)
	})
	w.t.Cleanup(func() {
		w.stop()
		w.administer("DROP DATABASE " + original + "_backup WITH (FORCE)")
	})
	made := time.Now().UTC().Format(time.RFC3339)
	return func() {
		w.flags.DatabaseURL = backup.String()
		db, err := sql.Open("pgx", w.flags.DatabaseURL)
		if err != nil {
			w.t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(w.ctx, documentedRestore(w.t, made)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) administer(statement string) {
	w.t.Helper()
	db, err := sql.Open("pgx", os.Getenv("REKEY_TEST_POSTGRES_URL"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.WithoutCancel(w.ctx), statement); err != nil {
		w.t.Fatal(err)
	}
}

// documentedRestore is the statement that docs/operate.md has people run on a restored database, with another time.
func documentedRestore(t testing.TB, made string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`psql "\$REKEY_DATABASE_URL" -c "(INSERT INTO [^"]+'backup of', ')([^']+)('[^"]+)"`).FindSubmatch(text)
	if found == nil {
		t.Fatal("docs/operate.md does not say how a restored database is told that it is one")
	}
	if _, err := time.Parse(time.RFC3339, string(found[2])); err != nil {
		t.Errorf("docs/operate.md: %v", err)
	}
	return string(found[1]) + made + string(found[3])
}

// TestTheRestoredDatabaseIsToldAsDocumented finds the statement that TestRestoredBackup runs on PostgreSQL.
func TestTheRestoredDatabaseIsToldAsDocumented(t *testing.T) {
	t.Parallel()
	holds(t, "the statement", documentedRestore(t, "2026-11-28T18:00:00Z"), "'2026-11-28T18:00:00Z'")
}
