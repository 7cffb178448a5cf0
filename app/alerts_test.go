package app

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

func TestAlertsOfSecretScanning(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"AboutAKnownLeak":      testAlertAboutAKnownLeak,
		"AboutAnUnreadCommit":  testAlertAboutAnUnreadCommit,
		"InAComment":           testAlertInAComment,
		"OfOthers":             testAlertsOfOthers,
		"WithoutItsSecret":     testAlertWithoutItsSecret,
		"ResolvedOnGitHub":     testAlertResolvedOnGitHub,
		"ResolvedForATestKey":  testAlertResolvedForATestKey,
		"ReopenedOnGitHub":     testAlertReopenedOnGitHub,
		"Published":            testAlertPublished,
		"PushProtectionBypass": testAlertAfterABypass,
		"WithoutThePermission": testAlertWithoutThePermission,
		"FollowsItsLeak":       testAlertFollowsItsLeak,
		"StaysAsItIs":          testAlertStaysAsItIs,
		"ThatIsGone":           testAlertThatIsGone,
	})
}

// newGuardedShop is a shop with the optional permissions and events.
func newGuardedShop(t *testing.T) *world {
	t.Helper()
	return newWorld(t, guarded(t))
}

func guarded(t *testing.T) githubtest.Options {
	grant := github.Wanted()
	for _, need := range github.Optional() {
		if need.Access == "" {
			grant.Events = append(grant.Events, need.Name)
		} else {
			grant.Permissions[need.Name] = need.Access
		}
	}
	return githubtest.Options{Permissions: grant.Permissions, Events: grant.Events, Wrap: openapi.Watch(t)}
}

// raised raises an alert, and waits until all is done that follows.
func (w *world) raised(opt githubtest.AlertOptions) int {
	w.t.Helper()
	number, sent := w.shop.RaiseAlert(w.ctx, opt)
	for _, d := range sent {
		if d.Status != http.StatusAccepted {
			w.t.Fatalf("%s was answered %d: %s", d.Event, d.Status, d.Answer)
		}
	}
	w.settle()
	return number
}

// inCommit is where a secret is in a commit's file.
func (w *world) inCommit(commit, path, secret string) githubtest.AlertLocation {
	w.t.Helper()
	at, err := w.shop.InCommit(commit, path, secret)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// alertsOf lists what is on record of GitHub's alerts about the leak of an issue, and the leak's places.
func (w *world) alertsOf(issue int) (alerts []respond.Alert, places []respond.Sighting) {
	w.t.Helper()
	leak, _ := w.leak(issue)
	w.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		if alerts, err = tx.AlertsOf(ctx, leak); err == nil {
			places, err = tx.Sightings(ctx, leak.ID, 100)
		}
		return err
	})
	return alerts, places
}

// secretsRead counts how often a secret was asked for.
func (w *world) secretsRead() (n int) {
	for _, r := range w.github.Requests() {
		if r.Method == http.MethodGet && strings.Contains(r.Path, "/secret-scanning/alerts/") && !strings.HasSuffix(r.Path, "/locations") && !strings.Contains(r.Query, "hide_secret=true") {
			n++
		}
	}
	return n
}

func testAlertAboutAKnownLeak(t *testing.T) {
	w := newGuardedShop(t)
	sha, _, issue := w.leaked(900, detect.Live)
	at := w.inCommit(sha, "900.env", w.keys[0])
	number := w.raised(githubtest.AlertOptions{Secret: w.keys[0], At: []githubtest.AlertLocation{at}})
	w.filed(1)
	alerts, places := w.alertsOf(issue.Number)
	if len(alerts) != 1 || alerts[0].Number != number || alerts[0].State != respond.AlertOpen || len(places) != 1 {
		t.Errorf("alerts %+v, places %+v", alerts, places)
	}
	holds(t, "the issue", w.issue(issue.Number).Body, "GitHub's alert", "/security/secret-scanning/1): open")
	// What comes twice changes nothing, and asks for no secret.
	before := len(w.writes())
	read := w.secretsRead()
	for _, d := range w.github.Deliveries() {
		if strings.HasPrefix(d.Event, "secret_scanning") {
			if _, err := w.github.Redeliver(w.ctx, d.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.shop.AddAlertLocation(w.ctx, number, at); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if after := len(w.writes()); after != before || w.secretsRead() != read || read != 1 {
		t.Errorf("%d requests changed something after the same again, and secrets were asked for %d times, %d before", after-before, w.secretsRead(), read)
	}
	w.last(issue.Number, 0)
	w.holdsNoKey()
}

// writes lists the REST requests so far that change something.
func (w *world) writes() (list []githubtest.Request) {
	for _, r := range w.github.Requests() {
		if r.Method != http.MethodGet && strings.Contains(r.Path, "/repos/") {
			list = append(list, r)
		}
	}
	return list
}

func testAlertAboutAnUnreadCommit(t *testing.T) {
	w := newGuardedShop(t)
	w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.settle()
	text, _ := w.secret(901, detect.Live)
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{"api/.env": "# api\n" + env(text)}})
	lost := w.lost("refs/heads/main", sha)
	w.settle()
	w.filed(0)
	w.raised(githubtest.AlertOptions{Secret: text, At: []githubtest.AlertLocation{w.inCommit(sha, "api/.env", text)}})
	issue := w.filed(1)[0]
	holds(t, "the issue", issue.Body, "api/.env#L2", "GitHub's alert")
	w.redeliver(lost)
	w.settle()
	w.filed(1)
	w.conclusion(sha, "failure")
	if _, places := w.alertsOf(issue.Number); len(places) != 1 || places[0].Path != "api/.env" || places[0].AuthorName == "" {
		t.Errorf("places %+v", places)
	}
	w.holdsNoKey()
}

func testAlertInAComment(t *testing.T) {
	w := newGuardedShop(t)
	text, key := w.secret(902, detect.Live)
	page := w.shop.URL() + "/issues/12#issuecomment-7"
	w.raised(githubtest.AlertOptions{Secret: text, Name: "Stripe API Key", Provider: "Stripe", At: []githubtest.AlertLocation{
		{Kind: "issue_comment", URL: page}, {Kind: "wiki_commit", URL: "https://evil.example/"},
	}})
	issue := w.filed(1)[0]
	holds(t, "the issue", issue.Body, "was written in [a comment on #12]("+page+")** and in 1 more place", "**Where it was found**", "a page of the wiki",
		"- [ ] [A comment on #12]("+page+") (found by GitHub's secret scanning; rekey can't see when it's gone): delete the comment.")
	if strings.Contains(issue.Body, "evil.example") || strings.Contains(issue.Body, "was pushed to this repository") {
		t.Error(issue.Body)
	}
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	w.holdsNoKey()
}

func testAlertsOfOthers(t *testing.T) {
	w := newGuardedShop(t)
	w.raised(githubtest.AlertOptions{Secret: "AKIAIOSFODNN7EXAMPLE", Name: "Amazon AWS Access Key ID", Provider: "Amazon"})
	if n := w.secretsRead(); n != 0 {
		t.Errorf("the secret of another provider was asked for %d times", n)
	}
	w.raised(githubtest.AlertOptions{Secret: "nothing of Clerk's", Name: "Our own token"})
	w.raised(githubtest.AlertOptions{Secret: "nothing of Clerk's either", Name: "Clerk secret key"})
	w.filed(0)
	text := w.key(903, detect.Live)
	w.raised(githubtest.AlertOptions{Secret: text, Name: "Stripe API Key", Provider: "Stripe"})
	w.filed(1)
	w.holdsNoKey()
}

func testAlertWithoutItsSecret(t *testing.T) {
	w := newGuardedShop(t)
	w.pushed(map[string]string{"README.md": "# Shop\n"})
	one, two := w.key(904, detect.Live), w.key(905, detect.Live)
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": "A_CLERK_KEY=" + one + "\n\n\nB_CLERK_KEY=" + two + "\n"}})
	at := w.inCommit(sha, ".env", two)
	w.raised(githubtest.AlertOptions{At: []githubtest.AlertLocation{at}, Name: "Internal"}) // nothing says that it is Clerk's
	w.filed(0)
	w.raised(githubtest.AlertOptions{At: []githubtest.AlertLocation{at}})
	holds(t, "the issue", w.filed(1)[0].Title, detect.NewSecret(two).Redacted())
}

func testAlertResolvedOnGitHub(t *testing.T) {
	w := newGuardedShop(t)
	sha, key, issue := w.leaked(906, detect.Live)
	number := w.raised(githubtest.AlertOptions{Secret: w.keys[0], At: []githubtest.AlertLocation{w.inCommit(sha, "906.env", w.keys[0])}})
	// A false positive of a production key is shown, and closes nothing; nor does one who may only read say anything.
	w.took(w.shop.ResolveAlert(w.ctx, number, "false_positive", "not ours: "+w.keys[0], w.ada))
	w.state(issue.Number, "open", respond.Open)
	holds(t, "the issue", w.issue(issue.Number).Body, "resolved by `ada` as false positive", "not ours")
	w.took(w.shop.ResolveAlert(w.ctx, number, "revoked", "", w.sam))
	w.state(issue.Number, "open", respond.Open)
	w.used(key, 0)
	w.last(issue.Number, 0)
	// That it is revoked counts as /rekey rotated: Clerk is asked, and has the last word.
	w.took(w.shop.ReopenAlert(w.ctx, number, w.ada))
	w.took(w.shop.ResolveAlert(w.ctx, number, "revoked", "", w.ada))
	w.used(key, 1)
	w.state(issue.Number, "open", respond.Open)
	holds(t, "the comment", w.last(issue.Number, 1), "still accepts")
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	// Reopened there, it stays closed here: Clerk has said that the key no longer works.
	w.took(w.shop.ReopenAlert(w.ctx, number, w.ada))
	w.state(issue.Number, "closed", respond.Revoked)
	if did := w.alertActivities(); !slices.Equal(did, []string{"GitHub found", "ada resolved", "sam resolved", "ada reopened", "ada resolved", "ada reopened"}) {
		t.Errorf("the log of activity says %v", did)
	}
	w.holdsNoKey()
}

// alertActivities are what the log of activity has of alerts, oldest first.
func (w *world) alertActivities() (list []string) {
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		page, err := tx.Activity(ctx, ledger.Visible{Everything: true}, ledger.ActivityQuery{Kinds: []ledger.ActivityKind{ledger.ActivityAlert}, Done: true})
		list = nil
		for _, a := range slices.Backward(page.Entries) {
			list = append(list, a.By+" "+a.What)
		}
		return err
	})
	return list
}

func testAlertResolvedForATestKey(t *testing.T) {
	w := newGuardedShop(t)
	sha, _, issue := w.leaked(907, detect.Test)
	number := w.raised(githubtest.AlertOptions{Secret: w.keys[0], At: []githubtest.AlertLocation{w.inCommit(sha, "907.env", w.keys[0])}})
	w.took(w.shop.ResolveAlert(w.ctx, number, "wont_fix", "", w.ada)) // says nothing of the key
	w.state(issue.Number, "open", respond.Open)
	w.took(w.shop.ReopenAlert(w.ctx, number, w.ada))
	w.took(w.shop.ResolveAlert(w.ctx, number, "used_in_tests", "a fixture", w.ada))
	w.state(issue.Number, "closed", respond.Ignored)
	holds(t, "the comment", w.last(issue.Number, 1), "resolved GitHub alert 1 as used in tests")
}

func testAlertReopenedOnGitHub(t *testing.T) {
	w := newGuardedShop(t)
	sha, _, issue := w.leaked(908, detect.Live)
	number := w.raised(githubtest.AlertOptions{Secret: w.keys[0], At: []githubtest.AlertLocation{w.inCommit(sha, "908.env", w.keys[0])}})
	w.took(w.shop.ResolveAlert(w.ctx, number, "wont_fix", "", w.ada))
	w.say(issue.Number, "/rekey ignore a fixture", w.ada)
	w.state(issue.Number, "closed", respond.Ignored)
	w.took(w.shop.ReopenAlert(w.ctx, number, w.sam)) // may only read
	w.state(issue.Number, "closed", respond.Ignored)
	w.took(w.shop.ReopenAlert(w.ctx, number, w.ada))
	w.state(issue.Number, "open", respond.Open)
}

func testAlertPublished(t *testing.T) {
	w := newGuardedShop(t)
	sha, _, issue := w.leaked(909, detect.Test)
	number := w.raised(githubtest.AlertOptions{Secret: w.keys[0], At: []githubtest.AlertLocation{w.inCommit(sha, "909.env", w.keys[0])}})
	before, _ := w.leak(issue.Number)
	w.took(w.shop.PublishAlert(w.ctx, number))
	after, _ := w.leak(issue.Number)
	if after.Severity.Compare(before.Severity) >= 0 {
		t.Errorf("severity %s, was %s", after.Severity, before.Severity)
	}
	holds(t, "the issue", w.issue(issue.Number).Body, "GitHub found this key in a public repository", "the key is in a public repository")
	holds(t, "the comment", w.last(issue.Number, 1), "GitHub found this key in a public repository")
	w.took(w.shop.PublishAlert(w.ctx, number)) // told once
	again, _ := w.leak(issue.Number)
	w.last(issue.Number, 1)
	if again.Severity != after.Severity {
		t.Errorf("raised again, to %s", again.Severity)
	}
}

func testAlertAfterABypass(t *testing.T) {
	w := newGuardedShop(t)
	text, _ := w.secret(910, detect.Live)
	sha := w.pushed(map[string]string{"x.env": env(text)})
	w.settle()
	w.raised(githubtest.AlertOptions{
		Secret: text, At: []githubtest.AlertLocation{w.inCommit(sha, "x.env", text)}, BypassedBy: w.ada, BypassComment: "it's used in tests",
	})
	holds(t, "the issue", w.filed(1)[0].Body, "bypassed by `ada`", "it&#39;s used in tests")
	if did := w.alertActivities(); !slices.Contains(did, "ada bypassed") {
		t.Errorf("the log of activity says %v", did)
	}
}

func testAlertWithoutThePermission(t *testing.T) {
	options := guarded(t)
	delete(options.Permissions, "secret_scanning_alerts")
	w := newWorld(t, options)
	text := w.key(911, detect.Live)
	w.raised(githubtest.AlertOptions{Secret: text})
	w.filed(0)
	for _, line := range w.lines() {
		if level := line["level"]; level == "ERROR" || level == "WARN" && line["msg"] != "leak found" {
			t.Errorf("the log says %v", line)
		}
	}
}

func testAlertThatIsGone(t *testing.T) {
	w := newGuardedShop(t)
	w.github.SetWebhookURL("")
	text := w.key(912, detect.Live)
	_, sent := w.shop.RaiseAlert(w.ctx, githubtest.AlertOptions{Secret: text})
	w.shop.DisableSecretScanning()
	w.github.SetWebhookURL(w.url("/webhook"))
	w.redeliver(sent[0])
	w.filed(0)
}

// testAlertFollowsItsLeak: with resolve_alerts, GitHub's alert says what the leak says, and GitHub's echo of it asks for nothing.
func testAlertFollowsItsLeak(t *testing.T) {
	w := newGuardedShop(t)
	w.policy("resolve_alerts: true")
	sha, key, issue := w.leaked(920, detect.Live)
	number := w.raised(githubtest.AlertOptions{Secret: w.keys[0], At: []githubtest.AlertLocation{w.inCommit(sha, "920.env", w.keys[0])}})
	is := func(state, resolution, by string) {
		t.Helper()
		if got := w.shop.Alerts()[number-1]; got.State != state || got.Resolution != resolution || got.ResolvedBy != by {
			t.Errorf("GitHub's alert is %+v, want %s %s by %q", got, state, resolution, by)
		}
	}
	w.say(issue.Number, "/rekey ignore our decoy", w.ada)
	is("resolved", "false_positive", "rekey[bot]")
	if comment := w.shop.Alerts()[0].Comment; comment != "rekey: our decoy, by ada (issue #1)" {
		t.Errorf("the comment is %q", comment)
	}
	w.say(issue.Number, "/rekey reopen", w.ada)
	is("open", "", "")
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	is("resolved", "revoked", "rekey[bot]")
	w.state(issue.Number, "closed", respond.Revoked)
	if err := w.github.Settle(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.settle()
	patched := 0
	for _, r := range w.writes() {
		if strings.Contains(r.Path, "/secret-scanning/") {
			patched++
		}
	}
	if patched != 3 {
		t.Errorf("GitHub's alert was changed %d times, want 3", patched)
	}
	// An alert that comes after the leak was closed is resolved at once.
	second := w.raised(githubtest.AlertOptions{Secret: w.keys[0], Name: "Clerk", At: []githubtest.AlertLocation{{Kind: "issue_body", URL: w.shop.URL() + "/issues/9"}}})
	if got := w.shop.Alerts()[second-1]; got.Resolution != "revoked" {
		t.Errorf("the later alert is %+v", got)
	}
	w.holdsNoKey()
}

// testAlertStaysAsItIs: without the permission to write, and where a person has resolved the alert, nothing is changed, and nothing breaks.
func testAlertStaysAsItIs(t *testing.T) {
	options := guarded(t)
	options.Permissions["secret_scanning_alerts"] = "read"
	w := newWorld(t, options)
	w.policy("resolve_alerts: true")
	sha, key, issue := w.leaked(921, detect.Live)
	w.raised(githubtest.AlertOptions{Secret: w.keys[0], At: []githubtest.AlertLocation{w.inCommit(sha, "921.env", w.keys[0])}})
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	if got := w.shop.Alerts()[0]; got.State != "open" {
		t.Errorf("GitHub's alert is %+v", got)
	}
	for _, line := range w.lines() {
		if level := line["level"]; level == "ERROR" || level == "WARN" && line["msg"] != "leak found" {
			t.Errorf("the log says %v", line)
		}
	}
}
