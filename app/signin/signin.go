package signin

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	AddSession(ctx context.Context, s ledger.Session) (added bool, err error)
	Session(ctx context.Context, id string) (ledger.Session, error)
	TouchSession(ctx context.Context, id string) error
	SaveAccess(ctx context.Context, id, login string, access []byte, asked time.Time) error
	BeginRenewal(ctx context.Context, id string, until time.Time) (begun bool, err error)
	SaveTokens(ctx context.Context, id string, sealed []byte) error
	EndSession(ctx context.Context, id string) error
}

var _ Tx = (*ledger.Tx)(nil)

// Config says with which GitHub people sign in.
type Config struct {
	Site  *web.Site // its public address is where GitHub sends people back to
	Store ledger.Scoped[Tx]

	GitHubURL, GitHubAPIURL string // without slashes at their ends
	ClientID, ClientSecret  string // of the App; one that is empty: nobody signs in

	HTTP *http.Client // for GitHub; nil: one that waits 15 seconds
	Now  func() time.Time
	Log  *slog.Logger
}

// SignIn signs people in and out. It is safe for concurrent use.
type SignIn struct {
	Config
	github *gitHub
	asking singleflight.Group // by session
	failed failures
	page   *template.Template
	nobody *template.Template
}

//go:embed templates
var templates embed.FS

// New returns what signs people in.
func New(c Config) (*SignIn, error) {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 15 * time.Second}
	}
	s := &SignIn{Config: c, failed: failures{at: map[string]time.Time{}}}
	s.github = &gitHub{url: c.GitHubURL, api: c.GitHubAPIURL, id: c.ClientID, secret: c.ClientSecret, client: c.HTTP, now: c.Now}
	var err error
	if s.page, err = c.Site.Template(templates, "templates/signin.html"); err != nil {
		return nil, err
	}
	s.nobody, err = c.Site.Template(templates, "templates/nobody.html")
	return s, err
}

// Callback is the path to which GitHub sends people back. The App's settings name it.
const Callback = "/signin/callback"

// Enabled reports whether people can sign in at all.
func (s *SignIn) Enabled() bool {
	return s.ClientID != "" && s.ClientSecret != "" && s.Site.URL("") != ""
}

// Routes adds the paths of signing in and out.
func (s *SignIn) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /signin", s.show)
	mux.HandleFunc("GET /signin/github", s.begin)
	mux.HandleFunc("GET "+Callback, s.callback)
	mux.HandleFunc("POST /signout", s.signOut)
}

// failures remembers when GitHub could not be asked for a session, so that each page does not wait for it again.
type failures struct {
	mu sync.Mutex
	at map[string]time.Time
}

// retryPause is how long GitHub is not asked again for a session after it failed.
const retryPause = 10 * time.Second

func (f *failures) recent(id string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Sub(f.at[id]) < retryPause
}

func (f *failures) add(id string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for other, at := range f.at {
		if now.Sub(at) >= retryPause {
			delete(f.at, other)
		}
	}
	f.at[id] = now
}
