package backfill

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestHistoriesAreQueuedAFewAtATime compares an installation of thirty repositories, and then one of a single repository: the
// queue never holds more than a few of the first, so that the second's history is read among them, and all are read in the end.
func TestHistoriesAreQueuedAFewAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	release := make(chan struct{})
	b.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if githubtest.Is(githubtest.Git, http.MethodPost)(r) {
			<-release
		}
		next.ServeHTTP(rw, r)
	})
	const many = 30
	b.tenant("acme", many)
	b.queueReconcile()
	b.until("the histories of the first to be queued", func(s ledger.Stats) bool {
		return s.Waiting[job.QueueBackfill]+s.Running[job.QueueBackfill] == window
	})
	b.tenant("small", 1)
	b.queueReconcile()
	b.until("that of the second to be queued", func(s ledger.Stats) bool {
		return s.Waiting[job.QueueBackfill]+s.Running[job.QueueBackfill] == window+1
	})
	close(release)
	b.idle()
	if f := b.backfill(); f.Done != many+1 || f.Waiting != 0 {
		t.Errorf("read: %+v", f)
	}
	reads := 0
	for _, r := range b.github.Requests() {
		if r.Class != githubtest.Git {
			continue
		}
		if reads++; strings.HasPrefix(r.Path, "/small/") {
			break
		}
	}
	if reads > 2*window {
		t.Errorf("the second's history was asked for as request %d", reads)
	}
}

// tenant makes an organisation with repositories that have a history, and installs the App there.
func (b *bench) tenant(login string, repositories int) {
	b.t.Helper()
	account, ada := b.github.Organization(login), b.github.User("ada")
	for i := range repositories {
		r, err := b.github.CreateRepository(account, fmt.Sprintf("r%d", i), githubtest.RepositoryOptions{})
		if err == nil {
			var sha string
			if sha, err = r.Commit(githubtest.Change{Author: ada, Files: map[string]string{"a": "b\n"}}); err == nil {
				err = r.SetRef("refs/heads/main", sha)
			}
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	b.github.Install(b.t.Context(), account, ada)
}

func (b *bench) queueReconcile() {
	b.t.Helper()
	if err := b.worker.reconcileAll(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// until waits for the queue.
func (b *bench) until(what string, reached func(ledger.Stats) bool) {
	b.t.Helper()
	var stats ledger.Stats
	b.eventually(what, func() bool {
		err := b.store.View(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) (err error) {
			stats, err = tx.Stats(ctx)
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
		return reached(stats)
	})
}

func (b *bench) eventually(what string, done func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited in vain for %s", what)
		}
	}
}
