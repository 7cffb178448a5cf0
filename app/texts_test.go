package app

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

func TestTexts(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"InAComment":          testKeyInAComment,
		"EditedOut":           testKeyEditedOut,
		"InAPullRequest":      testKeyInAPullRequest,
		"InAStrangers":        testKeyInAStrangersPullRequest,
		"InADiscussion":       testKeyInADiscussion,
		"InAFileToo":          testKeyInAFileAndAComment,
		"InPublic":            testKeyInAPublicComment,
		"FromBefore":          testKeyFromBefore,
		"CleanOnesAskNothing": testCleanTextsAskNothing,
		"Mask":                testMask,
		"MaskOnce":            testMaskOnce,
		"MaskKinds":           testMaskKinds,
		"MaskLeavesAlone":     testMaskLeavesAlone,
		"MaskInPublic":        testMaskInPublic,
		"MaskRace":            testMaskRace,
		"MovedTextStays":      testMovedTextStays,
		"OldTitle":            testOldTitle,
		"SecretsTicked":       testSecretsTicked,
		"SecretsUnseen":       testSecretsUnseen,
		"DeleteComments":      testDeleteComments,
		"DeleteCommentsSome":  testDeleteCommentsWithout,
	})
}

// textOf finds a text of the shop by its words.
func (w *world) textOf(words string) githubtest.Text {
	w.t.Helper()
	for _, text := range w.shop.Texts() {
		if strings.Contains(text.Body, words) {
			return text
		}
	}
	w.t.Fatalf("no text holds %q", words)
	return githubtest.Text{}
}

// written is a sentence with a key.
func written(key string) string {
	return "It works with this:\n\n```\nCLERK_SECRET_KEY=" + key + "\n```\n"
}

// asked is an issue of the shop that somebody asked a question with.
func (w *world) asked() int {
	w.t.Helper()
	number, sent := w.shop.OpenIssue(w.ctx, "How do I sign in?", "I read the manual.", w.sam)
	w.took(sent, nil)
	return number
}

func (w *world) placesOf(number int) (places []respond.Sighting) {
	w.t.Helper()
	leak, _ := w.leak(number)
	w.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		places, err = tx.Sightings(ctx, leak.ID, 100)
		return err
	})
	return places
}

func testKeyInAComment(t *testing.T) {
	w := newShop(t)
	number := w.asked()
	key, _ := w.secret(950, detect.Live)
	w.took(w.shop.Comment(w.ctx, number, written(key), w.sam))
	issue := w.issues(2)[1]
	body := w.issue(issue.Number).Body
	holds(t, "the issue", body, "**A Clerk production secret key was written in [a comment on #1](", "Take it off GitHub's pages", "- [ ] [A comment on #1](", "delete the comment")
	if strings.Contains(body, "In git since") {
		t.Errorf("the issue speaks of git:\n%s", body)
	}
	comment := w.textOf("It works with this")
	w.took(w.shop.DeleteText(w.ctx, comment.NodeID, w.sam))
	holds(t, "the issue after the comment was deleted", w.issue(issue.Number).Body, "- [x] [A comment on #1](")
	if places := w.placesOf(issue.Number); len(places) != 1 || places[0].Text.Gone.IsZero() || places[0].AuthorName != "sam" {
		t.Errorf("places %+v", places)
	}
}

func testKeyEditedOut(t *testing.T) {
	w := newShop(t)
	number := w.asked()
	key, _ := w.secret(951, detect.Live)
	w.took(w.shop.Comment(w.ctx, number, written(key), w.sam))
	issue := w.issues(2)[1]
	comment := w.textOf("It works with this")
	clean := "It works with this: (removed)"
	w.took(w.shop.EditText(w.ctx, comment.NodeID, githubtest.Edited{Body: &clean}, w.sam))
	holds(t, "the issue after the edit", w.issue(issue.Number).Body, "- [ ] [A comment on #1](", "**but an earlier version still shows it**", "**Delete revision from history**")
	if err := w.shop.DeleteVersion(comment.NodeID, 0, w.sam); err != nil {
		t.Fatal(err)
	}
	w.took(w.shop.Comment(w.ctx, issue.Number, "/rekey status", w.ada))
	holds(t, "the issue after the version was deleted", w.issue(issue.Number).Body, "- [x] [A comment on #1](")
}

func testKeyInAPullRequest(t *testing.T) {
	w := newShop(t)
	key, secret := w.secret(952, detect.Live)
	w.pushed(map[string]string{"a.txt": "a"})
	head := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"b.txt": "b"})})
	w.push(w.shop, "refs/heads/topic", head)
	pull, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{HeadRef: "topic", BaseRef: "main", Title: "Sign in", Body: written(key), By: w.ada})
	w.took(sent, err)
	run := w.check(w.shop, head)
	if run.Conclusion != "failure" {
		t.Errorf("the check of the pull request's head is %s", run.Conclusion)
	}
	holds(t, "the check", run.Summary, "the description of pull request #"+strconv.Itoa(pull.Number()))
	issue := w.issues(1)[0]
	holds(t, "the issue", w.issue(issue.Number).Body, "written in [the description of pull request #")
	next := w.commit(w.shop, githubtest.Change{Parents: []string{head}, Files: change(map[string]string{"c.txt": "c"})})
	w.push(w.shop, "refs/heads/topic", next)
	w.settle()
	if run := w.check(w.shop, next); run.Conclusion != "failure" {
		t.Errorf("the check of the pull request's next head is %s", run.Conclusion)
	}
	// What people write says nothing of a commit that nobody has read: its check does not pass before that.
	w.rotates(issue.Number, secret)
	unread := w.commit(w.shop, githubtest.Change{Parents: []string{next}, Files: change(map[string]string{"d.txt": "d"})})
	if err := w.shop.SetRef("refs/heads/other", unread); err != nil {
		t.Fatal(err)
	}
	w.github.ForgetRequests()
	_, sent, err = w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{HeadRef: "other", BaseRef: "main", Title: "Sign out", Body: written(key), By: w.ada})
	w.took(sent, err)
	w.conclusion(unread, "success")
	for _, r := range w.github.Requests() {
		if strings.HasSuffix(r.Path, "/git-upload-pack") {
			break
		}
		if strings.Contains(r.Path, "/check-runs") && r.Method == http.MethodPost {
			t.Fatal("the check has passed before the commit was read")
		}
	}
}

// testKeyInAStrangersPullRequest: what strangers bring by a pull request costs nobody anything, be it in a commit or in what they write.
func testKeyInAStrangersPullRequest(t *testing.T) {
	w := newShop(t)
	w.pushed(map[string]string{"a.txt": "a"})
	w.took(w.shop.Publicize(w.ctx, w.ada), nil)
	eve := w.github.User("eve")
	fork, err := w.shop.Fork(eve)
	if err != nil {
		t.Fatal(err)
	}
	head := w.commit(fork, githubtest.Change{Files: change(map[string]string{"b.txt": "b"}), Author: eve})
	if err := fork.SetRef("refs/heads/topic", head); err != nil {
		t.Fatal(err)
	}
	key, _ := w.secret(956, detect.Live)
	_, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{Head: fork, HeadRef: "topic", Body: written(key), By: eve})
	w.took(sent, err)
	if run := w.check(w.shop, head); run.Conclusion != "failure" {
		t.Errorf("the check is %s", run.Conclusion)
	}
	w.filed(0)
}

func testKeyInADiscussion(t *testing.T) {
	w := newGuardedShop(t)
	key, _ := w.secret(953, detect.Live)
	_, sent := w.shop.OpenDiscussion(w.ctx, "Sign in", written(key), w.sam)
	w.took(sent, nil)
	issue := w.issues(1)[0]
	holds(t, "the issue", w.issue(issue.Number).Body, "written in [the description of discussion #")
}

func testKeyInAFileAndAComment(t *testing.T) {
	w := newShop(t)
	_, _, issue := w.leaked(954, detect.Live)
	number := w.asked()
	w.took(w.shop.Comment(w.ctx, number, written(w.keys[0]), w.sam))
	w.issues(2)
	holds(t, "the issue", w.issue(issue.Number).Body, "was pushed to this repository", "and 1 more place", "- [ ] [A comment on #"+strconv.Itoa(number)+"](")
}

func testKeyInAPublicComment(t *testing.T) {
	w := newShop(t)
	w.took(w.shop.Publicize(w.ctx, w.ada), nil)
	number := w.asked()
	key, _ := w.secret(955, detect.Live)
	w.took(w.shop.Comment(w.ctx, number, written(key), w.sam))
	issue := w.issues(2)[1]
	if body := w.issue(issue.Number).Body; strings.Contains(body, "comment on") || strings.Contains(body, "Clerk") {
		t.Errorf("the issue tells strangers:\n%s", body)
	}
}

// testCleanTextsAskNothing: most texts hold no key. They cost no job, and no request to GitHub.
func testCleanTextsAskNothing(t *testing.T) {
	w := newShop(t)
	number := w.asked()
	before := len(w.github.Requests())
	for range 20 {
		w.took(w.shop.Comment(w.ctx, number, "Thanks, that helps. The key begins with sk_live_, right?", w.sam))
	}
	if n := len(w.github.Requests()) - before; n != 0 {
		t.Errorf("%d requests", n)
	}
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		stats, err := tx.Stats(ctx)
		if err == nil && len(stats.Waiting) > 1 {
			t.Errorf("waiting: %v", stats.Waiting)
		}
		return err
	})
}

// testKeyFromBefore: the App is installed where a key was edited out of a comment long ago. The issue names the version that still shows it.
// When the repository is made public all is read again, and nothing is said twice.
func testKeyFromBefore(t *testing.T) {
	w := newShop(t)
	w.settle()
	w.app.Uninstall(w.ctx, w.ada)
	w.settle()
	number, _ := w.shop.OpenIssue(w.ctx, "How do I sign in?", "I read the manual.", w.sam)
	key, _ := w.secret(958, detect.Live)
	if _, err := w.shop.Comment(w.ctx, number, written(key), w.sam); err != nil {
		t.Fatal(err)
	}
	clean := "It works with this: (removed)"
	if _, err := w.shop.EditText(w.ctx, w.textOf("It works with this").NodeID, githubtest.Edited{Body: &clean}, w.sam); err != nil {
		t.Fatal(err)
	}
	w.app, _ = w.github.Install(w.ctx, w.shop.Owner(), w.ada)
	w.settle()
	issue := w.issues(2)[1]
	body := w.issue(issue.Number).Body
	holds(t, "the issue", body, "was written in [a comment on #1](", "**but an earlier version still shows it**", "**Delete revision from history**")
	if places := w.placesOf(issue.Number); len(places) != 1 || !places[0].Text.Former || places[0].AuthorName != "sam" {
		t.Errorf("places %+v", places)
	}
	w.github.ForgetRequests()
	w.took(w.shop.Publicize(w.ctx, w.ada), nil)
	w.settle()
	lists := 0
	for _, r := range w.github.Requests() {
		if strings.HasSuffix(r.Path, "/issues/comments") {
			lists++
		}
	}
	if lists != 1 || len(w.shop.Issues()) != 2 || len(w.placesOf(issue.Number)) != 1 {
		t.Errorf("made public: %d listings, issues %+v", lists, w.shop.Issues())
	}
}
