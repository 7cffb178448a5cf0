package ruleset_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/app/ruleset"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const us, them = 7, 8
	check := func(app int64) github.RequiredCheck { return github.RequiredCheck{Name: ruleset.CheckName, App: app} }
	for name, c := range map[string]struct {
		checks []github.RequiredCheck
		want   ruleset.State
	}{
		"nothing":                {nil, ruleset.Missing},
		"another check":          {[]github.RequiredCheck{{Name: "lint", App: us}, {Name: "clerk secret keys", App: us}}, ruleset.Missing},
		"ours":                   {[]github.RequiredCheck{check(us)}, ruleset.Required},
		"anybody's":              {[]github.RequiredCheck{check(0)}, ruleset.Anybody},
		"another App's":          {[]github.RequiredCheck{check(them)}, ruleset.Other},
		"anybody's and ours":     {[]github.RequiredCheck{check(0), check(us)}, ruleset.Required},
		"another's and anyone's": {[]github.RequiredCheck{check(them), check(0)}, ruleset.Anybody},
	} {
		if got, _ := ruleset.Judge(us, c.checks); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

// world is a stand-in GitHub whose requests and answers are held against GitHub's description.
type world struct {
	*githubtest.Server
	org, ada *githubtest.Account
	app      *github.App
	rules    *github.Rules
	repos    []github.RepositoryInfo
}

func newWorld(t *testing.T, names ...string) *world {
	t.Helper()
	server, err := githubtest.New(githubtest.Options{Quiet: true, Wrap: openapi.Watch(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{Server: server, org: server.Organization("acme"), ada: server.User("ada")}
	var repos []*githubtest.Repository
	for _, name := range names {
		r, err := server.CreateRepository(w.org, name, githubtest.RepositoryOptions{Private: true})
		if err != nil {
			t.Fatal(err)
		}
		sha, err := r.Commit(githubtest.Change{Files: map[string]string{"a": "b"}, Author: w.ada})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Push(t.Context(), githubtest.Push{SHA: sha, By: w.ada}); err != nil {
			t.Fatal(err)
		}
		switch name { // what requires the check there
		case "by-ruleset":
			r.AddRuleset(githubtest.Ruleset{Name: "r", Enforcement: "active", Checks: []githubtest.Check{{Name: ruleset.CheckName, App: server.AppID()}}})
		case "by-protection":
			r.Protect("main", githubtest.Check{Name: ruleset.CheckName, App: server.AppID()})
		case "anybody":
			r.AddRuleset(githubtest.Ruleset{Name: "r", Enforcement: "active", Checks: []githubtest.Check{{Name: ruleset.CheckName}}})
		case "anybody-but-protected":
			r.AddRuleset(githubtest.Ruleset{Name: "r", Enforcement: "active", Checks: []githubtest.Check{{Name: ruleset.CheckName}}})
			r.Protect("main", githubtest.Check{Name: ruleset.CheckName, App: server.AppID()})
		case "another":
			r.Protect("main", githubtest.Check{Name: ruleset.CheckName, App: 99})
		case "evaluated":
			r.AddRuleset(githubtest.Ruleset{Name: "trial", Enforcement: "evaluate", Checks: []githubtest.Check{{Name: ruleset.CheckName, App: server.AppID()}}})
		case "disabled":
			r.AddRuleset(githubtest.Ruleset{Name: "off", Enforcement: "disabled", Checks: []githubtest.Check{{Name: ruleset.CheckName, App: server.AppID()}}})
		case "elsewhere":
			r.AddRuleset(githubtest.Ruleset{
				Name: "r", Enforcement: "active", Branches: []string{"refs/heads/release"}, Checks: []githubtest.Check{{Name: ruleset.CheckName, App: server.AppID()}},
			})
		}
		repos = append(repos, r)
	}
	in, _ := server.Install(t.Context(), w.org, w.ada, repos...)
	block, _ := pem.Decode(server.PrivateKeyPEM())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if w.app, err = github.New(github.Config{AppID: server.AppID(), PrivateKey: key, WebURL: server.URL(), APIURL: server.APIURL()}); err != nil {
		t.Fatal(err)
	}
	w.rules = w.app.Rules(in.ID())
	if w.repos, err = w.app.InstallationRepositories(t.Context(), in.ID()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) check(t *testing.T, c *ruleset.Checker) (ruleset.Report, string) {
	t.Helper()
	c.Rules, c.App, c.Now = w.rules, w.AppID(), time.Now
	report, err := c.Check(t.Context(), w.repos)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	return report, text.String()
}

// TestCheck: every way in which a repository may require the check, or not.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "by-ruleset", "by-protection", "anybody", "anybody-but-protected", "another", "evaluated", "disabled", "elsewhere", "nothing")
	report, text := w.check(t, &ruleset.Checker{})
	want := fmt.Sprintf(`Not required: commits with keys can be merged (3):
  acme/disabled, branch main
  acme/elsewhere, branch main
  acme/nothing, branch main

Required, but taken from anybody: whoever can write there can post a green check of this name. Set rekey as its source (1):
  acme/anybody, branch main

Required of another App: pull requests wait for a check that this App doesn't post (1):
  acme/another, branch main: App 99

Evaluated only, which holds nothing back: make the ruleset active (1):
  acme/evaluated, branch main: ruleset trial of acme/evaluated

3 of 9 repositories require "Clerk secret keys" of App %d.
`, w.AppID())
	if diff := cmp.Diff(want, text); diff != "" || report.Missed() != 6 {
		t.Errorf("%d missed\n%s", report.Missed(), diff)
	}
	report, _ = w.check(t, &ruleset.Checker{Branch: "release"})
	if report.Counts[ruleset.Required] != 1 || report.Counts[ruleset.Missing] != len(report.Repositories)-1 {
		t.Errorf("of the branch release: %v", report.Counts)
	}
}

// TestOneRulesetForAll: an organisation's ruleset covers what it has and what comes, with one request for each repository.
func TestOneRulesetForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	w.AddOrganizationRuleset(w.org, githubtest.Ruleset{Name: "all", Enforcement: "active", Checks: []githubtest.Check{{Name: ruleset.CheckName, App: w.AppID()}}})
	before := w.Count(githubtest.REST)
	report, text := w.check(t, &ruleset.Checker{})
	if report.Missed() != 0 || !strings.HasPrefix(text, "3 of 3 repositories require") {
		t.Errorf("%s", text)
	}
	if asked := w.Count(githubtest.REST) - before; asked != 3 {
		t.Errorf("%d requests", asked)
	}
}

// refusals answer in place of GitHub.
type refusals struct {
	ruleset.Rules
	errs map[string][]error // by repository, one after the other
}

func (r *refusals) ByRulesets(ctx context.Context, owner, name, branch string) ([]github.RequiredCheck, error) {
	if errs := r.errs[name]; len(errs) > 0 {
		r.errs[name] = errs[1:]
		return nil, errs[0]
	}
	return []github.RequiredCheck{{Name: ruleset.CheckName, App: 7}}, nil
}

// answered is the error that an answer of GitHub's becomes.
func answered(t *testing.T, status int, header http.Header) error {
	t.Helper()
	rules, err := github.NewRules(github.Config{WebURL: "https://github.com", HTTP: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: http.NoBody, Request: r, ContentLength: 0}, nil
	})}, "t")
	if err != nil {
		t.Fatal(err)
	}
	_, err = rules.ByRulesets(t.Context(), "acme", "x", "main")
	return err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRefusals: limits are waited for, what is out of order is asked again, and what GitHub refuses is reported of that repository.
func TestRefusals(t *testing.T) {
	t.Parallel()
	now := time.Now()
	limited := answered(t, 429, http.Header{"Retry-After": {"60"}})
	down := answered(t, 502, nil)
	var slept []time.Time
	c := &ruleset.Checker{
		App: 7, Now: func() time.Time { return now },
		Sleep: func(_ context.Context, until time.Time, why string) error { slept = append(slept, until); return nil },
		Rules: &refusals{errs: map[string][]error{
			"limited": {limited, limited, limited, limited, limited}, "down": {down, down}, "gone": {down, down, down},
			"hidden": {answered(t, 404, nil)}, "private": {answered(t, 403, nil)},
		}},
	}
	for name, want := range map[string]struct {
		state  ruleset.State
		sleeps int
	}{
		"limited": {ruleset.Required, 5}, "down": {ruleset.Required, 2}, "gone": {ruleset.Unread, 2}, "hidden": {ruleset.Unread, 0}, "private": {ruleset.Unread, 0},
		"well": {ruleset.Required, 0},
	} {
		slept = nil
		report, err := c.Check(t.Context(), []github.RepositoryInfo{{Repository: github.Repository{Owner: "acme", Name: name}, DefaultBranch: "main"}})
		if err != nil || report.Repositories[0].State != want.state || len(slept) != want.sleeps || (want.state == ruleset.Unread) != (report.Repositories[0].Why != "") {
			t.Errorf("%s: %+v, %d sleeps, %v", name, report.Repositories, len(slept), err)
		}
	}
	c.Sleep = func(context.Context, time.Time, string) error { return errors.New("stopped") }
	c.Rules = &refusals{errs: map[string][]error{"x": {limited}}}
	report, _ := c.Check(t.Context(), []github.RepositoryInfo{
		{Repository: github.Repository{Owner: "acme", Name: "x"}, DefaultBranch: "main"},
		{Repository: github.Repository{Owner: "acme", Name: "empty"}},
		{Repository: github.Repository{Owner: "acme", Name: "old"}, Archived: true},
	})
	if report.Counts[ruleset.Unread] != 2 || report.Archived != 1 || report.Missed() != 0 {
		t.Errorf("%+v", report)
	}
}
