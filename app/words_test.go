package app

import (
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

func testIgnore(t *testing.T) {
	w := newShop(t)
	kim, lee := w.github.User("kim"), w.github.User("lee")
	w.shop.SetRole(kim, "write")
	w.shop.SetRole(lee, "maintain")
	test, _, ofTest := w.leaked(57, detect.Test)
	live, _, ofLive := w.leaked(58, detect.Live)

	w.say(ofTest.Number, "/rekey ignore", kim)
	w.state(ofTest.Number, "open", respond.Open)
	holds(t, "the comment", w.last(ofTest.Number, 1), "why", "/rekey ignore")
	w.say(ofTest.Number, "/rekey ignore a fixture of our *tests*, "+w.keys[0], kim)
	w.state(ofTest.Number, "closed", respond.Ignored)
	leak, _ := w.leak(ofTest.Number)
	if leak.ClosedBy != "kim" || !strings.Contains(leak.Reason, "a fixture of our") {
		t.Errorf("closed by %s: %s", leak.ClosedBy, leak.Reason)
	}
	w.conclusion(test, "success")

	// A production key takes more, and the refusal is said once.
	for range 2 {
		w.say(ofLive.Number, "/rekey ignore it is old", kim)
		w.state(ofLive.Number, "open", respond.Open)
		holds(t, "the comment", w.last(ofLive.Number, 1), "maintain", "admin", "kim")
	}
	w.conclusion(live, "failure")
	w.say(ofLive.Number, "/rekey ignore it is old", lee)
	w.state(ofLive.Number, "closed", respond.Ignored)
	w.conclusion(live, "success")

	// Pushed again, it stays ignored; reopened, it is open.
	again := w.pushed(map[string]string{"again.env": "# again\n" + env(w.keys[1])})
	w.settle()
	w.state(ofLive.Number, "closed", respond.Ignored)
	w.say(ofLive.Number, "/rekey reopen", kim)
	w.state(ofLive.Number, "open", respond.Open)
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
	w := newShop(t)
	_, key, issue := w.leaked(59, detect.Live)
	w.clerk.Delete(key)
	for _, said := range []string{"/rekey rotated", "/rekey ignore me", "/rekey status", "/rekey rotated"} {
		w.say(issue.Number, said, w.sam)
		w.state(issue.Number, "open", respond.Open)
		holds(t, "the comment", w.last(issue.Number, 1), "Thanks", "`sam`", "write access")
	}
	leak, _ := w.leak(issue.Number)
	if !leak.Responded.IsZero() {
		t.Error("a stranger's word counts as the first response")
	}
	w.say(issue.Number, "/rekey status", w.ada)
	holds(t, "the status", w.last(issue.Number, 2), "Open", "production secret key", "hasn't been asked yet")
	w.say(issue.Number, "/rekey frobnicate", w.ada)
	holds(t, "the help", w.last(issue.Number, 3), "/rekey rotated", "/rekey ignore <reason>", "/rekey reopen", "/rekey status")
	if strings.Contains(w.last(issue.Number, 3), "@") {
		t.Error("a reply mentions somebody")
	}
}

func testWhatIsNoCommand(t *testing.T) {
	w := newShop(t)
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
	w.state(issue.Number, "open", respond.Open)
	w.last(issue.Number, 1) // the one that the bot wrote here
	if n := w.github.Count(githubtest.REST) + w.github.Count(githubtest.Git); n != 0 {
		t.Errorf("%d requests for words that are no commands: %+v", n, w.github.Requests())
	}
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("Clerk was asked %d times", n)
	}
}

func testRedeliveredCommandIsAppliedOnce(t *testing.T) {
	w := newShop(t)
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
	w.filed(1)
}

func testPushedAgainAfterClosing(t *testing.T) {
	w := newShop(t)
	w.pushed(map[string]string{".github/rekey.yml": "verify: never\n"})
	w.settle()
	first, _, issue := w.leaked(62, detect.Live)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Resolved)
	w.conclusion(first, "success")
	sha := w.commit(w.shop, githubtest.Change{
		Time: time.Now().Add(-1000 * time.Hour), Files: map[string]string{"again.env": "# again\n" + env(w.keys[0])},
	})
	w.push(w.shop, "refs/heads/main", sha)
	w.settle()
	w.state(issue.Number, "open", respond.Open)
	holds(t, "the comment", w.last(issue.Number, 2), "Open again", "in a new place")
	w.filed(1)
	w.conclusion(sha, "failure")
	w.conclusion(first, "failure")
}

func testOtherKindsAreClosedOnAPersonsWord(t *testing.T) {
	w := newShop(t)
	secret := detecttest.WebhookSecret(63)
	sha := w.pushed(map[string]string{".env": "CLERK_WEBHOOK_SIGNING_SECRET=" + secret + "\n"})
	w.settle()
	issue := w.filed(1)[0]
	holds(t, "the issue", issue.Body, "Clerk can't say")
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Resolved)
	w.conclusion(sha, "success")
	if n := len(w.clerk.Requests()); n != 0 {
		t.Errorf("Clerk was asked %d times about a webhook secret", n)
	}
}

// testKeysAreReadAgainWhereverTheyStood: the key is asked about though it stands in a message, a tag, an archive, or is gone from
// every branch.
func testKeysAreReadAgainWhereverTheyStood(t *testing.T) {
	w := newShop(t)
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
	for _, i := range w.filed(4) {
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
