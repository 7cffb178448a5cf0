//go:build unix

package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestAPausedReplicaDoublesNothing stops a replica in the middle of its scans, for so long that another one does them, and lets
// it go on then. Only PostgreSQL has replicas.
func TestAPausedReplicaDoublesNothing(t *testing.T) {
	t.Parallel()
	const pushes = 4
	w := newShop(t)
	if w.flags.DatabaseURL == "" {
		t.Skip("REKEY_TEST_POSTGRES_URL is not set")
	}
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.stop()
	w.environment = append(w.environment, "REKEY_TEST_SILENCE=6s")
	paused := w.spawn()
	hold := make(chan struct{})
	var reading sync.WaitGroup
	reading.Add(pushes)
	w.github.Inject(githubtest.Times(pushes, githubtest.Is(githubtest.Git, http.MethodPost), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		reading.Done()
		<-hold
		next.ServeHTTP(rw, r)
	}))
	var heads []string
	for i := range pushes {
		sha := w.commit(w.shop, githubtest.Change{
			Branch: fmt.Sprint("b", i), Files: map[string]string{".env": env(w.key(int64(95+i), detect.Live))},
		})
		w.push(w.shop, fmt.Sprint("refs/heads/b", i), sha)
		heads = append(heads, sha)
	}
	reading.Wait()
	if err := paused.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.spawn()
	w.eventually("the other replica to do all", func() bool {
		for _, sha := range heads {
			if len(w.shop.CheckRuns(sha)) == 0 {
				return false
			}
		}
		return len(w.shop.Issues()) == pushes
	})
	if err := paused.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	close(hold)
	paused.end(t) // what it does, it has done then
	w.start()
	for _, sha := range heads {
		if run := w.check(w.shop, sha); run.Conclusion != "failure" {
			t.Errorf("%s: %s", sha, run.Conclusion)
		}
	}
	w.issues(pushes)
}

// TestKilledReplicasCheckIsFinishedByAnother kills a replica while GitHub makes a check run. The other one waits until no request
// can be under way from the killed one, which is less than a minute, and not until its lease ends, which is three.
func TestKilledReplicasCheckIsFinishedByAnother(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	if w.flags.DatabaseURL == "" {
		t.Skip("REKEY_TEST_POSTGRES_URL is not set")
	}
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.stop()
	w.environment = append(w.environment, "REKEY_TEST_SILENCE=6s")
	first := w.spawn()
	died := make(chan struct{})
	w.github.Inject(githubtest.Times(1, creates("check-runs"), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		defer close(died)
		defer first.kill()
		githubtest.CutAfter(rw, r, next)
	}))
	sha := w.pushed(map[string]string{".env": env(w.key(98, detect.Live))})
	<-died
	w.spawn()
	w.eventually("the issue", func() bool { return len(w.shop.Issues()) > 0 })
	const soon = 2 * time.Minute // a lease takes three
	for began := time.Now(); !strings.Contains(w.shop.CheckRuns(sha)[0].Summary, "/issues/"); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > soon {
			t.Fatalf("the check run does not name the issue; the log:\n%s", w.logs.tail())
		}
	}
	w.start()
	w.issues(1)
	if runs := w.shop.CheckRuns(sha); len(runs) != 1 || len(runs[0].Annotations) != 1 {
		t.Errorf("%d check runs, the first with %d annotations", len(runs), len(runs[0].Annotations))
	}
}
