package app

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

// writes matches a request to GitHub by method, end of path, and a text that its body holds.
func writes(method, path, text string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if r.Method != method || !strings.Contains(r.URL.Path, path) {
			return false
		}
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		return err == nil && bytes.Contains(body, []byte(text))
	}
}

// TestEffectsAreRedoneWithoutADouble cuts the connection at the first request of each kind, before GitHub did what was
// asked, and after it.
func TestEffectsAreRedoneWithoutADouble(t *testing.T) {
	effects := map[string]func(*http.Request) bool{
		"create check": writes(http.MethodPost, "/check-runs", ""),
		"file issue": func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/issues")
		},
		"name the issue":   writes(http.MethodPatch, "/check-runs/", "/issues/"),
		"comment":          writes(http.MethodPost, "/comments", "still accepts"),
		"reopen":           writes(http.MethodPatch, "/issues/", `"state":"open"`),
		"edit":             writes(http.MethodPatch, "/issues/", "it works"),
		"last comment":     writes(http.MethodPost, "/comments", "key no longer works"),
		"close":            writes(http.MethodPatch, "/issues/", `"state":"closed"`),
		"turn check green": writes(http.MethodPatch, "/check-runs/", `"conclusion":"success"`),
	}
	together(t, map[string]func(*testing.T){
		"CutBefore": func(t *testing.T) { testLifeWithFaults(t, effects, githubtest.Cut) },
		"CutAfter":  func(t *testing.T) { testLifeWithFaults(t, effects, githubtest.CutAfter) },
	})
}

func testLifeWithFaults(t *testing.T, effects map[string]func(*http.Request) bool, fault githubtest.Fault) {
	w := newShop(t)
	var mu sync.Mutex
	hits := map[string]int{}
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		hit := ""
		for name, match := range effects {
			if hits[name] == 0 && match(r) {
				hit = name
				hits[name]++
				break
			}
		}
		mu.Unlock()
		if hit == "" {
			next.ServeHTTP(rw, r)
			return
		}
		fault(rw, r, next)
	})
	sha, key, issue := w.leaked(70, detect.Live)
	w.conclusion(sha, "failure")
	w.took(w.shop.CloseIssue(w.ctx, issue.Number, "", w.ada)) // alive: reopened, with a comment
	w.state(issue.Number, "open", respond.Open)
	w.last(issue.Number, 1)
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada) // dead: closed, with a comment
	w.state(issue.Number, "closed", respond.Revoked)
	w.last(issue.Number, 2)
	w.conclusion(sha, "success")
	w.filed(1)
	if n := len(w.shop.CheckRuns(sha)[0].Annotations); n != 1 {
		t.Errorf("%d annotations, want 1", n)
	}
	for name := range effects {
		if hits[name] != 1 {
			t.Errorf("%s was never cut", name)
		}
	}
	w.holdsNoKey()
}

// TestKilledInTheMiddleOfAnAnswer kills the server with SIGKILL when GitHub has taken a comment, or closed an issue, and has
// not said so.
func TestKilledInTheMiddleOfAnAnswer(t *testing.T) {
	tests := map[string]func(*testing.T){}
	for name, match := range map[string]func(*http.Request) bool{
		"comment": writes(http.MethodPost, "/comments", "false positive"),
		"close":   writes(http.MethodPatch, "/issues/", `"state":"closed"`),
		"check":   writes(http.MethodPatch, "/check-runs/", `"conclusion":"success"`),
	} {
		tests[name] = func(t *testing.T) {
			w := newShop(t)
			sha, _, issue := w.leaked(71, detect.Live)
			w.stop()
			first := w.spawn()
			died := make(chan struct{})
			var once sync.Once
			w.github.Inject(githubtest.Times(1, match, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				defer once.Do(func() { close(died) })
				defer first.kill()
				githubtest.CutAfter(rw, r, next)
			}))
			if sent, err := w.shop.Comment(w.ctx, issue.Number, "/rekey ignore it never worked", w.ada); err != nil || !sent.OK() {
				t.Fatal(sent.Status, err)
			}
			<-died
			w.start() // in this process: the ledger can be looked at
			w.settle()
			w.state(issue.Number, "closed", respond.Ignored)
			holds(t, "the comment", w.last(issue.Number, 1), "it never worked")
			w.conclusion(sha, "success")
			w.filed(1)
			w.holdsNoKey()
		}
	}
	together(t, tests)
}
