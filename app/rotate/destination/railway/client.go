package railway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// client asks the API.
type client struct {
	api       *destination.API
	ofProject bool // the token is one of a project
	given     bool // the token is from the environment: it may be a workspace's
}

// question is one request of GraphQL.
type question struct {
	doing  string
	query  string
	with   map[string]any
	secret detect.Secret // stands in with; zero for none
}

// ask sends a question. What the API refuses it says with status 200.
func (c *client) ask(ctx context.Context, q question, out any) error {
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	err := c.api.Do(ctx, destination.Request{
		Method: http.MethodPost, Body: map[string]any{"query": q.query, "variables": q.with}, Secret: q.secret, Doing: q.doing,
	}, &answer)
	refused := &destination.Refused{Vendor: "Railway", Doing: q.doing, Class: destination.ErrUnavailable}
	switch {
	case err != nil:
		return err //nolint:wrapcheck // it says all
	case len(answer.Errors) > 0:
		refused.Said = destination.Quote(answer.Errors[0].Message, q.secret)
		refused.Class = class(answer.Errors[0].Message)
		return refused
	case json.Unmarshal(answer.Data, out) != nil:
		refused.Said = "its answer is not what its description says"
		return refused
	}
	return nil
}

func class(said string) error {
	said = strings.ToLower(said)
	switch {
	case strings.Contains(said, "not authorized"), strings.Contains(said, "unauthorized"):
		return destination.ErrLogin
	case strings.Contains(said, "not found"):
		return destination.ErrNotFound
	case strings.Contains(said, "rate limit"), strings.Contains(said, "too many"):
		return destination.ErrLimited
	}
	return destination.ErrInvalid
}

// login is whose the token is, and of a project's token which project and environment it is for.
type login struct{ account, project, environment string }

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (c *client) login(ctx context.Context) (login, error) {
	if c.ofProject {
		var got struct {
			ProjectToken struct {
				Project     named `json:"project"`
				Environment named `json:"environment"`
			} `json:"projectToken"`
		}
		err := c.ask(ctx, question{doing: "check the token", query: `query { projectToken { project { id name } environment { id name } } }`}, &got)
		t := got.ProjectToken
		account := destination.Quote(fmt.Sprintf("a token of project %s (%s)", t.Project.Name, t.Environment.Name), detect.Secret{})
		return login{account, t.Project.ID, t.Environment.ID}, err
	}
	var got struct {
		Me struct {
			Email string `json:"email"`
		} `json:"me"`
	}
	err := c.ask(ctx, question{doing: "check the login", query: `query { me { name email } }`}, &got)
	if errors.Is(err, destination.ErrLogin) && c.given { // a workspace's token is nobody's
		return login{}, nil
	}
	return login{account: destination.Quote(got.Me.Email, detect.Secret{})}, err
}

type environment struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	IsEphemeral bool   `json:"isEphemeral"`
	CanAccess   *bool  `json:"canAccess"` // nil where it is not said
}

type project struct {
	id, name     string
	services     map[string]string // names by id
	environments []environment     // by name
}

// short is a title without the vendor's name, which errors add.
func short(title string) string { return strings.TrimPrefix(title, "Railway ") }

// edges is a list as GraphQL's connections have it.
type edges[T any] struct {
	Edges []struct {
		Node T `json:"node"`
	} `json:"edges"`
}

func (e edges[T]) list() []T {
	var out []T
	for _, edge := range e.Edges {
		out = append(out, edge.Node)
	}
	return out
}

func (c *client) project(ctx context.Context, id string) (project, error) {
	var got struct {
		Project struct {
			Name         string             `json:"name"`
			Services     edges[named]       `json:"services"`
			Environments edges[environment] `json:"environments"`
		} `json:"project"`
	}
	err := c.ask(ctx, question{
		doing: "read the project that the clone is linked to",
		query: `query ($id: String!) { project(id: $id) { name services { edges { node { id name } } } environments { edges { node { id name isEphemeral canAccess } } } } }`,
		with:  map[string]any{"id": id},
	}, &got)
	p := project{id: id, name: got.Project.Name, services: map[string]string{}, environments: got.Project.Environments.list()}
	for _, s := range got.Project.Services.list() {
		p.services[s.ID] = s.Name
	}
	slices.SortFunc(p.environments, func(a, b environment) int { return strings.Compare(a.Name, b.Name) })
	return p, err
}

// variable is one that is set, without its value.
type variable struct {
	Name      string    `json:"name"`
	ServiceID string    `json:"serviceId"` // "" for one that services share
	IsSealed  bool      `json:"isSealed"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func (c *client) names(ctx context.Context, environment, title string) ([]variable, error) {
	var all []variable
	for after := ""; ; {
		var got struct {
			Environment struct {
				Variables struct {
					edges[variable]

					PageInfo struct {
						HasNextPage bool   `json:"hasNextPage"`
						EndCursor   string `json:"endCursor"`
					} `json:"pageInfo"`
				} `json:"variables"`
			} `json:"environment"`
		}
		with := map[string]any{"id": environment}
		if after != "" {
			with["after"] = after
		}
		err := c.ask(ctx, question{
			doing: "list the variables of " + short(title), with: with,
			query: `query ($id: String!, $after: String) { environment(id: $id) { variables(first: 500, after: $after) { edges { node { name serviceId isSealed updatedAt } } pageInfo { hasNextPage endCursor } } } }`,
		}, &got)
		if err != nil {
			return nil, err
		}
		page := got.Environment.Variables
		all = append(all, page.list()...)
		if !page.PageInfo.HasNextPage || page.PageInfo.EndCursor == after {
			return all, nil
		}
		after = page.PageInfo.EndCursor
	}
}

// with are a place's ids as the API names them.
func (u unitID) with() map[string]any {
	ids := map[string]any{"projectId": u.project, "environmentId": u.environment}
	if u.service != "" {
		ids["serviceId"] = u.service
	}
	return ids
}

// values are those of a service, or those that services share, with references as they were written.
func (c *client) values(ctx context.Context, at unitID, title string) (map[string]string, error) {
	var got struct {
		Variables map[string]string `json:"variables"`
	}
	err := c.ask(ctx, question{
		doing: "read the variables of " + short(title), with: at.with(),
		query: `query ($projectId: String!, $environmentId: String!, $serviceId: String) { variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, unrendered: true) }`,
	}, &got)
	return got.Variables, err
}

// upsert sets one variable and leaves the others: without replace, the API removes none.
func (c *client) upsert(ctx context.Context, at unitID, variable, title string, value detect.Secret) error {
	input := maps.Clone(at.with())
	input["variables"] = map[string]string{variable: value.Reveal()}
	input["skipDeploys"] = true
	var got struct {
		Done bool `json:"variableCollectionUpsert"`
	}
	return c.ask(ctx, question{
		doing: fmt.Sprintf("set %s of %s", variable, short(title)), with: map[string]any{"input": input}, secret: value,
		query: `mutation ($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }`,
	}, &got)
}

type deployment struct {
	ID          string    `json:"id"`
	Status      string    `json:"status"`
	CreatedAt   time.Time `json:"createdAt"`
	CanRedeploy bool      `json:"canRedeploy"`
}

func (c *client) redeploy(ctx context.Context, at unitID, title string) (string, error) {
	var got struct {
		Deployments edges[deployment] `json:"deployments"`
	}
	err := c.ask(ctx, question{
		doing: "find the deployment of " + short(title) + " that runs", with: map[string]any{"input": map[string]any{"projectId": at.project, "environmentId": at.environment, "serviceId": at.service}},
		query: `query ($input: DeploymentListInput!) { deployments(input: $input, first: 20) { edges { node { id status createdAt canRedeploy } } } }`,
	}, &got)
	if err != nil {
		return "", err
	}
	id := ""
	all := got.Deployments.list()
	slices.SortStableFunc(all, func(a, b deployment) int { return b.CreatedAt.Compare(a.CreatedAt) })
	for _, d := range all {
		switch d.Status {
		case "FAILED", "SKIPPED", "REMOVED", "REMOVING": // made again, it might ship what has never run
			continue
		case "SUCCESS", "SLEEPING", "CRASHED":
			if d.CanRedeploy {
				id = d.ID
			}
		}
		if id == "" {
			return "", fmt.Errorf("a deployment of %s is under way: see %s, and run this again when it is live", title, at.page(d.ID))
		}
		break
	}
	if id == "" {
		return "", fmt.Errorf("no deployment of %s is live: it takes the new value when it is deployed", title)
	}
	var made struct {
		Deployment named `json:"deploymentRedeploy"`
	}
	err = c.ask(ctx, question{
		doing: "redeploy " + short(title), with: map[string]any{"id": id},
		query: `mutation ($id: String!) { deploymentRedeploy(id: $id) { id } }`,
	}, &made)
	return made.Deployment.ID, err
}

func (c *client) status(ctx context.Context, deployment, title string) (string, error) {
	var got struct {
		Deployment struct {
			Status string `json:"status"`
		} `json:"deployment"`
	}
	err := c.ask(ctx, question{
		doing: "ask how far the deployment of " + short(title) + " is", with: map[string]any{"id": deployment},
		query: `query ($id: String!) { deployment(id: $id) { status } }`,
	}, &got)
	return got.Deployment.Status, err
}
