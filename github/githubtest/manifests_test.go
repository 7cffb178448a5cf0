package githubtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
)

// TestManifest makes an App as a browser would, and fetches its credentials: once, and within the hour.
func TestManifest(t *testing.T) {
	t.Parallel()
	clock := &movable{now: time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC)}
	s, err := githubtest.New(githubtest.Options{PrivateKey: privateKey(), Unregistered: true, Now: clock.Now, Wrap: openapi.Watch(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.Organization("acme")
	to := github.Config{WebURL: s.URL()}

	state := "st&te"
	code := makeApp(t, s, "acme", state)
	app, err := github.ConvertManifest(t.Context(), to, code)
	if err != nil {
		t.Fatal(err)
	}
	if app.ID != s.AppID() || app.Owner != "acme" || app.OwnerType != "Organization" || app.Slug != "rekey-of-acme" ||
		app.WebhookSecret != s.WebhookSecret() || app.ClientSecret != s.ClientSecret() || app.ClientID != s.ClientID() || !strings.HasPrefix(app.PrivateKey, "-----BEGIN RSA PRIVATE KEY") ||
		app.PageURL != s.URL()+"/apps/rekey-of-acme" || len(app.Missing()) > 0 {
		t.Errorf("%+v", app)
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent := s.Deliveries(); len(sent) != 1 || sent[0].Event != "ping" {
		t.Errorf("deliveries: %+v", sent)
	}
	_, err = github.ConvertManifest(t.Context(), to, code)
	isCode(t, "a code that was used", err)
	late := makeApp(t, s, "acme", state)
	clock.forward(time.Hour)
	_, err = github.ConvertManifest(t.Context(), to, late)
	isCode(t, "a code that is an hour old", err)
	_, err = github.ConvertManifest(t.Context(), to, "foreign/../code")
	isCode(t, "a code of somebody else", err)

	mine := makeApp(t, s, "", state)
	app, err = github.ConvertManifest(t.Context(), to, mine)
	if err != nil || app.OwnerType != "User" {
		t.Errorf("a personal App: %+v, %v", app, err)
	}
}

func isCode(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), github.ErrCode.Error()) {
		t.Errorf("%s: %v", what, err)
	}
}

// makeApp sends a manifest to GitHub's page, clicks, and returns the code.
func makeApp(t *testing.T, s *githubtest.Server, organization, state string) string {
	t.Helper()
	m := github.NewManifest("rekey of "+organization, s.URL()+"/hook")
	m.RedirectURL = "https://rekey.example.com/setup/created?x=1"
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	page, err := github.ManifestPage(s.URL(), organization, state)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(page, url.Values{"manifest": {string(text)}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	action := regexp.MustCompile(`action="([^"]+)"`).FindSubmatch(body)
	if action == nil {
		t.Fatalf("GitHub's page has no form: %s", body)
	}
	made, err := client.PostForm(s.URL()+string(action[1]), url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	defer made.Body.Close()
	to, err := made.Location()
	if err != nil || to.Host != "rekey.example.com" || to.Query().Get("x") != "1" || to.Query().Get("state") != state {
		t.Fatalf("led to %v, %v", to, err)
	}
	return to.Query().Get("code")
}

// movable is a clock that goes when it is told to.
type movable struct {
	mu  sync.Mutex
	now time.Time
}

func (m *movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *movable) forward(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}
