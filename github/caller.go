package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v62/github"
)

// requestTimeout is the default of [Config.RequestTimeout].
const requestTimeout = 30 * time.Second

// WriteTimeout covers one request that changes something, likewise. After it, nothing of the request is under way from us.
const WriteTimeout = 30 * time.Second

// WriteWithin is how long one request that changes something may take here: [WriteTimeout], or less where requests get less.
func (a *App) WriteWithin() time.Duration { return min(a.timeout, WriteTimeout) }

// errNoAnswer is a request whose time has run out.
var errNoAnswer = errors.New("GitHub did not answer")

// caller makes REST requests as somebody: it keeps to the turns, bounds time, and learns from limits.
type caller struct {
	api          *url.URL
	http         *http.Client
	agent        string
	pace         *pacer
	pacer        sharedPacer
	limit        time.Duration // of one request
	now          func() time.Time
	log          *slog.Logger
	about        string // owner/name, for errors
	installation int64  // likewise; 0: the App itself
	// before, if set, is called before each request that changes something, after all waiting. Its error is the request's.
	before func(context.Context) error
}

func (a *App) caller(transport http.RoundTripper, installation int64, about string) caller {
	pace := a.pacers.of(installation)
	return caller{
		api: a.api.JoinPath("/"),
		http: &http.Client{
			Transport: observed{transport, func(h http.Header) { pace.observe(a.now(), h) }},
			// What edge did not follow is not followed.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		agent:        a.userAgent,
		pace:         pace,
		pacer:        a.sharedPacer(installation),
		installation: installation,
		limit:        a.timeout,
		now:          a.now,
		log:          a.log,
		about:        about,
	}
}

// observed shows the headers of all answers.
type observed struct {
	next http.RoundTripper
	show func(http.Header)
}

// RoundTrip implements [http.RoundTripper].
func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.next.RoundTrip(r)
	if err == nil {
		o.show(resp.Header)
	}
	return resp, err
}

// rest returns a client for one request. go-github's clients remember limits, and wait for them where GitHub does not
// ask for it; ours are remembered in the pacer.
func (c caller) rest() *gogithub.Client {
	rest := gogithub.NewClient(c.http)
	rest.BaseURL = c.api
	rest.UserAgent = c.agent
	return rest
}

// maxPages bounds a list whose pages never end.
const maxPages = 10_000

// do makes one request of REST or GraphQL. op says what for, in the infinitive. Errors are an [*Error].
func (c caller) do(ctx context.Context, op string, class class, request func(context.Context) error) error {
	return c.request(ctx, op, class, func() error {
		if class.writes() && c.before != nil {
			if err := c.before(ctx); err != nil {
				return err
			}
		}
		counted(ctx, class)
		return c.timed(ctx, class, request)
	})
}

// request sends something where it is its turn, and learns from the answer.
func (c caller) request(ctx context.Context, op string, class class, send func() error) error {
	var err error
	if !useTaken(ctx, class) {
		err = c.pacer.take(ctx, c.pace, c.now(), class)
	}
	if err == nil {
		if err = send(); err == nil {
			c.pace.succeeded(class)
			return nil
		}
		c.learn(ctx, op, class, err)
	}
	return &Error{Op: op, About: c.about, Installation: c.installation, Err: err}
}

// learn looks for a limit in the error.
func (c caller) learn(ctx context.Context, op string, class class, err error) {
	f, ok := failureOf(err)
	if !ok {
		return
	}
	now := c.now()
	if limit, limited := f.limit(now); limited {
		if err := c.pacer.learn(ctx, c.pace, now, class, limit); err != nil {
			c.log.WarnContext(ctx, "other processes could not be told of GitHub's limit", "error", err)
		}
		c.log.WarnContext(ctx, "GitHub limits requests", "op", op, "about", c.about, "until", limit.until,
			"primary", limit.primary, "answer", f.describe())
	}
}

func (c caller) timed(ctx context.Context, class class, request func(context.Context) error) error {
	limit := c.limit
	if class.writes() {
		limit = min(limit, WriteTimeout)
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := request(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w within %s", errNoAnswer, limit)
	}
	if _, accepted := errors.AsType[*gogithub.AcceptedError](err); accepted {
		return nil // 202: it will be done
	}
	return err
}

// get reads a JSON answer into v, or a raw one if v is an [io.Writer].
func (c caller) get(ctx context.Context, op, path, accept string, v any) (*gogithub.Response, error) {
	var resp *gogithub.Response
	err := c.do(ctx, op, read, func(ctx context.Context) error {
		rest := c.rest()
		request, err := rest.NewRequest(http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		if accept != "" {
			request.Header.Set("Accept", accept)
		}
		resp, err = rest.Do(ctx, request, v)
		return err
	})
	return resp, err
}

// eachPage reads a list, page for page, by the addresses in GitHub's Link headers, until there is no further one or
// visit returns false.
func eachPage[T any](ctx context.Context, c caller, op, path string, visit func(T) bool) error {
	for n := 0; path != ""; n++ {
		if n == maxPages {
			return &Error{Op: op, About: c.about, Err: fmt.Errorf("the list has more than %d pages", maxPages)}
		}
		var page T
		resp, err := c.get(ctx, op, path, "", &page)
		if err != nil {
			return err
		}
		if !visit(page) {
			return nil
		}
		if path, err = c.nextPage(resp.Header); err != nil {
			return &Error{Op: op, About: c.about, Err: err}
		}
	}
	return nil
}

// nextPage returns the address of rel="next", or "". It must be on the API's own host, since the token goes there.
func (c caller) nextPage(header http.Header) (string, error) { return c.page(header, "next") }

// page returns the address of a page that the Link header names, next or last, or "".
func (c caller) page(header http.Header, rel string) (string, error) {
	for link := range strings.SplitSeq(strings.Join(header.Values("Link"), ","), ",") {
		address, parameters, _ := strings.Cut(link, ";")
		if !strings.Contains(parameters, `rel="`+rel+`"`) {
			continue
		}
		address = strings.TrimSpace(address)
		next, err := url.Parse(strings.TrimSuffix(strings.TrimPrefix(address, "<"), ">"))
		if err != nil {
			return "", fmt.Errorf("the Link header's %s page is not a URL", rel)
		}
		next = c.api.ResolveReference(next)
		if next.Scheme != c.api.Scheme || next.Host != c.api.Host || next.User != nil {
			return "", &RedirectError{From: c.api.Host, To: next.Host}
		}
		return next.String(), nil
	}
	return "", nil
}

// Error is a request to GitHub that failed. Its text holds neither credentials nor query strings.
type Error struct {
	Op           string // what for: create issue
	About        string // the repository, the installation or the App
	Installation int64  // through which the request went; 0: the App itself
	Err          error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s in %s: %s", e.Op, e.About, describe(e.Err))
}

// Unwrap gives the cause, and the named error that fits it, such as [ErrIssuesDisabled].
func (e *Error) Unwrap() []error {
	if f, ok := failureOf(e.Err); ok {
		if named := f.named(); named != nil {
			return []error{e.Err, named}
		}
	}
	return []error{e.Err}
}
