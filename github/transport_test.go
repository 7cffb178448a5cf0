package github_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
)

func TestRedirectsWithinTheHost(t *testing.T) {
	for _, status := range []int{301, 302, 307, 308} {
		s := newStub()
		s.on("POST", "/issues/3/comments", answer(status, `{"message":"Moved"}`,
			"Location", apiURL+"/repositories/77/issues/3/comments"))
		s.HandleFunc("POST /api/v3/repositories/77/issues/3/comments", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			answer(201, fmt.Sprintf(`{"id":%d}`, len(body)))(w, r)
		})
		id, err := s.client(t).Comment(t.Context(), 3, "hello")
		if want := int64(len("{\"body\":\"hello\"}\n")); err != nil || id != want {
			t.Errorf("%d: %d bytes arrived, %v", status, id, err)
		}
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	for name, location := range map[string]string{
		"another host":   "https://elsewhere.example.net/api/v3/app",
		"another port":   "https://git.example.com:8443/api/v3/app",
		"without TLS":    "http://git.example.com/api/v3/app",
		"credentials":    "https://kim:pass@git.example.com/api/v3/app",
		"a circle":       apiURL + "/repos/acme/api",
		"without saying": "",
		"not a URL":      "https://[::1",
	} {
		s := newStub()
		s.on("GET", "", answer(301, ``, "Location", location))
		_, err := s.client(t).Repository(t.Context())
		if _, ok := errors.AsType[*github.RedirectError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
		for _, request := range s.seen() {
			if request != "GET /repos/acme/api" {
				t.Errorf("%s: sent %s", name, request)
			}
		}
		if strings.Contains(fmt.Sprint(err), "pass") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRequestsAreCounted(t *testing.T) {
	s := newStub()
	s.on("GET", "", answer(200, `{}`))
	s.HandleFunc("POST /acme/api.git/git-upload-pack", answer(503, ``))
	cfg := s.config()
	var mu sync.Mutex
	var got []github.Request
	cfg.OnRequest = func(_ context.Context, r github.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Duration < 0 {
			t.Errorf("%+v", r)
		}
		r.Duration = 0
		got = append(got, r)
	}
	cut := false
	cfg.HTTP = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("User-Agent") != "rekey/test" {
			t.Errorf("%s by %q", r.URL.Path, r.Header.Get("User-Agent"))
		}
		if cut {
			return nil, io.ErrUnexpectedEOF
		}
		return s.RoundTrip(r)
	})
	app, err := github.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.ScanAccess)
	_, _ = c.Repository(t.Context())
	_, _ = c.FetchPack(t.Context(), wire.Request{Wants: []string{sha}})
	cut = true
	if _, err := c.Repository(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
	want := []github.Request{
		{Kind: "token", Method: "POST", Route: "/app/installations/{installation_id}/access_tokens", Status: 201},
		{Kind: "rest", Method: "GET", Route: "/repos/{owner}/{repo}", Status: 200},
		{Kind: "git", Method: "POST", Route: "/{owner}/{repo}.git/git-upload-pack", Status: 503},
		{Kind: "rest", Method: "GET", Route: "/repos/{owner}/{repo}"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestNoMoreThanAHundredRequestsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		var now, most atomic.Int32
		s.on("GET", "", func(w http.ResponseWriter, r *http.Request) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			now.Add(-1)
			answer(200, `{}`)(w, r)
		})
		app := s.app(t)
		var all sync.WaitGroup
		for id := range 150 {
			all.Go(func() {
				c := app.Repository(github.Repository{Installation: 5, ID: int64(id + 1), Owner: "acme", Name: "api"}, github.ScanAccess)
				if _, err := c.Repository(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if most.Load() != 100 {
			t.Errorf("%d requests at once, want 100", most.Load())
		}
	})
}

func TestAnswersAreBounded(t *testing.T) {
	s := newStub()
	cfg := s.config()
	status := 500
	cfg.HTTP = roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := s.RoundTrip(r)
		if err == nil && r.Method == http.MethodGet {
			resp.StatusCode = status
			resp.Body = io.NopCloser(endless{})
		}
		return resp, err
	})
	app, err := github.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.ScanAccess)
	// It comes back at all, which an answer without an end would not allow.
	if _, err := c.Repository(t.Context()); github.Classify(err, time.Now()).Do != github.Retry {
		t.Errorf("%v", err)
	}
	status = 200
	if _, _, err := c.Contents(t.Context(), "a", ""); !errors.Is(err, github.ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestNewRefuses(t *testing.T) {
	good := newStub().config()
	for want, spoil := range map[string]func(*github.Config){
		"ID is missing":      func(c *github.Config) { c.AppID = 0 },
		"private key":        func(c *github.Config) { c.PrivateKey = nil },
		"address of GitHub:": func(c *github.Config) { c.WebURL = "" },
		"unencrypted":        func(c *github.Config) { c.WebURL = "http://github.example.com" },
		"start with https":   func(c *github.Config) { c.WebURL = "ssh://github.com" },
		"take them out":      func(c *github.Config) { c.APIURL = "https://kim:pass@github.com" },
		"is not a URL":       func(c *github.Config) { c.APIURL = "https://kim:pass@[" },
		"is not like":        func(c *github.Config) { c.APIURL = "https://github.com/?x=1" },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := github.New(cfg); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pass@") {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	good.WebURL, good.APIURL = "http://127.0.0.1:3000", ""
	if _, err := github.New(good); err != nil {
		t.Errorf("loopback: %v", err)
	}
}

func TestAPIURL(t *testing.T) {
	for web, want := range map[string]string{
		"https://github.com":              "https://api.github.com",
		"https://github.com/":             "https://api.github.com",
		"https://www.GitHub.com":          "https://api.github.com",
		"https://acme.ghe.com":            "https://api.acme.ghe.com",
		"https://git.example.com":         "https://git.example.com/api/v3",
		"https://git.example.com:8443/":   "https://git.example.com:8443/api/v3",
		"https://notgithub.com":           "https://notgithub.com/api/v3",
		"http://127.0.0.1:3000":           "http://127.0.0.1:3000/api/v3",
		"https://example.com/path/github": "https://example.com/path/github/api/v3",
	} {
		if got, err := github.APIURL(web); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", web, got, err, want)
		}
	}
}

// Whatever comes back, neither the log nor an error shows a token, the App's JWT or a query.
func TestNothingIsLogged(t *testing.T) {
	s := newStub()
	var log bytes.Buffer
	cfg := s.config()
	cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	app, err := github.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.ScanAccess)
	for _, status := range []int{200, 302, 401, 403, 404, 422, 500} {
		s.ServeMux = http.NewServeMux()
		s.HandleFunc("POST /api/v3/app/installations/5/access_tokens", s.mint)
		s.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			end := `"}`
			if status == 200 {
				end = `` // what is cut is an error, too
			}
			answer(status, `{"message":"refused: `+r.Header.Get("Authorization")+end)(w, r)
		})
		for _, err := range []error{
			func() error { _, err := c.Repository(t.Context()); return err }(),
			func() error { _, err := c.FetchPack(t.Context(), wire.Request{Wants: []string{sha}}); return err }(),
			func() error { _, err := app.Slug(t.Context()); return err }(),
		} {
			if err == nil {
				t.Errorf("%d: no error", status)
			}
			fmt.Fprintf(&log, "%v\n", err)
			log.WriteString(github.Classify(err, time.Now()).Reason)
		}
	}
	for _, secret := range []string{"ghs_", "eyJ", "Basic "} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q in %s", secret, log.String())
		}
	}
}
