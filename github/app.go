package github

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gogithub "github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/wire"
)

// Config names the App and the GitHub that it is registered on.
type Config struct {
	AppID      int64
	PrivateKey *rsa.PrivateKey
	WebURL     string // https://github.com: web pages and git
	APIURL     string // https://api.github.com; "": the one that [APIURL] finds for WebURL
	UserAgent  string
	HTTP       http.RoundTripper // nil: a transport of its own with timeouts
	Now        func() time.Time  // nil: time.Now
	Log        *slog.Logger      // nil: nothing is logged
	// WritePause is kept between an installation's issues and comments, and sets the pace of its check runs and new issues;
	// 0: the second that GitHub asks for. A GitHub on loopback can do with less.
	WritePause time.Duration
	// Shared, if set, is what several processes keep in common of GitHub's limits; see [App.Share].
	Shared SharedLimits
	// RequestTimeout covers one REST request with its answer, redirects and, if need be, a token; 0: 30 seconds. GitHub itself
	// gives up after ten.
	RequestTimeout time.Duration
	// GitTimeouts bounds how long git may keep us waiting; the zero value takes defaults.
	GitTimeouts wire.Timeouts
	// OnRequest, if set, is told of every HTTP request that was sent, for metrics. It is called from many goroutines.
	OnRequest func(context.Context, Request)
}

// Request is one HTTP request to GitHub, as metrics count it.
type Request struct {
	Kind     string        // rest, graphql, token, git or download
	Method   string        // GET, POST, PATCH
	Route    string        // /repos/{owner}/{repo}/check-runs: one of a fixed set of names, never what a repository is called
	Status   int           // 0: there was no answer
	Duration time.Duration // until the answer's head
}

// App is the GitHub App. It is safe for concurrent use.
type App struct {
	id          int64
	web         *url.URL // without a slash at its end
	api         *url.URL // likewise
	userAgent   string
	now         func() time.Time
	log         *slog.Logger
	signer      ghinstallation.Signer
	rest, git   http.RoundTripper // to the network, without authorization
	storage     http.RoundTripper // to where GitHub keeps what is large; never with a token
	tokens      tokens
	pacers      pacers
	shared      SharedLimits
	timeout     time.Duration // of a REST request
	gitTimeouts wire.Timeouts
	calls       caller // as the App itself, not as one of its installations

	mu   sync.Mutex
	slug string // "" until GitHub told it
}

// New returns the App's client. It sends nothing.
func New(cfg Config) (*App, error) {
	if cfg.AppID <= 0 {
		return nil, errors.New("github: the App's ID is missing: it is on the App's settings page")
	}
	if cfg.PrivateKey == nil {
		return nil, errors.New("github: the App's private key is missing: generate one on the App's settings page")
	}
	a, err := unsigned(cfg)
	if err != nil {
		return nil, err
	}
	a.signer = jwtSigner{key: cfg.PrivateKey, now: a.now}
	asApp, err := a.appTransport()
	if err != nil {
		return nil, err
	}
	a.calls = a.caller(asApp, 0, "the App")
	return a, nil
}

// unsigned returns a client that cannot sign as the App.
func unsigned(cfg Config) (*App, error) {
	web, err := base(cfg.WebURL)
	if err != nil {
		return nil, fmt.Errorf("github: address of GitHub: %w", err)
	}
	if cfg.APIURL == "" {
		if cfg.APIURL, err = APIURL(cfg.WebURL); err != nil {
			return nil, err
		}
	}
	api, err := base(cfg.APIURL)
	if err != nil {
		return nil, fmt.Errorf("github: address of GitHub's API: %w", err)
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "rekey"
	}
	if cfg.HTTP == nil {
		cfg.HTTP = newTransport()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.WritePause == 0 {
		cfg.WritePause = writePause
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = requestTimeout
	}
	if cfg.GitTimeouts == (wire.Timeouts{}) {
		cfg.GitTimeouts = gitTimeouts()
	}
	a := &App{
		id:          cfg.AppID,
		web:         web,
		api:         api,
		userAgent:   cfg.UserAgent,
		now:         cfg.Now,
		log:         cfg.Log,
		pacers:      pacers{pause: cfg.WritePause},
		shared:      cfg.Shared,
		timeout:     cfg.RequestTimeout,
		gitTimeouts: cfg.GitTimeouts,
	}
	a.rest = &transport{
		base: cfg.HTTP, kind: "rest", prefix: api.Path, userAgent: cfg.UserAgent, onRequest: cfg.OnRequest,
		slots: make(chan struct{}, maxConcurrent), maxBody: maxRESTBody,
	}
	a.storage = &transport{base: cfg.HTTP, kind: downloadRoute, userAgent: cfg.UserAgent, onRequest: cfg.OnRequest}
	a.git = &transport{base: cfg.HTTP, kind: "git", prefix: web.Path, userAgent: cfg.UserAgent, onRequest: cfg.OnRequest}
	return a, nil
}

// APIURL returns where the API of the GitHub at webURL is: github.com has a host of its own for it, so has every tenant
// of GHE.com, and a GitHub Enterprise Server has it under /api/v3.
func APIURL(webURL string) (string, error) {
	web, err := base(webURL)
	if err != nil {
		return "", fmt.Errorf("github: address of GitHub: %w", err)
	}
	host := strings.ToLower(web.Host)
	if host == "github.com" || host == "www.github.com" || strings.HasSuffix(host, ".ghe.com") {
		return web.Scheme + "://api." + strings.TrimPrefix(host, "www."), nil
	}
	return web.String() + "/api/v3", nil
}

// base parses an address that others are made from by appending to it. Plain http is taken on loopback only, since
// tokens travel on it.
func base(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("it is not a URL") // url.Error would repeat it, credentials included
	case u.User != nil:
		return nil, fmt.Errorf("it holds credentials for %s: take them out", u.Host)
	case u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q is not like https://github.com", address)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("%q would send tokens unencrypted: use https", address)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q does not start with https://", address)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}, nil
}

// Slug returns the App's name in its URL. Its bot's login is that name and "[bot]". GitHub is asked once.
func (a *App) Slug(ctx context.Context) (string, error) {
	a.mu.Lock()
	slug := a.slug
	a.mu.Unlock()
	if slug != "" {
		return slug, nil
	}
	registration, err := a.Registration(ctx)
	if err != nil {
		return "", err
	}
	if registration.Slug == "" {
		return "", errors.New("read the App: GitHub does not tell its slug")
	}
	return registration.Slug, nil
}

// Installation is one installation of the App.
type Installation struct {
	Grant
	ID        int64
	AccountID int64
	Account   string // login, or an enterprise's slug
	Suspended bool
	// SettingsURL is the page where an owner of the account accepts permissions.
	SettingsURL string
}

// Installations lists where the App is installed.
func (a *App) Installations(ctx context.Context) ([]Installation, error) {
	type installation struct {
		grantJSON
		ID      int64 `json:"id"`
		Account *struct {
			ID    int64  `json:"id"`
			Login string `json:"login"`
			Slug  string `json:"slug"`
		} `json:"account"`
		HTMLURL     string              `json:"html_url"`
		SuspendedAt *gogithub.Timestamp `json:"suspended_at"`
	}
	var list []Installation
	err := eachPage(ctx, a.calls, "list installations", "app/installations?per_page=100",
		func(page []installation) bool {
			for _, i := range page {
				listed := Installation{Grant: i.grant(), ID: i.ID, Suspended: i.SuspendedAt != nil, SettingsURL: i.HTMLURL}
				if i.Account != nil {
					listed.AccountID, listed.Account = i.Account.ID, cmp.Or(i.Account.Login, i.Account.Slug)
				}
				list = append(list, listed)
			}
			return true
		})
	return list, err
}

// InstallationRepositories lists all repositories that the installation reaches.
func (a *App) InstallationRepositories(ctx context.Context, installation int64) ([]RepositoryInfo, error) {
	calls := a.caller(a.authorize(a.rest, tokenKey{installation: installation, access: metadataAccess}),
		installation, fmt.Sprintf("installation %d", installation))
	var list []RepositoryInfo
	err := eachPage(ctx, calls, "list repositories", "installation/repositories?per_page=100",
		func(page *gogithub.ListRepositories) bool {
			for _, r := range page.Repositories {
				list = append(list, repositoryInfo(installation, r))
			}
			return true
		})
	return list, err
}

// RepositoryInfo describes a repository.
type RepositoryInfo struct {
	Repository
	DefaultBranch           string
	Private, Archived, Fork bool
	// HasWiki and HasDiscussions report what is turned on; there may be nothing in it.
	HasWiki, HasDiscussions bool
	PushedAt                time.Time // zero if nothing was ever pushed
}

func repositoryInfo(installation int64, r *gogithub.Repository) RepositoryInfo {
	return RepositoryInfo{
		Repository: Repository{
			Installation: installation,
			ID:           r.GetID(),
			Owner:        r.GetOwner().GetLogin(),
			Name:         r.GetName(),
		},
		DefaultBranch:  r.GetDefaultBranch(),
		Private:        r.GetPrivate(),
		Archived:       r.GetArchived(),
		Fork:           r.GetFork(),
		HasWiki:        r.GetHasWiki(),
		HasDiscussions: r.GetHasDiscussions(),
		PushedAt:       r.GetPushedAt().Time,
	}
}
