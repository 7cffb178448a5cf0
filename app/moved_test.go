package app

import (
	"net/http"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

func TestIssuesOutOfOurHands(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"ClosedByBot":            testClosedByAnotherApp,
		"Transferred":            testTransferredIssueIsFollowed,
		"TransferredOutOfReach":  testIssueTransferredOutOfReach,
		"TransferredToThePublic": testIssueTransferredToThePublic,
		"ClosedWithoutAnswer":    testClosedByHandWithoutAnAnswer,
	})
}

func testClosedByAnotherApp(t *testing.T) {
	w := newShop(t)
	sha, _, issue := w.leaked(500, detect.Live)
	bot := &githubtest.Account{ID: 41898282, Login: "github-actions[bot]", Type: "Bot"}
	for range 3 { // twice of no use: nobody argues with a program without end
		w.took(w.shop.CloseIssue(w.ctx, issue.Number, "", bot))
	}
	holds(t, "the comment", w.last(issue.Number, 1), "actions&#91;bot", "only a person")
	if leak, _ := w.leak(issue.Number); leak.State != respond.Open {
		t.Errorf("the leak is %s", leak.State)
	}
	w.conclusion(sha, "failure")
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("Clerk was asked %d times", n)
	}
	if state := w.issue(issue.Number).State; state != "closed" {
		t.Errorf("after the third closing of the day the issue is %s", state)
	}
}

func testTransferredIssueIsFollowed(t *testing.T) {
	w := newShop(t)
	board := w.other("board", true)
	sha, key, issue := w.leaked(501, detect.Live)
	moved, sent, err := w.shop.TransferIssue(w.ctx, issue.Number, board, w.ada)
	w.took(sent, err)
	if n := len(w.shop.Issues()); n != 1 {
		t.Errorf("%d issues at home, want the one that left", n)
	}
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Summary, "/board/issues/")
	w.clerk.Delete(key)
	w.took(board.Comment(w.ctx, moved, "/rekey rotated", w.ada))
	if i := board.Issues()[0]; i.State != "closed" {
		t.Errorf("the issue is %s", i.State)
	}
	w.conclusion(sha, "success")
}

func testIssueTransferredOutOfReach(t *testing.T) {
	w := newShop(t)
	away, err := w.github.CreateRepository(w.shop.Owner(), "away", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.took(w.app.Remove(w.ctx, w.ada, away), nil)
	sha, _, issue := w.leaked(502, detect.Live)
	_, sent, err := w.shop.TransferIssue(w.ctx, issue.Number, away, w.ada)
	w.took(sent, err)
	if n := len(w.shop.Issues()); n != 2 {
		t.Errorf("%d issues at home, want another one", n)
	}
	w.conclusion(sha, "failure")
}

func testIssueTransferredToThePublic(t *testing.T) {
	w := newShop(t)
	board := w.other("board", false)
	_, _, issue := w.leaked(503, detect.Live)
	_, sent, err := w.shop.TransferIssue(w.ctx, issue.Number, board, w.ada)
	w.took(sent, err)
	if n := len(w.shop.Issues()); n != 2 {
		t.Errorf("%d issues at home, want another one", n)
	}
}

// testClosedByHandWithoutAnAnswer: where Clerk says nothing clear, a writer cannot close a production key by hand; a
// maintainer can.
func testClosedByHandWithoutAnAnswer(t *testing.T) {
	w := newShop(t)
	kim := w.github.User("kim")
	w.shop.SetRole(kim, "write")
	w.clerk.Fail(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "slow down", http.StatusTooManyRequests) })
	sha, _, issue := w.leaked(504, detect.Live)
	if sent, err := w.shop.CloseIssue(w.ctx, issue.Number, "", kim); err != nil || !sent.OK() {
		t.Fatal(sent.Status, err)
	}
	w.eventually("the issue to be open again", func() bool {
		i := w.issue(issue.Number)
		return i.State == "open" && len(i.Comments) == 1
	})
	holds(t, "the comment", w.last(issue.Number, 1), "needs a maintainer")
	w.conclusion(sha, "failure")
	if sent, err := w.shop.CloseIssue(w.ctx, issue.Number, "", w.ada); err != nil || !sent.OK() {
		t.Fatal(sent.Status, err)
	}
	w.eventually("the leak to be closed", func() bool {
		leak, _ := w.leak(issue.Number)
		return leak.State == respond.Resolved
	})
}
