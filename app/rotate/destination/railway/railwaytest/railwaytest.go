// Package railwaytest stands in for Railway's GraphQL API, as its schema describes it: one project, with services in two environments.
package railwaytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// What the stand-in has. Services are called web and worker; the worker was never deployed.
const (
	Token        = "railway_access_ada"
	ProjectToken = "railway_project_token" // of Production
	Project      = "p-shop"
	Production   = "e-production"
	PullRequest  = "e-pr-7"
	Web          = "s-web"
	Worker       = "s-worker"
)

// Variable is one as the stand-in keeps it.
type Variable struct {
	Value   string
	Sealed  bool
	Updated time.Time
}

// Host is a Railway. It is safe for concurrent use.
type Host struct {
	*standin.Server

	now      func() time.Time
	mu       sync.Mutex
	vars     map[string]Variable // by environment, service and name; without a service for shared ones
	deployed []string            // statuses, by the numbers of deployments
	remade   []string            // ids of the deployments that were made again
	started  int                 // deployments that a write started by itself
}

// Start starts a host with variables, by environment/service/name.
func Start(now func() time.Time, vars map[string]Variable) *Host {
	h := &Host{now: now, vars: vars, deployed: []string{"SUCCESS"}}
	h.Server = standin.Serve(http.HandlerFunc(h.serve), func(w http.ResponseWriter, trouble string) {
		if trouble == standin.Limited {
			standin.JSON(w, http.StatusTooManyRequests, map[string]string{"message": "You are being ratelimited."})
			return
		}
		complain(w, "Not Authorized")
	})
	return h
}

// Values returns the values of all variables, by environment/service/name.
func (h *Host) Values() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]string{}
	for key, v := range h.vars {
		all[key] = v.Value
	}
	return all
}

// Set is somebody else who sets a variable, a minute later.
func (h *Host) Set(key, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.vars[key] = Variable{Value: value, Updated: h.now().Add(time.Minute)}
}

// Started is how many deployments a write started by itself.
func (h *Host) Started() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.started
}

// Deployed is what somebody else's deployment of web came to.
func (h *Host) Deployed(status string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deployed = append(h.deployed, status)
}

// Remade returns the ids of the deployments that were made again.
func (h *Host) Remade() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.remade)
}

// Finish ends all deployments.
func (h *Host) Finish(works bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, status := range h.deployed {
		if status == "BUILDING" {
			h.deployed[i] = map[bool]string{true: "SUCCESS", false: "FAILED"}[works]
		}
	}
}

// args are a request's variables, with the input's among them.
type args struct {
	ID            string            `json:"id"`
	ProjectID     string            `json:"projectId"`
	EnvironmentID string            `json:"environmentId"`
	ServiceID     string            `json:"serviceId"`
	Variables     map[string]string `json:"variables"`
	Replace       bool              `json:"replace"`
	SkipDeploys   bool              `json:"skipDeploys"`
	Input         *args             `json:"input"`
}

func (h *Host) serve(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Query     string `json:"query"`
		Variables args   `json:"variables"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		complain(w, "Problem processing request")
		return
	}
	query, err := parser.ParseQuery(&ast.Source{Input: request.Query})
	if err != nil || len(query.Operations) != 1 || len(query.Operations[0].SelectionSet) != 1 {
		complain(w, "Problem processing request")
		return
	}
	field, _ := query.Operations[0].SelectionSet[0].(*ast.Field)
	ofProject := r.Header.Get("Project-Access-Token") == ProjectToken
	if !ofProject && r.Header.Get("Authorization") != "Bearer "+Token || field.Name == "me" && ofProject {
		complain(w, "Not Authorized")
		return
	}
	in := request.Variables
	if in.Input != nil {
		in = *in.Input
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	data, refused := h.answer(field.Name, in, ofProject)
	if refused != "" {
		complain(w, refused)
		return
	}
	standin.JSON(w, http.StatusOK, map[string]any{"data": map[string]any{field.Name: data}})
}

type object = map[string]any

func (h *Host) answer(field string, in args, ofProject bool) (data any, refused string) {
	environment := in.EnvironmentID
	if field == "environment" {
		environment = in.ID
	}
	if environment != "" && environment != Production && (ofProject || environment != PullRequest) {
		return nil, "Not Authorized"
	}
	switch field {
	case "me":
		return object{"name": "Ada", "email": "ada@example.com"}, ""
	case "projectToken":
		return object{"project": object{"id": Project, "name": "shop"}, "environment": object{"id": Production, "name": "production"}}, ""
	case "project":
		if in.ID != Project {
			return nil, "Project not found"
		}
		return object{
			"name": "shop", "services": connection(object{"id": Web, "name": "web"}, object{"id": Worker, "name": "worker"}),
			"environments": connection(
				object{"id": Production, "name": "production", "isEphemeral": false, "canAccess": true},
				object{"id": PullRequest, "name": "shop-pr-7", "isEphemeral": true, "canAccess": true}),
		}, ""
	case "environment":
		return object{"variables": h.list(environment)}, ""
	case "variables":
		return h.read(in), ""
	case "variableCollectionUpsert":
		return h.upsert(in), ""
	case "deployments":
		nodes := []object{}
		for i, status := range h.deployed {
			if in.ServiceID == Web && environment == Production && in.ProjectID == Project {
				nodes = append(nodes, object{"id": fmt.Sprintf("d-%d", i), "status": status, "canRedeploy": status != "BUILDING", "createdAt": h.now().Add(time.Duration(i) * time.Minute)})
			}
		}
		return connection(nodes...), ""
	case "deploymentRedeploy":
		h.remade = append(h.remade, in.ID)
		h.deployed = append(h.deployed, "BUILDING")
		return object{"id": fmt.Sprintf("d-%d", len(h.deployed)-1)}, ""
	case "deployment":
		for i, status := range h.deployed {
			if in.ID == fmt.Sprintf("d-%d", i) {
				return object{"status": status}, ""
			}
		}
		return nil, "Deployment not found"
	}
	return nil, "Cannot query field \"" + field + "\""
}

func connection(nodes ...object) object {
	list := []object{}
	for _, n := range nodes {
		list = append(list, object{"node": n})
	}
	return object{"edges": list, "pageInfo": object{"hasNextPage": false, "endCursor": nil}}
}

func (h *Host) list(environment string) object {
	var nodes []object
	for key, v := range h.vars {
		parts := strings.SplitN(key, "/", 3)
		if parts[0] != environment {
			continue
		}
		node := object{"name": parts[2], "serviceId": nil, "isSealed": v.Sealed, "updatedAt": v.Updated.Format(time.RFC3339Nano)}
		if parts[1] != "" {
			node["serviceId"] = parts[1]
		}
		nodes = append(nodes, node)
	}
	slices.SortFunc(nodes, func(a, b object) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return connection(nodes...)
}

func (h *Host) read(in args) map[string]string {
	values := map[string]string{}
	for key, v := range h.vars {
		if name, ok := strings.CutPrefix(key, in.EnvironmentID+"/"+in.ServiceID+"/"); ok && !v.Sealed {
			values[name] = v.Value
		}
	}
	return values
}

func (h *Host) upsert(in args) bool {
	at := in.EnvironmentID + "/" + in.ServiceID + "/"
	if in.Replace {
		for key := range h.vars {
			if strings.HasPrefix(key, at) {
				delete(h.vars, key)
			}
		}
	}
	for name, value := range in.Variables {
		h.vars[at+name] = Variable{Value: value, Sealed: h.vars[at+name].Sealed, Updated: h.now()}
	}
	if !in.SkipDeploys {
		h.started++
	}
	return true
}

func complain(w http.ResponseWriter, message string) {
	standin.JSON(w, http.StatusOK, object{"data": nil, "errors": []object{{"message": message}}})
}
