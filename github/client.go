package github

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"

	gogithub "github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/wire"
)

// Repository names a repository and the installation through which it is reached. Where ID is 0, it is found by its
// name; else the name may be an old one.
type Repository struct {
	Installation int64
	ID           int64
	Owner, Name  string
}

// Client reaches one repository. It is safe for concurrent use, and cheap to make.
type Client struct {
	app   *App
	repo  Repository
	calls caller
	git   *wire.Client
	wiki  bool  // git is of the repository's wiki
	bare  bool  // there is no token: what is public is read, by REST and git
	wrong error // what is wrong with repo
}

// Repository returns the client of one repository. It sends nothing; tokens are minted at the first request, kept
// until five minutes before their end, and minted again once after a 401.
func (a *App) Repository(r Repository, access Access) *Client {
	key := tokenKey{installation: r.Installation, repository: r.ID, access: access}
	if r.ID == 0 {
		key.name = r.Name
	}
	git := a.authorize(a.git, key)
	git.header = func(token string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+token))
	}
	about := r.Owner + "/" + r.Name
	return &Client{
		app:   a,
		repo:  r,
		calls: a.caller(a.authorize(a.rest, key), r.Installation, about),
		git:   &wire.Client{HTTP: &http.Client{Transport: git}, UserAgent: a.userAgent, Timeouts: a.gitTimeouts},
		wrong: r.validate(),
	}
}

// BeforeWrite returns a client that calls before right before each request that changes something, after all waiting for its
// turn. An error of before is the request's, which is then not sent.
func (c *Client) BeforeWrite(before func(context.Context) error) *Client {
	with := *c
	with.calls.before = before
	return &with
}

// validate refuses what must not get into a URL. GitHub's own names hold nothing else.
func (r Repository) validate() error {
	if r.Installation <= 0 {
		return &InvalidError{"repository", "its installation is missing"}
	}
	return r.validateName()
}

func isName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 200 && !strings.ContainsFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-'
	})
}

// isLogin reports whether it can be a user's or a bot's login: dependabot[bot].
func isLogin(login string) bool {
	return isName(strings.TrimSuffix(login, "[bot]"))
}

func (c *Client) path(format string, args ...any) string {
	return "repos/" + c.repo.Owner + "/" + c.repo.Name + fmt.Sprintf(format, args...)
}

// do makes a request, if the repository's name is one.
func (c *Client) do(ctx context.Context, op string, class class, request func(context.Context, *gogithub.Client) error) error {
	if c.wrong != nil {
		return &Error{Op: op, About: "GitHub", Err: c.wrong}
	}
	return c.calls.do(ctx, op, class, func(ctx context.Context) error { return request(ctx, c.calls.rest()) })
}

func (c *Client) get(ctx context.Context, op, path, accept string, v any) (*gogithub.Response, error) {
	if c.wrong != nil {
		return nil, &Error{Op: op, About: "GitHub", Err: c.wrong}
	}
	return c.calls.get(ctx, op, path, accept, v)
}

// Repository asks GitHub how the repository is now.
func (c *Client) Repository(ctx context.Context) (RepositoryInfo, error) {
	var r gogithub.Repository
	if _, err := c.get(ctx, "read repository", c.path(""), "", &r); err != nil {
		return RepositoryInfo{}, err
	}
	return repositoryInfo(c.repo.Installation, &r), nil
}

// FetchPack fetches over git smart HTTP; see [wire.Client.Fetch].
func (c *Client) FetchPack(ctx context.Context, req wire.Request) (io.ReadCloser, error) {
	if c.wrong != nil {
		return nil, &Error{Op: "fetch", About: "GitHub", Err: c.wrong}
	}
	var pack io.ReadCloser
	err := c.calls.request(ctx, "fetch", fetch, func() (err error) {
		pack, err = c.git.Fetch(ctx, c.gitURL(), req)
		return err
	})
	return pack, err
}

// Refs lists branches and tags over git smart HTTP.
func (c *Client) Refs(ctx context.Context, prefixes ...string) ([]wire.Ref, error) {
	if c.wrong != nil {
		return nil, &Error{Op: "list refs", About: "GitHub", Err: c.wrong}
	}
	var refs []wire.Ref
	err := c.calls.request(ctx, "list refs", fetch, func() (err error) {
		refs, err = c.git.Refs(ctx, c.gitURL(), prefixes...)
		return err
	})
	return refs, err
}

// Wiki returns a client whose [Client.FetchPack] and [Client.Refs] read the git repository of the wiki. [ErrNotFound]: nobody has
// written in it, or it is turned off.
func (c *Client) Wiki() *Client {
	with := *c
	with.wiki = true
	return &with
}

func (c *Client) gitURL() string {
	name := c.repo.Name
	if c.wiki {
		name += ".wiki"
	}
	return c.app.web.JoinPath(c.repo.Owner, name+".git").String()
}
