package app

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

const policyPath = ".github/rekey.yml"

// policy pushes the repository's policy.
func (w *world) policy(lines ...string) (sha string) {
	w.t.Helper()
	sha = w.pushed(map[string]string{policyPath: strings.Join(lines, "\n") + "\n"})
	w.settle()
	return sha
}

// restart starts the server again, with other settings.
func (w *world) restart(change func()) {
	w.t.Helper()
	w.swept()
	w.stop()
	change()
	w.start()
	w.settle()
}

// swept notes that the shop's refs were just looked at: else what each start looks for may find a push before its delivery does.
func (w *world) swept() {
	w.t.Helper()
	err := w.server.Store().Update(w.ctx, func(ctx context.Context, tx *ledger.Tx) error { return tx.RecordSweep(ctx, w.shop.ID()) })
	if err != nil {
		w.t.Fatal(err)
	}
}

// file writes a file of the server's.
func (w *world) file(name string, lines ...string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// other makes another repository of the organisation, which the App reaches.
func (w *world) other(name string, private bool) *githubtest.Repository {
	w.t.Helper()
	r, err := w.github.CreateRepository(w.shop.Owner(), name, githubtest.RepositoryOptions{Private: private})
	if err != nil {
		w.t.Fatal(err)
	}
	r.SetRole(w.ada, "admin")
	w.app.Add(w.ctx, w.ada, r)
	w.settle()
	return r
}

// accepts lets a repository take the issues of others.
func (w *world) accepts(r *githubtest.Repository, others string) {
	w.t.Helper()
	sha := w.commit(r, githubtest.Change{Files: map[string]string{policyPath: "issues: {accepts: ['" + others + "']}\n"}})
	w.push(r, "refs/heads/main", sha)
	w.settle()
}

func TestPolicy(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"Layers":               testPolicyLayers,
		"Invalid":              testInvalidPolicy,
		"PullRequest":          testPullRequestCannotChangeItsPolicy,
		"FailOn":               testFailOn,
		"IssuesOff":            testIssuesOff,
		"LabelsAndAssignees":   testLabelsAndAssignees,
		"Elsewhere":            testIssuesElsewhere,
		"Allow":                testAllow,
		"Vouchers":             testWhoMayAllowAProductionKey,
		"Notify":               testNotify,
		"NoticesAreLimited":    testNoticesAreLimited,
		"CleanPushReadsNone":   testCleanPushReadsNoPolicy,
		"SwitchedOffMeanwhile": testVerifyIsSwitchedOffWhileAsking,
	})
}

func testPolicyLayers(t *testing.T) {
	w := newShop(t)
	w.restart(func() {
		w.flags.PolicyFile = w.file("rekey.yml", "fail_on: none", "issues: {labels: [server]}", "verify: never")
	})
	push := func(seed int64) (githubtest.CheckRun, githubtest.Issue) {
		t.Helper()
		sha, _, issue := w.leaked(seed, detect.Live)
		return w.shop.CheckRuns(sha)[0], w.issue(issue.Number)
	}
	// The server's.
	run, issue := push(80)
	if run.Conclusion != "neutral" || !slices.Equal(issue.Labels, []string{"server"}) {
		t.Errorf("server's policy: %s, labels %v", run.Conclusion, issue.Labels)
	}
	holds(t, "the issue", issue.Body, "rekey doesn't ask Clerk")
	// The organisation's, over it.
	w.github.ForgetRequests()
	organisation := w.other(".github", true)
	sha := w.commit(organisation, githubtest.Change{Files: map[string]string{policyPath: "fail_on: any\nissues: {labels: [organisation]}\n"}})
	w.push(organisation, "refs/heads/main", sha)
	w.settle()
	run, issue = push(81)
	if run.Conclusion != "failure" || !slices.Equal(issue.Labels, []string{"organisation"}) {
		t.Errorf("organisation's policy: %s, labels %v", run.Conclusion, issue.Labels)
	}
	holds(t, "the issue", issue.Body, "rekey doesn't ask Clerk") // the server's still
	// The repository's, over both.
	w.policy("verify: on-request", "issues:", "  labels: [ours, security]")
	run, issue = push(82)
	if run.Conclusion != "failure" || !slices.Equal(issue.Labels, []string{"ours", "security"}) {
		t.Errorf("repository's policy: %s, labels %v", run.Conclusion, issue.Labels)
	}
	holds(t, "the issue", issue.Body, "rekey asks Clerk once")
}

func testInvalidPolicy(t *testing.T) {
	w := newShop(t)
	good := w.policy("fail_on: none")
	w.conclusion(good, "success")
	bad := w.policy("fail_on: none", "", "verfy: never")
	run := w.shop.CheckRuns(bad)[0]
	if run.Conclusion != "failure" || !slices.Equal(places(run), []string{policyPath + ":3:0"}) {
		t.Errorf("the commit with the mistake: %s at %v", run.Conclusion, places(run))
	}
	holds(t, "the check", run.Title+run.Summary, "invalid", "line 3", "verfy")
	holds(t, "the annotation", run.Annotations[0].Message, "verfy")

	// It counts for nothing; what the defaults say applies. A commit that did not bring it does not show it.
	text, _ := w.secret(83, detect.Live)
	leaking := w.pushed(map[string]string{".env": env(text)})
	w.settle()
	w.conclusion(leaking, "failure")
	if run := w.shop.CheckRuns(leaking)[0]; strings.Contains(run.Summary, "verfy") {
		t.Error("a commit shows the mistake of another one")
	}

	// Looked at again, the mistake is marked once.
	w.took(w.shop.Rerequest(w.ctx, run.ID, w.ada))
	if run := w.shop.CheckRuns(bad)[0]; run.Conclusion != "failure" || len(run.Annotations) != 1 {
		t.Errorf("read again: %s with %d annotations", run.Conclusion, len(run.Annotations))
	}

	// Mistake and key in one commit: the key is closed, the mistake stays.
	other, _ := w.secret(84, detect.Test)
	both := w.pushed(map[string]string{policyPath: "notify: 3\n", "b.env": env(other)})
	w.settle()
	w.say(2, "/rekey ignore a fixture", w.ada)
	run = w.shop.CheckRuns(both)[0]
	if run.Conclusion != "failure" || !slices.Equal(places(run), []string{policyPath + ":1:0", "b.env:1:18"}) {
		t.Errorf("mistake and key: %s at %v", run.Conclusion, places(run))
	}
}

func testPullRequestCannotChangeItsPolicy(t *testing.T) {
	w := newShop(t)
	base := w.policy("fail_on: any")
	text, _ := w.secret(85, detect.Test)
	head := w.commit(w.shop, githubtest.Change{Branch: "patch", Parents: []string{base}, Files: map[string]string{
		policyPath: "fail_on: none\nissues: {off: true}\nallow: {paths: [{path: '**', reason: 'mine'}]}\n", "a.env": env(text),
	}})
	w.push(w.shop, "refs/heads/patch", head)
	if _, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{Head: w.shop, HeadRef: "patch", Title: "Patch"}); err != nil || !sent.OK() {
		t.Fatal(sent.Status, err)
	}
	w.settle()
	w.conclusion(head, "failure")
	w.filed(1)
}

func testFailOn(t *testing.T) {
	w := newShop(t)
	w.policy("fail_on: critical")
	test, _, _ := w.leaked(86, detect.Test)
	w.conclusion(test, "neutral")
	run := w.shop.CheckRuns(test)[0]
	holds(t, "the title", run.Title, "doesn't fail on")
	if len(run.Annotations) != 1 || run.Annotations[0].Level != "warning" {
		t.Errorf("annotations: %+v", run.Annotations)
	}
	live, _, _ := w.leaked(87, detect.Live)
	w.conclusion(live, "failure")
}

func testIssuesOff(t *testing.T) {
	w := newShop(t)
	w.policy("issues: {off: true}", "verify: never")
	text, _ := w.secret(88, detect.Live)
	sha := w.pushed(map[string]string{".env": env(text)})
	w.settle()
	w.conclusion(sha, "failure")
	w.filed(0)
	// The check's buttons are enough to deal with it.
	w.took(w.shop.PressButton(w.ctx, w.shop.CheckRuns(sha)[0].ID, "rotated", w.ada))
	w.conclusion(sha, "success")
	w.filed(0)
}

func testLabelsAndAssignees(t *testing.T) {
	w := newShop(t)
	kim := w.github.User("kim")
	w.shop.SetRole(kim, "write")
	w.policy("issues:", "  labels: [security, 'needs triage']", "  assignees: [kim, nobody-of-that-name]")
	sha, _, issue := w.leaked(89, detect.Live)
	issue = w.issue(issue.Number)
	if !slices.Equal(issue.Labels, []string{"security", "needs triage"}) || !slices.Equal(issue.Assignees, []string{"ada", "kim"}) {
		t.Errorf("labels %v, assignees %v", issue.Labels, issue.Assignees)
	}
	// Without an address in Markdown nobody is mentioned; an edit leaves the assignees alone.
	if strings.Contains(issue.Body, "@") {
		t.Error("the issue mentions somebody")
	}
	w.policy("issues: {labels: [other], assignees: []}")
	w.pushed(map[string]string{"more.env": "# more\n" + env(w.keys[0])})
	w.settle()
	edited := w.issue(issue.Number)
	holds(t, "the issue", edited.Body, "more.env")
	if !slices.Equal(edited.Labels, issue.Labels) || !slices.Equal(edited.Assignees, issue.Assignees) {
		t.Errorf("an edit changed labels to %v, assignees to %v", edited.Labels, edited.Assignees)
	}
	w.conclusion(sha, "failure")
}

func testIssuesElsewhere(t *testing.T) {
	w := newShop(t)
	security := w.other("security", true)
	refused := w.policy("issues:", "  repository: Acme/Security")
	w.conclusion(refused, "failure")
	holds(t, "the check", w.shop.CheckRuns(refused)[0].Annotations[0].Message, "does not accept issues about acme/shop", "issues.accepts")
	w.accepts(security, "acme/shop")
	w.conclusion(w.policy("issues: {repository: Acme/Security}"), "success")
	text, key := w.secret(90, detect.Live)
	sha := w.pushed(map[string]string{".env": env(text)})
	w.settle()
	w.filed(0)
	filed := security.Issues()
	if len(filed) != 1 {
		t.Fatalf("%d issues in the policy's repository", len(filed))
	}
	holds(t, "the issue", filed[0].Title+filed[0].Body, "acme/shop", ".env")
	// Commands are accepted there, and rights are those in the repository of the leak.
	security.SetRole(w.sam, "admin")
	w.took(security.Comment(w.ctx, filed[0].Number, "/rekey ignore me", w.sam))
	w.clerk.Delete(key)
	w.took(security.Comment(w.ctx, filed[0].Number, "/rekey rotated", w.ada))
	if state := security.Issues()[0].State; state != "closed" {
		t.Errorf("the issue is %s", state)
	}
	if n := len(security.Issues()[0].Comments); n != 4 {
		t.Errorf("%d comments, want two of people and two answers", n)
	}
	w.conclusion(sha, "success")

	// Where the App does not reach it, the check of the policy says so, and the issue is filed at home, as that is private.
	nowhere := w.policy("issues:", "  repository: acme/nowhere")
	w.conclusion(nowhere, "failure")
	holds(t, "the check", w.shop.CheckRuns(nowhere)[0].Annotations[0].Message, "can't access acme/nowhere")
	w.leaked(91, detect.Live)
	// A public repository takes no issues about a private one.
	w.accepts(w.other("board", false), "acme/*")
	w.conclusion(w.policy("issues: {repository: acme/board}"), "failure")
}

func testAllow(t *testing.T) {
	w := newShop(t)
	allowed, live, test := w.key(92, detect.Live), w.key(93, detect.Live), w.key(94, detect.Test)
	late, lapsed := w.key(95, detect.Test), w.key(96, detect.Live)
	fingerprint := func(text string) string { return detect.NewSecret(text).Fingerprint() }
	w.policy("allow:", "  fingerprints:",
		"    - {fingerprint: "+fingerprint(allowed)+", reason: 'the key of the docs, long dead'}",
		"    - {fingerprint: "+fingerprint(lapsed)+", reason: 'until the move', expires: 2020-01-01}",
		"  paths:", "    - {path: 'test/**', reason: fixtures}", "    - {path: 'late/**', reason: fixtures, expires: 2020-01-01}")
	sha := w.pushed(map[string]string{"docs/key.md": env(allowed)})
	w.settle()
	w.conclusion(sha, "neutral")
	w.filed(0)
	sha = w.pushed(map[string]string{"test/a.env": env(test)})
	w.settle()
	w.conclusion(sha, "success")
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Summary, "fixtures")
	w.filed(0)
	// A path never allows a production key, and what expired allows nothing.
	sha = w.pushed(map[string]string{"test/b.env": env(live), "late/c.env": env(late), "d.env": env(lapsed)})
	w.settle()
	w.conclusion(sha, "failure")
	if got := places(w.shop.CheckRuns(sha)[0]); !slices.Equal(got, []string{"d.env:1:18", "late/c.env:1:18", "test/b.env:1:18"}) {
		t.Errorf("annotations at %v", got)
	}
	w.filed(3)
	// An allowed key that is pushed where nothing allows it is a leak.
	sha = w.pushed(map[string]string{"src/a.env": "# here\n" + env(test)})
	w.settle()
	w.conclusion(sha, "failure")
	w.filed(4)
}

// testCleanPushReadsNoPolicy: one git request and one REST request, whatever policy there is.
func testCleanPushReadsNoPolicy(t *testing.T) {
	w := newWorld(t, githubtest.Options{Quiet: true})
	w.policy("fail_on: high")
	for i := range 2 {
		w.github.ForgetRequests()
		sha := w.pushed(map[string]string{"a.go": fmt.Sprintf("package a // %d\n", i)})
		w.settle()
		w.conclusion(sha, "success")
		if git, rest := w.github.Count(githubtest.Git), w.github.Count(githubtest.REST); git != 1 || rest != 1 {
			t.Errorf("a clean push took %d git and %d REST requests: %+v", git, rest, w.github.Requests())
		}
	}
}

func testVerifyIsSwitchedOffWhileAsking(t *testing.T) {
	w := newShop(t)
	sha, _, issue := w.leaked(98, detect.Live)
	w.clerk.Fail(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusServiceUnavailable) })
	if sent, err := w.shop.Comment(w.ctx, issue.Number, "/rekey rotated", w.ada); err != nil || !sent.OK() {
		t.Fatal(sent.Status, err)
	}
	w.eventually("the answer", func() bool { return len(w.issue(issue.Number).Comments) == 1 })
	holds(t, "the comment", w.last(issue.Number, 1), "a clear answer", "keep asking")
	w.conclusion(sha, "failure")
	w.pushed(map[string]string{policyPath: "verify: never\n"})
	w.eventually("the policy to be heard of", func() bool { return w.stats().Unfinished == 0 })
	asked := len(w.clerk.Requests())
	w.hurry()
	w.eventually("the issue to be closed", func() bool { return w.issue(issue.Number).State == "closed" })
	w.settle()
	w.state(issue.Number, "closed", respond.Resolved)
	w.conclusion(sha, "success")
	if n := len(w.clerk.Requests()); n != asked {
		t.Errorf("Clerk was asked %d times more", n-asked)
	}
}

// TestTheDefaultBranchNamesWhatIsStillOpen: its green checks say that older leaks are open, as long as they are.
func TestTheDefaultBranchNamesWhatIsStillOpen(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	_, key, issue := w.leaked(700, detect.Live)
	clean := w.pushed(map[string]string{"README.md": "later\n"})
	w.settle()
	w.conclusion(clean, "success")
	run := w.shop.CheckRuns(clean)[0]
	holds(t, "the check", run.Title, "1 older leak is still open")
	holds(t, "the check", run.Summary, "Still open in this repository", key.Redacted(), fmt.Sprintf("/issues/%d", issue.Number))
	// Other branches have enough to say of themselves.
	side := w.commit(w.shop, githubtest.Change{Branch: "side", Parents: []string{clean}, Files: map[string]string{"x": "y"}})
	w.push(w.shop, "refs/heads/side", side)
	w.settle()
	lacks(t, "the check of another branch", w.shop.CheckRuns(side)[0].Summary, "Still open")
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	run = w.shop.CheckRuns(clean)[0]
	lacks(t, "the check", run.Title+run.Summary, "still open", "Still open")
}
