package app

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/queue"
)

// large skips tests at the size that things have in the world, unless REKEY_TEST_FLOOD=1 asks for them: see make floods.
func large(t *testing.T) {
	if os.Getenv("REKEY_TEST_FLOOD") == "" {
		t.Skip("it takes a minute: set REKEY_TEST_FLOOD=1")
	}
}

// floodTimeout is for how long a large test waits.
const floodTimeout = 5 * time.Minute

// TestFloodOfKeys leaks four hundred keys in forty repositories, with five thousand requests an hour and new issues as far apart as
// GitHub wants them, on a clock that runs two hundred times as fast. Check runs come at once all the while, a fifth of the quota is
// left for them, and each issue costs what it would cost alone.
func TestFloodOfKeys(t *testing.T) {
	large(t)
	const repositoryCount, each, quota = 40, 10, 5000
	w := newWorld(t, githubtest.Options{Quiet: true, HourlyLimit: quota}, func(c *github.Config, _ *queue.Config) {
		c.WritePause = 5 * time.Millisecond // instead of a second
	})
	var repositories []*githubtest.Repository
	for n := range repositoryCount {
		r, err := w.github.CreateRepository(w.shop.Owner(), fmt.Sprintf("r%02d", n), githubtest.RepositoryOptions{Private: true})
		if err != nil {
			t.Fatal(err)
		}
		r.SetRole(w.ada, "admin")
		repositories = append(repositories, r)
	}
	w.settle()
	w.github.ForgetRequests()
	left := w.app.Left()
	began := time.Now()
	shas := map[string]*githubtest.Repository{}
	for n, r := range repositories {
		files := map[string]string{}
		for i := range each {
			files[fmt.Sprintf("%d.env", i)] = env(w.key(int64(20_000+each*n+i), detect.Live))
		}
		sha := w.commit(r, githubtest.Change{Files: files})
		shas[sha] = r
		w.push(r, "refs/heads/main", sha)
	}
	for sha, r := range shas {
		w.checked(r, sha)
	}
	filed := func() (n int) {
		for _, r := range repositories {
			n += len(r.Issues())
		}
		return n
	}
	t.Logf("all %d pushes have their check runs after %s, with %d issues filed", len(shas), time.Since(began).Round(time.Millisecond), filed())
	pushes, slowest := 0, time.Duration(0)
	for filed() < repositoryCount*each {
		if time.Since(began) > floodTimeout {
			t.Fatalf("%d issues after %s", filed(), time.Since(began))
		}
		pushed := time.Now()
		w.checked(w.shop, w.begun(w.shop, pushes))
		slowest = max(slowest, time.Since(pushed))
		pushes++
		time.Sleep(200 * time.Millisecond)
	}
	took := time.Since(began)
	w.settle()
	issues := repositoryCount * each
	n, cost := w.issueCosts(repositories)
	spent := left - w.app.Left()
	t.Logf("%d issues in %s; %d clean pushes meanwhile, each with its check run after %s at most; %d requests in all, %d of %d are left: %v",
		n, took.Round(time.Millisecond), pushes, slowest.Round(time.Millisecond), spent, w.app.Left(), quota, cost)
	if n != issues || cost["new issues"] != issues {
		t.Errorf("%d issues with %d requests, want %d", n, cost["new issues"], issues)
	}
	if w.app.Left() < quota/5 {
		t.Errorf("%d requests are left for check runs, want a fifth of %d", w.app.Left(), quota)
	}
	if cost["assignees"] > issues || cost["lists of issues"] > 0 || cost["git"] > 4*issues+2*(len(repositories)+pushes) {
		t.Errorf("%d issues cost %v", issues, cost)
	}
	for _, r := range w.github.Requests() {
		if r.Status == http.StatusForbidden || r.Status == http.StatusTooManyRequests {
			t.Fatalf("%s %s was refused: %d", r.Method, r.Path, r.Status)
		}
	}
}

// TestFloodOfBytes pushes 551 MB eight times in one installation, and then a little in another: that one has its check run while
// the large ones are still read.
func TestFloodOfBytes(t *testing.T) {
	large(t)
	const pushes, size = 8, 551_000_000
	w := newWorld(t, githubtest.Options{Quiet: true})
	w.pushed(map[string]string{"README.md": "# Shop\n"})
	other := w.tenant("tenant")
	w.checked(other, w.begun(other, 0))
	w.settle()
	alone := time.Now()
	w.checked(other, w.begun(other, 1))
	quick := time.Since(alone)
	m := &maker{t: t, dir: w.shop.Dir()}
	for _, setting := range []string{"pack.compression", "core.compression", "pack.window"} {
		m.git("config", setting, "0")
	}
	blob := m.object("blob", noise(size))
	var shas []string
	for i := range pushes {
		sha := m.commit(fmt.Sprintf("A%d", i), m.tree("100644 data.bin", blob))
		shas = append(shas, sha)
		w.pushBlindly(fmt.Sprintf("large%d", i), sha)
	}
	began := time.Now()
	w.eventually("large packs to be read", func() bool {
		n := 0
		for _, r := range w.github.Requests() {
			if r.Class == githubtest.Git && r.Method == http.MethodPost && strings.HasPrefix(r.Path, "/"+w.shop.FullName()) {
				n++
			}
		}
		return n > 1
	})
	done := func() (n int) {
		for _, sha := range shas {
			if runs := w.shop.CheckRuns(sha); len(runs) > 0 && runs[0].Status == "completed" {
				n++
			}
		}
		return n
	}
	for i := range 5 {
		pushed := time.Now()
		w.checked(other, w.begun(other, 10+i))
		t.Logf("a push of another installation has its check run after %s, %s alone, when %d of %d large ones have theirs",
			time.Since(pushed).Round(time.Millisecond), quick.Round(time.Millisecond), done(), pushes)
		if i == 0 && done() > pushes/2 { // half of the slots
			t.Errorf("%d of %d large pushes had their check runs first", done(), pushes)
		}
	}
	for done() < pushes {
		if time.Since(began) > floodTimeout {
			t.Fatalf("%d of %d large pushes have check runs after %s", done(), pushes, time.Since(began))
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("%d pushes of %d MB have their check runs after %s", pushes, size/1_000_000, time.Since(began).Round(time.Millisecond))
	for _, sha := range shas {
		w.conclusion(sha, "success")
	}
}

// noise is bytes that no compression makes shorter.
func noise(n int) []byte {
	text := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(text)
	return text
}
