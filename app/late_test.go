package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

// creates matches the requests that make a check run, an issue or a comment.
func creates(what string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/"+what)
	}
}

// TestLateEffectsAreNotDoubled: GitHub's edge answers with a failure, or cuts the connection, and does what was asked for a
// while later.
func TestLateEffectsAreNotDoubled(t *testing.T) {
	tests := map[string]func(*testing.T){}
	for name, answer := range map[string]githubtest.Fault{
		"502": githubtest.Answer(http.StatusBadGateway, "Server Error"), "Cut": githubtest.Cut,
	} {
		tests[name] = func(t *testing.T) {
			w := newSettled(t, 2500*time.Millisecond)
			check := githubtest.Times(1, creates("check-runs"), githubtest.Late(time.Second, answer))
			issue := githubtest.Times(1, creates("issues"), githubtest.Late(time.Second, answer))
			comment := githubtest.Times(1, creates("comments"), githubtest.Late(time.Second, answer))
			w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				check(rw, r, handlerOf(issue, handlerOf(comment, next)))
			})
			sha, _, issued := w.leaked(80, detect.Live)
			w.conclusion(sha, "failure")
			w.say(issued.Number, "/rekey ignore it never worked", w.ada)
			w.state(issued.Number, "closed", respond.Ignored)
			holds(t, "the comment", w.last(issued.Number, 1), "it never worked")
			w.conclusion(sha, "success")
			w.filed(1)
		}
	}
	together(t, tests)
}

// TestAnnotationsAreNotDoubled: the check run was made, and rekey doesn't know. Its leak is closed before rekey looks, so that nothing of
// it is sent then, and open again after that.
func TestAnnotationsAreNotDoubled(t *testing.T) {
	t.Parallel()
	w := newSettled(t, time.Hour)
	w.github.Inject(githubtest.Times(1, creates("check-runs"), githubtest.CutAfter))
	sha := w.pushed(map[string]string{".env": env(w.key(86, detect.Live))})
	w.eventually("the issue", func() bool { return len(w.shop.Issues()) == 1 })
	issue := w.shop.Issues()[0]
	if _, err := w.shop.Comment(w.ctx, issue.Number, "/rekey ignore it never worked", w.ada); err != nil {
		t.Fatal(err)
	}
	w.eventually("the issue to be closed", func() bool { return w.shop.Issues()[0].State == "closed" })
	w.restart(func() { w.settled = time.Millisecond })
	w.hurry()
	w.conclusion(sha, "success")
	w.say(issue.Number, "/rekey reopen it is in use", w.ada)
	w.conclusion(sha, "failure")
	if n := len(w.shop.CheckRuns(sha)[0].Annotations); n != 1 {
		t.Errorf("%d annotations of one key", n)
	}
}

func handlerOf(f githubtest.Fault, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { f(rw, r, next) })
}

// newSettled is newShop with a server that waits longer for what failed requests may still do.
func newSettled(t *testing.T, settled time.Duration) *world {
	t.Helper()
	w := newShop(t)
	w.settle()
	w.restart(func() { w.settled = settled })
	return w
}

// TestADoubleIsWithdrawn: a request takes effect so late that what it asked for was made again. The younger one is withdrawn:
// the check run gets another name, so that no required check looks at it, and the issue is closed as a duplicate.
func TestADoubleIsWithdrawn(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"CheckRun": func(t *testing.T) {
			w := newSettled(t, time.Millisecond)
			w.github.Inject(githubtest.Times(1, creates("check-runs"), githubtest.LateAfter(func() {
				w.eventually("a check run", func() bool { return len(w.shop.CheckRuns("")) > 0 })
			}, githubtest.Answer(http.StatusBadGateway, "Server Error"))))
			sha := w.pushed(map[string]string{".env": env(w.key(81, detect.Live))})
			w.eventually("the second check run to be withdrawn", func() bool {
				runs := w.shop.CheckRuns(sha)
				return len(runs) == 2 && runs[1].Conclusion == "neutral"
			})
			w.settle()
			runs := w.shop.CheckRuns(sha)
			if runs[0].Conclusion != "failure" || runs[0].Name == runs[1].Name || runs[0].ExternalID == runs[1].ExternalID {
				t.Errorf("%s %s %s, %s %s %s", runs[0].Name, runs[0].Conclusion, runs[0].ExternalID, runs[1].Name, runs[1].Conclusion, runs[1].ExternalID)
			}
		},
		"Issue": func(t *testing.T) {
			w := newSettled(t, time.Millisecond)
			w.github.Inject(githubtest.Times(1, creates("issues"), githubtest.LateAfter(func() {
				w.eventually("an issue", func() bool { return len(w.shop.Issues()) > 0 })
			}, githubtest.Answer(http.StatusBadGateway, "Server Error"))))
			sha := w.pushed(map[string]string{".env": env(w.key(82, detect.Live))})
			w.eventually("the second issue to be closed", func() bool {
				issues := w.shop.Issues()
				return len(issues) == 2 && issues[1].State == "closed"
			})
			w.settle()
			issue, second := w.shop.Issues()[0], w.shop.Issues()[1]
			if second.Reason != "not_planned" || !strings.Contains(second.Body, "Duplicate of #1") || strings.Contains(second.Body, "<!--") {
				t.Errorf("%s: %s", second.Reason, second.Body)
			}
			w.state(issue.Number, "open", respond.Open)
			w.conclusion(sha, "failure")
			w.say(issue.Number, "/rekey ignore it never worked", w.ada)
			w.state(issue.Number, "closed", respond.Ignored)
		},
		"Comment": func(t *testing.T) {
			w := newSettled(t, time.Millisecond)
			_, _, issue := w.leaked(83, detect.Live)
			ours := func() (ids []int64) {
				for _, c := range w.issue(issue.Number).Comments {
					if strings.Contains(c.Body, "it never worked") && strings.Contains(c.Body, "<!--") {
						ids = append(ids, c.ID)
					}
				}
				return ids
			}
			most := 0
			w.github.Inject(githubtest.Times(1, creates("comments"), githubtest.LateAfter(func() {
				w.eventually("a comment", func() bool { return len(ours()) > 0 })
				most = len(ours()) + 1
			}, githubtest.Answer(http.StatusBadGateway, "Server Error"))))
			w.say(issue.Number, "/rekey ignore it never worked", w.ada)
			w.eventually("the second comment to be deleted", func() bool {
				return len(ours()) == 1 && slices.ContainsFunc(w.github.Requests(), func(r githubtest.Request) bool {
					return r.Method == http.MethodDelete && strings.Contains(r.Path, "/issues/comments/")
				})
			})
			w.settle()
			if len(ours()) != 1 || most != 2 {
				t.Errorf("the comments are %v, there were %d", ours(), most)
			}
			w.state(issue.Number, "closed", respond.Ignored)
		},
	})
}
