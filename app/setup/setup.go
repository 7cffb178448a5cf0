// Package setup connects a new server to GitHub from a browser. Who runs rekey gets a link with a token that works once; the page
// behind it has GitHub create an App from a manifest, keeps the App's credentials, and the server starts with them in the same
// process.
//
// flow.go knows who may do that and when (pure but for its lock), wish.go what they ask for (pure), pages.go shows it, created.go
// takes GitHub's answer. Start with [New].
package setup

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/github"
)

//go:embed templates
var templates embed.FS

// Fixed says which addresses the environment has set. The form shows them, and cannot change them: after a restart, the environment
// would count again.
type Fixed struct{ GitHubURL, PublicURL bool }

// Options are what set-up needs.
type Options struct {
	Config config.Config // without an App; see [config.Flags.ResolveForSetUp]
	Fixed  Fixed
	// Start has the server begin to work with the App. Its error is shown.
	Start   func(context.Context, config.Credentials) error
	HTTP    http.RoundTripper // to GitHub; nil: a transport of its own with timeouts
	Now     func() time.Time
	Log     *slog.Logger
	Version string
}

// SetUp is a server without an App. It is safe for concurrent use, and goes on answering below /setup when the server has taken over.
type SetUp struct {
	options Options
	site    *web.Site
	pages   map[string]*template.Template
	flow    *flow
	token   string
	handler http.Handler

	creating sync.Mutex // one answer of GitHub at a time
	mu       sync.Mutex
	made     *made // nil: there is no App yet
}

// made is the App that set-up has made.
type made struct {
	credentials config.Credentials // without secrets, once they need not be shown
	app         github.Registration
	show        bool   // the credentials are yet to be copied
	unkept      string // why they were not kept, although they should have been
	startError  string // why the server did not start
}

// New returns a set-up whose link works for an hour from now.
func New(o Options) (*SetUp, error) {
	site, err := web.New(web.Options{PublicURL: o.Config.PublicURL, Version: o.Version, Log: o.Log})
	if err != nil {
		return nil, err
	}
	s := &SetUp{options: o, site: site, pages: map[string]*template.Template{}}
	for _, name := range []string{"start", "form", "review", "made"} {
		if s.pages[name], err = site.Template(templates, "templates/"+name+".html"); err != nil {
			return nil, err
		}
	}
	s.flow, s.token = newFlow(o.Now())
	s.handler = s.routes()
	return s, nil
}

// Link is what to open, for a server that listens on the address.
func (s *SetUp) Link(listens string) string {
	base := s.options.Config.PublicURL
	if base == "" {
		base = "http://" + reachable(listens)
	}
	return base + "/setup?token=" + s.token
}

// ServeHTTP implements [http.Handler].
func (s *SetUp) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *SetUp) result() (made, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil {
		return made{}, false
	}
	return *s.made, true
}
