package doctor

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

var key = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// patient is a server, with its surroundings, to be looked at.
type patient struct {
	github  *githubtest.Server
	sources Sources
	answer  int // of the server to a good delivery
	skew    time.Duration
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	p := &patient{answer: http.StatusOK}
	var err error
	if p.github, err = githubtest.New(githubtest.Options{PrivateKey: key(), Wrap: openapi.Watch(t)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.github.Close() })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch body := make([]byte, r.ContentLength); {
		case r.URL.Path != "/webhook":
			w.WriteHeader(http.StatusNotFound)
		case readAll(r, body) && webhook.Verify(r.Header, body, []string{p.sources.Flags.WebhookSecret}) == nil:
			w.WriteHeader(p.answer)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	clerk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(clerk.Close)
	data := t.TempDir()
	store, err := queue.OpenStore(t.Context(), ledger.Options{URL: data + "/rekey.db"})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	p.sources = Sources{
		Flags: config.Flags{
			Listen: "127.0.0.1:0", Data: data, GitHubURL: p.github.URL(), GitHubAPIURL: p.github.APIURL(), AppID: strconv.FormatInt(p.github.AppID(), 10),
			PrivateKey: string(p.github.PrivateKeyPEM()), WebhookSecret: p.github.WebhookSecret(), ClerkAPIURL: clerk.URL, Log: "info",
			PublicURL: server.URL, ClientID: "Iv1.a", ClientSecret: "b",
		},
		Open: func(ctx context.Context, url string) (Store, error) {
			store, err := queue.OpenStore(ctx, ledger.Options{URL: url, Beside: true})
			if err != nil {
				return nil, err
			}
			return store, nil
		},
		Now: func() time.Time { return time.Now().Add(p.skew) }, Version: "test",
	}
	p.github.SetWebhookURL(server.URL + "/webhook")
	p.github.Install(t.Context(), p.github.Organization("acme"), p.github.User("ada"))
	p.github.Ping(t.Context())
	return p
}

func readAll(r *http.Request, body []byte) bool {
	for n := 0; n < len(body); {
		m, err := r.Body.Read(body[n:])
		if n += m; err != nil && n < len(body) {
			return false
		}
	}
	return true
}

// TestAskEverything: for each thing that is wrong in the surroundings of a real client, the check that is about it fails, with its own fix.
func TestAskEverything(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*patient)
		bad   string // names of the checks that are not well
		fix   string
	}{
		"well":         {func(*patient) {}, "", ""},
		"wrong App":    {func(p *patient) { p.sources.Flags.AppID = "99" }, "app", "Compare REKEY_APP_ID"},
		"wrong port":   {func(p *patient) { p.sources.Flags.GitHubAPIURL = "http://127.0.0.1:1" }, "github", "Check REKEY_GITHUB_URL"},
		"clock ahead":  {func(p *patient) { p.skew = 10 * time.Minute }, "clock", "Synchronise the clock"},
		"clock behind": {func(p *patient) { p.skew = -2 * time.Hour }, "clock", "Synchronise the clock"},
		"no permission": {func(p *patient) {
			g := without(github.Wanted(), "issues", "")
			p.github.SetPermissions(g.Permissions, g.Events)
		}, "permissions", "Add them in the App's settings"},
		"no event": {func(p *patient) {
			g := without(github.Wanted(), "", "push")
			p.github.SetPermissions(g.Permissions, g.Events)
		}, "events installations", "Add them in the App's settings"},
		"elsewhere":    {func(p *patient) { p.sources.Flags.PublicURL = "https://rekey.example.com" }, "webhook", "Change the webhook's address"},
		"unsigned":     {func(p *patient) { p.github.SetHookConfig(map[string]any{"secret": ""}) }, "secret", "Set REKEY_WEBHOOK_SECRET's value"},
		"other secret": {func(p *patient) { p.sources.Flags.WebhookSecret = strings.Repeat("o", 32) }, "ping", "Set the same webhook secret"},
		"down":         {func(p *patient) { p.answer = http.StatusServiceUnavailable }, "ping", "Look at rekey status"},
		"no data":      {func(p *patient) { p.sources.Flags.DatabaseURL = "postgres://u:hush@127.0.0.1:1/x" }, "database", "Check that the database runs"},
		"no Clerk":     {func(p *patient) { p.sources.Flags.ClerkAPIURL = "http://127.0.0.1:1" }, "clerk", "status.clerk.com"},
		"a setting":    {func(p *patient) { p.sources.Flags.Listen = "x" }, "settings", "Correct the settings"},
		"nothing delivered": {func(p *patient) {
			p.github.EditDeliveries(func([]githubtest.Delivery) []githubtest.Delivery { return nil })
		}, "deliveries", "Push something"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			c.spoil(p)
			checks := Judge(Ask(t.Context(), p.sources))
			var bad []string
			fixes := ""
			for _, check := range checks {
				if check.State == Failed || check.State == Warning {
					bad = append(bad, check.Name)
					fixes += check.Fix + "\n"
				}
				if strings.Contains(check.Detail, "hush") {
					t.Errorf("a password is shown: %s", check.Detail)
				}
			}
			if got := strings.Join(bad, " "); got != c.bad || !strings.Contains(fixes, c.fix) {
				t.Errorf("not well: %q, want %q: %+v", got, c.bad, checks)
			}
		})
	}
}

// TestAskBeforeSetUp: without an App, and without a database, that is what is said.
func TestAskBeforeSetUp(t *testing.T) {
	t.Parallel()
	f := Ask(t.Context(), Sources{
		Flags: config.Flags{Listen: "127.0.0.1:0", Data: t.TempDir(), Log: "info", ClerkAPIURL: "http://127.0.0.1:1"}, Now: time.Now,
		Open: func(context.Context, string) (Store, error) { return nil, fs.ErrNotExist },
	})
	if !f.NoApp || !f.Database.Missing || f.GitHub != nil {
		t.Errorf("%+v", f)
	}
	if checks := Judge(f); checks[0].State != Failed || !strings.Contains(checks[0].Fix, "rekey serve") || checks[1].State != OK {
		t.Errorf("%+v", checks)
	}
}
