package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
)

// olds makes n repositories of an organisation, each with a leak in its past.
func (w *world) olds(n int) (owner *githubtest.Account, repositories []*githubtest.Repository) {
	w.t.Helper()
	owner = w.github.Organization("umbrella")
	for i := range n {
		r, err := w.github.CreateRepository(owner, fmt.Sprintf("old%d", i), githubtest.RepositoryOptions{Private: true})
		if err != nil {
			w.t.Fatal(err)
		}
		leaking := w.commit(r, githubtest.Change{Files: map[string]string{".env": env(w.key(int64(300+i), detect.Live))}})
		if err := r.SetRef("refs/heads/main", w.commit(r, githubtest.Change{Parents: []string{leaking}, Remove: []string{".env"}})); err != nil {
			w.t.Fatal(err)
		}
		repositories = append(repositories, r)
	}
	return owner, repositories
}

// historyFetches counts the fetches of whole histories, and may hold them up: those that want a branch's tip and have nothing.
type historyFetches struct {
	tips    []string
	mu      sync.Mutex
	fetched map[string]int // by path
	free    int            // how many are not held
	held    chan string    // the paths of those that are
	release chan struct{}  // closed: nothing is held any more
}

func (w *world) watchHistories(free int, repositories []*githubtest.Repository) *historyFetches {
	w.t.Helper()
	l := &historyFetches{fetched: map[string]int{}, free: free, held: make(chan string, 100), release: make(chan struct{})}
	for _, r := range repositories {
		tip, err := r.Tip("refs/heads/main")
		if err != nil {
			w.t.Fatal(err)
		}
		l.tips = append(l.tips, "want "+tip)
	}
	w.github.Inject(l.serve)
	return l
}

func (l *historyFetches) serve(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if text := string(body); containsAny(text, l.tips...) && !containsAny(text, "have ", "deepen ") {
			l.hold(r)
		}
	}
	next.ServeHTTP(rw, r)
}

func (l *historyFetches) hold(r *http.Request) {
	l.mu.Lock()
	l.fetched[r.URL.Path]++
	l.free--
	held := l.free < 0
	l.mu.Unlock()
	if !held {
		return
	}
	l.held <- r.URL.Path
	select {
	case <-l.release:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

func (l *historyFetches) counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.fetched)
}

func (w *world) backfill() (b ledger.Backfills) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		b, err = tx.Backfills(ctx, 0, 10)
		return err
	})
	return b
}

// TestABackfillGoesOnWhereItWas kills the server with SIGKILL when two of five histories have been read and two are being
// read: those two are read again, the fifth for the first time, and the finished ones are left alone.
func TestABackfillGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.settle() // the empty repository has been looked at
	umbrella, repositories := w.olds(5)
	w.stop()
	first := w.spawn()
	l := w.watchHistories(2, repositories)
	w.github.Install(w.ctx, umbrella, w.ada)
	// Two are worked at once: when two are held, the other two are done.
	cut := []string{<-l.held, <-l.held}
	before := l.counts()
	first.kill()
	close(l.release)
	w.start()
	w.eventually("all histories to be read", func() bool { b := w.backfill(); return b.Done == 6 })
	for path, n := range l.counts() {
		want := 1
		if slices.Contains(cut, path) {
			want = 2
		}
		if n != want {
			t.Errorf("%s was fetched %d times, want %d", path, n, want)
		}
	}
	if len(before) != 4 || len(l.counts()) != 5 {
		t.Errorf("%d histories were asked for before the kill, %d in all", len(before), len(l.counts()))
	}
	if b := w.backfill(); b.Repositories != 6 || len(b.List) != 0 {
		t.Errorf("in the end: %+v", b)
	}
	w.settle()
	for _, r := range repositories {
		if n := len(r.Issues()); n != 1 {
			t.Errorf("%d issues in %s, want 1", n, r.FullName())
		}
	}
	w.holdsNoKey()
}

// TestAStopInABackfillLosesNothing stops the server in good order while histories are read.
func TestAStopInABackfillLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.settle()
	umbrella, repositories := w.olds(3)
	l := w.watchHistories(1, repositories)
	w.github.Install(w.ctx, umbrella, w.ada)
	<-l.held
	<-l.held
	if b := w.backfill(); b.Reading != 2 || b.Done != 2 || len(b.List) != 2 || b.List[0].Backfill.Phase != ledger.BackfillArriving {
		t.Errorf("in the middle: %+v", b)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); w.stop() }()
	// Those that run may end: they are not cut off.
	close(l.release)
	<-ended
	w.start()
	w.eventually("all histories to be read", func() bool { return w.backfill().Done == 4 })
	for path, n := range l.counts() {
		if n != 1 {
			t.Errorf("%s was fetched %d times", path, n)
		}
	}
}

// TestAPushDoesNotWaitForHistories pushes while all workers that read histories are held up, and more histories wait: to
// another repository, and to one whose history is being read.
func TestAPushDoesNotWaitForHistories(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	base := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.check(w.shop, base)
	umbrella, repositories := w.olds(4)
	l := w.watchHistories(0, repositories)
	w.github.Install(w.ctx, umbrella, w.ada)
	busy := []string{<-l.held, <-l.held}
	leaking := w.pushed(map[string]string{".env": env(w.key(310, detect.Live))})
	if run := w.checked(w.shop, leaking); run.Conclusion != "failure" {
		t.Errorf("another repository: %s", run.Conclusion)
	}
	at := slices.IndexFunc(repositories, func(r *githubtest.Repository) bool { return strings.Contains(busy[0], "/"+r.FullName()+".git") })
	if at < 0 {
		t.Fatalf("no repository is at %s", busy[0])
	}
	same := repositories[at]
	tip, err := same.Tip("refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	leaking = w.commit(same, githubtest.Change{Parents: []string{tip}, Files: map[string]string{"b.env": env(w.key(311, detect.Live))}})
	w.push(same, "refs/heads/main", leaking)
	if run := w.checked(same, leaking); run.Conclusion != "failure" || !slices.Equal(places(run), []string{"b.env:1:18"}) {
		t.Errorf("the repository that is being read: %s at %v", run.Conclusion, places(run))
	}
	if b := w.backfill(); b.Reading != 2 || b.Waiting != 2 {
		t.Errorf("meanwhile: %+v", b)
	}
	close(l.release)
	w.eventually("all histories to be read", func() bool { return w.backfill().Done == 5 })
}
