package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

func TestLife(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"WholeLife":                         testWholeLife,
		"RotatedByTheButton":                testRotatedByTheButton,
		"ClosedByHand":                      testClosedByHand,
		"ClosedByHandByAStranger":           testClosedByHandByAStranger,
		"VerifyNever":                       testVerifyNever,
		"VerifyWatch":                       testVerifyWatch,
		"Ignore":                            testIgnore,
		"StrangersStatusAndHelp":            testStrangersStatusAndHelp,
		"WhatIsNoCommand":                   testWhatIsNoCommand,
		"RedeliveredWordIsHeardOnce":        testRedeliveredCommandIsAppliedOnce,
		"PushedAgainAfterClosing":           testPushedAgainAfterClosing,
		"OtherKindsAreClosedOnAPersonsWord": testOtherKindsAreClosedOnAPersonsWord,
		"KeysAreReadAgainWhereverTheyStood": testKeysAreReadAgainWhereverTheyStood,
	})
}

func testWholeLife(t *testing.T) {
	w := newShop(t)
	leaking, key, issue := w.leaked(50, detect.Live)
	again := w.pushed(map[string]string{"copy.env": strings.Repeat("#\n", 3) + env(w.keys[0])})
	w.settle()
	for _, sha := range []string{leaking, again} {
		w.conclusion(sha, "failure")
	}
	// The second place stands in the first issue, and nobody was told by a comment.
	holds(t, "the issue", w.issue(issue.Number).Body, "50.env", "copy.env")
	w.last(issue.Number, 0)
	w.filed(1)
	w.used(key, 0)

	// Said too early.
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "open", respond.Open)
	w.used(key, 1)
	holds(t, "the comment", w.last(issue.Number, 1), "still accepts", instance, "/rekey rotated", "/rekey ignore")
	holds(t, "the issue", w.issue(issue.Number).Body, "it works", instance)
	w.conclusion(leaking, "failure")

	// Deleted, and said again.
	w.clerk.Delete(key)
	w.say(issue.Number, "Done at last.\n\n/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	if reason := w.issue(issue.Number).Reason; reason != "completed" {
		t.Errorf("closed as %s", reason)
	}
	holds(t, "the comment", w.last(issue.Number, 2), "no longer works", "after it was found")
	holds(t, "the issue", w.issue(issue.Number).Body, "Done", "no longer works")
	for _, sha := range []string{leaking, again} {
		w.conclusion(sha, "success")
	}
	w.used(key, 1)

	leak, history := w.leak(issue.Number)
	if leak.Introduced.IsZero() || leak.Detected.IsZero() || leak.Responded.IsZero() || leak.Closed.IsZero() ||
		!leak.Detected.Before(leak.Responded) || !leak.Responded.Before(leak.Closed) || leak.ClosedBy != "Clerk" {
		t.Errorf("the times of the leak are introduced %s, detected %s, responded %s, closed %s by %s",
			leak.Introduced, leak.Detected, leak.Responded, leak.Closed, leak.ClosedBy)
	}
	if len(history) != 1 || history[0].To != respond.Revoked {
		t.Errorf("history: %+v", history)
	}

	// A push of the revoked key opens nothing.
	dead := w.pushed(map[string]string{"third.env": "# third\n" + env(w.keys[0])})
	w.settle()
	w.conclusion(dead, "success")
	w.state(issue.Number, "closed", respond.Revoked)
	w.last(issue.Number, 2)
	w.filed(1)
	w.tellsItsLife(leak.ID, w.issue(issue.Number).Body)
	w.holdsNoKey()
}

func testRotatedByTheButton(t *testing.T) {
	w := newShop(t)
	first, key := w.secret(51, detect.Live)
	second, other := w.secret(52, detect.Test)
	sha := w.pushed(map[string]string{"a.env": env(first), "b.env": env(second)})
	w.settle()
	issues := w.filed(2)
	w.clerk.Delete(key)
	press := func(button string, by *githubtest.Account) {
		t.Helper()
		w.took(w.shop.PressButton(w.ctx, w.shop.CheckRuns(sha)[0].ID, button, by))
	}
	byKey := map[detect.Secret]int{}
	for _, s := range []detect.Secret{key, other} {
		for _, i := range issues {
			if strings.Contains(i.Title, s.Redacted()) {
				byKey[s] = i.Number
			}
		}
	}

	// One press is about all open leaks of the head.
	press("rotated", w.ada)
	w.state(byKey[key], "closed", respond.Revoked)
	w.state(byKey[other], "open", respond.Open)
	w.last(byKey[key], 1)
	holds(t, "the comment", w.last(byKey[other], 1), "still accepts")
	w.conclusion(sha, "failure")

	// The other one is a test key: who may write may say that it is no secret.
	kim := w.github.User("kim")
	w.shop.SetRole(kim, "write")
	press("not-a-secret", kim)
	w.state(byKey[other], "closed", respond.Ignored)
	w.state(byKey[key], "closed", respond.Revoked)
	if reason := w.issue(byKey[other]).Reason; reason != "not_planned" {
		t.Errorf("closed as %s", reason)
	}
	w.conclusion(sha, "success")
	w.last(byKey[key], 1)
	w.last(byKey[other], 2)
	w.holdsNoKey()
}

func testClosedByHand(t *testing.T) {
	w := newShop(t)
	sha, key, issue := w.leaked(53, detect.Live)
	closeIt := func() { t.Helper(); w.took(w.shop.CloseIssue(w.ctx, issue.Number, "", w.ada)) }

	// While the key is alive.
	closeIt()
	w.state(issue.Number, "open", respond.Open)
	holds(t, "the comment", w.last(issue.Number, 1), "Open again", "still accepts")
	w.conclusion(sha, "failure")

	// While Clerk says nothing clear.
	w.clerk.Fail(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusServiceUnavailable) })
	closeIt()
	w.state(issue.Number, "closed", respond.Resolved)
	leak, _ := w.leak(issue.Number)
	if leak.ClosedBy != "ada" {
		t.Errorf("closed by %q", leak.ClosedBy)
	}
	holds(t, "the comment", w.last(issue.Number, 2), "ada")
	w.conclusion(sha, "success")

	// Reopened by hand.
	w.took(w.shop.ReopenIssue(w.ctx, issue.Number, w.ada))
	w.state(issue.Number, "open", respond.Open)
	w.conclusion(sha, "failure")
	w.last(issue.Number, 3)

	// Dead at last.
	w.clerk.Fail(nil)
	w.clerk.Delete(key)
	closeIt()
	w.state(issue.Number, "closed", respond.Revoked)
	w.last(issue.Number, 4)
	w.conclusion(sha, "success")
	w.holdsNoKey()
}

func testClosedByHandByAStranger(t *testing.T) {
	w := newShop(t)
	_, key, issue := w.leaked(54, detect.Live)
	w.clerk.Delete(key)
	for range 2 {
		w.took(w.shop.CloseIssue(w.ctx, issue.Number, "", w.sam))
		w.state(issue.Number, "open", respond.Open)
		holds(t, "the comment", w.last(issue.Number, 1), "Thanks", "sam")
	}
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("a stranger made rekey ask Clerk %d times", n)
	}
}

func testVerifyNever(t *testing.T) {
	w := newShop(t)
	w.pushed(map[string]string{".github/rekey.yml": "verify: never\n"})
	w.settle()
	sha, _, issue := w.leaked(55, detect.Live)
	w.took(w.shop.CloseIssue(w.ctx, issue.Number, "", w.ada))
	w.state(issue.Number, "closed", respond.Resolved)
	holds(t, "the comment", w.last(issue.Number, 1), "ada")
	w.conclusion(sha, "success")
	w.say(issue.Number, "/rekey reopen it is in use", w.ada)
	w.state(issue.Number, "open", respond.Open)
	w.conclusion(sha, "failure")
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Resolved)
	w.last(issue.Number, 3)
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("Clerk was asked %d times", n)
	}
}

func testVerifyWatch(t *testing.T) {
	w := newShop(t)
	w.pushed(map[string]string{".github/rekey.yml": "verify: watch\n"})
	w.settle()
	text, key := w.secret(56, detect.Live)
	sha := w.pushed(map[string]string{".env": env(text)})
	w.eventually("Clerk to be asked", func() bool { n, _ := w.clerk.Used(key); return n == 1 })
	number := w.issues(1)[0].Number
	w.state(number, "open", respond.Open)
	w.last(number, 0)

	// The next question waits a quarter of an hour.
	w.clerk.Delete(key)
	w.hurry()
	w.eventually("the issue to be closed", func() bool { return w.issue(number).State == "closed" })
	w.settle()
	w.state(number, "closed", respond.Revoked)
	w.conclusion(sha, "success")
	w.last(number, 1)
	w.used(key, 1)
	w.holdsNoKey()
}
