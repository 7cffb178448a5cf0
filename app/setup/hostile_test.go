package setup

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/github"
)

// nothingHappened: no App is used, and nothing was kept.
func (w *world) nothingHappened() {
	w.t.Helper()
	if len(w.started) > 0 {
		w.t.Errorf("the server started as %v", w.started)
	}
	if _, err := os.Stat(config.CredentialsPath(w.data)); err == nil {
		w.t.Error("credentials were kept")
	}
}

func TestTheLinkWorksOnceAndForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.visitor()
	for _, path := range []string{"/setup", "/setup?token=", "/setup?token=guess", "/", "/setup/created?code=c&state=s"} {
		stranger.get(w.server.URL + path)
		stranger.demand(http.StatusForbidden, "Open the link that rekey printed")
	}
	preview := w.visitor()
	preview.get(w.link()) // what looks at links for people opens nothing
	preview.demand(http.StatusOK, "Start set-up")

	w.opened()
	w.forward(3 * time.Minute)
	preview.submit(nil)
	preview.demand(http.StatusForbidden, "This link was opened already", "3 min ago", "restart rekey now")
	second := w.visitor()
	second.get(w.link())
	second.demand(http.StatusForbidden, "This link was opened already")
	if !strings.Contains(w.logs.String(), "the set-up link was opened") {
		t.Error("the log does not say that the link was opened")
	}

	late := newWorld(t)
	v := late.visitor()
	v.get(late.link())
	late.forward(time.Hour)
	v.submit(nil)
	v.demand(http.StatusForbidden, "This link has expired", "Restart rekey")
}

// TestTheBrowserHasAnHour: then its cookie opens nothing any more.
func TestTheBrowserHasAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.opened()
	v.ask(nil)
	v.toGitHub()
	back := v.answerOf()
	w.forward(time.Hour)
	v.get(back)
	v.demand(http.StatusForbidden, "Open the link that rekey printed")
	w.nothingHappened()
}

// TestAnswersOfGitHub: an answer counts once, in the browser that asked, for what it asked.
func TestAnswersOfGitHub(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, back *url.URL)
		status int
		says   string
	}{
		"foreign state": {func(_ *world, back *url.URL) { set(back, "state", secret()) }, http.StatusBadRequest, "This answer from GitHub can't be used"},
		"no state":      {func(_ *world, back *url.URL) { set(back, "state", "") }, http.StatusBadRequest, "This answer from GitHub can't be used"},
		"foreign code":  {func(_ *world, back *url.URL) { set(back, "code", "0123456789abcdef") }, http.StatusBadRequest, "GitHub's answer came too late"},
		"no code":       {func(_ *world, back *url.URL) { set(back, "code", "") }, http.StatusBadRequest, "GitHub's answer came too late"},
		"code of a path": {
			func(_ *world, back *url.URL) { set(back, "code", "../app/installations") }, http.StatusBadRequest, "GitHub's answer came too late",
		},
		"code that was used": {func(w *world, back *url.URL) {
			if _, err := github.ConvertManifest(w.t.Context(), github.Config{WebURL: w.github.URL()}, back.Query().Get("code")); err != nil {
				w.t.Fatal(err)
			}
		}, http.StatusBadRequest, "GitHub's answer came too late"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			v := w.opened()
			v.ask(nil)
			v.toGitHub()
			back, err := url.Parse(v.answerOf())
			if err != nil {
				t.Fatal(err)
			}
			good := back.String()
			c.change(w, back)
			v.get(back.String())
			v.demand(c.status, c.says, "elete")
			w.nothingHappened()
			if strings.Contains(name, "state") { // the real answer is still good
				v.get(good)
				v.demand(http.StatusOK, "Install the App")
				v.get(good) // and loading it again does no harm
				v.demand(http.StatusOK, "Install the App")
				if len(w.started) != 1 {
					t.Errorf("started %d times", len(w.started))
				}
			}
		})
	}
}

func set(u *url.URL, name, value string) {
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
}

// TestAnAnswerInAnotherBrowser: whoever gets hold of GitHub's answer cannot use it, nor spoil it.
func TestAnAnswerInAnotherBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.opened()
	v.ask(nil)
	v.toGitHub()
	back := v.answerOf()
	thief := w.visitor()
	thief.get(back)
	thief.demand(http.StatusForbidden, "Open the link that rekey printed")
	w.nothingHappened()
	v.get(back)
	v.demand(http.StatusOK, "Install the App")
}

// TestTheWrongOwner: an App that GitHub made for somebody else is thrown away, and the right one can still be made.
func TestTheWrongOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		form  url.Values
		other string // the page that the manifest is sent to instead
		owner string
	}{
		"another organisation":         {nil, "/organizations/globex/settings/apps/new", "globex"},
		"a person for an organisation": {nil, "/settings/apps/new", "ada"},
		"an organisation for a person": {url.Values{"account": {"personal"}}, "/organizations/acme/settings/apps/new", "acme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			v := w.opened()
			v.ask(c.form)
			to, fields := v.form()
			u, err := url.Parse(to)
			if err != nil {
				t.Fatal(err)
			}
			u.Path = c.other
			v.post(u.String(), "", fields)
			v.submit(nil)
			v.demand(http.StatusConflict, "The App belongs to somebody else", c.owner, "thrown its credentials away")
			if !strings.Contains(v.page, "/settings/apps/rekey-") || !strings.Contains(v.page, "/advanced") {
				t.Error("the page does not lead to where the App can be deleted")
			}
			w.nothingHappened()
			v.get(w.server.URL + "/setup")
			v.ask(c.form)
			v.toGitHub()
			v.submit(nil)
			v.demand(http.StatusOK, "Install the App")
		})
	}
}

// TestTwoTabs: of two manifests that the same browser sends, the App that comes first counts.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.opened()
	v.ask(nil)
	v.toGitHub()
	first := v.answerOf()
	v.get(w.server.URL + "/setup")
	v.ask(url.Values{"organization": {"globex"}})
	v.toGitHub()
	second := v.answerOf()
	v.get(second)
	v.demand(http.StatusOK, "Install the App", "globex")
	v.get(first)
	v.demand(http.StatusConflict, "rekey is set up already", "delete it on GitHub")
	if len(w.started) != 1 || w.started[0].Owner != "globex" {
		t.Errorf("started as %v", w.started)
	}
}

// TestForgedForms: another site's page, and a page of nobody, change nothing.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.opened()
	to, fields := v.form()
	fields.Set("account", "organization")
	fields.Set("organization", "globex")
	fields.Set("public", "https://evil.example")
	v.post(to, "https://evil.example", fields)
	v.demand(http.StatusForbidden, "This didn't come from rekey")
	v.post(to, "null", fields)
	v.demand(http.StatusForbidden, "This didn't come from rekey")
	fields.Set("form_token", "forged")
	v.post(to, "", fields)
	v.demand(http.StatusForbidden, "This form is out of date", "Nothing was done")
	stranger := w.visitor()
	stranger.post(to, "", fields)
	stranger.demand(http.StatusForbidden, "Open the link that rekey printed")
}

// TestForgedHosts: what a request says of where it went is a suggestion in a field, and nothing that is sent to GitHub comes from it.
func TestForgedHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.opened()
	r, err := http.NewRequest(http.MethodGet, w.server.URL+"/setup", nil)
	if err != nil {
		t.Fatal(err)
	}
	at := r.URL
	send := func(r *http.Request, host string) {
		for _, c := range v.client.Jar.Cookies(at) { // the client takes Host for where it goes
			r.AddCookie(c)
		}
		r.Host = host
		r.Header.Set("X-Forwarded-Host", "evil.example")
		v.do(r)
		v.at = at
	}
	send(r, `evil.example"><script>`)
	if strings.Contains(v.page, "<script>") || strings.Contains(v.page, "evil.example") {
		t.Error("a host that is none is shown")
	}
	to, fields := v.form()
	fields.Set("account", "organization")
	fields.Set("organization", "acme")
	fields.Set("public", "https://rekey.example.com")
	r, err = http.NewRequest(http.MethodPost, to, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	send(r, "evil.example")
	_, sent := v.form()
	if manifest := sent.Get("manifest"); strings.Contains(manifest, "evil") || !strings.Contains(manifest, `"redirect_url":"https://rekey.example.com/setup/created"`) {
		t.Errorf("the manifest is %s", manifest)
	}
}

// TestAnotherAddress: from a page that was opened at neither the public address nor this machine, GitHub would lead back to a browser
// that nobody knows.
func TestAnotherAddress(t *testing.T) {
	t.Parallel()
	for origin, want := range map[string]string{
		"https://rekey.example.com": "https://rekey.example.com", "HTTPS://rekey.example.com": "https://rekey.example.com", "": "https://rekey.example.com",
		"http://localhost:8080": "http://localhost:8080", "http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://[::1]:8080": "http://[::1]:8080",
		"http://10.0.0.7:8080": "", "https://other.example.com": "", "null": "", "https://localhost": "", "http://localhost.evil.example": "",
	} {
		r, err := http.NewRequest(http.MethodPost, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		if got, ok := (wish{PublicURL: "https://rekey.example.com"}).back(r); got != want || ok != (want != "") {
			t.Errorf("from %q back to %q, %t", origin, got, ok)
		}
	}
}

// TestManyAttempts: somebody who goes back and forth uses no more memory than somebody who doesn't.
func TestManyAttempts(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	f, _ := newFlow(now)
	first := f.begin(wish{Organization: "first"}, now)
	var last string
	for range 10 * maxAttempts {
		last = f.begin(wish{Organization: "last"}, now)
	}
	if len(f.attempts) != maxAttempts || len(f.order) != maxAttempts {
		t.Errorf("%d attempts", len(f.attempts))
	}
	if _, err := f.take(first, now); !errors.Is(err, errState) {
		t.Errorf("the first: %v", err)
	}
	if w, err := f.take(last, now); err != nil || w.Organization != "last" {
		t.Errorf("the last: %+v, %v", w, err)
	}
	if _, err := f.take(last, now); !errors.Is(err, errState) {
		t.Errorf("the last, again: %v", err)
	}
	late := f.begin(wish{}, now)
	if _, err := f.take(late, now.Add(linkLifetime)); !errors.Is(err, errOldState) {
		t.Errorf("after an hour: %v", err)
	}
}

func TestBeforeThereIsAnApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 503, "/webhook": 503, "/leaks": 404} {
		v.get(w.server.URL + path)
		if v.status != status {
			t.Errorf("%s: %d, want %d", path, v.status, status)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for listens, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080/setup?token=", "0.0.0.0:8080": "http://localhost:8080/setup?token=",
		"[::]:8080": "http://localhost:8080/setup?token=", "[::1]:8080": "http://[::1]:8080/setup?token=",
	} {
		if got := newWorld(t).setup.Link(listens); !strings.HasPrefix(got, want) || len(got) < len(want)+32 {
			t.Errorf("%s: %s", listens, got)
		}
	}
	w := newWorld(t, func(o *Options) { o.Config.PublicURL = "https://rekey.example.com" })
	if got := w.setup.Link("127.0.0.1:8080"); !strings.HasPrefix(got, "https://rekey.example.com/setup?token=") {
		t.Error(got)
	}
}
