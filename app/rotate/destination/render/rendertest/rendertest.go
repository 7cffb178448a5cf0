// Package rendertest is a stand-in for Render's API, for tests and the demo. It does what Render's own description says, as far as rekey uses it; see the
// documentation of package render for where that is from.
package rendertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// Render is a stand-in with one person and one workspace. It is safe for concurrent use.
type Render struct {
	*standin.Server

	mu       sync.Mutex
	services []*Service
	groups   []*Group
	queues   bool
}

// What the stand-in knows of the person.
const (
	Key       = "rnd_key_of_ada" // that the person is logged in with
	Workspace = "tea-acme"
)

// Service is one on Render.
type Service struct {
	ID, Name  string
	Type      string // web_service where it is empty
	Repo      string // owner/name on GitHub; "" for none
	Branch    string // main where it is empty
	Image     string // of a service that is built elsewhere
	Suspended bool
	Variables map[string]string
	Commit    string // that is live; "" for none
	Head      string // the newest commit of the branch

	deploys []*deploy // the newest last
}

// Group is one of variables.
type Group struct {
	ID, Name  string
	Services  []string // that are linked to it
	Variables map[string]string
}

type deploy struct{ id, status, commit string }

// Start starts a stand-in with these services.
func Start(services ...Service) *Render {
	r := &Render{}
	for _, s := range services {
		s.Variables = maps.Clone(s.Variables)
		if s.Type == "" {
			s.Type = "web_service"
		}
		if s.Branch == "" {
			s.Branch = "main"
		}
		if s.Commit != "" {
			s.deploys = []*deploy{{id: "dep-0", status: "live", commit: s.Commit}}
		}
		r.services = append(r.services, &s)
	}
	r.Server = standin.Serve(r.routes(), func(w http.ResponseWriter, trouble string) {
		switch trouble {
		case standin.Expired:
			refuse(w, http.StatusUnauthorized, "unauthorized", "Unauthorized")
		case standin.Forbidden:
			refuse(w, http.StatusForbidden, "forbidden", "You do not have permissions for the requested resource")
		default:
			refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit has been surpassed")
		}
	})
	return r
}

// AddGroup adds a group.
func (r *Render) AddGroup(g Group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.groups = append(r.groups, &g)
}

// Queue makes deploys queued from now on: their answers don't say which they are.
func (r *Render) Queue() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queues = true
}

// LogIn writes the login of the command-line program into a person's home directory.
func (r *Render) LogIn(home string) error {
	dir := filepath.Join(home, ".render")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("log in to Render: %w", err)
	}
	text := "version: 1\nworkspace: " + Workspace + "\napi:\n  key: " + Key + "\n  host: " + r.URL + "/v1/\n"
	if err := os.WriteFile(filepath.Join(dir, "cli.yaml"), []byte(text), 0o600); err != nil {
		return fmt.Errorf("log in to Render: %w", err)
	}
	return nil
}

// Values returns what all services and groups hold.
func (r *Render) Values() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	values := map[string]string{}
	for _, s := range r.services {
		for key, value := range s.Variables {
			values["services/"+s.ID+"/"+key] = value
		}
	}
	for _, g := range r.groups {
		for key, value := range g.Variables {
			values["env-groups/"+g.ID+"/"+key] = value
		}
	}
	return values
}

// Set is somebody else who sets a variable of a service or of a group: the holder is services/ID or env-groups/ID.
func (r *Render) Set(holder, key, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.variables(holder)[key] = value
}

// Finish ends what is being deployed.
func (r *Render) Finish(works bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.services {
		for _, d := range s.deploys {
			switch {
			case d.status != "build_in_progress":
			case !works:
				d.status = "build_failed"
			default:
				for _, other := range s.deploys {
					if other.status == "live" {
						other.status = "deactivated"
					}
				}
				d.status = "live"
			}
		}
	}
}

// Runs returns the commit of a service that is live, and how many deploys it has had.
func (r *Render) Runs(service string) (commit string, deploys int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.find(service)
	for _, d := range s.deploys {
		if d.status == "live" {
			commit = d.commit
		}
	}
	return commit, len(s.deploys)
}

func (r *Render) find(id string) *Service {
	for _, s := range r.services {
		if s.ID == id {
			return s
		}
	}
	return nil
}

func (r *Render) variables(holder string) map[string]string {
	for _, s := range r.services {
		if "services/"+s.ID == holder {
			return s.Variables
		}
	}
	for _, g := range r.groups {
		if "env-groups/"+g.ID == holder {
			return g.Variables
		}
	}
	return nil
}

func refuse(w http.ResponseWriter, status int, id, message string) {
	standin.JSON(w, status, map[string]string{"id": id, "message": message})
}

func notFound(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, "not_found", "Unable to find the requested resource")
}

func (r *Render) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/users", func(w http.ResponseWriter, _ *http.Request) {
		standin.JSON(w, http.StatusOK, map[string]string{"email": "ada@example.com", "name": "Ada"})
	})
	mux.HandleFunc("GET /v1/owners/{id}", func(w http.ResponseWriter, req *http.Request) {
		standin.JSON(w, http.StatusOK, map[string]string{"id": req.PathValue("id"), "name": "Acme", "type": "team"})
	})
	mux.HandleFunc("GET /v1/services", r.list)
	mux.HandleFunc("GET /v1/services/{id}", r.within(func(w http.ResponseWriter, _ *http.Request, s *Service) {
		standin.JSON(w, http.StatusOK, s.describe())
	}))
	mux.HandleFunc("GET /v1/env-groups", r.listGroups)
	for _, kind := range []string{"services", "env-groups"} {
		mux.HandleFunc("GET /v1/"+kind+"/{id}/env-vars/{key}", r.variable(kind))
		mux.HandleFunc("PUT /v1/"+kind+"/{id}/env-vars/{key}", r.put(kind))
		mux.HandleFunc("PUT /v1/"+kind+"/{id}/env-vars", r.replace(kind))
	}
	mux.HandleFunc("GET /v1/services/{id}/deploys", r.within(r.deploys))
	mux.HandleFunc("POST /v1/services/{id}/deploys", r.within(r.deploy))
	mux.HandleFunc("GET /v1/services/{id}/deploys/{deploy}", r.within(r.deployed))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if req.Header.Get("Authorization") != "Bearer "+Key {
			refuse(w, http.StatusUnauthorized, "unauthorized", "Unauthorized")
			return
		}
		mux.ServeHTTP(w, req)
	})
}

func (r *Render) within(answer func(http.ResponseWriter, *http.Request, *Service)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if s := r.find(req.PathValue("id")); s != nil {
			answer(w, req, s)
			return
		}
		notFound(w)
	}
}

func (s *Service) describe() map[string]any {
	suspended := "not_suspended"
	if s.Suspended {
		suspended = "suspended"
	}
	d := map[string]any{"id": s.ID, "name": s.Name, "ownerId": Workspace, "type": s.Type, "branch": s.Branch, "suspended": suspended}
	if s.Repo != "" {
		d["repo"] = "https://github.com/" + s.Repo
	}
	if s.Image != "" {
		d["imagePath"] = s.Image
	}
	return d
}

func (r *Render) list(w http.ResponseWriter, req *http.Request) {
	limit, _ := strconv.Atoi(req.URL.Query().Get("limit"))
	after, _ := strconv.Atoi(req.URL.Query().Get("cursor"))
	page := []any{}
	for i, s := range r.services {
		if i >= after && len(page) < limit {
			page = append(page, map[string]any{"cursor": strconv.Itoa(i + 1), "service": s.describe()})
		}
	}
	standin.JSON(w, http.StatusOK, page)
}

func (r *Render) listGroups(w http.ResponseWriter, _ *http.Request) {
	all := []any{}
	for _, g := range r.groups {
		links := []any{}
		for _, id := range g.Services {
			links = append(links, map[string]string{"id": id, "name": r.find(id).Name, "type": "web"})
		}
		all = append(all, map[string]any{"id": g.ID, "name": g.Name, "ownerId": Workspace, "serviceLinks": links})
	}
	standin.JSON(w, http.StatusOK, all)
}

func (r *Render) variable(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		value, ok := r.variables(kind + "/" + req.PathValue("id"))[req.PathValue("key")]
		if !ok {
			notFound(w)
			return
		}
		standin.JSON(w, http.StatusOK, map[string]string{"key": req.PathValue("key"), "value": value})
	}
}

func (r *Render) put(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		variables := r.variables(kind + "/" + req.PathValue("id"))
		var body struct {
			Value *string `json:"value"`
		}
		if variables == nil {
			notFound(w)
			return
		}
		if json.NewDecoder(req.Body).Decode(&body) != nil || body.Value == nil {
			refuse(w, http.StatusBadRequest, "bad_request", "The request could not be understood by the server.")
			return
		}
		variables[req.PathValue("key")] = *body.Value
		standin.JSON(w, http.StatusOK, map[string]string{"key": req.PathValue("key"), "value": *body.Value})
	}
}

// replace is what nobody must do: it leaves only what it is given.
func (r *Render) replace(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		variables := r.variables(kind + "/" + req.PathValue("id"))
		clear(variables)
		standin.JSON(w, http.StatusOK, []any{})
	}
}
