package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

func TestIssue(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	number, _ := h.shop.OpenIssue(t.Context(), "A key leaked", "the body", h.acme)
	s, err := github.Login(t.Context(), h.machine(), h.host)
	if err != nil || s.Login() != "ada" {
		t.Fatalf("%v", err)
	}
	got, err := s.Issue(t.Context(), h.repository(), number)
	want := github.Issue{Title: "A key leaked", Body: "the body", State: "open", Author: "acme", URL: fmt.Sprintf("%s/acme/shop/issues/%d", h.URL(), number)}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := h.shop.CloseIssue(t.Context(), number, "completed", h.ada); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Issue(t.Context(), h.repository(), number); err != nil || got.State != "closed" || got.Reason != "completed" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.Issue(t.Context(), h.repository(), 99)
	var p *github.Problem
	if !errors.As(err, &p) || !errors.Is(err, destination.ErrNotFound) || p.What != "read issue acme/shop#99 on GitHub: Not Found" {
		t.Errorf("%v", err)
	}
}

// TestRenamed speaks to a repository by its former name.
func TestRenamed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	number, _ := h.shop.OpenIssue(t.Context(), "A key leaked", "the body", h.acme)
	h.shop.Rename(t.Context(), h.ada, "store")
	s, err := github.Login(t.Context(), h.machine(), h.host)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Issue(t.Context(), h.repository(), number); fmt.Sprint(err) != "read issue acme/shop#1 on GitHub: Moved Permanently; the repository has another name now: use that" {
		t.Error(err)
	}
}

// TestComment comments once, whatever becomes of the answers.
func TestComment(t *testing.T) {
	t.Parallel()
	post := func(r *http.Request) bool { return r.Method == http.MethodPost }
	for name, c := range map[string]struct {
		fault githubtest.Fault
		want  int
		said  string
	}{
		"well":                                {nil, 1, ""},
		"done, and lost":                      {githubtest.Times(1, post, githubtest.CutAfter), 1, ""},
		"not done, and lost":                  {githubtest.Times(1, post, githubtest.Cut), 1, ""},
		"not done, and said by somebody else": {nil, 2, ""},
		"a fault that was one":                {githubtest.Times(1, post, githubtest.Answer(http.StatusBadGateway, "Bad Gateway")), 1, ""},
		"a fault that lasts":                  {githubtest.Times(9, post, githubtest.Answer(http.StatusBadGateway, "Bad Gateway")), 0, "Bad Gateway; look at the network"},
		"refused, as it is locked":            {githubtest.Times(9, post, githubtest.Answer(http.StatusForbidden, "Unable to create comment because issue is locked.")), 0, "issue is locked; ask an administrator"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t)
			number, _ := h.shop.OpenIssue(t.Context(), "A key leaked", "the body", h.acme)
			// The same was said before, and by somebody else.
			for _, who := range []*githubtest.Account{h.ada, h.User("eve")} {
				if _, err := h.shop.Comment(t.Context(), number, "/rekey rotated", who); err != nil {
					t.Fatal(err)
				}
			}
			s, err := github.Login(t.Context(), h.machine(), h.host)
			if err != nil {
				t.Fatal(err)
			}
			if name == "not done, and said by somebody else" {
				c.fault = githubtest.Times(1, post, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if _, err := h.shop.Comment(t.Context(), number, "/rekey rotated", h.User("bob")); err != nil {
						t.Error(err)
					}
					githubtest.Cut(w, r, next)
				})
			}
			h.Inject(c.fault)
			err = s.Comment(t.Context(), h.repository(), number, "/rekey rotated")
			if (err == nil) != (c.said == "") || err != nil && !strings.Contains(err.Error(), c.said) {
				t.Errorf("%v", err)
			}
			comments := h.shop.Issues()[0].Comments[2:]
			if len(comments) != c.want {
				t.Errorf("%d comments, want %d", len(comments), c.want)
			}
			for _, one := range slices.DeleteFunc(comments, func(one githubtest.Comment) bool { return one.Author == "bob" }) {
				if one.Author != "ada" || one.Body != "/rekey rotated" {
					t.Errorf("%+v", one)
				}
			}
		})
	}
}

func TestParseIssueLink(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"https://github.com/acme/shop/issues/12":                       "github.com acme/shop 12",
		" https://www.GitHub.com/acme/shop/issues/12/#issuecomment-1 ": "github.com acme/shop 12",
		"https://git.acme.com/a-b_c/x.y/issues/1?q=1":                  "git.acme.com a-b_c/x.y 1",
		"http://127.0.0.1:4711/acme/shop/issues/3":                     "127.0.0.1:4711 acme/shop 3",
		"http://github.com/acme/shop/issues/12":                        "",
		"https://ada@github.com/acme/shop/issues/12":                   "",
		"https://github.com/acme/shop/pull/12":                         "",
		"https://github.com/acme/shop/issues/0":                        "",
		"https://github.com/acme/shop/issues/12/x":                     "",
		"https://github.com/acme/../issues/12":                         "",
		"https://github.com/acme/sh%2Fop/issues/12":                    "",
		"https://github.com/acme/sh op/issues/12":                      "",
		"github.com/acme/shop/issues/12":                               "",
		"acme/shop#12":                                                 "",
		"":                                                             "",
	} {
		repo, number, err := github.ParseIssueLink(link)
		got := ""
		if err == nil {
			got = fmt.Sprint(repo.Host, " ", repo, " ", number)
		}
		if got != want {
			t.Errorf("%q: %q, %v", link, got, err)
		}
	}
}

// TestLoginOfNobody is with the token of a workflow, which may not ask whose it is.
func TestLoginOfNobody(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.Inject(githubtest.Times(1, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/user") },
		githubtest.Answer(http.StatusForbidden, "Resource not accessible by integration")))
	s := github.New(h.machine("GH_HOST="+h.host, "GH_ENTERPRISE_TOKEN="+h.token)).Look(t.Context(), h.project(files{}))
	if s.Account != "the token in GH_ENTERPRISE_TOKEN" || len(s.Problems) > 0 {
		t.Errorf("%+v", s)
	}
}

// sent notes where requests go, with which login, and answers none.
type sent struct {
	to     []string
	cancel context.CancelFunc // of the call, which need not try again
}

func (s *sent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.to = append(s.to, r.URL.String()+" "+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	s.cancel()
	return nil, errors.New("nobody answers")
}

// TestLoginGoesToItsServer has tokens for several servers.
func TestLoginGoesToItsServer(t *testing.T) {
	t.Parallel()
	tokens := []string{"GH_TOKEN=gh", "GITHUB_TOKEN=github", "GH_ENTERPRISE_TOKEN=enterprise", "GITHUB_ENTERPRISE_TOKEN=enterprise2"}
	for _, c := range []struct {
		host    string
		environ []string
		want    string
	}{
		{"github.com", tokens, "https://api.github.com/user gh"},
		{"github.com", tokens[1:], "https://api.github.com/user github"},
		{"github.com", tokens[2:], ""},
		{"acme.ghe.com", tokens, "https://api.acme.ghe.com/user gh"},
		{"git.acme.com", tokens, ""},
		{"git.acme.com", append(tokens, "GH_HOST=git.acme.com"), "https://git.acme.com/api/v3/user enterprise"},
		{"git.acme.com", append(tokens[3:], "GH_HOST=git.acme.com"), "https://git.acme.com/api/v3/user enterprise2"},
		{"git.acme.com", append(tokens, "GH_HOST=git.eve.com"), ""},
		{"git.acme.com", append(tokens[:2:2], "GITHUB_SERVER_URL=https://git.acme.com"), "https://git.acme.com/api/v3/user gh"},
		{"localhost:8080", append(tokens, "GH_HOST=localhost:8080"), "http://localhost:8080/api/v3/user enterprise"},
		{"github.com.eve.com", tokens, ""},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		wire := &sent{cancel: cancel}
		m := &destination.Machine{Environ: append(c.environ, "PATH="), Transport: wire, Now: time.Now}
		_, err := github.Login(ctx, m, c.host)
		cancel()
		if got := strings.Join(wire.to, "\n"); err == nil || got != c.want {
			t.Errorf("%s with %q: %s, %v", c.host, c.environ, got, err)
		}
	}
}
