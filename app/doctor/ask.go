package doctor

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// Store is what of the ledger is used: a lease is the smallest thing that can be written.
type Store interface {
	TakeLease(ctx context.Context, name, owner string, last time.Duration) (bool, error)
	EndLease(ctx context.Context, name, owner string) error
	Space() (int64, bool)
	WantedLogs(ctx context.Context) (map[int64]respond.WantedLogs, error)
	Close() error
}

// Sources are what is asked. They are used from one goroutine.
type Sources struct {
	Flags config.Flags
	// Open opens a database beside the server that may use it; [fs.ErrNotExist] means that there is none yet.
	Open    func(ctx context.Context, url string) (Store, error)
	HTTP    http.RoundTripper // to GitHub and Clerk; nil: transports of their own
	Now     func() time.Time
	Version string
	// PingWithin is how long is waited for a repeated delivery; zero: 10 seconds.
	PingWithin time.Duration
}

// pause is kept between two looks at GitHub's log.
const pause = 500 * time.Millisecond

// Ask finds out everything. It changes nothing, but that GitHub repeats a delivery, which the server recognises.
func Ask(ctx context.Context, s Sources) Facts {
	f := Facts{NoApp: s.Flags.NeedsSetUp(), Free: -1}
	cfg, err := s.Flags.Resolve()
	if f.Config = err; err != nil {
		if cfg, err = s.Flags.ResolveForSetUp(); err != nil { // then nothing more can be asked
			return f
		}
	}
	f.Data, f.PublicURL, f.Proxy, f.SignIn = cfg.Data, cfg.PublicURL, cfg.WebhookProxy, cfg.ClientID != ""
	if info, err := os.Stat(config.CredentialsPath(cfg.Data)); err == nil {
		f.Credentials = info.Mode().Perm()
	}
	s.askDatabase(ctx, cfg, &f)
	s.askClerk(ctx, cfg, &f)
	if f.GitHubURL = cfg.GitHubURL; f.Config == nil {
		s.askGitHub(ctx, cfg, &f)
	}
	return f
}

func (s Sources) askDatabase(ctx context.Context, cfg config.Config, f *Facts) {
	f.Database.Name = cfg.DatabaseURL
	if strings.Contains(cfg.DatabaseURL, "://") {
		f.Database.Name = "PostgreSQL" // its address may hold a password
	}
	store, err := s.Open(ctx, cfg.DatabaseURL)
	if errors.Is(err, fs.ErrNotExist) {
		f.Database.Missing = true
		return
	}
	if f.Database.Open = err; err != nil {
		return
	}
	const lease = "doctor"
	if _, err = store.TakeLease(ctx, lease, lease, time.Second); err == nil {
		err = store.EndLease(ctx, lease, lease)
	}
	f.Database.Write = err
	if free, known := store.Space(); known {
		f.Free = free
	}
	if f.Logs, err = store.WantedLogs(ctx); err != nil {
		f.Logs = nil // of a database that is older: the server says more at its start
	}
	f.Database.Write = errors.Join(f.Database.Write, store.Close())
}

func (s Sources) askClerk(ctx context.Context, cfg config.Config, f *Facts) {
	f.ClerkURL = cfg.ClerkAPIURL
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, cfg.ClerkAPIURL+"/v1/instance", nil)
	if err != nil {
		f.Clerk = err
		return
	}
	r.Header.Set("User-Agent", "rekey/"+s.Version)
	client := &http.Client{Transport: s.HTTP, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r) // without a key: that Clerk refuses it says that it is there
	if f.Clerk = err; err != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // only the status counts
	_ = resp.Body.Close()
	f.ClerkStatus = resp.StatusCode
}

func (s Sources) askGitHub(ctx context.Context, cfg config.Config, f *Facts) {
	app, err := github.New(github.Config{
		AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, WebURL: cfg.GitHubURL, APIURL: cfg.GitHubAPIURL, UserAgent: "rekey/" + s.Version,
		HTTP: s.HTTP, Now: s.Now, RequestTimeout: 10 * time.Second,
	})
	if err != nil {
		f.GitHub = err
		return
	}
	f.App, f.GitHub = app.Registration(ctx)
	f.Now, f.GitHubNow = s.Now(), f.App.Now
	if f.GitHub != nil {
		f.GitHubNow = github.ServerTime(f.GitHub)
		return
	}
	f.Installations, f.Listing = app.Installations(ctx)
	f.Hook, f.HookError = app.HookConfig(ctx)
	page, err := app.HookDeliveries(ctx, "", "")
	if f.Deliveries, f.LogError = page.Deliveries, err; err == nil {
		f.Ping = s.ping(ctx, app, page.Deliveries)
	}
}

// ping has GitHub repeat a delivery: there is no other way to make it send something. The last ping is best, since it asks for nothing;
// any other the server has done already, or does now.
func (s Sources) ping(ctx context.Context, app *github.App, log []github.Delivery) Ping {
	if len(log) == 0 {
		return Ping{}
	}
	chosen := log[0]
	for _, d := range log {
		if d.Event == "ping" {
			chosen = d
			break
		}
	}
	if err := app.RedeliverHookDelivery(ctx, chosen.ID); err != nil {
		return Ping{Asked: true, Error: err}
	}
	known := map[int64]bool{}
	for _, d := range log {
		known[d.ID] = true
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.PingWithin, 10*time.Second))
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return Ping{Asked: true}
		case <-time.After(pause):
		}
		page, err := app.HookDeliveries(ctx, "", "")
		if err != nil {
			if ctx.Err() != nil {
				return Ping{Asked: true}
			}
			return Ping{Asked: true, Error: err}
		}
		for _, d := range page.Deliveries {
			if d.GUID == chosen.GUID && !known[d.ID] && !d.Pending() {
				return Ping{Asked: true, Answer: &d}
			}
		}
	}
}
