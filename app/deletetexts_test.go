package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// comments are the bodies of all comments in the shop but ours.
func (w *world) comments() (list []string) {
	for _, text := range w.shop.Texts() {
		if strings.HasSuffix(text.Kind, "Comment") && text.Author != w.github.Bot().Login {
			list = append(list, text.Body)
		}
	}
	return list
}

// pasted puts a key into comments of each kind that can be deleted, and into texts that can't, and returns the leak's issue.
func (w *world) pasted(key string) (issue int) {
	w.t.Helper()
	number, sent := w.shop.OpenIssue(w.ctx, "How do I sign in?", "It says "+key, w.sam)
	w.took(sent, nil)
	w.say(number, "issue comment "+key, w.sam)
	w.say(number, "clean comment", w.sam)
	w.pushed(map[string]string{"a.txt": "a"})
	head := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"b.txt": "b\n"})})
	w.push(w.shop, "refs/heads/topic", head)
	pull, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{HeadRef: "topic", BaseRef: "main", Title: "Sign in", By: w.ada})
	w.took(sent, err)
	w.took(pull.Comment(w.ctx, "pull comment "+key, w.sam), nil)
	all, err := pull.Review(w.ctx, githubtest.Review{Body: "review", Comments: []githubtest.ReviewComment{{Path: "b.txt", Line: 1, Body: "review comment " + key}}}, w.ada)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range all {
		w.took(d, nil)
	}
	discussion, sent := w.shop.OpenDiscussion(w.ctx, "Sign in", "?", w.sam)
	w.took(sent, nil)
	w.took(w.shop.CommentOnDiscussion(w.ctx, discussion, 0, "discussion comment "+key, w.sam))
	w.took(w.shop.CommentOnDiscussion(w.ctx, discussion, 0, "answered comment "+key, w.sam))
	w.took(w.shop.CommentOnDiscussion(w.ctx, discussion, w.textOf("answered comment").ID, "an answer", w.ada))
	issues := w.shop.Issues()
	return issues[len(issues)-1].Number
}

// testDeleteComments: the comments that hold the key are deleted, and nothing else; what was deleted and what was not is said once.
func testDeleteComments(t *testing.T) {
	w := newGuardedShop(t)
	key, _ := w.secret(980, detect.Live)
	issue := w.pasted(key)
	w.say(issue, "/rekey delete-comments", w.ada)
	holds(t, "the answer to a typo", w.last(issue, 1), "Did you mean `/rekey delete-comment`?")
	w.say(issue, "/rekey delete-comment", w.sam)
	holds(t, "the answer to a reader", w.last(issue, 2), "only accepts commands from people with write access")
	if len(w.comments()) != 9 { // two commands, and what was pasted
		t.Errorf("comments: %d", len(w.comments()))
	}
	w.say(issue, "/rekey delete-comment", w.ada)
	for _, body := range w.comments() {
		if strings.Contains(body, key) && !strings.HasPrefix(body, "answered comment") {
			t.Errorf("%.14s… is still there", body)
		}
	}
	answer := w.last(issue, 3)
	holds(t, "the answer", answer, "Deleted, as `ada` asked:", "- A comment on #1\n", "- A comment on #", "- A review comment on pull request #", "- A comment on discussion #",
		"**Left to do by hand:**", "[The description of issue #1](", "[A comment on discussion #", "other people's replies would be deleted with it")
	body := w.issue(issue).Body
	if strings.Count(body, "- [x]") != 4 || strings.Count(body, "- [ ]") != 2 {
		t.Errorf("the steps:\n%s", body)
	}
	if kept := strings.Join(w.comments(), "\n"); !strings.Contains(kept, "clean comment") || !strings.Contains(kept, "an answer") {
		t.Errorf("comments that hold no key were deleted; left are\n%s", kept)
	}
	w.holdsNoKey()
}

// testDeleteCommentsWithout: without optional permissions rekey deletes what it may, and names what it lacks. What is clean by now stays.
func testDeleteCommentsWithout(t *testing.T) {
	w := newShop(t)
	number := w.asked()
	key, _ := w.secret(981, detect.Live)
	w.say(number, "issue comment "+key, w.sam)
	w.say(number, "cleaned comment "+key, w.sam)
	issue := w.issues(2)[1].Number
	w.pushed(map[string]string{"a.txt": "a"})
	head := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"b.txt": "b"})})
	w.push(w.shop, "refs/heads/topic", head)
	pull, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{HeadRef: "topic", BaseRef: "main", Title: "Sign in", By: w.ada})
	w.took(sent, err)
	w.took(pull.Comment(w.ctx, "pull comment "+key, w.sam), nil)
	cleaned, clean := w.textOf("cleaned comment"), "cleaned comment"
	w.took(w.shop.EditText(w.ctx, cleaned.NodeID, githubtest.Edited{Body: &clean}, w.sam))
	if err := w.shop.DeleteVersion(cleaned.NodeID, 0, w.sam); err != nil { // of which no event tells
		t.Fatal(err)
	}
	killed := 0
	w.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, http.MethodDelete), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		killed++
		githubtest.CutAfter(rw, r, next) // deleted, and nobody learns of it
	}))
	w.say(issue, "/rekey delete-comment", w.ada)
	w.github.Inject(nil)
	answer := w.last(issue, 1)
	holds(t, "the answer", answer, "Deleted, as `ada` asked:\n\n- A comment on #1\n", "[A comment on #3](", "rekey lacks the permission **Pull requests: write**")
	if kept := strings.Join(w.comments(), "\n"); killed != 1 || !strings.Contains(kept, "cleaned comment") || strings.Contains(kept, "issue comment") {
		t.Errorf("left are\n%s", strings.ReplaceAll(kept, key, "KEY"))
	}
	if strings.Count(answer, "A comment on #1") != 1 {
		t.Errorf("the answer tells of a comment that is clean:\n%s", answer)
	}
	holds(t, "the issue", w.issue(issue).Body, "- [x] [A comment on #1](", "- [ ] [A comment on #3](")
	if strings.Contains(w.logs.String(), `"level":"ERROR"`) {
		t.Error("something was logged as an error")
	}
}
