package netlify

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// api is what is used of Netlify's API.
type api struct{ client *destination.API }

// site is one on Netlify.
type site struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	AccountID   string `json:"account_id"`
	AccountSlug string `json:"account_slug"`
	AccountName string `json:"account_name"`
	Build       struct {
		RepoURL string `json:"repo_url"`
	} `json:"build_settings"`
	Published *struct {
		CommitRef string `json:"commit_ref"`
	} `json:"published_deploy"`
}

// account is by what its variables are found: the program uses the slug.
func (s site) account() string {
	if s.AccountSlug != "" {
		return s.AccountSlug
	}
	return s.AccountID
}

// variable has a value for each deploy context that it is set for.
type variable struct {
	Key       string    `json:"key"`
	IsSecret  bool      `json:"is_secret"`
	UpdatedAt time.Time `json:"updated_at"`
	Values    []value   `json:"values"`
}

type value struct {
	Value     string `json:"value"`
	Context   string `json:"context"`
	Parameter string `json:"context_parameter"` // the branch, for the context of one
}

// readable reports whether the API gives out values for a context.
func (v variable) readable(context string) bool { return !v.IsSecret || context == "dev" }

// of returns the value for a context, and false where there is none.
func (v variable) of(at address) (string, bool) {
	for _, value := range v.Values {
		if value.Context == at.context && value.Parameter == at.branch {
			return value.Value, true
		}
	}
	return "", false
}

func (a *api) get(ctx context.Context, doing, path string, query url.Values, out any) error {
	return a.client.Do(ctx, destination.Request{Method: http.MethodGet, Path: path, Query: query, Doing: doing}, out) //nolint:wrapcheck // as it is
}

func (a *api) user(ctx context.Context) (string, error) {
	var answer struct {
		Email string `json:"email"`
	}
	err := a.get(ctx, "see whose login it is", "/user", nil, &answer)
	return answer.Email, err
}

func (a *api) site(ctx context.Context, id string) (site, error) {
	var s site
	err := a.get(ctx, "read site "+id, "/sites/"+url.PathEscape(id), nil, &s)
	return s, err
}

const (
	perPage  = 100
	maxPages = 20
)

// sites lists all that the login may see, 2,000 at most.
func (a *api) sites(ctx context.Context) ([]site, error) {
	var all []site
	for page := 1; page <= maxPages; page++ {
		var some []site
		query := url.Values{"filter": {"all"}, "per_page": {strconv.Itoa(perPage)}, "page": {strconv.Itoa(page)}}
		if err := a.get(ctx, "list the sites of the login", "/sites", query, &some); err != nil {
			return all, err
		}
		all = append(all, some...)
		if len(some) < perPage {
			return all, nil
		}
	}
	return all, fmt.Errorf("list the sites of the login on Netlify: %w", destination.ErrMore)
}

// variables lists those of a site, or those of a whole team where site is "".
func (a *api) variables(ctx context.Context, account, site string) ([]variable, error) {
	var all []variable
	doing, query := "list the variables of team "+account, url.Values{}
	if site != "" {
		doing = "list the variables of site " + site
		query.Set("site_id", site)
	}
	err := a.get(ctx, doing, "/accounts/"+url.PathEscape(account)+"/env", query, &all)
	return all, err
}

func (a *api) variable(ctx context.Context, at address) (variable, error) {
	var v variable
	err := a.get(ctx, "look at "+at.key, at.path(), url.Values{"site_id": {at.site}}, &v)
	return v, err
}

func (a address) path() string {
	return "/accounts/" + url.PathEscape(a.account) + "/env/" + url.PathEscape(a.key)
}

func (a *api) set(ctx context.Context, at address, place destination.Place, to detect.Secret) error {
	body := map[string]string{"context": at.context, "value": to.Reveal()}
	if at.branch != "" {
		body["context_parameter"] = at.branch
	}
	//nolint:wrapcheck // as it is
	return a.client.Do(ctx, destination.Request{
		Method: http.MethodPatch, Path: at.path(), Query: url.Values{"site_id": {at.site}},
		Body: body, Secret: to, Doing: "set " + at.key + " of " + strings.TrimPrefix(place.Title, "Netlify "),
	}, nil)
}
