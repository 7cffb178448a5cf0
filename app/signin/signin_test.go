package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/app/web"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.shows("a stranger", "/leaks?state=open", http.StatusOK, "Sign in with GitHub")
	if got := b.steps[0]; got != w.address+"/signin?to="+url.QueryEscape("/leaks?state=open") {
		t.Errorf("a stranger is sent to %s", got)
	}
	b.steps = nil
	body := b.shows("ada", "/signin/github?to="+url.QueryEscape("/leaks?state=open"), http.StatusOK, "login=ada "+sees(w.shop, w.site)+" shop=read outdated=false")
	if !strings.HasSuffix(body, "path=/leaks?state=open") {
		t.Errorf("she comes back to another page: %s", body)
	}
	asked, err := url.Parse(b.steps[0])
	if err != nil {
		t.Fatal(err)
	}
	query := asked.Query()
	if query.Get("code_challenge_method") != "S256" || len(query.Get("code_challenge")) != 43 || len(query.Get("state")) < 26 || query.Get("redirect_uri") != w.address+signin.Callback {
		t.Errorf("GitHub is asked %s", asked)
	}
	b.shows("the next page", "/", http.StatusOK, "login=ada")
}

// TestBadCallbacks: nobody signs in, or has somebody else sign in, with what they got otherwise.
func TestBadCallbacks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(w *world, b *browser) (address string)
		want string
		code int
	}{
		"foreign": {func(w *world, _ *browser) string { return w.browser().callback() }, "started here", http.StatusBadRequest},
		"foreign, with a sign-in under way": {func(w *world, b *browser) string {
			b.callback()
			return w.browser().callback()
		}, "started here", http.StatusBadRequest},
		"expired": {func(w *world, b *browser) string {
			address := b.callback()
			w.pass(11 * time.Minute)
			return address
		}, "started here", http.StatusBadRequest},
		"replayed": {func(_ *world, b *browser) string {
			address := b.callback()
			b.get(address)
			b.Jar.SetCookies(mustParse(address), []*http.Cookie{{Name: "rekey_session", Value: "", Path: "/", MaxAge: -1}})
			return address
		}, "started here", http.StatusBadRequest},
		"another code": {func(_ *world, b *browser) string { return changed(b.callback(), "code", "guessed") }, "confirm the sign-in", http.StatusForbidden},
		"the code of another sign-in": {func(w *world, b *browser) string { // PKCE binds codes to verifiers
			return changed(b.callback(), "code", mustParse(w.browser().callback()).Query().Get("code"))
		}, "confirm the sign-in", http.StatusForbidden},
		"another state":        {func(_ *world, b *browser) string { return changed(b.callback(), "state", "x") }, "started here", http.StatusBadRequest},
		"no state":             {func(_ *world, b *browser) string { return changed(b.callback(), "state", "") }, "started here", http.StatusBadRequest},
		"declined":             {func(_ *world, b *browser) string { return changed(b.callback(), "error", "access_denied") }, "you declined", http.StatusForbidden},
		"an error of GitHub's": {func(_ *world, b *browser) string { return changed(b.callback(), "error", "<b>x") }, "set up correctly", http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser()
			b.shows(name, c.make(w, b), c.code, c.want)
			b.shows("afterwards", "/", http.StatusOK, "Sign in with GitHub")
		})
	}
}

// TestOneSessionForAState: whoever keeps the cookie of a sign-in, as a hostile browser can, gets no second session with it.
func TestOneSessionForAState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	address := b.callback()
	kept := b.Jar.Cookies(mustParse(address))
	b.shows("the sign-in", address, http.StatusOK, "login=ada")
	b.Jar.SetCookies(mustParse(address), kept)
	b.shows("once more", address, http.StatusForbidden, "confirm the sign-in") // the code is used
}

func mustParse(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}

func changed(address, name, value string) string {
	u := mustParse(address)
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)"} {
		b := w.browser()
		b.shows(to, "/signin/github?to="+url.QueryEscape(to), http.StatusOK, "login=ada")
		if last := mustParse(b.steps[len(b.steps)-1]); last.Path != "/" || last.Host != mustParse(w.address).Host {
			t.Errorf("%s leads to %s", to, last)
		}
		if page := w.browser().shows(to, "/signin?to="+url.QueryEscape(to), http.StatusOK, "Sign in"); strings.Contains(page, "evil") || strings.Contains(page, "alert") {
			t.Errorf("the page names %s", to)
		}
	}
}

// TestHostHeader: addresses come from the settings, whatever a request says.
func TestHostHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/signin/github", "/leaks", "/signin"} {
		r, err := http.NewRequest(http.MethodGet, w.address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "evil.example"
		r.Header.Set("X-Forwarded-Host", "evil.example")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if to := answer.Header.Get("Location"); strings.Contains(to, "evil") {
			t.Errorf("%s leads to %s", path, to)
		}
	}
}

// TestOutsiders: who sees no repository with rekey gets no session, and learns no names.
func TestOutsiders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.github.Browse(w.eve)
	b := w.browser()
	body := b.shows("eve", "/signin/github", http.StatusForbidden, "You see no repository that rekey watches")
	for _, name := range []string{"acme", "initech", "shop", "secret-project"} {
		if strings.Contains(body, name) {
			t.Errorf("eve learns of %s", name)
		}
	}
	b.shows("eve, afterwards", "/leaks", http.StatusOK, "Sign in with GitHub")
	for _, e := range w.github.Requests() {
		if e.Method == http.MethodDelete && strings.HasSuffix(e.Path, "/token") && e.Status == http.StatusNoContent {
			return
		}
	}
	t.Error("eve's token was not revoked")
}

// TestOrganizationsAreApart: a member of one sees nothing of another.
func TestOrganizationsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bill := w.github.User("bill")
	w.other.SetRole(bill, "admin")
	w.github.Browse(bill)
	w.browser().shows("bill", "/signin/github", http.StatusOK, "login=bill "+sees(w.other)+" shop=none")
	w.github.Browse(w.ada)
	w.browser().shows("ada", "/signin/github", http.StatusOK, "login=ada "+sees(w.shop, w.site))
}

// TestCookies: over https they belong to this host alone, and scripts never read them.
func TestCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	site, err := web.New(web.Options{PublicURL: "https://rekey.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	c := w.server.Config
	c.Site = site
	secure, err := signin.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	secure.Routes(mux)
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/signin/github", nil))
	cookies := answer.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	got := cookies[0]
	if got.Name != "__Host-rekey_signin" || !got.Secure || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode || got.Path != "/" || got.Domain != "" || got.MaxAge != 600 {
		t.Errorf("%+v", got)
	}
	if to := mustParse(answer.Header().Get("Location")).Query().Get("redirect_uri"); to != "https://rekey.example.com"+signin.Callback {
		t.Errorf("GitHub sends people back to %s", to)
	}
}

// TestSwitchedOff: without a client the page says how to switch it on, and nobody signs in.
func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.server.Config
	c.ClientSecret = ""
	off, err := signin.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	off.Routes(mux)
	mux.Handle("/", off.Require(http.NotFoundHandler()))
	for path, want := range map[string]string{
		"/signin": "REKEY_CLIENT_SECRET_FILE", "/signin/github": "switched off", signin.Callback + "?code=a&state=": "started here", "/leaks": "/signin?to=",
	} {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if !strings.Contains(answer.Body.String()+answer.Header().Get("Location"), want) {
			t.Errorf("%s: %d without %q", path, answer.Code, want)
		}
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	body := b.shows("ada", "/signin/github", http.StatusOK, "login=ada")
	_, token, _ := strings.Cut(body, "form=")
	token, _, _ = strings.Cut(token, " ")
	post := func(token string) int {
		t.Helper()
		answer, err := b.PostForm(w.address+"/signout", url.Values{web.FormField: {token}})
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if status := post("guessed"); status != http.StatusForbidden {
		t.Errorf("without the form's token: %d", status)
	}
	b.shows("still", "/", http.StatusOK, "login=ada")
	kept := b.Jar.Cookies(mustParse(w.address))
	if status := post(token); status != http.StatusOK {
		t.Errorf("signed out: %d", status)
	}
	b.Jar.SetCookies(mustParse(w.address), kept)
	b.shows("with the old cookie", "/", http.StatusOK, "Sign in with GitHub")
	revoked := 0
	for _, e := range w.github.Requests() {
		if e.Method == http.MethodDelete && e.Status == http.StatusNoContent {
			revoked++
		}
	}
	if revoked != 1 {
		t.Errorf("%d tokens were revoked", revoked)
	}
}

// TestThousandsOfRepositories: all pages of a list are asked for.
func TestThousandsOfRepositories(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.github.Inject(manyRepositories(2345))
	t.Cleanup(func() { w.github.Inject(nil) })
	body := w.browser().shows("ada", "/signin/github", http.StatusOK, "login=ada")
	_, list, _ := strings.Cut(body, "sees=[")
	list, _, _ = strings.Cut(list, "]")
	if n := len(strings.Fields(list)); n != 2345 {
		t.Errorf("she sees %d repositories, not 2345", n)
	}
}
