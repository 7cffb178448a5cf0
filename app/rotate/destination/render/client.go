package render

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// api is what is used of Render's API.
type api struct{ client *destination.API }

// service is one on Render.
type service struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Owner     string `json:"ownerId"`
	Type      string `json:"type"` // web_service, private_service, background_worker, cron_job, static_site
	Repo      string `json:"repo"`
	Branch    string `json:"branch"`
	Image     string `json:"imagePath"` // of a service that is built elsewhere
	Suspended string `json:"suspended"`
}

// group is one of variables, which services are linked to.
type group struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Links []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"serviceLinks"`
}

func (a *api) get(ctx context.Context, doing, path string, query url.Values, out any) error {
	return a.client.Do(ctx, destination.Request{Method: http.MethodGet, Path: path, Query: query, Doing: doing}, out) //nolint:wrapcheck // as it is
}

func (a *api) user(ctx context.Context) (string, error) {
	var answer struct {
		Email string `json:"email"`
	}
	err := a.get(ctx, "see whose login it is", "/users", nil, &answer)
	return answer.Email, err
}

// owner is a workspace.
func (a *api) owner(ctx context.Context, id string) (string, error) {
	var answer struct {
		Name string `json:"name"`
	}
	err := a.get(ctx, "read workspace "+id, "/owners/"+url.PathEscape(id), nil, &answer)
	return answer.Name, err
}

func (a *api) service(ctx context.Context, id string) (service, error) {
	var s service
	err := a.get(ctx, "read service "+id, "/services/"+url.PathEscape(id), nil, &s)
	return s, err
}

const maxPages = 20 // of 100

// services lists all that the login may see, without previews, 2,000 at most.
func (a *api) services(ctx context.Context) ([]service, error) {
	var all []service
	query := url.Values{"limit": {"100"}}
	for range maxPages {
		var page []struct {
			Cursor  string  `json:"cursor"`
			Service service `json:"service"`
		}
		if err := a.get(ctx, "list the services of the login", "/services", query, &page); err != nil {
			return all, err
		}
		for _, item := range page {
			all = append(all, item.Service)
			query.Set("cursor", item.Cursor)
		}
		if len(page) < 100 {
			return all, nil
		}
	}
	return all, fmt.Errorf("list the services of the login on Render: %w", destination.ErrMore)
}

// groups lists those of a workspace, 100 at most: the description says of no cursor that the list has.
func (a *api) groups(ctx context.Context, owner string) ([]group, error) {
	var all []group
	err := a.get(ctx, "list the environment groups", "/env-groups", url.Values{"ownerId": {owner}, "limit": {"100"}}, &all)
	if err == nil && len(all) == 100 {
		err = fmt.Errorf("list the environment groups on Render: %w", destination.ErrMore)
	}
	return all, err
}

// path is that of one variable.
func (a address) path() string { return "/" + a.holder + "/env-vars/" + url.PathEscape(a.key) }

// value returns a variable's value, and false where it is not set.
func (a *api) value(ctx context.Context, at address) (string, bool, error) {
	var answer struct {
		Value string `json:"value"`
	}
	err := a.get(ctx, "read "+at.key+" of "+at.holder, at.path(), nil, &answer)
	if errors.Is(err, destination.ErrNotFound) {
		return "", false, nil
	}
	return answer.Value, err == nil, err
}

func (a *api) set(ctx context.Context, at address, place destination.Place, to detect.Secret) error {
	//nolint:wrapcheck // as it is
	return a.client.Do(ctx, destination.Request{
		Method: http.MethodPut, Path: at.path(), Body: map[string]string{"value": to.Reveal()}, Secret: to, Doing: "set " + at.key + " of " + strings.TrimPrefix(place.Title, "Render "),
	}, nil)
}

// deploy is one of a service.
type deploy struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Commit struct {
		ID string `json:"id"`
	} `json:"commit"`
}

// latest returns the newest deploy, of a status where one is given, and false where there is none.
func (a *api) latest(ctx context.Context, service, status string) (deploy, bool, error) {
	var page []struct {
		Deploy deploy `json:"deploy"`
	}
	query := url.Values{"limit": {"1"}}
	if status != "" {
		query.Set("status", status)
	}
	err := a.get(ctx, "list the deploys of service "+service, "/services/"+url.PathEscape(service)+"/deploys", query, &page)
	if err != nil || len(page) == 0 {
		return deploy{}, false, err
	}
	return page[0].Deploy, true, nil
}

// deploy asks for a deploy. Render may queue it without saying its id: then it is the newest one.
func (a *api) deploy(ctx context.Context, s service, body map[string]string) (deploy, error) {
	var made deploy
	err := a.client.Do(ctx, destination.Request{
		Method: http.MethodPost, Path: "/services/" + url.PathEscape(s.ID) + "/deploys", Body: body, Doing: "deploy service " + s.Name,
	}, &made)
	var answered *destination.Refused
	if errors.As(err, &answered) && answered.Status == http.StatusAccepted {
		made, _, err = a.latest(ctx, s.ID, "")
	}
	if err == nil && made.ID == "" {
		err = errors.New("deploy service " + s.Name + " on Render: its answer names no deploy; look at it in Render's dashboard")
	}
	return made, err
}
