package github_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestPerson: a person's token reads the same texts, git and wikis as the App, where they may, and nothing beyond.
func TestPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.write(t, "body")
	if _, err := w.repo.EditText(ctx, w.find(t, "Issue").NodeID, githubtest.Edited{Body: new("other")}, w.ada); err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.EditWiki(ctx, map[string]string{"Home": "welcome"}, w.ada); err != nil {
		t.Fatal(err)
	}
	run, _, err := w.repo.CompleteRun(ctx, githubtest.Run{Logs: []byte("logs")}, w.ada)
	if err != nil {
		t.Fatal(err)
	}
	person := func(login string) *github.Client {
		p, err := github.NewPerson(github.Config{WebURL: w.URL(), APIURL: w.APIURL()}, w.PersonalToken(w.User(login)))
		if err != nil {
			t.Fatal(err)
		}
		return p.Repository("acme", "api")
	}
	ada := person("ada")
	for _, list := range []github.TextList{
		github.Issues, github.IssueComments, github.Reviews, github.ReviewComments, github.CommitComments, github.Discussions,
	} {
		if page, err := ada.TextPage(ctx, list, ""); err != nil || len(page.Texts) == 0 ||
			slices.ContainsFunc(page.Texts, func(t github.Text) bool { return t.Edited != (t.Kind == "Issue") }) {
			t.Errorf("%s: %+v, %v", list, page.Texts, err)
		}
	}
	if h, err := ada.Edits(ctx, w.find(t, "Issue").NodeID); err != nil || len(h.Edits) != 2 {
		t.Errorf("%+v, %v", h, err)
	}
	if refs, err := ada.Wiki().Refs(ctx, "refs/heads/"); err != nil || len(refs) != 1 {
		t.Errorf("%v, %v", refs, err)
	}
	if refs, err := ada.Refs(ctx, "refs/heads/main"); err != nil || refs[0].ID != w.head {
		t.Errorf("%v, %v", refs, err)
	}
	if text, err := readAll(ada.RunLogs(ctx, run, 100)); err != nil || string(text) != "logs" {
		t.Errorf("%q, %v", text, err)
	}
	if w.Count(githubtest.Token) != 0 {
		t.Error("a token of the App was asked for")
	}
	eve := person("eve")
	if _, err := eve.TextPage(ctx, github.Issues, ""); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("a stranger reads a private repository: %v", err)
	}
	if _, err := eve.Refs(ctx); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("a stranger reads a private repository: %v", err)
	}
	if h, err := eve.Edits(ctx, w.find(t, "Issue").NodeID); err != nil || h.Exists {
		t.Errorf("a stranger reads an issue: %+v, %v", h, err)
	}
	p, err := github.NewPerson(github.Config{WebURL: w.URL()}, "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "..", strings.Repeat("x", 201)} {
		if _, err := p.Repository("acme", name).TextPage(ctx, github.Issues, ""); github.Classify(err, time.Now()).Do != github.GiveUp {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := p.Repository("acme", "api").TextPage(ctx, github.Issues, ""); !errors.Is(err, github.ErrUnauthorized) {
		t.Errorf("a token that is none: %v", err)
	}
	if _, err := github.NewPerson(github.Config{WebURL: "nonsense"}, "x"); err == nil {
		t.Error("nonsense is an address")
	}
}

// TestPersonWithoutToken: what is public is read without a token, in REST and git, and nothing else is; the token is asked for by name.
func TestPersonWithoutToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.write(t, "body")
	anybody, err := github.NewPerson(github.Config{WebURL: w.URL(), APIURL: w.APIURL()}, "")
	if err != nil {
		t.Fatal(err)
	}
	client := anybody.Repository("acme", "api")
	if _, err := client.TextPage(ctx, github.Issues, ""); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("a private repository: %v", err)
	}
	w.repo.Publicize(ctx, w.ada)
	for list, want := range map[github.TextList]error{
		github.Issues: nil, github.IssueComments: nil, github.ReviewComments: nil, github.CommitComments: nil, github.Releases: nil,
		github.Reviews: github.ErrNoToken, github.Discussions: github.ErrNoToken,
	} {
		if _, err := client.TextPage(ctx, list, ""); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", list, err, want)
		}
	}
	if refs, err := client.Refs(ctx, "refs/heads/main"); err != nil || refs[0].ID != w.head {
		t.Errorf("%v, %v", refs, err)
	}
	for _, r := range w.Requests() {
		if r.Class != githubtest.Token && r.Header.Get("Authorization") != "" {
			t.Errorf("%s %s had credentials", r.Method, r.Path)
		}
	}
	for err == nil {
		_, err = client.TextPage(ctx, github.Releases, "")
	}
	if until, hourly, limited := github.LimitOf(err, time.Now()); !limited || !hourly || time.Until(until) < 50*time.Minute {
		t.Errorf("%v: until %v, %t", err, until, hourly)
	}
}

func TestRepositoriesOfAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for name, private := range map[string]bool{"dotfiles": false, "diary": true} {
		if _, err := w.CreateRepository(w.ada, name, githubtest.RepositoryOptions{Private: private}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.CreateRepository(w.org, "Blog", githubtest.RepositoryOptions{}); err != nil {
		t.Fatal(err)
	}
	list := func(token, owner string) string {
		t.Helper()
		p, err := github.NewPerson(github.Config{WebURL: w.URL(), APIURL: w.APIURL()}, token)
		if err != nil {
			t.Fatal(err)
		}
		repos, err := p.Repositories(ctx, owner)
		if err != nil {
			return github.Reason(err)
		}
		var names []string
		for _, r := range repos {
			names = append(names, r.Name)
		}
		return strings.Join(names, " ")
	}
	ada, eve := w.PersonalToken(w.ada), w.PersonalToken(w.User("eve"))
	for _, c := range []struct{ token, owner, want string }{
		{ada, "acme", "api Blog"},
		{ada, "ACME", "api Blog"},
		{eve, "acme", "Blog"},
		{"", "acme", "Blog"},
		{ada, "ada", "diary dotfiles"},
		{eve, "ada", "dotfiles"},
		{"", "ada", "dotfiles"},
		{ada, "nobody", "GitHub answered 404 Not Found: Not Found"},
		{"x", "acme", "GitHub answered 401 Unauthorized: Bad credentials"},
		{ada, "a/b", `owner: "a/b" is not a login`},
	} {
		if got := list(c.token, c.owner); got != c.want {
			t.Errorf("%s: %q, want %q", c.owner, got, c.want)
		}
	}
}

func TestSignOnPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, err := github.NewPerson(github.Config{WebURL: w.URL(), APIURL: w.APIURL()}, w.PersonalToken(w.ada))
	if err != nil {
		t.Fatal(err)
	}
	page := w.URL() + "/orgs/acme/sso?authorization_request=A"
	for header, want := range map[string]string{
		"required; url=" + page:                  page,
		"required; url=https://evil.example/sso": "",
		"partial-results; organizations=1":       "",
		"":                                       "",
	} {
		w.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, ""), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			rw.Header().Set("X-GitHub-SSO", header)
			githubtest.Answer(http.StatusForbidden, "Resource protected by organization SAML enforcement.")(rw, r, next)
		}))
		_, err := p.Repositories(t.Context(), "acme")
		if got := p.SignOnPage(err); err == nil || got != want {
			t.Errorf("%q: %q, %v", header, got, err)
		}
	}
	if got := p.SignOnPage(nil); got != "" {
		t.Errorf("no error: %q", got)
	}
}
