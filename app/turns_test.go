package app

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond/queue"
)

// tenant is another organisation with the App on a repository whose history has been read.
func (w *world) tenant(login string) *githubtest.Repository {
	w.t.Helper()
	account := w.github.Organization(login)
	r, err := w.github.CreateRepository(account, "site", githubtest.RepositoryOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	r.SetRole(w.ada, "admin")
	w.github.Install(w.ctx, account, w.ada)
	w.settle()
	return r
}

// begun commits and pushes a clean file to a repository, and returns the commit.
func (w *world) begun(r *githubtest.Repository, n int) string {
	w.t.Helper()
	sha := w.commit(r, githubtest.Change{Files: map[string]string{"n": fmt.Sprint(n)}})
	w.push(r, fmt.Sprintf("refs/heads/b%d", n), sha)
	return sha
}

// checked waits for a completed check run, whatever else goes on.
func (w *world) checked(r *githubtest.Repository, sha string) githubtest.CheckRun {
	w.t.Helper()
	var runs []githubtest.CheckRun
	w.eventually("a check run on "+r.FullName(), func() bool {
		runs = r.CheckRuns(sha)
		return len(runs) == 1 && runs[0].Status == "completed"
	})
	return runs[0]
}

// gate holds requests until it is opened.
type gate struct {
	mu     sync.Mutex
	held   int
	most   int
	opened chan struct{}
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

// hold is a fault that holds what matches, and lets everything else through.
func (g *gate) hold(match func(*http.Request) bool) githubtest.Fault {
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if match(r) {
			g.mu.Lock()
			g.held++
			g.most = max(g.most, g.held)
			g.mu.Unlock()
			select {
			case <-g.opened:
			case <-r.Context().Done():
			}
			g.mu.Lock()
			g.held--
			g.mu.Unlock()
		}
		next.ServeHTTP(rw, r)
	}
}

func (g *gate) now() (held, most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held, g.most
}

func fetches(of *githubtest.Repository) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return githubtest.Is(githubtest.Git, http.MethodPost)(r) && strings.HasPrefix(r.URL.Path, "/"+of.FullName()+".git/")
	}
}

// TestAFloodOfOneInstallationHoldsNoOther pushes forty commits in one installation before five others push one each. They are
// read among the first.
func TestAFloodOfOneInstallationHoldsNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Quiet: true})
	var others []*githubtest.Repository
	for i := range 5 {
		others = append(others, w.tenant(fmt.Sprintf("tenant%d", i)))
	}
	const flood, slots = 40, 8
	held := newGate()
	w.github.Inject(held.hold(githubtest.Is(githubtest.Git, http.MethodPost)))
	for i := range flood {
		w.begun(w.shop, i)
	}
	w.eventually("half of the slots to be taken", func() bool { n, _ := held.now(); return n == slots/2 })
	var shas []string
	for i, r := range others {
		shas = append(shas, w.begun(r, i))
	}
	w.github.ForgetRequests()
	close(held.opened)
	w.settle()
	position, reads := map[string]int{}, 0
	for _, r := range w.github.Requests() {
		if r.Class == githubtest.Git {
			reads++
			owner, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
			position[owner] = reads
		}
	}
	for i, r := range others {
		w.checked(r, shas[i])
		if at := position[r.Owner().Login]; at > 2*(slots+len(others)) {
			t.Errorf("%s was read as number %d of %d", r.FullName(), at, reads)
		}
	}
}

// soonAgain tries what failed after a second, however often it failed.
type soonAgain struct{}

// NextRetry implements [river.ClientRetryPolicy].
func (soonAgain) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(time.Second) }

// TestASlowRepositoryHoldsNoOther lets git or check runs of one installation hang, more of them than there are slots. Others
// have their check runs meanwhile, and what hung is done when it hangs no longer.
func TestASlowRepositoryHoldsNoOther(t *testing.T) {
	t.Parallel()
	for name, match := range map[string]func(w *world) func(*http.Request) bool{
		"git hangs": func(w *world) func(*http.Request) bool { return fetches(w.shop) },
		"check runs hang": func(w *world) func(*http.Request) bool {
			return func(r *http.Request) bool {
				return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/acme/shop/check-runs")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, githubtest.Options{Quiet: true}, func(c *github.Config, q *queue.Config) {
				hurried(c, q)
				c.RequestTimeout = time.Second
				c.GitTimeouts = wire.Timeouts{Idle: time.Second}
				q.Retry = soonAgain{}
			})
			other := w.tenant("tenant")
			hung := newGate()
			w.github.Inject(hung.hold(match(w)))
			var late []string
			for i := range 20 {
				late = append(late, w.begun(w.shop, i))
			}
			w.eventually("requests to hang", func() bool { n, _ := hung.now(); return n > 0 })
			w.checked(other, w.begun(other, 0))
			if _, most := hung.now(); most > 8 {
				t.Errorf("%d requests hung at once", most)
			}
			close(hung.opened)
			for _, sha := range late {
				w.checked(w.shop, sha)
			}
		})
	}
}

// TestACrawlingRepositoryIsCut lets the pack of one repository come byte by byte: the request is cut with a reason, and made
// again later.
func TestACrawlingRepositoryIsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Quiet: true}, func(c *github.Config, q *queue.Config) {
		hurried(c, q)
		c.GitTimeouts = wire.Timeouts{Idle: time.Minute, Preparation: time.Minute, Rate: 1 << 20, Window: 500 * time.Millisecond}
	})
	w.settle()
	pack := func(r *http.Request) bool { return fetches(w.shop)(r) && asksFor(r, "command=fetch") }
	var cut atomic.Bool
	w.github.Inject(githubtest.Times(1, pack, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&crawling{rw, r, &cut}, r)
	}))
	w.checked(w.shop, w.begun(w.shop, 0))
	w.eventually("the crawling answer to end", cut.Load)
}

// crawling lets an answer through a byte at a time.
type crawling struct {
	http.ResponseWriter
	r   *http.Request
	cut *atomic.Bool // set when the client has gone
}

func (c *crawling) Write(p []byte) (int, error) {
	for i := range p {
		_, err := c.ResponseWriter.Write(p[i : i+1])
		if err == nil {
			err = http.NewResponseController(c.ResponseWriter).Flush()
		}
		if err == nil {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-c.r.Context().Done():
				err = c.r.Context().Err()
			}
		}
		if err != nil {
			c.cut.Store(true)
			return i, err
		}
	}
	return len(p), nil
}

// TestHostilePullRequestsHoldNoPush: eight pull requests of a stranger whose reading takes for ever hold a share of the slots,
// and a push to the same repository is read at once.
func TestHostilePullRequestsHoldNoPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Quiet: true})
	base := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.checked(w.shop, base)
	w.settle()
	fork, err := w.shop.Fork(w.github.User("mallory"))
	if err != nil {
		t.Fatal(err)
	}
	var pulls, hostile []string
	for i := range 8 {
		sha := w.commit(fork, githubtest.Change{Author: fork.Owner(), Parents: []string{base}, Files: map[string]string{"x": fmt.Sprint(i)}})
		pulls, hostile = append(pulls, sha), append(hostile, "want "+sha)
	}
	held := newGate()
	w.github.Inject(held.hold(func(r *http.Request) bool { return fetches(w.shop)(r) && asksFor(r, hostile...) }))
	for i, sha := range pulls {
		branch := fmt.Sprintf("p%d", i)
		if _, err := fork.Push(w.ctx, githubtest.Push{Ref: "refs/heads/" + branch, SHA: sha, By: fork.Owner()}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{Head: fork, HeadRef: branch, By: fork.Owner()}); err != nil {
			t.Fatal(err)
		}
	}
	w.eventually("pull requests to be read", func() bool { n, _ := held.now(); return n == 2 })
	began := time.Now()
	w.checked(w.shop, w.begun(w.shop, 100))
	t.Logf("the push had its check run after %s", time.Since(began))
	if n, most := held.now(); n != 2 || most != 2 {
		t.Errorf("%d pull requests are read at once, %d at most, want 2 of 8 slots", n, most)
	}
	close(held.opened)
	w.settle()
	for _, sha := range pulls {
		w.checked(w.shop, sha)
	}
}

// asksFor reports whether a request's body holds one of the texts.
func asksFor(r *http.Request, texts ...string) bool {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(body, []byte(text)) })
}

// TestIssuesAskNothingBeforeTheirTurn files more issues than GitHub takes at once: those that wait send no requests, so that
// each issue costs what it would cost alone.
func TestIssuesAskNothingBeforeTheirTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Quiet: true}, func(c *github.Config, _ *queue.Config) {
		c.WritePause = 10 * time.Millisecond // 15 new issues at once, then one in 270 ms
	})
	repositories := []*githubtest.Repository{w.shop}
	for _, name := range []string{"api", "site"} {
		r, err := w.github.CreateRepository(w.shop.Owner(), name, githubtest.RepositoryOptions{Private: true})
		if err != nil {
			t.Fatal(err)
		}
		r.SetRole(w.ada, "admin")
		repositories = append(repositories, r)
	}
	w.settle()
	w.github.ForgetRequests()
	const each = 9
	for n, r := range repositories {
		files := map[string]string{}
		for i := range each {
			files[fmt.Sprintf("%d.env", i)] = env(w.key(int64(300+each*n+i), detect.Live))
		}
		w.push(r, "refs/heads/main", w.commit(r, githubtest.Change{Files: files}))
	}
	w.settle()
	filed, cost := w.issueCosts(repositories)
	issues := each * len(repositories)
	if filed != issues || cost["new issues"] != issues {
		t.Errorf("%d issues with %d requests, want %d", filed, cost["new issues"], issues)
	}
	// After an attempt that a busy machine ended, the issue is looked for: once or twice, not for each.
	if cost["assignees"] > issues || cost["lists of issues"] > 2 || cost["git"] > 4*issues+2*len(repositories) {
		t.Errorf("%d issues cost %v", issues, cost)
	}
}

// issueCosts counts the issues of repositories, and the requests that were made for them, by what they ask for.
func (w *world) issueCosts(repositories []*githubtest.Repository) (filed int, cost map[string]int) {
	cost = map[string]int{}
	for _, r := range repositories {
		filed += len(r.Issues())
	}
	for _, r := range w.github.Requests() {
		switch {
		case r.Class == githubtest.Git:
			cost["git"]++
		case r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/issues"):
			cost["new issues"]++
		case strings.Contains(r.Path, "/assignees/"):
			cost["assignees"]++
		case r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/issues"):
			cost["lists of issues"]++
		case strings.HasSuffix(r.Path, "/check-runs") || strings.Contains(r.Path, "/check-runs/"):
			cost["check runs"]++
		default:
			cost["other"]++
		}
	}
	return filed, cost
}
