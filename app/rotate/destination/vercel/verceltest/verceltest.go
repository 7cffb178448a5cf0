// Package verceltest is a stand-in for Vercel's API, for tests and the demo. It does what Vercel's own description says, as far as rekey uses it; see
// the documentation of package vercel for where that is from.
package verceltest

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// Vercel is a stand-in with one person, who is in one team. It is safe for concurrent use.
type Vercel struct {
	*standin.Server

	now         func() time.Time
	mu          sync.Mutex
	projects    []*Project
	shared      []*Env
	deployments []*deployment
}

// What the stand-in knows of the person.
const (
	Token = "vercel-token-of-ada" // that the person is logged in with
	Team  = "team_acme"
	user  = "ada"
)

// Project is one on Vercel. It has one production deployment, which runs.
type Project struct {
	ID, Name string
	Team     string // "" for the person's own
	Repo     string // owner/name on GitHub; "" for a project that is deployed from elsewhere
	Env      []Env
	Custom   map[string]string // slugs of custom environments by their ids
	Staged   bool              // its domains aren't assigned by themselves
	Rolled   bool              // it was rolled back
	Hidden   int               // variables that the person may not see
	Never    bool              // it was never deployed
}

// Env is a variable of a project.
type Env struct {
	ID, Key, Value string
	Type           string // encrypted where it is empty
	Target         []string
	Custom         []string
	GitBranch      string
	Comment        string
	Configuration  string // of the integration that set it
	Hint           string // the type of its content hint
	Sealed         bool   // its value is not given out to this person
	Updated        time.Time
}

type deployment struct {
	id, project, of string // of: the deployment whose sources it has
	state           string
	live            bool
	values          map[string]string
}

// Start starts a stand-in with these projects.
func Start(now func() time.Time, projects ...Project) *Vercel {
	v := &Vercel{now: now}
	for _, p := range projects {
		p.Env = slices.Clone(p.Env)
		for i := range p.Env {
			p.Env[i].Updated = now()
			if p.Env[i].Type == "" {
				p.Env[i].Type = "encrypted"
			}
		}
		v.projects = append(v.projects, &p)
		if !p.Never {
			v.deployments = append(v.deployments, &deployment{id: "dpl_first_" + p.ID, project: p.ID, of: "dpl_first_" + p.ID, state: "READY", live: true, values: p.values()})
		}
	}
	v.Server = standin.Serve(v.routes(), func(w http.ResponseWriter, trouble string) {
		switch trouble {
		case standin.Expired: // it is a 403 on Vercel, too
			refuse(w, http.StatusForbidden, "forbidden", "Not authorized")
		case standin.Forbidden:
			refuse(w, http.StatusForbidden, "forbidden", "You don't have permission to update the environment variable.")
		default:
			refuse(w, standin.Status(trouble), "rate_limited", "Too many requests - try again later")
		}
	})
	return v
}

// Share adds a shared variable of the team, which all of its projects use.
func (v *Vercel) Share(e Env) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shared = append(v.shared, &e)
}

// LogIn writes the login of the command-line program into a directory that is XDG_DATA_HOME.
func (v *Vercel) LogIn(dataHome string) error {
	dir := filepath.Join(dataHome, "com.vercel.cli")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("log in to Vercel: %w", err)
	}
	for file, text := range map[string]string{
		"auth.json":   `{"token": "` + Token + `"}`,
		"config.json": `{"currentTeam": "` + Team + `", "api": "` + v.URL + `"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			return fmt.Errorf("log in to Vercel: %w", err)
		}
	}
	return nil
}

// Values returns what all projects hold: values, and what else an entry says, by project and entry.
func (v *Vercel) Values() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	values := map[string]string{}
	for _, p := range v.projects {
		for _, e := range p.Env {
			values[p.ID+"/"+e.ID] = e.Value
			values[p.ID+"/"+e.ID+" says"] = fmt.Sprint(e.Key, e.Type, e.Target, e.Custom, e.GitBranch, e.Comment, e.Configuration, e.Hint)
		}
	}
	return values
}

// Set is somebody else who sets a variable.
func (v *Vercel) Set(project, id, value string, when time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e := v.find(project).env(id); e != nil {
		e.Value, e.Updated = value, when
	}
}

// Finish ends the deployment that is under way.
func (v *Vercel) Finish(works bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, d := range v.deployments {
		if d.state != "BUILDING" {
			continue
		}
		if !works {
			d.state = "ERROR"
			continue
		}
		for _, other := range v.deployments {
			other.live = other.live && other.project != d.project
		}
		d.state, d.live = "READY", true
	}
}

// Runs returns what the project's production deployment runs with, by variable, and the deployment whose sources it has.
func (v *Vercel) Runs(project string) (values map[string]string, sources string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if d := v.production(project); d != nil {
		return maps.Clone(d.values), d.of
	}
	return nil, ""
}

func (v *Vercel) production(project string) *deployment {
	for _, d := range v.deployments {
		if d.project == project && d.live {
			return d
		}
	}
	return nil
}

func (v *Vercel) find(project string) *Project {
	for _, p := range v.projects {
		if p.ID == project || p.Name == project {
			return p
		}
	}
	return nil
}

func (p *Project) env(id string) *Env {
	if p == nil {
		return nil
	}
	for i := range p.Env {
		if p.Env[i].ID == id {
			return &p.Env[i]
		}
	}
	return nil
}

// values are those of production.
func (p *Project) values() map[string]string {
	values := map[string]string{}
	for _, e := range p.Env {
		if slices.Contains(e.Target, "production") {
			values[e.Key] = e.Value
		}
	}
	return values
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	standin.JSON(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

func notFound(w http.ResponseWriter) { refuse(w, http.StatusNotFound, "not_found", "Not found.") }

func (v *Vercel) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/user", func(w http.ResponseWriter, _ *http.Request) {
		standin.JSON(w, http.StatusOK, map[string]any{"user": map[string]string{"id": "usr_1", "username": user}})
	})
	mux.HandleFunc("GET /v2/teams", func(w http.ResponseWriter, _ *http.Request) {
		standin.JSON(w, http.StatusOK, map[string]any{"teams": []any{map[string]string{"id": Team, "slug": "acme", "name": "Acme"}}})
	})
	mux.HandleFunc("GET /v10/projects", v.list)
	mux.HandleFunc("GET /v9/projects/{project}", v.within(v.one))
	mux.HandleFunc("GET /v10/projects/{project}/env", v.within(v.envs))
	mux.HandleFunc("GET /v1/projects/{project}/env/{env}", v.within(v.read))
	mux.HandleFunc("PATCH /v9/projects/{project}/env/{env}", v.within(v.patch))
	mux.HandleFunc("GET /v9/projects/{project}/custom-environments", v.within(v.custom))
	mux.HandleFunc("GET /v1/env", v.listShared)
	mux.HandleFunc("GET /v1/env/{env}", v.readShared)
	mux.HandleFunc("POST /v13/deployments", v.deploy)
	mux.HandleFunc("GET /v6/deployments", v.listDeployments)
	mux.HandleFunc("GET /v13/deployments/{id}", v.deployed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		defer v.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+Token {
			refuse(w, http.StatusForbidden, "forbidden", "Not authorized")
			return
		}
		if team := r.URL.Query().Get("teamId"); team != "" && team != Team {
			refuse(w, http.StatusForbidden, "forbidden", "Not authorized: Trying to access resource under scope \""+team+"\".")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// within answers for a project of the account that is asked.
func (v *Vercel) within(answer func(http.ResponseWriter, *http.Request, *Project)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := v.find(r.PathValue("project"))
		if p == nil || p.Team != r.URL.Query().Get("teamId") {
			notFound(w)
			return
		}
		answer(w, r, p)
	}
}

func (v *Vercel) list(w http.ResponseWriter, r *http.Request) {
	projects := []any{}
	repo := strings.TrimPrefix(r.URL.Query().Get("repoUrl"), "https://github.com/")
	for _, p := range v.projects {
		// The description doesn't say how they are compared: this gives too many.
		if p.Team == r.URL.Query().Get("teamId") && strings.HasPrefix(p.Repo, repo) {
			projects = append(projects, v.describe(p))
		}
	}
	standin.JSON(w, http.StatusOK, map[string]any{"projects": projects, "pagination": map[string]any{"count": len(projects), "next": nil, "prev": nil}})
}

func (v *Vercel) describe(p *Project) map[string]any {
	account := p.Team
	if account == "" {
		account = "usr_1"
	}
	d := map[string]any{"id": p.ID, "name": p.Name, "accountId": account, "autoAssignCustomDomains": !p.Staged, "targets": map[string]any{}}
	if org, repo, ok := strings.Cut(p.Repo, "/"); ok {
		d["link"] = map[string]string{"type": "github", "org": org, "repo": repo}
	}
	if live := v.production(p.ID); live != nil {
		d["targets"] = map[string]any{"production": map[string]string{"id": live.id, "readyState": live.state}}
	}
	if p.Rolled {
		d["lastRollbackTarget"] = map[string]string{"fromDeploymentId": "dpl_0"}
	}
	return d
}

func (v *Vercel) one(w http.ResponseWriter, _ *http.Request, p *Project) {
	standin.JSON(w, http.StatusOK, v.describe(p))
}
