package app

import (
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

// withDashboard starts the server again as one that people can sign in to.
func (w *world) withDashboard() {
	w.t.Helper()
	w.stop()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.flags.Listen = free.Addr().String()
	free.Close()
	w.flags.PublicURL, w.flags.ClientID, w.flags.ClientSecret = "http://"+w.flags.Listen, w.github.ClientID(), w.github.ClientSecret()
	w.github.SetCallbackURL(w.flags.PublicURL + signin.Callback)
	w.start()
}

// visitor is a browser without scripts.
type visitor struct {
	*http.Client
	w *world
}

func (w *world) visitor(who *githubtest.Account) *visitor {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	v := &visitor{&http.Client{Jar: jar}, w}
	w.github.Browse(who)
	v.opens("/signin/github", "Overview", who.Login)
	return v
}

// opens fails unless a page holds the texts.
func (v *visitor) opens(path string, texts ...string) string {
	v.w.t.Helper()
	answer, err := v.Get(v.w.url(path))
	if err != nil {
		v.w.t.Fatal(err)
	}
	return v.holds(path, answer, texts...)
}

func (v *visitor) holds(what string, answer *http.Response, texts ...string) string {
	v.w.t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		v.w.t.Fatal(err)
	}
	text := html.UnescapeString(string(body))
	for _, want := range texts {
		if !strings.Contains(text, want) {
			v.w.t.Errorf("%s (%d) lacks %q", what, answer.StatusCode, want)
		}
	}
	return text
}

// presses sends the form of a leak's page.
func (v *visitor) presses(path, do, reason string, texts ...string) {
	v.w.t.Helper()
	page := v.opens(path)
	value := func(name string) string {
		_, rest, _ := strings.Cut(page, `name="`+name+`" value="`)
		text, _, _ := strings.Cut(rest, `"`)
		return text
	}
	answer, err := v.PostForm(v.w.url(path), url.Values{"form_token": {value("form_token")}, "order": {value("order")}, "do": {do}, "reason": {reason}})
	if err != nil {
		v.w.t.Fatal(err)
	}
	v.holds(do, answer, texts...)
}

// TestDashboard goes from a push to the dashboard, and from its buttons to GitHub: what they do is what comments do, in the name of who
// pressed them.
func TestDashboard(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	w.withDashboard()
	kim := w.github.User("kim")
	w.shop.SetRole(kim, "write")
	_, key, ofLive := w.leaked(101, detect.Live)
	_, _, ofTest := w.leaked(102, detect.Test)
	ada := w.visitor(w.ada)
	live, _ := w.leak(ofLive.Number)
	test, _ := w.leak(ofTest.Number)
	page, testPage := fmt.Sprintf("/leaks/%d", live.ID), fmt.Sprintf("/leaks/%d", test.ID)
	ada.opens("/", "1 production key to revoke")
	ada.opens("/leaks", "101.env", "102.env")
	if text := ada.opens(page, "Production secret key", "101.env", "What to do", "Clerk"); strings.Contains(text, w.keys[0]) {
		t.Error("the page shows the key")
	}
	ada.opens("/api/v1/leaks", `"101.env"`)
	ada.opens("/leaks.csv?", "There is no such page")
	ada.opens("/api/v1/leaks.csv?state=open", "101.env")

	// The key works: rekey says so, as it does when it is asked on the issue.
	ada.presses(page, "rotated", "", "rekey checks with Clerk")
	w.settle()
	w.state(ofLive.Number, "open", respond.Open)
	holds(t, "the comment", w.last(ofLive.Number, 1), "still")
	w.clerk.Delete(key)
	ada.presses(page, "rotated", "", "rekey checks with Clerk")
	w.settle()
	w.state(ofLive.Number, "closed", respond.Revoked)
	ada.opens(page, "Revoked", "Reopen")

	ada.presses(testPage, "ignore", "a fixture of our tests", "in your name")
	w.settle()
	w.state(ofTest.Number, "closed", respond.Ignored)
	if leak, _ := w.leak(ofTest.Number); leak.ClosedBy != "ada" || leak.Reason != "a fixture of our tests" {
		t.Errorf("closed by %s: %s", leak.ClosedBy, leak.Reason)
	}
	ada.opens("/activity", "closed a leak as a false positive", "said that a key is rotated")

	// What the page allows and GitHub doesn't any more is refused: kim lost write access after the page was made.
	them := w.visitor(kim)
	them.opens(testPage, "Reopen")
	w.shop.SetRole(kim, "read")
	them.presses(testPage, "reopen", "")
	w.settle()
	w.state(ofTest.Number, "closed", respond.Ignored)
	holds(t, "the comment", w.last(ofTest.Number, 2), "kim")

	// Who takes back the App's authorization is signed out at once, everywhere.
	w.took(w.github.RevokeAuthorization(w.ctx, kim), nil)
	them.opens("/", "Sign in with GitHub")
	ada.opens("/", "No open leaks")
	w.holdsNoKey()
}

// TestDashboardSwitchedOff: without a client the pages say how to switch them on.
func TestDashboardSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	v := &visitor{&http.Client{}, w}
	v.opens("/", "The dashboard is switched off", "REKEY_CLIENT_ID", "REKEY_PUBLIC_URL")
	if n := strings.Count(w.logs.String(), "nobody can sign in to the dashboard"); n != 1 {
		t.Errorf("the log says so %d times", n)
	}
}
