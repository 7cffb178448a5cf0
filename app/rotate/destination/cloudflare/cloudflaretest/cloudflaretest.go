// Package cloudflaretest is a stand-in for Cloudflare's API and for wrangler, for tests and the demo. It does what Cloudflare's own description says, as
// far as rekey uses it; see the documentation of package cloudflare for where that is from.
package cloudflaretest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// Cloudflare is a stand-in with one person's accounts. It is safe for concurrent use.
type Cloudflare struct {
	*standin.Server

	now      func() time.Time
	mu       sync.Mutex
	accounts []*Account
}

// Token is what the person is logged in with.
const Token = "cloudflare-token-of-ada"

// Account is one on Cloudflare.
type Account struct {
	ID, Name string
	Workers  []Worker
	Projects []Project
}

// Worker has secrets.
type Worker struct {
	Name    string
	Secrets map[string]string
	Stale   bool // its latest version is not deployed
	Split   bool // two versions are in use

	deployed time.Time
}

// Project is one of Pages, with the configuration of its environments, production and preview.
type Project struct {
	Name    string
	Repo    string // owner/name on GitHub; "" for one whose files are uploaded
	GitLab  bool   // Repo is on GitLab
	Commit  string // of its production deployment; "" for none
	Configs map[string]Config

	deployments []*deployment // the newest last
}

// Config is what deployments of an environment are made with.
type Config struct {
	Vars map[string]Var
	Hash string // of the wrangler settings that it is from
}

// Var is a variable: a secret_text or plain_text.
type Var struct{ Type, Value string }

type deployment struct {
	id, commit    string
	stage, status string
	canonical     bool
}

// Start starts a stand-in with these accounts.
func Start(now func() time.Time, accounts ...Account) *Cloudflare {
	c := &Cloudflare{now: now}
	for _, a := range accounts {
		a.Workers, a.Projects = slices.Clone(a.Workers), slices.Clone(a.Projects)
		for i := range a.Workers {
			a.Workers[i].Secrets = maps.Clone(a.Workers[i].Secrets)
		}
		for i := range a.Projects {
			a.Projects[i].begin()
		}
		c.accounts = append(c.accounts, &a)
	}
	c.Server = standin.Serve(c.routes(), func(w http.ResponseWriter, trouble string) {
		switch trouble {
		case standin.Expired:
			refuse(w, http.StatusUnauthorized, 1000, "Invalid API Token")
		case standin.Forbidden:
			refuse(w, http.StatusForbidden, 10000, "Authentication error")
		default:
			refuse(w, http.StatusTooManyRequests, 971, "Please wait and consider throttling your request speed")
		}
	})
	return c
}

// Environ is what leads programs to the stand-in, with a token.
func (c *Cloudflare) Environ() []string {
	return []string{"CLOUDFLARE_API_BASE_URL=" + c.URL + "/client/v4", "CLOUDFLARE_API_TOKEN=" + Token}
}

// LogIn writes wrangler's login into a person's home directory, and returns the environment that leads it to the stand-in.
func (c *Cloudflare) LogIn(home string) ([]string, error) {
	file := filepath.Join(home, loginFile)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("log in to Cloudflare: %w", err)
	}
	if err := os.WriteFile(file, []byte("oauth_token = \""+Token+"\"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("log in to Cloudflare: %w", err)
	}
	return []string{"HOME=" + home, "CLOUDFLARE_API_BASE_URL=" + c.URL + "/client/v4"}, nil
}

// Values returns what all Workers and projects hold: by kind, account, name, environment and variable.
func (c *Cloudflare) Values() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	values := map[string]string{}
	for _, a := range c.accounts {
		for _, w := range a.Workers {
			for key, value := range w.Secrets {
				values["workers/"+a.ID+"/"+w.Name+"//"+key] = value
			}
		}
		for _, p := range a.Projects {
			for env, config := range p.Configs {
				values["pages/"+a.ID+"/"+p.Name+"/"+env+" hash"] = config.Hash
				for key, v := range config.Vars {
					values["pages/"+a.ID+"/"+p.Name+"/"+env+"/"+key] = v.Value
					values["pages/"+a.ID+"/"+p.Name+"/"+env+"/"+key+" type"] = v.Type
				}
			}
		}
	}
	return values
}

// SetPlain is somebody else who sets a plain variable of a project.
func (c *Cloudflare) SetPlain(account, project, env, key, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account(account).project(project).Configs[env].Vars[key] = Var{"plain_text", value}
}

// Finish ends what is being deployed.
func (c *Cloudflare) Finish(works bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.accounts {
		for _, p := range a.Projects {
			for _, d := range p.deployments {
				switch {
				case d.status != "active":
				case !works:
					d.status = "failure"
				default:
					for _, other := range p.deployments {
						other.canonical = false
					}
					d.stage, d.status, d.canonical = "deploy", "success", true
				}
			}
		}
	}
}

// Runs returns the commit that a project's production deployment is of.
func (c *Cloudflare) Runs(account, project string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.account(account).project(project).canonical(); d != nil {
		return d.commit
	}
	return ""
}

func (p *Project) begin() {
	p.Configs = maps.Clone(p.Configs)
	for env, config := range p.Configs {
		config.Vars = maps.Clone(config.Vars)
		p.Configs[env] = config
	}
	if p.Commit != "" {
		p.deployments = []*deployment{{id: "dep0", commit: p.Commit, stage: "deploy", status: "success", canonical: true}}
	}
}

func (c *Cloudflare) account(id string) *Account {
	for _, a := range c.accounts {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func (a *Account) worker(name string) *Worker {
	for i := range a.Workers {
		if a.Workers[i].Name == name {
			return &a.Workers[i]
		}
	}
	return nil
}

func (a *Account) project(name string) *Project {
	for i := range a.Projects {
		if a.Projects[i].Name == name {
			return &a.Projects[i]
		}
	}
	return nil
}

func (p *Project) canonical() *deployment {
	for _, d := range p.deployments {
		if d.canonical {
			return d
		}
	}
	return nil
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	standin.JSON(w, status, map[string]any{
		"success": false, "errors": []any{map[string]any{"code": code, "message": message}}, "messages": []any{}, "result": nil,
	})
}

func answer(w http.ResponseWriter, result any) {
	standin.JSON(w, http.StatusOK, map[string]any{"success": true, "errors": []any{}, "messages": []any{}, "result": result})
}

func (c *Cloudflare) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /client/v4/user", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]string{"id": "u1", "email": "ada@example.com"})
	})
	mux.HandleFunc("GET /client/v4/memberships", func(w http.ResponseWriter, _ *http.Request) {
		all := []any{}
		for _, a := range c.accounts {
			all = append(all, map[string]any{"id": "m" + a.ID, "account": map[string]string{"id": a.ID, "name": a.Name}, "roles": []string{"Administrator"}})
		}
		answer(w, all)
	})
	mux.HandleFunc("GET /client/v4/accounts", func(w http.ResponseWriter, _ *http.Request) {
		all := []any{}
		for _, a := range c.accounts {
			all = append(all, map[string]string{"id": a.ID, "name": a.Name, "type": "standard"})
		}
		answer(w, all)
	})
	const scripts, projects = "/client/v4/accounts/{account}/workers/scripts/{name}", "/client/v4/accounts/{account}/pages/projects"
	mux.HandleFunc("GET "+scripts+"/secrets", c.workers(func(w http.ResponseWriter, _ *http.Request, worker *Worker) {
		all := []any{}
		for key := range worker.Secrets {
			all = append(all, map[string]string{"name": key, "type": "secret_text"})
		}
		answer(w, all)
	}))
	mux.HandleFunc("PUT "+scripts+"/secrets", c.workers(c.put))
	mux.HandleFunc("GET "+scripts+"/deployments", c.workers(func(w http.ResponseWriter, _ *http.Request, worker *Worker) {
		versions := []any{map[string]any{"version_id": "v1", "percentage": 100}}
		if worker.Split {
			versions = []any{map[string]any{"version_id": "v1", "percentage": 90}, map[string]any{"version_id": "v2", "percentage": 10}}
		}
		answer(w, map[string]any{"deployments": []any{map[string]any{"id": "d1", "created_on": worker.deployed, "source": "secret", "versions": versions}}})
	}))
	mux.HandleFunc("GET "+projects, c.list)
	mux.HandleFunc("GET "+projects+"/{name}", c.projects(func(w http.ResponseWriter, _ *http.Request, p *Project) { answer(w, p.describe()) }))
	mux.HandleFunc("PATCH "+projects+"/{name}", c.projects(c.patch))
	mux.HandleFunc("POST "+projects+"/{name}/deployments/{id}/retry", c.projects(c.retry))
	mux.HandleFunc("GET "+projects+"/{name}/deployments/{id}", c.projects(func(w http.ResponseWriter, r *http.Request, p *Project) {
		if d := p.deployment(r.PathValue("id")); d != nil {
			answer(w, d.describe())
			return
		}
		refuse(w, http.StatusNotFound, 8000009, "The deployment ID you have specified does not exist.")
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+Token {
			refuse(w, http.StatusUnauthorized, 1000, "Invalid API Token")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (c *Cloudflare) workers(serve func(http.ResponseWriter, *http.Request, *Worker)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := c.account(r.PathValue("account"))
		if a == nil {
			refuse(w, http.StatusForbidden, 10000, "Authentication error")
			return
		}
		worker := a.worker(r.PathValue("name"))
		if worker == nil {
			refuse(w, http.StatusNotFound, 10007, "This Worker does not exist on your account.")
			return
		}
		serve(w, r, worker)
	}
}

// put sets a secret, and deploys the Worker with it.
func (c *Cloudflare) put(w http.ResponseWriter, r *http.Request, worker *Worker) {
	var body struct{ Name, Text, Type string }
	switch err := json.NewDecoder(r.Body).Decode(&body); {
	case err != nil || body.Name == "" || body.Type != "secret_text":
		refuse(w, http.StatusBadRequest, 10021, "The secret is not valid")
	case worker.Stale:
		refuse(w, http.StatusBadRequest, 10215, "Secret edit failed. You attempted to modify a secret, but the latest version of your Worker isn't currently deployed.")
	default:
		worker.Secrets[body.Name], worker.deployed = body.Text, c.now()
		answer(w, map[string]string{"name": body.Name, "type": "secret_text"})
	}
}

func (c *Cloudflare) projects(serve func(http.ResponseWriter, *http.Request, *Project)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := c.account(r.PathValue("account"))
		if a == nil {
			refuse(w, http.StatusForbidden, 10000, "Authentication error")
			return
		}
		p := a.project(r.PathValue("name"))
		if p == nil {
			refuse(w, http.StatusNotFound, 8000007, "Project not found. The specified project name does not match any of your existing projects.")
			return
		}
		serve(w, r, p)
	}
}

func (c *Cloudflare) list(w http.ResponseWriter, r *http.Request) {
	a := c.account(r.PathValue("account"))
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	if size > 10 {
		refuse(w, http.StatusBadRequest, 8000024, "Invalid list options provided. Review the `page` or `per_page` parameter.")
		return
	}
	all := []any{}
	for i := range a.Projects {
		if i >= (page-1)*size && i < page*size {
			all = append(all, a.Projects[i].describe())
		}
	}
	answer(w, all)
}
