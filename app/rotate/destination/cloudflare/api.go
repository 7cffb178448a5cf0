package cloudflare

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const usualBase = "https://api.cloudflare.com/client/v4"

// api is Cloudflare's API.
type api struct{ client *destination.API }

func newAPI(m *destination.Machine, token string) (way, *destination.Problem) {
	base, err := destination.Base(m.Getenv("CLOUDFLARE_API_BASE_URL"), usualBase)
	if err != nil {
		return nil, &destination.Problem{What: "CLOUDFLARE_API_BASE_URL: " + err.Error(), Next: "unset it"}
	}
	return &api{client: m.NewAPI("Cloudflare", base, http.Header{"Authorization": {"Bearer " + token}})}, nil
}

func (a *api) get(ctx context.Context, doing, path string, query url.Values, out any) error {
	answer := struct {
		Result any `json:"result"`
	}{out}
	return a.client.Do(ctx, destination.Request{Method: http.MethodGet, Path: path, Query: query, Doing: doing}, &answer) //nolint:wrapcheck // as it is
}

func (a *api) accounts(ctx context.Context) (string, []account, error) {
	var all []account
	err := a.get(ctx, "list the accounts of the token", "/accounts", url.Values{"per_page": {"50"}}, &all)
	return "", all, err
}

// path is that of a Worker or a Pages project.
func (a address) path() string {
	account := "/accounts/" + url.PathEscape(a.account)
	if a.kind == pages {
		return account + "/pages/projects/" + url.PathEscape(a.name)
	}
	return account + "/workers/scripts/" + url.PathEscape(a.name)
}

func (a *api) variables(ctx context.Context, at address) ([]variable, error) {
	if at.kind == pages {
		p, err := a.project(ctx, at)
		return p.variables(at.env), err
	}
	var secrets []struct {
		Name string `json:"name"`
	}
	err := a.get(ctx, "list the secrets of Worker "+at.name, at.path()+"/secrets", nil, &secrets)
	all := make([]variable, 0, len(secrets))
	for _, s := range secrets {
		all = append(all, variable{name: s.Name, kind: secretText})
	}
	return all, err
}

func (a *api) set(ctx context.Context, at address, kind string, value detect.Secret) error {
	r := destination.Request{
		Method: http.MethodPut, Path: at.path() + "/secrets", Secret: value, Doing: "set " + at.key + " of " + at.plain(),
		Body: map[string]string{"name": at.key, "text": value.Reveal(), "type": secretText},
	}
	if at.kind == workers {
		if err := a.gradual(ctx, at); err != nil {
			return err
		}
	}
	if at.kind == pages {
		p, err := a.project(ctx, at)
		if err != nil {
			return err
		}
		environment := map[string]any{"env_vars": map[string]any{at.key: map[string]string{"type": kind, "value": value.Reveal()}}}
		if hash := p.Configs[at.env].Hash; hash != "" {
			environment["wrangler_config_hash"] = hash
		}
		r.Method, r.Path, r.Body = http.MethodPatch, at.path(), map[string]any{"deployment_configs": map[string]any{at.env: environment}}
	}
	return a.client.Do(ctx, r, nil) //nolint:wrapcheck // as it is
}

func (a *api) updated(ctx context.Context, at address) time.Time {
	if at.kind == pages {
		return time.Time{}
	}
	d, err := a.inUse(ctx, at)
	if err != nil {
		return time.Time{}
	}
	return d.Created
}

// use is the deployment of a Worker that is in use: of one version, or of several, which each get a part of the requests.
type use struct {
	Created  time.Time `json:"created_on"`
	Versions []struct {
		Percentage float64 `json:"percentage"`
	} `json:"versions"`
}

func (a *api) inUse(ctx context.Context, at address) (use, error) {
	var result struct {
		Deployments []use `json:"deployments"`
	}
	err := a.get(ctx, "list the deployments of Worker "+at.name, at.path()+"/deployments", nil, &result)
	if err != nil || len(result.Deployments) == 0 {
		return use{}, err
	}
	return result.Deployments[0], nil // it comes first
}

// gradual is an error for a Worker whose newest version does not get all requests yet: a change of a secret would give it all.
func (a *api) gradual(ctx context.Context, at address) error {
	d, err := a.inUse(ctx, at)
	if err == nil && len(d.Versions) > 1 {
		err = fmt.Errorf("several versions of %s are in use, and a new secret would have the newest get all requests: finish that with wrangler versions deploy, then run this again", at.title())
	}
	return err
}

// project is one of Pages.
type project struct {
	Name    string `json:"name"`
	Configs map[string]struct {
		Hash string `json:"wrangler_config_hash"`
		Vars map[string]*struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"env_vars"`
	} `json:"deployment_configs"`
	Source *struct {
		Type   string `json:"type"` // github, gitlab
		Config struct {
			Owner string `json:"owner"`
			Repo  string `json:"repo_name"`
		} `json:"config"`
	} `json:"source"` // nil for a project whose files are uploaded
	Canonical *deployment `json:"canonical_deployment"`
	Latest    *deployment `json:"latest_deployment"`
}

func (p project) variables(env string) []variable {
	var all []variable
	vars := p.Configs[env].Vars
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if v := vars[name]; v != nil {
			all = append(all, variable{name: name, kind: v.Type, value: v.Value})
		}
	}
	return all
}

func (a *api) project(ctx context.Context, at address) (project, error) {
	var p project
	err := a.get(ctx, "read Pages project "+at.name, at.path(), nil, &p)
	return p, err
}

const (
	perPage  = 10 // of Pages projects: Cloudflare gives no more
	maxPages = 20
)

// built lists the Pages projects that are built from a repository on GitHub.
func (a *api) built(ctx context.Context, accounts []account, repo destination.Repository) ([]target, error) {
	var found []target
	for _, account := range accounts {
		for page := 1; repo.Host == "github.com"; page++ {
			if page > maxPages {
				return found, fmt.Errorf("list the Pages projects of account %s on Cloudflare: %w", account.ID, destination.ErrMore)
			}
			var some []project
			path := "/accounts/" + url.PathEscape(account.ID) + "/pages/projects"
			query := url.Values{"per_page": {strconv.Itoa(perPage)}, "page": {strconv.Itoa(page)}}
			if err := a.get(ctx, "list the Pages projects of account "+account.ID, path, query, &some); err != nil {
				return found, err
			}
			for _, p := range some {
				if p.Source != nil && p.Source.Type == "github" && strings.EqualFold(p.Source.Config.Owner, repo.Owner) && strings.EqualFold(p.Source.Config.Repo, repo.Name) {
					c := config{settings: settings{Name: p.Name, Account: account.ID}, Output: "any"}
					found = append(found, c.targets("the repository "+repo.String())...)
				}
			}
			if len(some) < perPage {
				break
			}
		}
	}
	return found, nil
}

// deployment is one of Pages.
type deployment struct {
	ID    string `json:"id"`
	URL   string `json:"url"`
	For   string `json:"environment"`
	Stage struct {
		Name   string `json:"name"`   // queued, initialize, clone_repo, build, deploy
		Status string `json:"status"` // success, idle, active, failure, canceled, skipped
	} `json:"latest_stage"`
}

// retries reports whether the production deployment can be built again from the same commit.
func (a *api) retries(ctx context.Context, at address) bool {
	p, err := a.project(ctx, at)
	return err == nil && p.Source != nil && p.Canonical != nil && p.Canonical.ID != ""
}

func (a *api) retry(ctx context.Context, at address) (deployment, error) {
	p, err := a.project(ctx, at)
	if err != nil {
		return deployment{}, err
	}
	if p.Source == nil || p.Canonical == nil {
		return deployment{}, fmt.Errorf("%s has no production deployment that can be built again; deploy it by hand", at.title())
	}
	if l := p.Latest; l != nil && l.ID != p.Canonical.ID && l.For == "production" && l.progress().State == destination.Deploying {
		// The one that was begun later would replace it, with the former commit.
		return deployment{}, fmt.Errorf("a production deployment of %s is under way: run this again when it has ended", at.title())
	}
	answer := struct {
		Result deployment `json:"result"`
	}{}
	err = a.client.Do(ctx, destination.Request{
		Method: http.MethodPost, Path: at.path() + "/deployments/" + url.PathEscape(p.Canonical.ID) + "/retry", Doing: "redeploy " + at.plain(),
	}, &answer)
	if err == nil && answer.Result.ID == "" {
		err = fmt.Errorf("redeploy %s: the answer names no deployment; look at it in Cloudflare's dashboard", at.title())
	}
	return answer.Result, err
}

func (a *api) deployment(ctx context.Context, at address, id string) (deployment, error) {
	var d deployment
	err := a.get(ctx, "look at the deployment of "+at.plain(), at.path()+"/deployments/"+url.PathEscape(id), nil, &d)
	return d, err
}
