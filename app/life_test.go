package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
)

const instance = "ins_2abcDEFghiJKLmnoPQRstuVWXyz"

// settle waits until every delivery was made and is finished, and no job waits or runs.
func (w *world) settle() {
	w.t.Helper()
	calm := 0
	w.eventually("all jobs to be done", func() bool {
		if err := w.github.Settle(w.ctx); err != nil {
			w.t.Fatal(err)
		}
		stats := w.stats()
		busy := stats.Unfinished
		for _, n := range stats.Waiting {
			busy += n
		}
		for _, n := range stats.Running {
			busy += n
		}
		if calm++; busy > 0 {
			calm = 0
		}
		return calm > 1
	})
}

func (w *world) view(look func(context.Context, *ledger.Tx) error) {
	w.t.Helper()
	if err := w.server.store.View(w.ctx, look); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stats() (stats ledger.Stats) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		stats, err = tx.Stats(ctx)
		return err
	})
	return stats
}

// leak is what the ledger knows of an issue's leak.
func (w *world) leak(number int) (leak ledger.Leak, history []ledger.Event) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		if leak, err = tx.LeakByIssue(ctx, w.shop.ID(), number); err != nil {
			return err
		}
		history, err = tx.Events(ctx, leak.ID)
		return err
	})
	return leak, history
}

// secret makes a credential that must appear nowhere, and makes Clerk know it.
func (w *world) secret(seed int64, environment detect.Environment) (string, detect.Secret) {
	key := w.key(seed, environment)
	w.clerk.Add(detect.NewSecret(key), instance, environment)
	return key, detect.NewSecret(key)
}

// leaked pushes a key and waits for its issue.
func (w *world) leaked(seed int64, environment detect.Environment) (sha string, key detect.Secret, issue githubtest.Issue) {
	w.t.Helper()
	before := len(w.shop.Issues())
	text, key := w.secret(seed, environment)
	sha = w.pushed(map[string]string{fmt.Sprintf("%d.env", seed): env(text)})
	w.settle()
	issues := w.shop.Issues()
	if len(issues) != before+1 {
		w.t.Fatalf("%d issues, want %d", len(issues), before+1)
	}
	return sha, key, issues[before]
}

// took demands that a delivery was taken, and waits until all is done that it asks for.
func (w *world) took(sent githubtest.Delivery, err error) {
	w.t.Helper()
	if err != nil || sent.Status != http.StatusAccepted {
		w.t.Fatalf("%s was answered %d, %v", sent.Event, sent.Status, err)
	}
	w.settle()
}

func (w *world) say(number int, body string, by *githubtest.Account) {
	w.t.Helper()
	w.took(w.shop.Comment(w.ctx, number, body, by))
}

// issue is an issue as it stands, without the comments of people.
func (w *world) issue(number int) githubtest.Issue {
	w.t.Helper()
	for _, i := range w.shop.Issues() {
		if i.Number == number {
			i.Comments = slices.DeleteFunc(i.Comments, func(c githubtest.Comment) bool { return c.Author != w.github.Bot().Login })
			return i
		}
	}
	w.t.Fatalf("there is no issue %d", number)
	return githubtest.Issue{}
}

// last is our last comment, and demands that there are n in all.
func (w *world) last(number, n int) string {
	w.t.Helper()
	comments := w.issue(number).Comments
	if len(comments) != n {
		var list strings.Builder
		for _, c := range comments {
			list.WriteString("\n--\n" + c.Body)
		}
		w.t.Fatalf("%d comments of ours under issue %d, want %d:%s", len(comments), number, n, list.String())
	}
	if n == 0 {
		return ""
	}
	return comments[n-1].Body
}

func (w *world) conclusion(sha, want string) {
	w.t.Helper()
	runs := w.shop.CheckRuns(sha)
	if len(runs) != 1 || runs[0].Conclusion != want {
		w.t.Errorf("the check runs of %s: %+v, want one that is %s", sha, runs, want)
	}
}

func (w *world) state(number int, issue string, leak ledger.LeakState) {
	w.t.Helper()
	if got := w.issue(number).State; got != issue {
		w.t.Errorf("the issue is %s, want %s", got, issue)
	}
	if got, _ := w.leak(number); got.State != leak {
		w.t.Errorf("the leak is %s, want %s", got.State, leak)
	}
}

func (w *world) used(key detect.Secret, want int) {
	w.t.Helper()
	if got, _ := w.clerk.Used(key); got != want {
		w.t.Errorf("the living key was used %d times, want %d", got, want)
	}
}

func holds(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%s", what, want, text)
		}
	}
}

// together runs tests all at once, as they wait more than they work: the server keeps a second between its writes to an
// installation.
func together(t *testing.T, tests map[string]func(*testing.T)) {
	t.Helper()
	t.Parallel()
	var all sync.WaitGroup
	for name, test := range tests {
		all.Go(func() { t.Run(name, test) })
	}
	all.Wait()
}

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
		"RedeliveredWordIsHeardOnce":        testRedeliveredWordIsHeardOnce,
		"PushedAgainAfterClosing":           testPushedAgainAfterClosing,
		"OtherKindsAreClosedOnAPersonsWord": testOtherKindsAreClosedOnAPersonsWord,
		"KeysAreReadAgainWhereverTheyStood": testKeysAreReadAgainWhereverTheyStood,
	})
}

func testWholeLife(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	leaking, key, issue := w.leaked(50, detect.Live)
	again := w.pushed(map[string]string{"copy.env": strings.Repeat("#\n", 3) + env(w.keys[0])})
	w.settle()
	for _, sha := range []string{leaking, again} {
		w.conclusion(sha, "failure")
	}
	// The second place stands in the first issue, and nobody was told by a comment.
	holds(t, "the issue", w.issue(issue.Number).Body, "50.env", "copy.env")
	w.last(issue.Number, 0)
	w.issues(1)
	w.used(key, 0)

	// Said too early.
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "open", ledger.Open)
	w.used(key, 1)
	holds(t, "the comment", w.last(issue.Number, 1), "still accepts", instance, "/rekey rotated", "/rekey ignore")
	holds(t, "the issue", w.issue(issue.Number).Body, "it works", instance)
	w.conclusion(leaking, "failure")

	// Deleted, and said again.
	w.clerk.Delete(key)
	w.say(issue.Number, "Done at last.\n\n/rekey rotated", w.ada)
	w.state(issue.Number, "closed", ledger.Revoked)
	if reason := w.issue(issue.Number).Reason; reason != "completed" {
		t.Errorf("closed as %s", reason)
	}
	holds(t, "the comment", w.last(issue.Number, 2), "dead", "after it was found")
	holds(t, "the issue", w.issue(issue.Number).Body, "Done", "dead")
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
	if len(history) != 1 || history[0].To != ledger.Revoked {
		t.Errorf("history: %+v", history)
	}

	// A push of the dead key opens nothing.
	dead := w.pushed(map[string]string{"third.env": "# third\n" + env(w.keys[0])})
	w.settle()
	w.conclusion(dead, "success")
	w.state(issue.Number, "closed", ledger.Revoked)
	w.last(issue.Number, 2)
	w.issues(1)
	w.holdsNoKey()
}

func testRotatedByTheButton(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	first, key := w.secret(51, detect.Live)
	second, other := w.secret(52, detect.Test)
	sha := w.pushed(map[string]string{"a.env": env(first), "b.env": env(second)})
	w.settle()
	issues := w.issues(2)
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

	// One press speaks of all open leaks of the head.
	press("rotated", w.ada)
	w.state(byKey[key], "closed", ledger.Revoked)
	w.state(byKey[other], "open", ledger.Open)
	w.last(byKey[key], 1)
	holds(t, "the comment", w.last(byKey[other], 1), "still accepts")
	w.conclusion(sha, "failure")

	// The other one is a test key: who may write may say that it is no secret.
	kim := w.github.User("kim")
	w.shop.SetRole(kim, "write")
	press("not-a-secret", kim)
	w.state(byKey[other], "closed", ledger.Ignored)
	w.state(byKey[key], "closed", ledger.Revoked)
	if reason := w.issue(byKey[other]).Reason; reason != "not_planned" {
		t.Errorf("closed as %s", reason)
	}
	w.conclusion(sha, "success")
	w.last(byKey[key], 1)
	w.last(byKey[other], 2)
	w.holdsNoKey()
}

func testClosedByHand(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	sha, key, issue := w.leaked(53, detect.Live)
	closeIt := func() { t.Helper(); w.took(w.shop.CloseIssue(w.ctx, issue.Number, "", w.ada)) }

	// While the key is alive.
	closeIt()
	w.state(issue.Number, "open", ledger.Open)
	holds(t, "the comment", w.last(issue.Number, 1), "Open again", "still accepts")
	w.conclusion(sha, "failure")

	// While Clerk says nothing clear.
	w.clerk.Fail(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusServiceUnavailable) })
	closeIt()
	w.state(issue.Number, "closed", ledger.Resolved)
	leak, _ := w.leak(issue.Number)
	if leak.ClosedBy != "ada" {
		t.Errorf("closed by %q", leak.ClosedBy)
	}
	holds(t, "the comment", w.last(issue.Number, 2), "ada")
	w.conclusion(sha, "success")

	// Reopened by hand.
	w.took(w.shop.ReopenIssue(w.ctx, issue.Number, w.ada))
	w.state(issue.Number, "open", ledger.Open)
	w.conclusion(sha, "failure")
	w.last(issue.Number, 3)

	// Dead at last.
	w.clerk.Fail(nil)
	w.clerk.Delete(key)
	closeIt()
	w.state(issue.Number, "closed", ledger.Revoked)
	w.last(issue.Number, 4)
	w.conclusion(sha, "success")
	w.holdsNoKey()
}

func testClosedByHandByAStranger(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	_, key, issue := w.leaked(54, detect.Live)
	w.clerk.Delete(key)
	for range 2 {
		w.took(w.shop.CloseIssue(w.ctx, issue.Number, "", w.sam))
		w.state(issue.Number, "open", ledger.Open)
		holds(t, "the comment", w.last(issue.Number, 1), "Thank you", "sam")
	}
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("a stranger made rekey ask Clerk %d times", n)
	}
}

func testVerifyNever(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	w.pushed(map[string]string{".github/rekey.yml": "verify: never\n"})
	w.settle()
	sha, _, issue := w.leaked(55, detect.Live)
	w.took(w.shop.CloseIssue(w.ctx, issue.Number, "", w.ada))
	w.state(issue.Number, "closed", ledger.Resolved)
	holds(t, "the comment", w.last(issue.Number, 1), "ada")
	w.conclusion(sha, "success")
	w.say(issue.Number, "/rekey reopen it is in use", w.ada)
	w.state(issue.Number, "open", ledger.Open)
	w.conclusion(sha, "failure")
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", ledger.Resolved)
	w.last(issue.Number, 3)
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("Clerk was asked %d times", n)
	}
}

func testVerifyWatch(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	w.pushed(map[string]string{".github/rekey.yml": "verify: watch\n"})
	w.settle()
	text, key := w.secret(56, detect.Live)
	sha := w.pushed(map[string]string{".env": env(text)})
	w.eventually("Clerk to be asked", func() bool { n, _ := w.clerk.Used(key); return n == 1 })
	number := w.issues(1)[0].Number
	w.state(number, "open", ledger.Open)
	w.last(number, 0)

	// The next question waits a quarter of an hour.
	w.clerk.Delete(key)
	w.hurry()
	w.eventually("the issue to be closed", func() bool { return w.issue(number).State == "closed" })
	w.settle()
	w.state(number, "closed", ledger.Revoked)
	w.conclusion(sha, "success")
	w.last(number, 1)
	w.used(key, 1)
	w.holdsNoKey()
}

func testIgnore(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	kim, lee := w.github.User("kim"), w.github.User("lee")
	w.shop.SetRole(kim, "write")
	w.shop.SetRole(lee, "maintain")
	test, _, ofTest := w.leaked(57, detect.Test)
	live, _, ofLive := w.leaked(58, detect.Live)

	w.say(ofTest.Number, "/rekey ignore", kim)
	w.state(ofTest.Number, "open", ledger.Open)
	holds(t, "the comment", w.last(ofTest.Number, 1), "why", "/rekey ignore")
	w.say(ofTest.Number, "/rekey ignore a fixture of our *tests*, "+w.keys[0], kim)
	w.state(ofTest.Number, "closed", ledger.Ignored)
	leak, _ := w.leak(ofTest.Number)
	if leak.ClosedBy != "kim" || !strings.Contains(leak.Reason, "a fixture of our") {
		t.Errorf("closed by %s: %s", leak.ClosedBy, leak.Reason)
	}
	w.conclusion(test, "success")

	// A production key takes more, and the refusal is said once.
	for range 2 {
		w.say(ofLive.Number, "/rekey ignore it is old", kim)
		w.state(ofLive.Number, "open", ledger.Open)
		holds(t, "the comment", w.last(ofLive.Number, 1), "maintain", "admin", "kim")
	}
	w.conclusion(live, "failure")
	w.say(ofLive.Number, "/rekey ignore it is old", lee)
	w.state(ofLive.Number, "closed", ledger.Ignored)
	w.conclusion(live, "success")

	// Pushed again, it stays ignored; reopened, it is open.
	again := w.pushed(map[string]string{"again.env": "# again\n" + env(w.keys[1])})
	w.settle()
	w.state(ofLive.Number, "closed", ledger.Ignored)
	w.say(ofLive.Number, "/rekey reopen", kim)
	w.state(ofLive.Number, "open", ledger.Open)
	for _, sha := range []string{live, again} {
		w.conclusion(sha, "failure")
	}

	// All that kim wrote is there, the key too, but for what is ours.
	for _, i := range w.shop.Issues() {
		for _, c := range i.Comments {
			if c.Author == w.github.Bot().Login && strings.Contains(c.Body, w.keys[0]) {
				t.Errorf("our comment repeats a key")
			}
		}
	}
	w.holdsNoKey()
}

func testStrangersStatusAndHelp(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	_, key, issue := w.leaked(59, detect.Live)
	w.clerk.Delete(key)
	for _, said := range []string{"/rekey rotated", "/rekey ignore me", "/rekey status", "/rekey rotated"} {
		w.say(issue.Number, said, w.sam)
		w.state(issue.Number, "open", ledger.Open)
		holds(t, "the comment", w.last(issue.Number, 1), "Thank you", "`sam`", "write access")
	}
	leak, _ := w.leak(issue.Number)
	if !leak.Responded.IsZero() {
		t.Error("a stranger's word counts as the first response")
	}
	w.say(issue.Number, "/rekey status", w.ada)
	holds(t, "the status", w.last(issue.Number, 2), "Open", "production secret key", "not asked yet")
	w.say(issue.Number, "/rekey frobnicate", w.ada)
	holds(t, "the help", w.last(issue.Number, 3), "/rekey rotated", "/rekey ignore <reason>", "/rekey reopen", "/rekey status")
	if strings.Contains(w.last(issue.Number, 3), "@") {
		t.Error("a reply mentions somebody")
	}
}

func testWhatIsNoCommand(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	_, _, issue := w.leaked(60, detect.Live)
	other, _ := w.shop.OpenIssue(w.ctx, "Something else", "/rekey rotated", w.ada)
	w.settle()
	w.github.ForgetRequests()
	bot := w.github.Bot()
	for _, c := range []struct {
		number int
		body   string
		by     *githubtest.Account
	}{
		{issue.Number, "> /rekey rotated\n\nIs that so?", w.ada},
		{issue.Number, "```\n/rekey rotated\n```", w.ada},
		{issue.Number, "    /rekey rotated", w.ada},
		{issue.Number, "Say `/rekey rotated`.", w.ada},
		{issue.Number, "Thanks!\n\nOn Mon, 23 Nov 2026 at 08:00, rekey wrote:\n/rekey rotated", w.ada},
		{issue.Number, "/rekeyed it", w.ada},
		{issue.Number, "/rekey rotated", bot},
		{issue.Number, "/rekey ignore it", &githubtest.Account{ID: 1, Login: "dependabot[bot]", Type: "Bot"}},
		{other, "/rekey rotated", w.ada},
	} {
		w.say(c.number, c.body, c.by)
	}
	w.state(issue.Number, "open", ledger.Open)
	w.last(issue.Number, 1) // the one that the bot wrote here
	if n := w.github.Count(githubtest.REST) + w.github.Count(githubtest.Git); n != 0 {
		t.Errorf("%d requests for words that are no commands: %+v", n, w.github.Requests())
	}
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("Clerk was asked %d times", n)
	}
}

func testRedeliveredWordIsHeardOnce(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	_, key, issue := w.leaked(61, detect.Live)
	w.say(issue.Number, "/rekey rotated", w.ada)
	for _, d := range w.github.Deliveries() {
		if _, err := w.github.Redeliver(w.ctx, d.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	w.used(key, 1)
	w.last(issue.Number, 1)
	w.issues(1)
}

func testPushedAgainAfterClosing(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	w.pushed(map[string]string{".github/rekey.yml": "verify: never\n"})
	w.settle()
	first, _, issue := w.leaked(62, detect.Live)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", ledger.Resolved)
	w.conclusion(first, "success")
	sha := w.commit(w.shop, githubtest.Change{
		Time: time.Now().Add(2 * time.Second).Truncate(time.Second), Files: map[string]string{"again.env": "# again\n" + env(w.keys[0])},
	})
	w.push(w.shop, "refs/heads/main", sha)
	w.settle()
	w.state(issue.Number, "open", ledger.Open)
	holds(t, "the comment", w.last(issue.Number, 2), "Open again", "pushed again")
	w.issues(1)
	w.conclusion(sha, "failure")
	w.conclusion(first, "failure")
}

func testOtherKindsAreClosedOnAPersonsWord(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	secret := detecttest.WebhookSecret(63)
	sha := w.pushed(map[string]string{".env": "CLERK_WEBHOOK_SIGNING_SECRET=" + secret + "\n"})
	w.settle()
	issue := w.issues(1)[0]
	holds(t, "the issue", issue.Body, "no way to ask")
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", ledger.Resolved)
	w.conclusion(sha, "success")
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("Clerk was asked %d times about a webhook secret", n)
	}
}

// testKeysAreReadAgainWhereverTheyStood: the key is asked about though it stands in a message, a tag, an archive, or is gone from
// every branch.
func testKeysAreReadAgainWhereverTheyStood(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	first := w.pushed(map[string]string{"README.md": "# Shop\n"})
	inMessage, _ := w.secret(64, detect.Live)
	inTag, _ := w.secret(65, detect.Live)
	removed, _ := w.secret(66, detect.Live)
	encoded, _ := w.secret(67, detect.Live)
	message := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Message: "Set " + env(inMessage)})
	there := w.commit(w.shop, githubtest.Change{Parents: []string{message}, Files: map[string]string{
		".env": env(removed), "wide.env": utf16le(env(encoded)),
	}})
	gone := w.commit(w.shop, githubtest.Change{Parents: []string{there}, Remove: []string{".env"}})
	w.push(w.shop, "refs/heads/main", gone)
	tag, err := w.shop.Tag("v1", first, "Release with "+env(inTag), w.ada)
	if err != nil {
		t.Fatal(err)
	}
	w.push(w.shop, "refs/tags/v1", tag)
	w.settle()
	for _, i := range w.issues(4) {
		w.say(i.Number, "/rekey rotated", w.ada)
		holds(t, "the comment", w.last(i.Number, 1), "still accepts")
	}
	for _, text := range w.keys {
		w.used(detect.NewSecret(text), 1)
	}
	w.holdsNoKey()
}

func utf16le(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, c := range []byte(s) {
		b.Write([]byte{c, 0})
	}
	return b.String()
}
