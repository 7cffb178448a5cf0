package github_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestRulesOfTheStandIn reads everything that may require a check, as the App and as a person. Requests and answers are held against
// GitHub's description.
func TestRulesOfTheStandIn(t *testing.T) {
	w := newWorld(t)
	w.AddOrganizationRuleset(w.org, githubtest.Ruleset{Name: "all", Enforcement: "active", Checks: []githubtest.Check{{Name: "keys", App: 7}, {Name: "lint"}}})
	w.AddOrganizationRuleset(w.org, githubtest.Ruleset{Name: "trial", Enforcement: "evaluate", Checks: []githubtest.Check{{Name: "slow"}}})
	w.repo.AddRuleset(githubtest.Ruleset{Name: "own", Enforcement: "active", Branches: []string{"refs/heads/release/*"}, Checks: []githubtest.Check{{Name: "notes"}}})
	w.repo.Protect("main", githubtest.Check{Name: "old", App: 9}, githubtest.Check{Name: "anybody"})
	person, err := github.NewRules(github.Config{WebURL: w.URL(), APIURL: w.APIURL()}, w.PersonalToken(w.ada))
	if err != nil {
		t.Fatal(err)
	}
	for who, rules := range map[string]*github.Rules{"App": w.app.Rules(w.in.ID()), "person": person} {
		expect := func(what string, want, got any, err error) {
			t.Helper()
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s, %s: %v\n%s", who, what, err, diff)
			}
		}
		checks, err := rules.ByRulesets(t.Context(), "acme", "api", "main")
		expect("main", []github.RequiredCheck{{Name: "keys", App: 7}, {Name: "lint"}}, checks, err)
		checks, err = rules.ByRulesets(t.Context(), "acme", "api", "release/1")
		expect("release", []github.RequiredCheck{{Name: "notes"}}, checks, err)
		checks, err = rules.ByProtection(t.Context(), "acme", "api", "main")
		expect("protection", []github.RequiredCheck{{Name: "old", App: 9}, {Name: "anybody"}}, checks, err)
		checks, err = rules.ByProtection(t.Context(), "acme", "api", "missing/branch")
		expect("no branch", []github.RequiredCheck(nil), checks, err)
		sets, err := rules.Rulesets(t.Context(), "acme", "api")
		var names []string
		for _, set := range sets {
			names = append(names, set.Enforcement+" "+set.Name+" of "+set.Source)
		}
		expect("rulesets", []string{"active all of acme", "evaluate trial of acme", "active own of acme/api"}, names, err)
		set, err := rules.Ruleset(t.Context(), "acme", "api", sets[1].ID)
		expect("ruleset", []github.RequiredCheck{{Name: "slow"}}, set.Checks, err)
		if !set.Covers("main", "main") || set.Covers("other", "main") {
			t.Errorf("%s: %+v covers other branches", who, set)
		}
		repo, err := rules.Repository(t.Context(), "acme", "api")
		expect("repository", "main", repo.DefaultBranch, err)
		if _, err := rules.Repository(t.Context(), "acme", "../x"); err == nil {
			t.Errorf("%s: a name that is a path", who)
		}
		if _, err := rules.Repository(t.Context(), "acme", "missing"); !errors.Is(err, github.ErrNotFound) && !errors.Is(err, github.ErrOutOfReach) {
			t.Errorf("%s: missing: %v", who, err)
		}
	}
	list, err := person.OrganizationRepositories(t.Context(), "acme")
	if err != nil || len(list) != 1 || list[0].Name != "api" {
		t.Errorf("%v, %v", list, err)
	}
}

// TestManyRules: lists come in pages.
func TestManyRules(t *testing.T) {
	w := newWorld(t)
	for range 120 {
		w.AddOrganizationRuleset(w.org, githubtest.Ruleset{Name: "r", Enforcement: "active", Checks: []githubtest.Check{{Name: "c"}}})
	}
	rules := w.app.Rules(w.in.ID())
	checks, err := rules.ByRulesets(t.Context(), "acme", "api", "main")
	if err != nil || len(checks) != 120 {
		t.Errorf("%d checks, %v", len(checks), err)
	}
	sets, err := rules.Rulesets(t.Context(), "acme", "api")
	if err != nil || len(sets) != 120 {
		t.Errorf("%d rulesets, %v", len(sets), err)
	}
}

// TestOddProtection: enforcement that is off, an App of -1, and the contexts of old servers.
func TestOddProtection(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]github.RequiredCheck{
		`{"protection":{"required_status_checks":{"enforcement_level":"off","contexts":["a"],"checks":[{"context":"a","app_id":1}]}}}`:         nil,
		`{"protection":{"required_status_checks":{"enforcement_level":"everyone","contexts":["a"],"checks":[{"context":"a","app_id":-1}]}}}`:   {{Name: "a"}},
		`{"protection":{"required_status_checks":{"enforcement_level":"everyone","contexts":["a","b"],"checks":[]}}}`:                          {{Name: "a"}, {Name: "b"}},
		`{"protection":{"required_status_checks":{"enforcement_level":"everyone","contexts":["a"],"checks":[{"context":"a","app_id":null}]}}}`: {{Name: "a"}},
		`{"name":"main"}`: nil,
	} {
		answers := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/repos/acme/api/branches/main" || r.Header.Get("Authorization") != "Bearer token" {
				t.Errorf("asked for %s as %s", r.URL.Path, r.Header.Get("Authorization"))
			}
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
		rules, err := github.NewRules(github.Config{WebURL: "https://github.com", HTTP: answers}, "token")
		if err != nil {
			t.Fatal(err)
		}
		got, err := rules.ByProtection(t.Context(), "acme", "api", "main")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", body, err, diff)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for pattern, branches := range map[string]map[string]bool{
		"~ALL":                    {"main": true, "a/b": true},
		"~DEFAULT_BRANCH":         {"main": true, "other": false},
		"refs/heads/main":         {"main": true, "main2": false},
		"refs/heads/*":            {"main": true, "a/b": false},
		"refs/heads/release/**/*": {"release/1": true, "release/a/b": true, "release": false},
		"refs/heads/v?":           {"v1": true, "v12": false},
		"refs/heads/v[0-9].x":     {"v1.x": true, "v1.y": false},
		"refs/heads/a(b":          {"a(b": true, "ab": false},
		"main":                    {"main": false},
	} {
		for branch, want := range branches {
			if got := (github.Ruleset{Include: []string{pattern}}).Covers(branch, "main"); got != want {
				t.Errorf("%s, %s: %t", pattern, branch, got)
			}
		}
	}
	if (github.Ruleset{Include: []string{"~ALL"}, Exclude: []string{"refs/heads/main"}}).Covers("main", "main") {
		t.Error("what is excluded is covered")
	}
	if (github.Ruleset{Include: []string{strings.Repeat("*a", 100)}}).Covers(strings.Repeat("a", 250)+"b", "main") {
		t.Error("a pattern matches that does not")
	}
}
