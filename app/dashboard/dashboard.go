// Package dashboard is the pages on which people see what rekey found: the overview, the leaks, one leak, repositories, activity,
// health, how far the first look at an installation is, and how its check becomes a required one. Start with [New]. The pages show what their reader sees on GitHub, by the
// queries of respond/ledger (view_*.go), and write nothing but jobs: what a button asks for is decided where comments and the check's
// buttons are decided, in app/deliver.
package dashboard

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	leaksTx
	serverTx
	ordersTx
}

// leaksTx are leaks, repositories, and what was done.
type leaksTx interface {
	Overview(ctx context.Context, v ledger.Visible, stale time.Duration) (ledger.Overview, error)
	Leaks(ctx context.Context, v ledger.Visible, query ledger.LeakQuery) (ledger.LeakPage, error)
	LeakCounts(ctx context.Context, v ledger.Visible, f ledger.LeakFilter) (ledger.LeakCounts, error)
	LeakDetail(ctx context.Context, v ledger.Visible, id int64) (ledger.LeakDetail, error)
	RepositoryList(ctx context.Context, v ledger.Visible, query ledger.RepositoryQuery) (ledger.RepositoryPage, error)
	AuditList(ctx context.Context, v ledger.Visible, query ledger.AuditQuery) (ledger.AuditPage, error)
	AuditPackages(ctx context.Context, v ledger.Visible) ([]ledger.PackageUse, error)
	DevelopmentInProduction(ctx context.Context, v ledger.Visible) (int, error)
	Activity(ctx context.Context, v ledger.Visible, query ledger.ActivityQuery) (ledger.ActivityPage, error)
}

// serverTx is how the server is.
type serverTx interface {
	DeliveryHealth(ctx context.Context, v ledger.Visible) (ledger.DeliveryHealth, error)
	VisibleJobs(ctx context.Context, v ledger.Visible) ([]ledger.Jobs, error)
	InstallationList(ctx context.Context, v ledger.Visible) ([]ledger.InstallationRow, error)
	Progress(ctx context.Context, v ledger.Visible, installation int64) (ledger.Progress, error)
	Processes(ctx context.Context) (int, error)
}

// ordersTx is what buttons ask for.
type ordersTx interface {
	Enqueue(ctx context.Context, args job.Args, opts *job.Options) error
	EnqueueOnce(ctx context.Context, args job.Singleton, opts *job.Options) error
	RecordActivity(ctx context.Context, a ledger.Activity) error
}

var _ Tx = (*ledger.Tx)(nil)

// Config is what the pages need. All of it must be safe for concurrent use.
type Config struct {
	Site   *web.Site
	SignIn *signin.SignIn
	Store  ledger.Scoped[Tx]
	// GitHubURL is where links to repositories and commits lead, without a slash at its end.
	GitHubURL string
	// AppID is the App's, whose check a ruleset requires; 0: not known.
	AppID int64
	// API answers below /api/, and asks by itself who has signed in; nil: it is not there.
	API http.Handler
	// Components says how the server is, and Quotas what is left of GitHub's hourly limits. Nil: not known to this process.
	Components func(ctx context.Context) []Component
	Quotas     func() []Quota
	// Missing says what the App's registration lacks, and where to add it; "": nothing. Nil: not known to this process.
	Missing func() string
	Now     func() time.Time
	Log     *slog.Logger
}

// Component is a part of the server that works or doesn't.
type Component struct {
	Name, Problem string // Problem "": it works
}

// Quota is what is left of an installation's hourly requests to GitHub.
type Quota struct {
	Installation     int64
	Limit, Remaining int
}

// Dashboard is the pages. It is safe for concurrent use.
type Dashboard struct {
	Config
	pages    map[string]*template.Template
	markdown *prose
	streams  chan struct{} // places for those who watch
	closing  chan struct{}
	close    sync.Once
	handler  http.Handler
}

//go:embed templates
var templates embed.FS

// maxStreams is how many browsers may watch a first look at once; others reload.
const maxStreams = 100

// New returns the pages, with the paths of signing in and out.
func New(c Config) (*Dashboard, error) {
	d := &Dashboard{Config: c, pages: map[string]*template.Template{}, markdown: newProse(), streams: make(chan struct{}, maxStreams), closing: make(chan struct{})}
	for _, name := range []string{"overview", "leaks", "leak", "repositories", "audits", "activity", "health", "look", "required"} {
		t, err := c.Site.TemplateWith(words(), templates, "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, err
		}
		d.pages[name] = t
	}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", d.overview)
	pages.HandleFunc("GET /leaks", d.leaks)
	pages.HandleFunc("GET /leaks/{id}", d.leak)
	pages.HandleFunc("POST /leaks/{id}", d.order)
	pages.HandleFunc("GET /repositories", d.repositories)
	pages.HandleFunc("POST /repositories/{id}", d.scanAgain)
	pages.HandleFunc("GET /audits", d.audits)
	pages.HandleFunc("GET /activity", d.activity)
	pages.HandleFunc("GET /health", d.health)
	pages.HandleFunc("GET /required-check/{id}", d.required)
	pages.HandleFunc("GET /required-check/{id}/ruleset.json", d.requiredJSON)
	pages.HandleFunc("GET /first-look", d.look)
	pages.HandleFunc("GET /first-look/{id}", d.look)
	pages.HandleFunc("GET /first-look/{id}/events", d.watch)
	pages.Handle("/", http.NotFoundHandler()) // told apart below
	all := http.NewServeMux()
	c.SignIn.Routes(all)
	if c.API != nil {
		all.Handle("/api/", c.API)
	}
	signedIn := c.SignIn.Require(pages)
	all.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := pages.Handler(r); pattern == "/" { // nobody needs to sign in to be told that there is nothing
			c.Site.Fail(w, r, web.NotFound)
			return
		}
		signedIn.ServeHTTP(w, r)
	})
	d.handler = c.Site.Protect(all)
	return d, nil
}

// ServeHTTP implements [http.Handler].
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// Close ends what goes on for longer than a page: browsers that watch come back, to another process or this one's next.
func (d *Dashboard) Close() { d.close.Do(func() { close(d.closing) }) }

// reader is who reads a page.
func reader(r *http.Request) (signin.Viewer, ledger.Visible) {
	v, _ := signin.From(r.Context())
	return v, ledger.VisibleOnly(v.Repositories()...)
}

// sections are the pages that the navigation leads to.
var sections = []web.Link{
	{Text: "Overview", URL: "/", Icon: "overview"},
	{Text: "Leaks", URL: "/leaks", Icon: "leaks"},
	{Text: "Repositories", URL: "/repositories", Icon: "repository"},
	{Text: "Configuration", URL: "/audits", Icon: "shield"},
	{Text: "Activity", URL: "/activity", Icon: "activity"},
	{Text: "Health", URL: "/health", Icon: "health"},
}

// page is what all pages have: the navigation with the section that they are in, and who reads them.
func (d *Dashboard) page(r *http.Request, title, section string, data any) web.Page {
	v, _ := signin.From(r.Context())
	p := web.Page{Title: title, Login: v.Login, SignOut: "/signout", FormToken: v.FormToken, Data: data}
	for _, link := range sections {
		link.Current = link.URL == section
		p.Nav = append(p.Nav, link)
	}
	if !v.Outdated.IsZero() {
		p.Notices = append(p.Notices, web.Notice{
			Tone: web.Warn, Text: "GitHub can't be reached. What you may see is as of " + web.Ago(d.Now().Sub(v.Outdated)) + "; in a few minutes nothing is shown until GitHub answers.",
		})
	}
	return p
}

func (d *Dashboard) show(w http.ResponseWriter, r *http.Request, name string, p web.Page) {
	d.Site.Render(w, r, http.StatusOK, d.pages[name], p)
}

// fail shows a problem within the navigation.
func (d *Dashboard) fail(w http.ResponseWriter, r *http.Request, problem web.Problem) {
	d.Site.FailAs(w, r, problem, d.page(r, problem.Title, "", nil))
}

// view reads the ledger for a page, by several reads at once, each of which sees a state of its own. It reports whether it could; else
// it has shown why not.
func (d *Dashboard) view(w http.ResponseWriter, r *http.Request, reads ...func(context.Context, Tx) error) bool {
	group, ctx := errgroup.WithContext(r.Context())
	for _, read := range reads {
		group.Go(func() error { return d.Store.View(ctx, read) })
	}
	err := group.Wait()
	switch {
	case err == nil:
		return true
	case errors.Is(err, ledger.ErrNotFound):
		d.fail(w, r, web.NotFound)
	case errors.Is(err, ledger.ErrCursor):
		d.fail(w, r, web.Problem{
			Status: http.StatusBadRequest, Title: "This page of the list is gone", Text: "The list is ordered another way now. Start at its first page.",
			Link: r.URL.Path, LinkText: "First page",
		})
	default:
		if r.Context().Err() == nil {
			d.Log.ErrorContext(r.Context(), "page not read", "path", r.URL.Path, "error", err)
		}
		d.fail(w, r, web.Broken)
	}
	return false
}

func idOf(r *http.Request) int64 {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return -1
	}
	return id
}
