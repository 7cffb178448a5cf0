package setup

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/github/githubtest"
)

var key = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// world is a set-up at a GitHub without an App.
type world struct {
	t       *testing.T
	github  *githubtest.Server
	setup   *SetUp
	server  *httptest.Server
	data    string
	logs    bytes.Buffer
	started []config.Credentials
	refuse  error // of Start

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC), data: t.TempDir()}
	var err error
	if w.github, err = githubtest.New(githubtest.Options{Unregistered: true, PrivateKey: key(), Now: w.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.github.Close() })
	w.github.Organization("acme")
	w.github.Organization("globex")
	o := Options{
		Config: config.Config{Data: w.data, GitHubURL: w.github.URL(), GitHubAPIURL: w.github.APIURL()}, Fixed: Fixed{GitHubURL: true},
		Start: func(_ context.Context, c config.Credentials) error {
			if w.refuse == nil {
				w.started = append(w.started, c)
			}
			return w.refuse
		},
		Now: w.clock, Log: slog.New(slog.NewTextHandler(&w.logs, nil)), Version: "test",
	}
	for _, c := range change {
		c(&o)
	}
	if w.setup, err = New(o); err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(w.setup)
	t.Cleanup(w.server.Close)
	return w
}

// visitor is a browser.
type visitor struct {
	w      *world
	client *http.Client
	page   string // the last one, as text
	status int
	at     *url.URL
	header http.Header
}

func (w *world) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &visitor{w: w, client: &http.Client{Jar: jar}}
}

// opened is a visitor who has opened the link.
func (w *world) opened() *visitor {
	v := w.visitor()
	v.get(w.link())
	v.submit(nil)
	v.demand(http.StatusOK, "Where should rekey work?")
	return v
}

func (w *world) link() string {
	_, token, _ := strings.Cut(w.setup.Link(w.server.Listener.Addr().String()), "/setup")
	return w.server.URL + "/setup" + token
}

func (v *visitor) do(r *http.Request) {
	v.w.t.Helper()
	resp, err := v.client.Do(r)
	if err != nil {
		v.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.w.t.Fatal(err)
	}
	v.page, v.status, v.at, v.header = string(text), resp.StatusCode, resp.Request.URL, resp.Header
}

func (v *visitor) get(address string) {
	v.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		v.w.t.Fatal(err)
	}
	v.do(r)
}

var (
	action = regexp.MustCompile(`(?s)<main.*<form[^>]* action="([^"]*)"`)
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// form is the last form of the page, with what it holds unseen.
func (v *visitor) form() (to string, fields url.Values) {
	v.w.t.Helper()
	found := action.FindStringSubmatch(v.page)
	if found == nil {
		v.w.t.Fatalf("there is no form: %s", v.text())
	}
	u, err := v.at.Parse(html.UnescapeString(found[1]))
	if err != nil {
		v.w.t.Fatal(err)
	}
	fields = url.Values{}
	for _, f := range hidden.FindAllStringSubmatch(v.page, -1) {
		fields.Set(f[1], html.UnescapeString(f[2]))
	}
	return u.String(), fields
}

func (v *visitor) submit(values url.Values) {
	v.w.t.Helper()
	to, fields := v.form()
	maps.Copy(fields, values)
	v.post(to, v.at.Scheme+"://"+v.at.Host, fields)
}

func (v *visitor) post(to, origin string, fields url.Values) {
	v.w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, to, strings.NewReader(fields.Encode()))
	if err != nil {
		v.w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	v.do(r)
}

func (v *visitor) text() string {
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`).ReplaceAllString(v.page, " "))), " ")
}

func (v *visitor) demand(status int, says ...string) {
	v.w.t.Helper()
	for _, want := range says {
		if !strings.Contains(v.text(), want) {
			v.w.t.Errorf("the page does not say %q: %s", want, v.text())
		}
	}
	if v.status != status {
		v.w.t.Errorf("status %d, want %d: %s", v.status, status, v.text())
	}
}

// ask fills in the form, as far as GitHub's page.
func (v *visitor) ask(more url.Values) {
	v.w.t.Helper()
	fields := url.Values{"account": {"organization"}, "organization": {"acme"}, "keep": {"file"}, "public": {v.w.server.URL}}
	maps.Copy(fields, more)
	v.submit(fields)
	v.demand(http.StatusOK, "Create the App", "To read what was pushed, over git.")
}

// toGitHub goes on to GitHub's page about the new App.
func (v *visitor) toGitHub() {
	v.w.t.Helper()
	v.submit(nil)
	v.demand(http.StatusOK, "Create GitHub App for")
}

// answerOf makes the App there, and returns where GitHub leads back to, without going.
func (v *visitor) answerOf() string {
	v.w.t.Helper()
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { v.client.CheckRedirect = nil }()
	v.submit(nil)
	return v.header.Get("Location")
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.opened()
	v.ask(nil)
	if csp := v.header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "form-action 'self' "+w.github.URL()) {
		t.Errorf("the policy of the page that leads to GitHub is %q", csp)
	}
	v.toGitHub()
	v.submit(nil)
	v.demand(http.StatusOK, "Install rekey-acme on GitHub", config.CredentialsPath(w.data))
	if v.at.Path != "/setup" || v.at.RawQuery != "" {
		t.Errorf("the code stays in the address: %s", v.at)
	}
	kept, err := config.ReadCredentials(w.data)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.started) != 1 || w.started[0] != kept || kept.Owner != "acme" || kept.PublicURL != w.server.URL || kept.GitHubURL != w.github.URL() ||
		kept.WebhookSecret != w.github.WebhookSecret() || kept.AppID != w.github.AppID() {
		t.Errorf("kept %v, started with %v", kept, w.started)
	}
	for _, secret := range []string{kept.WebhookSecret, kept.ClientSecret, "PRIVATE KEY"} {
		if strings.Contains(v.page, secret) || strings.Contains(w.logs.String(), secret) {
			t.Error("a secret is shown or logged")
		}
	}
	other := w.visitor()
	other.get(w.server.URL + "/setup")
	other.demand(http.StatusOK, "rekey is set up")
}

// TestShownOnce: what is not kept is shown until it was copied, and then never again.
func TestShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.opened()
	v.ask(url.Values{"keep": {"show"}})
	v.toGitHub()
	v.submit(nil)
	v.demand(http.StatusOK, "REKEY_APP_ID=", "REKEY_WEBHOOK_SECRET="+w.github.WebhookSecret(), `REKEY_PRIVATE_KEY=-----BEGIN RSA PRIVATE KEY-----\n`)
	if _, err := os.Stat(config.CredentialsPath(w.data)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was kept: %v", err)
	}
	v.get(w.server.URL + "/setup")
	v.demand(http.StatusOK, "REKEY_WEBHOOK_SECRET=")
	v.submit(nil)
	v.demand(http.StatusOK, "Install rekey-acme")
	if strings.Contains(v.page, w.github.WebhookSecret()) {
		t.Error("the secret is shown again")
	}
}

// TestNowhereToKeep: where the data directory cannot be written, the credentials are shown, and not lost.
func TestNowhereToKeep(t *testing.T) {
	t.Parallel()
	blocked := t.TempDir() + "/file"
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *Options) { o.Config.Data = blocked })
	v := w.opened()
	v.demand(http.StatusOK, "rekey can't write to "+blocked)
	v.ask(nil)
	v.toGitHub()
	v.submit(nil)
	v.demand(http.StatusOK, "REKEY_WEBHOOK_SECRET="+w.github.WebhookSecret())
}

func TestAServerThatDoesNotStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuse = errors.New("REKEY_DATABASE_URL is a database that cannot be opened")
	v := w.opened()
	v.ask(nil)
	v.toGitHub()
	v.submit(nil)
	v.demand(http.StatusOK, "couldn't start: REKEY_DATABASE_URL is a database", "restart rekey")
	if _, err := config.ReadCredentials(w.data); err != nil {
		t.Errorf("the credentials are lost: %v", err)
	}
}
