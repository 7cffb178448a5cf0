package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// appKey is one for all tests: making it takes longer than any of them.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// world is a GitHub with two organisations, and a dashboard whose only page says who looks at it and what they see.
type world struct {
	*testing.T
	*clock
	github   *githubtest.Server
	store    *ledger.Store
	file     string // the database's
	address  string
	front    *httptest.Server
	server   *signin.SignIn
	ada, eve *githubtest.Account // ada is of acme, eve of none

	shop, site, docs *githubtest.Repository // of acme: private, public where ada writes, public where she reads
	acme             *githubtest.Installation
	other            *githubtest.Repository // private, of initech
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, clock: &clock{now: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)}}
	var err error
	w.github, err = githubtest.New(githubtest.Options{Now: w.Now, Quiet: true, PrivateKey: appKey(), Wrap: openapi.Watch(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.github.Close() })
	w.file = filepath.Join(t.TempDir(), "rekey.db")
	w.store, err = queue.OpenStore(t.Context(), ledger.Options{URL: w.file, Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	acme, initech := w.github.Organization("acme"), w.github.Organization("initech")
	w.ada, w.eve = w.github.User("ada"), w.github.User("eve")
	w.shop, w.site, w.docs = w.repository(acme, "shop", true), w.repository(acme, "site", false), w.repository(acme, "docs", false)
	w.other = w.repository(initech, "secret-project", true)
	w.shop.SetRole(w.ada, "read")
	w.site.SetRole(w.ada, "write")
	w.docs.SetRole(w.ada, "triage")
	w.acme, _ = w.github.Install(t.Context(), acme, w.ada)
	w.github.Install(t.Context(), initech, w.github.User("bill"))
	w.server, w.front = w.start()
	w.address = w.front.URL
	w.github.SetCallbackURL(w.address + signin.Callback)
	w.github.Browse(w.ada)
	return w
}

func (w *world) repository(owner *githubtest.Account, name string, private bool) *githubtest.Repository {
	r, err := w.github.CreateRepository(owner, name, githubtest.RepositoryOptions{Private: private})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// start starts a process of the dashboard.
func (w *world) start() (*signin.SignIn, *httptest.Server) {
	front := httptest.NewUnstartedServer(nil)
	address := w.address
	if address == "" {
		address = "http://" + front.Listener.Addr().String()
	}
	site, err := web.New(web.Options{PublicURL: address})
	if err != nil {
		w.Fatal(err)
	}
	s, err := signin.New(signin.Config{
		Site: site, Store: ledger.Scope[signin.Tx](w.store), GitHubURL: w.github.URL(), GitHubAPIURL: w.github.APIURL(),
		ClientID: w.github.ClientID(), ClientSecret: w.github.ClientSecret(), Now: w.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Routes(mux)
	mux.Handle("/", s.Require(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		v, _ := signin.From(r.Context())
		fmt.Fprintf(out, "login=%s sees=%v shop=%s outdated=%t form=%s path=%s", v.Login, v.Repositories(), v.Role(w.shop.ID()), !v.Outdated.IsZero(), v.FormToken, r.URL.RequestURI())
	})))
	front.Config.Handler = site.Protect(mux)
	front.Start()
	w.Cleanup(front.Close)
	return s, front
}

// browser keeps cookies. steps are the addresses that it was sent to.
type browser struct {
	*http.Client
	w     *world
	steps []string
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	b := &browser{w: w}
	b.Client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		b.steps = append(b.steps, r.URL.String())
		if len(via) > 10 {
			return errors.New("redirects without end")
		}
		return nil
	}}
	return b
}

// get opens an address of the dashboard, and returns what is shown in the end.
func (b *browser) get(address string) (int, string) {
	b.w.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.w.address + address
	}
	answer, err := b.Get(address)
	if err != nil {
		b.w.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.w.Fatal(err)
	}
	return answer.StatusCode, html.UnescapeString(string(body))
}

// shows fails unless an address shows a page with a status and a text.
func (b *browser) shows(what, address string, status int, text string) string {
	b.w.Helper()
	got, body := b.get(address)
	if got != status || !strings.Contains(body, text) {
		b.w.Errorf("%s: %d, without %q where %d is wanted:\n%s", what, got, text, status, body)
	}
	return body
}

// callback signs in as far as GitHub sends back to, and returns that address without opening it.
func (b *browser) callback() string {
	b.w.Helper()
	follow := b.CheckRedirect
	defer func() { b.CheckRedirect = follow }()
	var found string
	b.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Path == signin.Callback {
			found = r.URL.String()
			return http.ErrUseLastResponse
		}
		return follow(r, via)
	}
	b.get("/signin/github?to=/leaks")
	if found == "" {
		b.w.Fatal("GitHub sends nobody back")
	}
	return found
}

// sees is what the page says of the repositories that somebody sees.
func sees(list ...*githubtest.Repository) string {
	var ids []string
	for _, r := range list {
		ids = append(ids, fmt.Sprint(r.ID()))
	}
	return "sees=[" + strings.Join(ids, " ") + "]"
}
