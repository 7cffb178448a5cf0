package app

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
)

// A database that takes nothing makes webhooks answer 503 and the server not ready, and is recovered from without a restart: what
// GitHub delivers again is scanned.
func TestUnavailableDatabase(t *testing.T) {
	t.Parallel()
	pragma := func(set string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			err := w.server.Store().Update(w.ctx, func(ctx context.Context, tx *ledger.Tx) error {
				_, err := tx.SQLite().ExecContext(ctx, "PRAGMA "+set)
				return err
			})
			if err != nil && !strings.Contains(err.Error(), "readonly") && w.ctx.Err() == nil {
				t.Error(err)
			}
		}
	}
	var held sync.WaitGroup
	stopHolding := func() {}
	file := func(w *world) string { return filepath.Join(w.flags.Data, "rekey.db") }
	move := func(t *testing.T, from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	conditions := map[string]struct {
		begin, end func(*testing.T, *world)
		problem    string // what /readyz says of it; "": that is not asked
	}{
		"full": {func(t *testing.T, w *world) {
			pragma("max_page_count = 1")(t, w)
			for i := range 10_000 { // the pages that are free
				err := w.server.Store().Update(w.ctx, func(ctx context.Context, tx *ledger.Tx) error {
					return tx.SetMeta(ctx, fmt.Sprint("filler ", i), strings.Repeat("x", 1000))
				})
				if errors.Is(err, ledger.ErrFull) {
					return
				}
			}
			t.Fatal("the database is not full")
		}, pragma("max_page_count = 1000000"), "full"},
		"read-only": {func(t *testing.T, w *world) {
			pragma("query_only = 1")(t, w)
			holding, stop := context.WithCancel(w.ctx)
			stopHolding = stop
			held.Go(func() { // a connection whose query was interrupted is replaced by one without the pragma
				for holding.Err() == nil {
					pragma("query_only = 1")(t, w)
					time.Sleep(time.Millisecond)
				}
			})
		}, func(t *testing.T, w *world) {
			stopHolding()
			held.Wait()
			pragma("query_only = 0")(t, w)
		}, "readonly"},
		"moved": {
			func(t *testing.T, w *world) { move(t, file(w), file(w)+".moved") },
			func(t *testing.T, w *world) { move(t, file(w)+".moved", file(w)) }, "deleted, moved or replaced",
		},
		"directory gone": {
			func(t *testing.T, w *world) { move(t, w.flags.Data, w.flags.Data+".gone") },
			func(t *testing.T, w *world) { move(t, w.flags.Data+".gone", w.flags.Data) }, "deleted, moved or replaced",
		},
		"replaced": {
			func(t *testing.T, w *world) {
				move(t, file(w), file(w)+".moved")
				if err := os.WriteFile(file(w), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			},
			func(t *testing.T, w *world) { move(t, file(w)+".moved", file(w)) }, "deleted, moved or replaced",
		},
	}
	for name, c := range conditions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newShop(t)
			if w.flags.DatabaseURL != "" {
				t.Skip("of SQLite")
			}
			w.settle()
			c.begin(t, w)
			message := make([]byte, 64<<10) // does not fit into pages that are half full
			_, _ = rand.Read(message)
			sha := w.commit(w.shop, githubtest.Change{Message: hex.EncodeToString(message), Files: map[string]string{".env": env(w.key(1, detect.Live))}})
			sent, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: sha, By: w.ada})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range sent {
				if d.Event == "push" && d.Status != http.StatusServiceUnavailable {
					t.Errorf("%s is answered %d: %s", d.Event, d.Status, d.Answer)
				}
			}
			if code, text := w.get("/readyz", ""); code != http.StatusServiceUnavailable || !strings.Contains(text, c.problem) {
				t.Errorf("/readyz answers %d: %s", code, text)
			}
			c.end(t, w)
			w.eventually("/readyz to answer 200", func() bool { code, _ := w.get("/readyz", ""); return code == http.StatusOK })
			for _, d := range sent {
				if again, err := w.github.Redeliver(w.ctx, d.ID); err != nil || again.Status/100 != 2 { // it may have been stored in the file that was moved
					t.Errorf("%s comes again: %d: %s (%v)", d.Event, again.Status, again.Answer, err)
				}
			}
			if run := w.check(w.shop, sha); run.Conclusion != "failure" {
				t.Errorf("the check run is %s", run.Conclusion)
			}
		})
	}
}

// A database that another process has locked for longer than a webhook waits: 503, and then as if nothing had been.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	if w.flags.DatabaseURL != "" {
		t.Skip("of SQLite")
	}
	w.settle()
	other, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_txlock=immediate", filepath.Join(w.flags.Data, "rekey.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	locked, err := other.BeginTx(w.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": env(w.key(1, detect.Live))}})
	sent, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: sha, By: w.ada})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range sent {
		if d.Status != http.StatusServiceUnavailable {
			t.Errorf("%s is answered %d: %s", d.Event, d.Status, d.Answer)
		}
	}
	if err := locked.Rollback(); err != nil {
		t.Fatal(err)
	}
	for _, d := range sent {
		if _, err := w.github.Redeliver(w.ctx, d.ID); err != nil {
			t.Fatal(err)
		}
	}
	if run := w.check(w.shop, sha); run.Conclusion != "failure" {
		t.Errorf("the check run is %s", run.Conclusion)
	}
}
