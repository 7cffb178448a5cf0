package deliver

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// rowsWatch is a clock that the ledger reads as each transaction begins, and that counts the repositories there are then.
type rowsWatch struct {
	mu     sync.Mutex
	db     *sql.DB // nil: nothing is counted yet
	counts []int
	begun  time.Time
	held   time.Duration // the longest time between two transactions
	err    error
}

func (w *rowsWatch) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.db == nil {
		return now
	}
	var n int
	if err := w.db.QueryRow("SELECT count(*) FROM repositories WHERE removed = 0").Scan(&n); err != nil {
		w.err = err
	}
	w.counts = append(w.counts, n)
	if !w.begun.IsZero() {
		w.held = max(w.held, now.Sub(w.begun))
	}
	w.begun = time.Now()
	return now
}

// TestManyRepositoriesAreRegisteredInParts: an installation of thousands of repositories holds up nobody else's writes: no
// transaction registers or forgets more than a few of them. REKEY_TEST_FLOOD=1 makes it thirty thousand.
func TestManyRepositoriesAreRegisteredInParts(t *testing.T) {
	t.Parallel()
	many := 5*record.MaxPart + 1
	if os.Getenv("REKEY_TEST_FLOOD") != "" {
		many = 30_000
	}
	var watch rowsWatch
	path := filepath.Join(t.TempDir(), "rekey.db")
	store, err := queue.OpenStore(t.Context(), ledger.Options{URL: path, Now: watch.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	watch.mu.Lock()
	watch.db = db
	watch.mu.Unlock()
	w := &Worker{Store: ledger.Scope[Tx](store), Recorder: &record.Recorder{Store: ledger.Scope[record.Tx](store)}}
	p := plan{Installed: &webhook.Account{ID: 1, Login: "acme"}, Reconcile: true}
	var ids []int64
	for i := range many {
		id := int64(i + 1)
		ids = append(ids, id)
		p.Know = append(p.Know, webhook.Repository{ID: id, Owner: "acme", Name: "r", Private: true})
	}
	steps := []struct {
		name string
		plan plan
		left int
	}{
		{"installed", p, many},
		{"half of them removed", plan{Installed: p.Installed, Forget: ids[:many/2]}, many - many/2},
		{"uninstalled", plan{Uninstalled: true}, 0},
	}
	for _, step := range steps {
		watch.mu.Lock()
		watch.counts, watch.held, watch.begun = nil, 0, time.Time{}
		watch.mu.Unlock()
		if err := w.remember(t.Context(), 7, step.plan); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if err := store.View(t.Context(), func(context.Context, *ledger.Tx) error { return nil }); err != nil { // counts what the last one left
			t.Fatal(err)
		}
		for i := 1; i < len(watch.counts); i++ {
			if rows := watch.counts[i] - watch.counts[i-1]; max(rows, -rows) > record.MaxPart {
				t.Errorf("%s: one transaction changed %d repositories", step.name, rows)
			}
		}
		if n := watch.counts[len(watch.counts)-1]; n != step.left || watch.err != nil {
			t.Errorf("%s: %d repositories are left, want %d (%v)", step.name, n, step.left, watch.err)
		}
		t.Logf("%s: %d repositories, %d transactions, at most %s between two", step.name, many, len(watch.counts), watch.held)
	}
}

// TestAllOpenLeaksAreUpdatedWhenARepositoryIsPublished: however many there are, each one's issue is brought up to date.
func TestAllOpenLeaksAreUpdatedWhenARepositoryIsPublished(t *testing.T) {
	t.Parallel()
	store := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	w := &Worker{Store: ledger.Scope[Tx](store), Recorder: &record.Recorder{Store: ledger.Scope[record.Tx](store)}}
	scans, each := 3, 1000
	if testing.Short() { // as under the race detector, where a thousand take a minute
		each = 100
	}
	shop := webhook.Repository{ID: 9, Owner: "acme", Name: "shop", Private: true}
	if err := w.remember(t.Context(), 7, plan{Know: []webhook.Repository{shop}, Reconcile: true}); err != nil {
		t.Fatal(err)
	}
	for n := range scans {
		var seen []respond.Observation
		for i := range each {
			seen = append(seen, respond.Observation{Leak: respond.Leak{Fingerprint: fmt.Sprintf("%032x", n*each+i), Kind: "secret_key", Environment: "live"}})
		}
		err := store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.RecordScan(ctx, respond.Scan{Repository: 9, Head: fmt.Sprint(n), Trigger: "push"}, seen)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.remember(t.Context(), 7, plan{Know: []webhook.Repository{shop}, Public: true}); err != nil {
		t.Fatal(err)
	}
	err := store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		stats, err := tx.Stats(ctx)
		// The comparison, a check run for each head, an issue for each leak.
		if n := stats.Waiting[job.QueueRespond]; n != 1+scans+scans*each {
			t.Errorf("%d jobs wait", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
