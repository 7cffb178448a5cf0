package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

func TestPublic(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"NoPlaces":         testPublicIssueShowsNoPlaces,
		"PrivateElsewhere": testPublicRepositoryWithAPrivateOneForIssues,
		"Publicized":       testPublicized,
		"HiddenLines":      testHiddenLines,
		"Details":          testPublicDetails,
		"NeverInPublic":    testUnusableRepositoryForIssues,
	})
}

// public makes the shop public before anything is pushed.
func (w *world) public() {
	w.t.Helper()
	w.took(w.shop.Publicize(w.ctx, w.ada), nil)
}

func lacks(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(text, word) {
			t.Errorf("%s holds %q:\n%s", what, word, text)
		}
	}
}

func testPublicIssueShowsNoPlaces(t *testing.T) {
	w := newShop(t)
	w.public()
	text, key := w.secret(100, detect.Test)
	leaking := w.commit(w.shop, githubtest.Change{Files: map[string]string{"hidden/place.env": env(text)}})
	sha := w.commit(w.shop, githubtest.Change{Parents: []string{leaking}, Remove: []string{"hidden/place.env"}})
	w.push(w.shop, "refs/heads/main", sha)
	w.settle()
	issue := w.filed(1)[0]
	lacks(t, "the public issue", issue.Title+issue.Body, "place.env", leaking[:7], leaking, "`ada`", "Clerk", "sk_", "key", "rekey")
	run := w.shop.CheckRuns(sha)[0]
	lacks(t, "the public check", run.Title+run.Summary+run.Text, "place.env", leaking[:7], "sk_", "development")
	holds(t, "the public check", run.Summary, "rekey scan --history", fmt.Sprintf("/issues/%d", issue.Number))
	if run.Conclusion != "failure" || len(run.Annotations) != 0 {
		t.Errorf("%s with %d annotations", run.Conclusion, len(run.Annotations))
	}
	// A stranger's words are politely refused, once.
	w.say(issue.Number, "/rekey rotated", w.github.User("passer-by"))
	w.say(issue.Number, "/rekey rotated", w.github.User("passer-by"))
	holds(t, "the comment", w.last(issue.Number, 1), "depends on your role")
	// Nobody learns from us whether the key works: it does, and Clerk said so.
	w.say(issue.Number, "/rekey rotated", w.ada)
	lacks(t, "the comment", w.last(issue.Number, 2), "Clerk", "works", "accepts", "sk_")
	lacks(t, "the public issue", w.issue(issue.Number).Body, "Clerk", "works")
	// What somebody entitled says in the open stays as he said it, and our texts repeat no more of it than needed.
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	holds(t, "the closed public issue", w.issue(issue.Number).Title, key.Redacted())
	lacks(t, "the closed public issue", w.issue(issue.Number).Body, "place.env", leaking[:7])
	w.conclusion(sha, "success")
	w.holdsNoKey()
}

func testPublicRepositoryWithAPrivateOneForIssues(t *testing.T) {
	w := newShop(t)
	security := w.other("security", true)
	w.public()
	w.accepts(security, "acme/shop")
	w.policy("issues: {repository: acme/security}")
	text, _ := w.secret(101, detect.Live)
	sha := w.pushed(map[string]string{"place.env": env(text)})
	w.settle()
	w.filed(0)
	filed := security.Issues()
	if len(filed) != 1 {
		t.Fatalf("%d issues in the private repository", len(filed))
	}
	holds(t, "the private issue", filed[0].Title+filed[0].Body, "acme/shop", "place.env", sha[:7])
	run := w.shop.CheckRuns(sha)[0]
	lacks(t, "the public check", run.Title+run.Summary+run.Text, "acme/security", security.URL())
}

func testPublicized(t *testing.T) {
	w := newShop(t)
	w.policy("fail_on: high")
	sha, _, issue := w.leaked(102, detect.Test) // of medium severity while it is private
	w.conclusion(sha, "neutral")
	holds(t, "the private issue", w.issue(issue.Number).Body, "102.env")

	// What no event told of is found by the look at all of it.
	text, _ := w.secret(103, detect.Live)
	missed := w.commit(w.shop, githubtest.Change{Parents: []string{sha}, Files: map[string]string{"missed.env": env(text)}})
	if err := w.shop.SetRef("refs/heads/side", missed); err != nil {
		t.Fatal(err)
	}
	w.took(w.shop.Publicize(w.ctx, w.ada), nil)
	w.filed(2)
	lacks(t, "the issue, in public", w.issue(issue.Number).Title+w.issue(issue.Number).Body, "102.env", "sk_", "Clerk")
	run := w.shop.CheckRuns(sha)[0]
	lacks(t, "the check, in public", run.Summary, "102.env")
	if run.Conclusion != "failure" {
		t.Errorf("in public the key is worse, but its check is %s", run.Conclusion)
	}
	w.last(issue.Number, 0)
	// Once more: nothing is filed or told twice.
	w.took(w.shop.Privatize(w.ctx, w.ada), nil)
	w.took(w.shop.Publicize(w.ctx, w.ada), nil)
	w.filed(2)
	w.holdsNoKey()
}

func testHiddenLines(t *testing.T) {
	w := newShop(t)
	w.public()
	w.policy("public: {details: true, annotations: false}")
	sha, _, _ := w.leaked(104, detect.Live)
	run := w.shop.CheckRuns(sha)[0]
	if run.Conclusion != "failure" || len(run.Annotations) != 0 {
		t.Errorf("%s with %d annotations", run.Conclusion, len(run.Annotations))
	}
}

func testPublicDetails(t *testing.T) {
	w := newShop(t)
	w.public()
	w.policy("public: {details: true}")
	sha, key, issue := w.leaked(105, detect.Live)
	holds(t, "the issue", issue.Title+issue.Body, key.Redacted(), "105.env")
	if run := w.shop.CheckRuns(sha)[0]; len(run.Annotations) != 1 {
		t.Errorf("%d annotations", len(run.Annotations))
	}
}

// testUnusableRepositoryForIssues: a public repository whose policy sends issues where they cannot go gets none in public, and
// gets them as soon as they can go there.
func testUnusableRepositoryForIssues(t *testing.T) {
	w := newShop(t)
	security := w.other("security", true)
	w.public()
	w.conclusion(w.policy("issues: {repository: acme/security}"), "failure")
	text, _ := w.secret(106, detect.Live)
	sha := w.pushed(map[string]string{"place.env": env(text)})
	w.settle()
	w.conclusion(sha, "failure")
	w.filed(0)
	w.accepts(security, "acme/*")
	w.conclusion(w.policy("issues: {repository: acme/security} # now it may"), "success")
	w.filed(0)
	if n := len(security.Issues()); n != 1 {
		t.Errorf("%d issues in the private repository, want 1", n)
	}
}
