package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	gogithub "github.com/google/go-github/v62/github"
)

// Rules reads what repositories require before their branches take a commit. It is safe for concurrent use. The App's permissions are
// enough for all of it: metadata to read rules and rulesets, contents to read what classic branch protection requires.
type Rules struct {
	calls func(about string) caller
}

// Rules returns the reader of what an installation reaches.
func (a *App) Rules(installation int64) *Rules {
	transport := a.authorize(a.rest, tokenKey{installation: installation, access: rulesAccess})
	return &Rules{func(about string) caller { return a.caller(transport, installation, about) }}
}

// NewRules returns the reader of what a person's token reaches. Of the configuration it needs no App.
func NewRules(cfg Config, token string) (*Rules, error) {
	a, err := unsigned(cfg)
	if err != nil {
		return nil, err
	}
	transport := bearer{a.rest, "Bearer " + token}
	return &Rules{func(about string) caller { return a.caller(transport, 0, about) }}, nil
}

// bearer sends requests with a token that is never refreshed.
type bearer struct {
	next   http.RoundTripper
	header string // Authorization; "": none is sent
}

// RoundTrip implements [http.RoundTripper].
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.header != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", b.header)
	}
	return b.next.RoundTrip(r)
}

// RequiredCheck is a check that must have passed before a branch takes a commit.
type RequiredCheck struct {
	Name string
	App  int64 // the only one whose check counts; 0: anybody's does
}

// OrganizationRepositories lists the repositories of an organisation that a person's token reaches.
func (r *Rules) OrganizationRepositories(ctx context.Context, org string) ([]RepositoryInfo, error) {
	if !isName(org) {
		return nil, &InvalidError{"organization", fmt.Sprintf("%.80q is not a login", org)}
	}
	var list []RepositoryInfo
	err := eachPage(ctx, r.calls(org), "list repositories", "orgs/"+org+"/repos?per_page=100", func(page []*gogithub.Repository) bool {
		for _, repo := range page {
			list = append(list, repositoryInfo(0, repo))
		}
		return true
	})
	return list, err
}

// Repository reads a repository by its name.
func (r *Rules) Repository(ctx context.Context, owner, name string) (RepositoryInfo, error) {
	calls, path, err := r.of(owner, name)
	if err != nil {
		return RepositoryInfo{}, err
	}
	var repo gogithub.Repository
	if _, err := calls.get(ctx, "read repository", path, "", &repo); err != nil {
		return RepositoryInfo{}, err
	}
	return repositoryInfo(0, &repo), nil
}

func (r *Rules) of(owner, name string) (caller, string, error) {
	about := owner + "/" + name
	if !isName(owner) || !isName(name) {
		return caller{}, "", &InvalidError{"repository", fmt.Sprintf("%.80q is not like owner/name", about)}
	}
	return r.calls(about), "repos/" + about, nil
}

// ruleJSON is a rule of a ruleset; those of other types have other parameters.
type ruleJSON struct {
	Type       string `json:"type"`
	Parameters struct {
		Checks []struct {
			Context string `json:"context"`
			App     int64  `json:"integration_id"`
		} `json:"required_status_checks"`
	} `json:"parameters"`
}

func requiredChecks(rules []ruleJSON) []RequiredCheck {
	var list []RequiredCheck
	for _, rule := range rules {
		if rule.Type != "required_status_checks" {
			continue
		}
		for _, check := range rule.Parameters.Checks {
			list = append(list, RequiredCheck{check.Context, check.App})
		}
	}
	return list
}

// ByRulesets lists the checks that rulesets require on a branch, those of the repository, its organisation and its enterprise, as
// far as they are enforced. The branch need not exist.
func (r *Rules) ByRulesets(ctx context.Context, owner, name, branch string) ([]RequiredCheck, error) {
	calls, path, err := r.of(owner, name)
	if err != nil {
		return nil, err
	}
	var list []RequiredCheck
	err = eachPage(ctx, calls, "read rules", path+"/rules/branches/"+url.PathEscape(branch)+"?per_page=100", func(page []ruleJSON) bool {
		list = append(list, requiredChecks(page)...)
		return true
	})
	return list, err
}

// ByProtection lists the checks that classic branch protection requires on a branch: none for a branch that is not there.
func (r *Rules) ByProtection(ctx context.Context, owner, name, branch string) ([]RequiredCheck, error) {
	calls, path, err := r.of(owner, name)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Protection struct {
			Required struct {
				Enforcement string `json:"enforcement_level"`
				Checks      []struct {
					Context string `json:"context"`
					App     *int64 `json:"app_id"`
				} `json:"checks"`
				Contexts []string `json:"contexts"`
			} `json:"required_status_checks"`
		} `json:"protection"`
	}
	_, err = calls.get(ctx, "read branch", path+"/branches/"+url.PathEscape(branch), "", &answer)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil || answer.Protection.Required.Enforcement == "off" {
		return nil, err
	}
	var list []RequiredCheck
	for _, check := range answer.Protection.Required.Checks {
		required := RequiredCheck{Name: check.Context}
		if check.App != nil && *check.App > 0 { // -1 is anybody, too
			required.App = *check.App
		}
		list = append(list, required)
	}
	for _, name := range answer.Protection.Required.Contexts { // all that old servers tell
		if !slices.ContainsFunc(list, func(c RequiredCheck) bool { return c.Name == name }) {
			list = append(list, RequiredCheck{Name: name})
		}
	}
	return list, nil
}

// Ruleset is a ruleset for branches.
type Ruleset struct {
	ID          int64
	Name        string
	Source      string // owner/name, or the login of the organisation
	Enforcement string // active, evaluate, disabled
	// Include and Exclude are the refs that it is for, and Checks what it requires. Only [Rules.Ruleset] tells them.
	Include, Exclude []string
	Checks           []RequiredCheck
}

type rulesetJSON struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Source      string `json:"source"`
	Enforcement string `json:"enforcement"`
	Conditions  struct {
		Refs struct {
			Include []string `json:"include"`
			Exclude []string `json:"exclude"`
		} `json:"ref_name"`
	} `json:"conditions"`
	Rules []ruleJSON `json:"rules"`
}

func (j rulesetJSON) ruleset() Ruleset {
	return Ruleset{
		ID: j.ID, Name: j.Name, Source: j.Source, Enforcement: j.Enforcement,
		Include: j.Conditions.Refs.Include, Exclude: j.Conditions.Refs.Exclude, Checks: requiredChecks(j.Rules),
	}
}

// Rulesets lists the rulesets for branches that apply to a repository, those of its organisation too, whatever their enforcement.
func (r *Rules) Rulesets(ctx context.Context, owner, name string) ([]Ruleset, error) {
	calls, path, err := r.of(owner, name)
	if err != nil {
		return nil, err
	}
	var list []Ruleset
	err = eachPage(ctx, calls, "list rulesets", path+"/rulesets?includes_parents=true&targets=branch&per_page=100", func(page []rulesetJSON) bool {
		for _, j := range page {
			list = append(list, j.ruleset())
		}
		return true
	})
	return list, err
}

// Ruleset reads one ruleset that applies to a repository.
func (r *Rules) Ruleset(ctx context.Context, owner, name string, id int64) (Ruleset, error) {
	calls, path, err := r.of(owner, name)
	if err != nil {
		return Ruleset{}, err
	}
	var j rulesetJSON
	if _, err := calls.get(ctx, "read ruleset", fmt.Sprintf("%s/rulesets/%d?includes_parents=true", path, id), "", &j); err != nil {
		return Ruleset{}, err
	}
	return j.ruleset(), nil
}

// Covers reports whether the ruleset is for a branch.
func (s Ruleset) Covers(branch, defaultBranch string) bool {
	fits := func(pattern string) bool {
		return pattern == "~ALL" || pattern == "~DEFAULT_BRANCH" && branch == defaultBranch || fnmatch(pattern, "refs/heads/"+branch)
	}
	return slices.ContainsFunc(s.Include, fits) && !slices.ContainsFunc(s.Exclude, fits)
}

// fnmatch matches a ref as GitHub does, with File::FNM_PATHNAME: a star stops at a slash, and **/ is any number of directories. Sets
// and braces it takes for anything.
func fnmatch(pattern, ref string) bool {
	var b strings.Builder
	for at := 0; at < len(pattern); at++ {
		switch rest := pattern[at:]; {
		case strings.HasPrefix(rest, "**/"):
			b.WriteString("(?:.*/)?")
			at += len("**/") - 1
		case rest[0] == '*':
			b.WriteString("[^/]*")
		case rest[0] == '?':
			b.WriteString("[^/]")
		case strings.IndexAny(rest, "[{") == 0 && strings.ContainsAny(rest, "]}"):
			b.WriteString(".*")
			at += strings.IndexAny(rest, "]}")
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
		}
	}
	re, err := regexp.Compile(`^(?s:` + b.String() + `)$`)
	return err == nil && re.MatchString(ref)
}
