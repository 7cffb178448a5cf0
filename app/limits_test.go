package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

func TestLimits(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"IssuesDisabled":    testIssuesDisabled,
		"Archived":          testArchived,
		"RepositoryDeleted": testRepositoryDeleted,
		"PushBehind":        testPushBehindDeletion,
		"IssueDeleted":      testIssueDeleted,
		"IssueDeletedLost":  testIssueDeletedAndTheEventLost,
		"Renamed":           testRenamedBetweenEventAndJob,
		"Unassignable":      testUnassignablePusher,
		"ForeignTexts":      testForeignTextsDoNoHarm,
		"TooMany":           testMoreLeaksThanIssues,
		"OutOfOrder":        testPushesOutOfOrder,
		"NoDefaultBranch":   testNoDefaultBranch,
		"EndsSoon":          testEchoesEnd,
		"LateClose":         testEffectsThatAreLateDoNotUndo,
		"RateLimited":       testRateLimits,
	})
}

func testIssuesDisabled(t *testing.T) {
	w := newShop(t)
	w.shop.DisableIssues(true)
	text, _ := w.secret(110, detect.Live)
	sha := w.pushed(map[string]string{".env": env(text)})
	w.settle()
	w.conclusion(sha, "failure")
	w.filed(0)
	// The check's buttons still work.
	w.took(w.shop.PressButton(w.ctx, w.shop.CheckRuns(sha)[0].ID, "not-a-secret", w.ada))
	w.conclusion(sha, "success")
	// Turned on again, the next push of a leak that is open files its issue.
	other, _ := w.secret(111, detect.Live)
	w.pushed(map[string]string{"b.env": env(other)})
	w.settle()
	w.filed(0)
	w.shop.DisableIssues(false)
	w.pushed(map[string]string{"c.env": "# c\n" + env(other)})
	w.settle()
	w.filed(1)
}

func testArchived(t *testing.T) {
	w := newShop(t)
	sha, key, issue := w.leaked(112, detect.Live)
	w.took(w.shop.Archive(w.ctx, w.ada), nil)
	w.say(issue.Number, "/rekey status", w.ada)
	w.last(issue.Number, 0) // GitHub takes no comment there
	w.took(w.shop.Unarchive(w.ctx, w.ada), nil)
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	w.conclusion(sha, "success")
	w.filed(1)
}

// testRepositoryDeleted: the repository goes while GitHub is asked for something, before or after it has done it. What was
// begun ends soon, and nothing of the repository stays or comes back.
func testRepositoryDeleted(t *testing.T) {
	for i, path := range []string{"/issues", "/check-runs", "/git-upload-pack"} {
		for j, done := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s done %v", path[1:], done), func(t *testing.T) {
				t.Parallel()
				w := newShop(t)
				text, _ := w.secret(int64(130+2*i+j), detect.Live)
				hold, asked := make(chan struct{}), make(chan struct{})
				var once sync.Once
				w.github.Inject(githubtest.Times(1, func(r *http.Request) bool {
					return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, path)
				},
					func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
						answer := httptest.NewRecorder()
						if done {
							next.ServeHTTP(answer, r)
						}
						once.Do(func() { close(asked) })
						<-hold
						if !done {
							next.ServeHTTP(rw, r)
							return
						}
						maps.Copy(rw.Header(), answer.Header())
						rw.WriteHeader(answer.Code)
						_, _ = rw.Write(answer.Body.Bytes())
					}))
				w.pushed(map[string]string{".env": env(text)})
				<-asked
				if sent := w.shop.Delete(w.ctx, w.ada); !sent.OK() {
					t.Fatalf("answered %d", sent.Status)
				}
				w.eventually("the deletion to be heard", func() bool { return w.finished("repository", "deleted") })
				close(hold)
				w.settle()
				if stats := w.stats(); len(stats.Leaks) != 0 {
					t.Errorf("leaks of a deleted repository: %v", stats.Leaks)
				}
				if !w.forgot() {
					t.Error("the repository is in the ledger")
				}
			})
		}
	}
}

// finished reports whether such a delivery has been worked off.
func (w *world) finished(event, action string) (finished bool) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		list, err := tx.RecentDeliveries(ctx, 100)
		finished = slices.ContainsFunc(list, func(d ledger.Delivery) bool { return d.Event == event && d.Action == action && !d.Finished.IsZero() })
		return err
	})
	return finished
}

// forgot reports whether the ledger knows nothing of the shop.
func (w *world) forgot() (forgot bool) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		_, err := tx.Repository(ctx, w.shop.ID())
		if forgot = errors.Is(err, ledger.ErrNotFound); forgot {
			return nil
		}
		return err
	})
	return forgot
}

// testPushBehindDeletion: GitHub promises no order; what a push says about a repository that is gone is not recorded.
func testPushBehindDeletion(t *testing.T) {
	w := newShop(t)
	w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.settle()
	deliveries := w.github.Deliveries()
	push := deliveries[slices.IndexFunc(deliveries, func(d githubtest.Delivery) bool { return d.Event == "push" })]
	w.took(w.shop.Delete(w.ctx, w.ada), nil)
	w.took(w.github.Deliver(w.ctx, push.Event, push.Payload), nil)
	if !w.forgot() {
		t.Error("the repository is in the ledger")
	}
}

func testIssueDeleted(t *testing.T) {
	w := newShop(t)
	_, key, issue := w.leaked(114, detect.Live)
	w.took(w.shop.DeleteIssue(w.ctx, issue.Number, w.ada))
	issues := w.filed(2)
	if issues[1].Deleted || issues[1].Title != issue.Title {
		t.Errorf("filed again: %+v", issues[1])
	}
	// A closed one is not filed again.
	w.clerk.Delete(key)
	w.say(issues[1].Number, "/rekey rotated", w.ada)
	w.state(issues[1].Number, "closed", respond.Revoked)
	w.took(w.shop.DeleteIssue(w.ctx, issues[1].Number, w.ada))
	w.filed(2)
}

func testIssueDeletedAndTheEventLost(t *testing.T) {
	w := newShop(t)
	_, _, issue := w.leaked(115, detect.Live)
	w.github.SetWebhookURL("")
	if _, err := w.shop.DeleteIssue(w.ctx, issue.Number, w.ada); err != nil {
		t.Fatal(err)
	}
	w.github.SetWebhookURL(w.url("/webhook"))
	sha := w.pushed(map[string]string{"more.env": "# more\n" + env(w.keys[0])})
	w.settle()
	issues := w.filed(2)
	holds(t, "the new issue", issues[1].Body, "more.env", "115.env")
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Summary, fmt.Sprintf("/issues/%d", issues[1].Number))
}

func testRenamedBetweenEventAndJob(t *testing.T) {
	w := newShop(t)
	w.github.SetWebhookURL("")
	text, key := w.secret(116, detect.Live)
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": env(text)}})
	sent, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: sha, By: w.ada})
	if err != nil {
		t.Fatal(err)
	}
	w.shop.Rename(w.ctx, w.ada, "store")
	w.github.SetWebhookURL(w.url("/webhook"))
	w.took(w.github.Redeliver(w.ctx, sent[0].ID)) // it names the repository as it was called
	w.conclusion(sha, "failure")
	issue := w.filed(1)[0]
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	w.conclusion(sha, "success")
}

func testUnassignablePusher(t *testing.T) {
	w := newShop(t)
	eve := w.github.User("eve") // pushes with a deploy key's rights, say
	text, _ := w.secret(117, detect.Live)
	sha := w.commit(w.shop, githubtest.Change{Author: eve, Files: map[string]string{".env": env(text)}})
	if _, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: sha, By: eve}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if issue := w.filed(1)[0]; len(issue.Assignees) != 0 || !slices.Equal(issue.Labels, []string{"rekey"}) {
		t.Errorf("assigned to %v, labels %v", issue.Assignees, issue.Labels)
	}
}

func testForeignTextsDoNoHarm(t *testing.T) {
	w := newShop(t)
	mallory := w.github.User("mallory")
	w.shop.SetRole(mallory, "write")
	nasty := "a/`@acme`|<img src=x>](http:evil.example)\n## @team\u202e/.env"
	text, _ := w.secret(118, detect.Live)
	sha := w.commit(w.shop, githubtest.Change{
		Author: &githubtest.Account{ID: 5, Login: "x\u202e@everyone`b`", Type: "User"}, Message: "Fix @everyone\n\n/rekey rotated",
		Files: map[string]string{nasty: env(text)},
	})
	if _, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/x`@acme/team`|<b>", SHA: sha, By: mallory}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.conclusion(sha, "failure")
	issue := w.filed(1)[0]
	w.say(issue.Number, "/rekey ignore `@acme/team` <img src=x> [x](http://evil.example) @everyone", w.ada)
	w.state(issue.Number, "closed", respond.Ignored)
	texts := []string{w.issue(issue.Number).Body, w.last(issue.Number, 1), w.shop.CheckRuns(sha)[0].Summary}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "## @") || strings.Contains(line, "\u202e") {
				t.Errorf("foreign text does harm: %q", line)
			}
		}
		// Outside of code, nothing foreign is Markdown.
		for i, part := range strings.Split(strings.ReplaceAll(text, "``", "`"), "`") {
			if i%2 == 0 && (strings.Contains(part, "<img") || strings.Contains(part, "@everyone") || strings.Contains(part, "@team")) {
				t.Errorf("foreign text stands outside of code: %q", part)
			}
		}
	}
}

func testMoreLeaksThanIssues(t *testing.T) {
	w := newShop(t)
	w.policy("issues: {max_per_hour: 2}")
	files := map[string]string{}
	for i := range 5 {
		text, _ := w.secret(int64(120+i), detect.Live)
		files[fmt.Sprintf("%d.env", i)] = env(text)
	}
	sha := w.pushed(files)
	w.settle()
	issues := w.filed(3)
	sums := slices.DeleteFunc(slices.Clone(issues), func(i githubtest.Issue) bool { return !strings.Contains(i.Title, "3 leaked Clerk credentials, 3 open") })
	if len(sums) != 1 {
		t.Fatalf("%d summaries among %d issues", len(sums), len(issues))
	}
	if run := w.shop.CheckRuns(sha)[0]; len(run.Annotations) != 5 {
		t.Errorf("%d annotations", len(run.Annotations))
	}
	// One of them more: the summary is edited in place.
	text, _ := w.secret(126, detect.Live)
	w.pushed(map[string]string{"more.env": env(text)})
	w.settle()
	w.filed(3)
	holds(t, "the summary", w.issue(sums[0].Number).Title+w.issue(sums[0].Number).Body, "4 leaked Clerk credentials, 4 open", "more.env")
	// Said on the check: what waits is dealt with, and the summary shrinks with it.
	w.took(w.shop.PressButton(w.ctx, w.shop.CheckRuns(sha)[0].ID, "not-a-secret", w.ada))
	w.conclusion(sha, "success")
	w.filed(3)
	w.holdsNoKey()
}

// testPushesOutOfOrder scans a push whose first attempt failed after the push that came upon it: both are read.
func testPushesOutOfOrder(t *testing.T) {
	w := newShop(t)
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	text, _ := w.secret(127, detect.Live)
	leaking := w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": env(text)}})
	removed := w.commit(w.shop, githubtest.Change{Parents: []string{leaking}, Remove: []string{".env"}})
	w.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.Git, http.MethodPost), githubtest.Cut))
	w.push(w.shop, "refs/heads/main", leaking)
	w.eventually("the first fetch", func() bool { return w.github.Count(githubtest.Git) > 1 })
	w.push(w.shop, "refs/heads/main", removed)
	w.settle()
	w.conclusion(leaking, "failure")
	w.filed(1)
}

// testNoDefaultBranch: the first thing that is pushed goes to another branch, so that there is nowhere to read a policy.
func testNoDefaultBranch(t *testing.T) {
	w := newShop(t)
	text, _ := w.secret(131, detect.Live)
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": env(text)}})
	w.push(w.shop, "refs/heads/feature", sha)
	w.settle()
	w.conclusion(sha, "failure")
	w.filed(1)
}

// testEchoesEnd: our own comments, closings and check runs come back as events, and ask for nothing more.
func testEchoesEnd(t *testing.T) {
	w := newShop(t)
	_, key, issue := w.leaked(128, detect.Live)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.settle()
	n, echoes := len(w.github.Requests()), 0
	for _, d := range w.github.Deliveries() {
		var about struct{ Sender struct{ Type string } }
		if err := json.Unmarshal(d.Payload, &about); err != nil {
			t.Fatal(err)
		}
		if about.Sender.Type == "Bot" {
			echoes++
			if _, err := w.github.Redeliver(w.ctx, d.ID); err != nil {
				t.Fatal(err)
			}
			again := w.github.Deliver(w.ctx, d.Event, d.Payload) // with a GUID of its own
			if !again.OK() {
				t.Fatalf("answered %d", again.Status)
			}
		}
	}
	w.settle()
	if echoes == 0 || len(w.github.Requests()) != n {
		t.Errorf("%d echoes of rekey's own doings caused %d requests", echoes, len(w.github.Requests())-n)
	}
}

// testEffectsThatAreLateDoNotUndo: GitHub does not take the closing of an issue until its leak was opened again.
func testEffectsThatAreLateDoNotUndo(t *testing.T) {
	w := newShop(t)
	sha, _, issue := w.leaked(129, detect.Live)
	w.github.Inject(githubtest.Times(1, writes(http.MethodPatch, "/issues/", `"state":"closed"`), githubtest.Answer(http.StatusBadGateway, "Server Error")))
	for _, said := range []string{"/rekey ignore it is old", "/rekey reopen"} {
		if sent, err := w.shop.Comment(w.ctx, issue.Number, said, w.ada); err != nil || !sent.OK() {
			t.Fatal(sent.Status, err)
		}
		w.eventually("the word to be heard", func() bool { return w.stats().Unfinished == 0 })
	}
	w.settle()
	w.state(issue.Number, "open", respond.Open)
	w.last(issue.Number, 2)
	w.conclusion(sha, "failure")
}

func testRateLimits(t *testing.T) {
	w := newShop(t)
	w.github.Inject(githubtest.Times(2, writes(http.MethodPost, "/issues", ""), githubtest.SecondaryLimit(1e9)))
	sha, key, issue := w.leaked(130, detect.Live)
	w.github.Inject(githubtest.Times(1, writes(http.MethodPatch, "/check-runs/", ""), githubtest.TooManyRequests(1e9)))
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	w.last(issue.Number, 1)
	w.conclusion(sha, "success")
}
