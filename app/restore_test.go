package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"

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
	if w.flags.DatabaseURL != "" {
		t.Skip("PostgreSQL has backups of its own")
	}
	_, _, first := w.leaked(1, detect.Live)
	backup := filepath.Join(t.TempDir(), "backup.db")
	beside, err := queue.OpenStore(w.ctx, ledger.Options{URL: filepath.Join(w.flags.Data, "rekey.db"), Beside: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := beside.Backup(w.ctx, backup); err != nil {
		t.Fatal(err)
	}
	if err := beside.Close(); err != nil {
		t.Fatal(err)
	}
	made := len(w.github.Deliveries())

	// All of this is not in the backup.
	sha, key, second := w.leaked(2, detect.Live)
	w.say(first.Number, "/rekey rotated", w.ada) // it still works: a comment
	w.clerk.Delete(key)
	w.say(second.Number, "/rekey rotated", w.ada) // revoked: a comment, closed, the check turns green
	w.conclusion(sha, "success")
	comments := map[int]int{first.Number: len(w.issue(first.Number).Comments), second.Number: len(w.issue(second.Number).Comments)}
	since := w.github.Deliveries()[made:]

	data := t.TempDir()
	w.restart(func() {
		if err := os.Rename(backup, filepath.Join(data, "rekey.db")); err != nil {
			t.Fatal(err)
		}
		w.flags.Data = data
	})
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
