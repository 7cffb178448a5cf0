package vercel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// api is what is used of Vercel's API.
type api struct{ client *destination.API }

// project is one on Vercel.
type project struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Account string `json:"accountId"` // a team or a person
	Link    struct {
		Type string `json:"type"`
		Org  string `json:"org"`
		Repo string `json:"repo"`
		Host string `json:"host"` // of a server of one's own
	} `json:"link"`
	AutoAssign *bool           `json:"autoAssignCustomDomains"` // absent for yes
	Rollback   json.RawMessage `json:"lastRollbackTarget"`      // not null while an earlier deployment was put back
	Targets    struct {
		Production *struct {
			ID string `json:"id"`
		} `json:"production"`
	} `json:"targets"`
}

// team is the team that owns it, "" for a person.
func (p project) team() string {
	if strings.HasPrefix(p.Account, "team_") {
		return p.Account
	}
	return ""
}

func (p project) rolledBack() bool { return len(p.Rollback) > 0 && string(p.Rollback) != "null" }

// staged reports whether a production deployment goes live only when a person promotes it.
func (p project) staged() bool { return p.AutoAssign != nil && !*p.AutoAssign }

// entry is one variable with the environments that it is for. A variable may have several.
type entry struct {
	ID            string   `json:"id"`
	Key           string   `json:"key"`
	Type          string   `json:"type"` // plain, encrypted, sensitive, secret (of old), system
	Target        targets  `json:"target"`
	CustomIDs     []string `json:"customEnvironmentIds"`
	GitBranch     string   `json:"gitBranch"`
	Comment       string   `json:"comment"`
	UpdatedAt     int64    `json:"updatedAt"` // milliseconds
	Configuration string   `json:"configurationId"`
	Hint          *struct {
		Type string `json:"type"`
	} `json:"contentHint"`
}

// targets is a list, or a single one.
type targets []string

// UnmarshalJSON reads both forms.
func (t *targets) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = nil
		if one != "" {
			*t = targets{one}
		}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

// managed reports whether an integration sets it: what a person writes is lost when the integration writes again.
func (e entry) managed() bool { return e.Configuration != "" || e.Hint != nil }

func (e entry) updated() time.Time {
	if e.UpdatedAt == 0 {
		return time.Time{}
	}
	return time.UnixMilli(e.UpdatedAt).UTC()
}

func (a *api) get(ctx context.Context, doing, path string, query url.Values, out any) error {
	return a.client.Do(ctx, destination.Request{Method: http.MethodGet, Path: path, Query: query, Doing: doing}, out) //nolint:wrapcheck // as it is
}

// of is the query that says on whose behalf a request is made.
func of(team string, more ...string) url.Values {
	query := url.Values{}
	if team != "" {
		query.Set("teamId", team)
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return query
}

func (a *api) user(ctx context.Context) (string, error) {
	var answer struct {
		User struct {
			Username string `json:"username"`
		} `json:"user"`
	}
	err := a.get(ctx, "see whose login it is", "/v2/user", nil, &answer)
	return answer.User.Username, err
}

// team is one that the login belongs to.
type team struct{ ID, Slug string }

func (a *api) teams(ctx context.Context) ([]team, error) {
	var answer struct {
		Teams []team `json:"teams"`
	}
	err := a.get(ctx, "list the teams of the login", "/v2/teams", url.Values{"limit": {"100"}}, &answer)
	return answer.Teams, err
}

func (a *api) project(ctx context.Context, team, id string) (project, error) {
	var p project
	err := a.get(ctx, "read project "+id, "/v9/projects/"+url.PathEscape(id), of(team), &p)
	return p, err
}

// projectsOf lists the projects of a team that are deployed from a repository on GitHub.
func (a *api) projectsOf(ctx context.Context, team string, repo destination.Repository) ([]project, error) {
	var answer struct {
		Projects []project `json:"projects"`
	}
	query := of(team, "repoUrl", "https://"+repo.Host+"/"+repo.String(), "limit", "100")
	err := a.get(ctx, "list the projects that are deployed from "+repo.String(), "/v10/projects", query, &answer)
	return slices.DeleteFunc(answer.Projects, func(p project) bool {
		return cmp.Or(p.Link.Host, "github.com") != repo.Host && p.Link.Type != "" || !strings.EqualFold(p.Link.Org, repo.Owner) || !strings.EqualFold(p.Link.Repo, repo.Name)
	}), err
}

// listing is a project's variables, without values.
type listing struct {
	entries []entry
	hidden  int // of production, that the login may not see
}

func (a *api) list(ctx context.Context, at address) (listing, error) {
	var all listing
	query := of(at.team)
	for {
		var page struct {
			Envs       []entry `json:"envs"`
			Hidden     int     `json:"hiddenProductionEnvCount"`
			Pagination struct {
				Next *int64 `json:"next"`
			} `json:"pagination"`
		}
		if err := a.get(ctx, "list the variables of project "+at.project, "/v10/projects/"+url.PathEscape(at.project)+"/env", query, &page); err != nil {
			return all, err
		}
		all.entries, all.hidden = append(all.entries, page.Envs...), page.Hidden
		if page.Pagination.Next == nil || len(page.Envs) == 0 {
			return all, nil
		}
		query.Set("until", strconv.FormatInt(*page.Pagination.Next, 10))
	}
}

func (a *api) entry(ctx context.Context, at address, place destination.Place) (entry, error) {
	all, err := a.list(ctx, at)
	if err != nil {
		return entry{}, err
	}
	for _, e := range all.entries {
		if e.ID == at.thing && e.Key == place.Variable {
			return e, nil
		}
	}
	return entry{}, errGone
}

// read returns the value of an entry, and false where Vercel does not give it out.
func (a *api) read(ctx context.Context, at address, e entry) (string, bool, error) {
	return a.value(ctx, at, e, "/v1/projects/"+url.PathEscape(at.project)+"/env/"+url.PathEscape(e.ID))
}

func (a *api) value(ctx context.Context, at address, e entry, path string) (string, bool, error) {
	if e.Type != "plain" && e.Type != "encrypted" {
		return "", false, nil
	}
	var answer struct {
		Value     string `json:"value"`
		Decrypted *bool  `json:"decrypted"`
	}
	err := a.get(ctx, "read "+e.Key, path, of(at.team), &answer)
	switch {
	case errors.Is(err, destination.ErrForbidden), errors.Is(err, destination.ErrNotFound):
		return "", false, nil
	case err != nil:
		return "", false, err
	}
	return answer.Value, e.Type != "encrypted" || answer.Decrypted == nil || *answer.Decrypted, nil
}

// deploying reports whether a production deployment of a project is under way.
func (a *api) deploying(ctx context.Context, at address) (bool, error) {
	var answer struct {
		Deployments []struct {
			ID string `json:"uid"`
		} `json:"deployments"`
	}
	query := of(at.team, "projectId", at.project, "target", "production", "state", "BUILDING,INITIALIZING,QUEUED", "limit", "1")
	err := a.get(ctx, "list the deployments of project "+at.project, "/v6/deployments", query, &answer)
	return len(answer.Deployments) > 0, err
}

func (a *api) patch(ctx context.Context, at address, e entry, place destination.Place, value detect.Secret) error {
	body := struct {
		Value     string   `json:"value"`
		Target    []string `json:"target,omitempty"`
		CustomIDs []string `json:"customEnvironmentIds,omitempty"`
		Type      string   `json:"type,omitempty"`
		GitBranch string   `json:"gitBranch,omitempty"`
		Comment   string   `json:"comment,omitempty"`
	}{value.Reveal(), e.Target, e.CustomIDs, e.Type, e.GitBranch, e.Comment}
	//nolint:wrapcheck // as it is
	return a.client.Do(ctx, destination.Request{
		Method: http.MethodPatch, Path: "/v9/projects/" + url.PathEscape(at.project) + "/env/" + url.PathEscape(e.ID), Query: of(at.team),
		Body: body, Secret: value, Doing: "set " + e.Key + " of " + strings.TrimPrefix(place.Title, "Vercel "),
	}, nil)
}

// environment is a custom one.
type environment struct{ ID, Slug string }

func (a *api) environments(ctx context.Context, at address) ([]environment, error) {
	var answer struct {
		Environments []environment `json:"environments"`
	}
	err := a.get(ctx, "list the environments of project "+at.project, "/v9/projects/"+url.PathEscape(at.project)+"/custom-environments", of(at.team), &answer)
	return answer.Environments, err
}

// shared lists a team's variables of that name that the project uses.
func (a *api) shared(ctx context.Context, at address) ([]entry, error) {
	var answer struct {
		Data []entry `json:"data"`
	}
	err := a.get(ctx, "list the shared variables of the team", "/v1/env", of(at.team, "projectId", at.project), &answer)
	return answer.Data, err
}
