package app

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// newMaskingShop is a shop whose policy masks keys in texts.
func newMaskingShop(t *testing.T) *world {
	t.Helper()
	w := newShop(t)
	w.policy("texts: {redact: mask}")
	return w
}

// granted gives the App permissions to write, besides those that it needs.
func (w *world) granted(permissions ...string) {
	w.t.Helper()
	all := map[string]string{"checks": "write", "contents": "read", "issues": "write", "merge_queues": "read", "metadata": "read", "pull_requests": "read"}
	for _, p := range permissions {
		all[p] = "write"
	}
	w.app.AcceptPermissions(w.ctx, w.ada, all)
	w.settle()
}

// edits are the requests by which rekey edited what people wrote.
func (w *world) edits(path string) (n int) {
	for _, r := range w.github.Requests() {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.Path, path) && r.Status < 300 {
			n++
		}
	}
	return n
}

const removed = "sk_live_(removed by rekey)"

// holdsKeyNowhere demands that no text says a key now.
func (w *world) holdsKeyNowhere() {
	w.t.Helper()
	for _, text := range w.shop.Texts() {
		for _, key := range w.keys {
			if strings.Contains(text.Body, key) {
				w.t.Errorf("%s still says a key", text.URL)
			}
		}
	}
}

// testMask: the key is taken out of a comment, byte for byte; who did it and what is left to do stands below; and the issue ticks the text once
// its earlier version is deleted.
func testMask(t *testing.T) {
	w := newMaskingShop(t)
	number := w.asked()
	key, _ := w.secret(970, detect.Live)
	text := "> quoted\r\n\r\n```env\r\nCLERK_SECRET_KEY=" + key + "\r\n```\r\nключ 🔑 " + key + "\r\n"
	w.took(w.shop.Comment(w.ctx, number, text, w.sam))
	issue := w.issues(2)[1]
	comment := w.textOf("quoted")
	masked := strings.ReplaceAll(text, key, removed)
	if got, same := strings.CutPrefix(comment.Body, masked); !same || !strings.HasPrefix(got, "\r\n\r\n> rekey removed a Clerk credential from this text.") ||
		!strings.HasSuffix(got, "The other steps are in #"+strconv.Itoa(issue.Number)+".") {
		t.Errorf("the comment says\n%s", comment.Body)
	}
	holds(t, "the issue", w.issue(issue.Number).Body, "- [ ] [A comment on #1](", "masked by rekey, **but an earlier version still shows it**", "**Delete revision from history**")
	if n := w.edits("/issues/comments/" + strconv.FormatInt(comment.ID, 10)); n != 1 {
		t.Errorf("%d edits", n)
	}
	if err := w.shop.DeleteVersion(comment.NodeID, 0, w.sam); err != nil {
		t.Fatal(err)
	}
	w.say(issue.Number, "/rekey status", w.ada)
	holds(t, "the issue after the version was deleted", w.issue(issue.Number).Body, "- [x] [A comment on #1](")
	w.holdsNoKey()
}

// testMaskOnce: a key is masked once in a text, whatever somebody, or a program, makes of it afterwards. Another key is another one.
func testMaskOnce(t *testing.T) {
	w := newMaskingShop(t)
	number := w.asked()
	key, _ := w.secret(971, detect.Live)
	w.took(w.shop.Comment(w.ctx, number, written(key), w.sam))
	issue := w.issues(2)[1]
	comment := w.textOf("It works with this")
	for range 3 {
		again := written(key) + "!"
		w.took(w.shop.EditText(w.ctx, comment.NodeID, githubtest.Edited{Body: &again}, w.sam))
		w.say(issue.Number, "/rekey status", w.ada)
		none := "nothing"
		w.took(w.shop.EditText(w.ctx, comment.NodeID, githubtest.Edited{Body: &none}, w.sam))
	}
	again := written(key)
	w.took(w.shop.EditText(w.ctx, comment.NodeID, githubtest.Edited{Body: &again}, w.sam))
	w.say(issue.Number, "/rekey status", w.ada)
	path := "/issues/comments/" + strconv.FormatInt(comment.ID, 10)
	if n := w.edits(path); n != 1 {
		t.Errorf("%d edits", n)
	}
	holds(t, "the issue", w.issue(issue.Number).Body, "someone wrote the key again after rekey had masked it")
	other, _ := w.secret(972, detect.Live)
	both := written(key) + written(other)
	w.took(w.shop.EditText(w.ctx, comment.NodeID, githubtest.Edited{Body: &both}, w.sam))
	body := w.textOf("It works with this").Body
	if n := w.edits(path); n != 2 || strings.Contains(body, other) || !strings.Contains(body, key) {
		t.Errorf("%d edits; the other key stands there: %v", n, strings.Contains(body, other))
	}
}

// testMaskKinds: issues and pull requests too. What stands on a pull request's page takes a permission more, without which the issue says so.
func testMaskKinds(t *testing.T) {
	w := newMaskingShop(t)
	key, _ := w.secret(973, detect.Live)
	number, sent := w.shop.OpenIssue(w.ctx, "Sign in", written(key), w.sam)
	w.took(sent, nil)
	if text := w.textOf("It works with this"); text.Number != number || strings.Contains(text.Body, key) {
		t.Errorf("issue %d still says the key", text.Number)
	}
	w.pushed(map[string]string{"a.txt": "a"})
	head := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"b.txt": "b"})})
	w.push(w.shop, "refs/heads/topic", head)
	inPull, _ := w.secret(974, detect.Live)
	pull, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{HeadRef: "topic", BaseRef: "main", Title: "Sign in", Body: "See " + inPull, By: w.ada})
	w.took(sent, err)
	issues := w.shop.Issues()
	issue := issues[len(issues)-1].Number
	holds(t, "the issue without the permission", w.issue(issue).Body, "not masked: rekey lacks the permission **Pull requests: write**")
	w.granted("pull_requests")
	w.say(issue, "/rekey status", w.ada)
	holds(t, "the issue with the permission", w.issue(issue).Body, "masked by rekey, **but an earlier version still shows it**")
	w.took(pull.Comment(w.ctx, "And "+inPull, w.ada), nil)
	w.holdsKeyNowhere()
	if strings.Contains(w.logs.String(), `"level":"ERROR"`) {
		t.Error("something was logged as an error")
	}
	ours := false
	for _, line := range w.lines() {
		ours = ours || line["event"] == "pull_request" && line["action"] == "edited" && line["outcome"] == "ignored: rekey's own doing"
	}
	if !ours {
		t.Error("rekey's own edit of a pull request was taken for a person's")
	}
	w.conclusion(head, "failure") // an earlier version still shows it
}

// testMaskLeavesAlone: what can't be taken out exactly stays, and so does all where nobody asked for it.
func testMaskLeavesAlone(t *testing.T) {
	w := newMaskingShop(t)
	number := w.asked()
	key, _ := w.secret(975, detect.Live)
	joined := `const key = "` + key[:20] + `" + "` + key[20:] + `"`
	w.took(w.shop.Comment(w.ctx, number, joined, w.sam))
	issue := w.issues(2)[1]
	if w.textOf("const key").Body != joined {
		t.Error("a key that is written in two parts was edited")
	}
	holds(t, "the issue", w.issue(issue.Number).Body, "not masked: the key isn't written in one piece there", "delete the comment")
	w.policy("mode: enforce")
	other, _ := w.secret(976, detect.Live)
	w.took(w.shop.Comment(w.ctx, number, written(other), w.sam))
	w.issues(3)
	if !strings.Contains(w.textOf("It works with this").Body, other) {
		t.Error("a text was edited without a policy that wants it")
	}
}

// testMaskInPublic: strangers are not led to an earlier version.
func testMaskInPublic(t *testing.T) {
	w := newMaskingShop(t)
	w.took(w.shop.Publicize(w.ctx, w.ada), nil)
	number := w.asked()
	key, _ := w.secret(977, detect.Live)
	w.took(w.shop.Comment(w.ctx, number, written(key), w.sam))
	w.issues(2)
	if got, want := w.textOf("It works with this").Body, strings.ReplaceAll(written(key), key, "(removed)"); got != want {
		t.Errorf("the comment says\n%s", got)
	}
}

// testMaskRace: somebody edits the text while rekey does: before its request, so that it sees it, or right behind its last look.
func testMaskRace(t *testing.T) {
	for name, test := range map[string]struct {
		before int    // the edit comes before this request of GraphQL; 0: before the edit itself
		to     string // KEY stands for the key
		want   string
		ours   int // edits
	}{
		"seen, with the key":     {2, "Better: KEY", "Better: " + removed, 1},
		"seen, without":          {2, "Never mind.", "Never mind.", 0},
		"not seen, with the key": {0, "Better: KEY", "Better: " + removed, 2},
		"not seen, without":      {0, "Never mind.", "Never mind.", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newMaskingShop(t)
			number := w.asked()
			key, _ := w.secret(978, detect.Live)
			to, edited := strings.ReplaceAll(test.to, "KEY", key), false
			var mu sync.Mutex
			looks := 0
			w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				mu.Lock()
				query := strings.HasSuffix(r.URL.Path, "/graphql")
				if query {
					looks++
				}
				now := !edited && (query && looks == test.before || test.before == 0 && r.Method == http.MethodPatch && strings.Contains(r.URL.Path, "/issues/comments/"))
				edited = edited || now
				mu.Unlock()
				if now {
					comment := w.textOf("It works with this")
					if _, err := w.shop.EditText(w.ctx, comment.NodeID, githubtest.Edited{Body: &to}, w.sam); err != nil {
						t.Error(err)
					}
				}
				next.ServeHTTP(rw, r)
			})
			w.took(w.shop.Comment(w.ctx, number, written(key), w.sam))
			var body string
			ours := 0
			for _, text := range w.shop.Texts() {
				if text.Kind != "IssueComment" {
					continue
				}
				body = text.Body
				for _, version := range text.Versions {
					if version.Editor == w.github.Bot().Login {
						ours++
					}
				}
			}
			if ours != test.ours {
				t.Errorf("%d edits of ours, want %d", ours, test.ours)
			}
			if !edited || !strings.HasPrefix(body, test.want) || strings.Contains(body, "It works") {
				t.Errorf("edited %v; the comment says\n%s", edited, strings.ReplaceAll(body, key, "KEY"))
			}
			if strings.Contains(test.to, "KEY") != strings.Contains(body, "> rekey removed") {
				t.Errorf("the comment says\n%s", strings.ReplaceAll(body, key, "KEY"))
			}
		})
	}
}

// testMovedTextStays: an issue that is transferred takes its texts along. They are not gone.
func testMovedTextStays(t *testing.T) {
	w := newShop(t)
	there := w.other("elsewhere", true)
	number := w.asked()
	key, _ := w.secret(979, detect.Live)
	w.took(w.shop.Comment(w.ctx, number, written(key), w.sam))
	issue := w.issues(2)[1]
	_, sent, err := w.shop.TransferIssue(w.ctx, number, there, w.ada)
	w.took(sent, err)
	w.say(issue.Number, "/rekey status", w.ada)
	holds(t, "the issue", w.issue(issue.Number).Body, "- [ ] [A comment on #1](")
	if places := w.placesOf(issue.Number); len(places) != 1 || !places[0].Text.Gone.IsZero() {
		t.Errorf("%+v", places)
	}
}

// testOldTitle: a title that was changed still stands in the timeline, and its step stays open; and whoever wrote it did not push it.
func testOldTitle(t *testing.T) {
	w := newShop(t)
	told := w.notified()
	key, _ := w.secret(982, detect.Live)
	number, sent := w.shop.OpenIssue(w.ctx, "Why is "+key+" refused?", "See above.", w.sam)
	w.took(sent, nil)
	issue := w.issues(2)[1]
	if notices := told(); len(notices) != 1 || !strings.Contains(notices[0], "written on GitHub by `sam`") || strings.Contains(notices[0], "pushed by") {
		t.Errorf("notices %q", notices)
	}
	title := "Why is my key refused?"
	w.took(w.shop.EditText(w.ctx, w.textOf("See above.").NodeID, githubtest.Edited{Title: &title}, w.sam))
	w.say(issue.Number, "/rekey status", w.ada)
	holds(t, "the issue", w.issue(issue.Number).Body, "- [ ] [The title of issue #1](", "the timeline shows the old one")
	w.took(w.shop.DeleteIssue(w.ctx, number, w.ada))
	w.say(issue.Number, "/rekey status", w.ada)
	holds(t, "the issue after the other was deleted", w.issue(issue.Number).Body, "- [x] [The title of issue #1](")
}
