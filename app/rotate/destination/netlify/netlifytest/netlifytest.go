// Package netlifytest is a stand-in for Netlify's API, for tests and the demo. It does what Netlify's own description says, as far as rekey uses it; see
// the documentation of package netlify for where that is from.
package netlifytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// Netlify is a stand-in with one person, who is in one team. It is safe for concurrent use.
type Netlify struct {
	*standin.Server

	now    func() time.Time
	mu     sync.Mutex
	sites  []*Site
	shared []*Variable
}

// What the stand-in knows of the person.
const (
	Token = "netlify-token-of-ada" // that the person is logged in with
	Team  = "acme"
)

// Site is one on Netlify.
type Site struct {
	ID, Name  string
	Repo      string // owner/name on GitHub; "" for one that is deployed by hand
	Commit    string // that is live
	Variables []Variable
}

// Variable has values for deploy contexts.
type Variable struct {
	Key     string
	Secret  bool
	Values  []Value
	Updated time.Time
}

// Value is one for a deploy context.
type Value struct{ Value, Context, Branch string }

// Start starts a stand-in with these sites.
func Start(now func() time.Time, sites ...Site) *Netlify {
	n := &Netlify{now: now}
	for _, s := range sites {
		s.Variables = slices.Clone(s.Variables)
		for i := range s.Variables {
			s.Variables[i].Updated, s.Variables[i].Values = now(), slices.Clone(s.Variables[i].Values)
		}
		n.sites = append(n.sites, &s)
	}
	n.Server = standin.Serve(n.routes(), func(w http.ResponseWriter, trouble string) {
		said := map[string]string{standin.Expired: "Access Denied", standin.Forbidden: "Forbidden", standin.Limited: "Too many requests"}[trouble]
		refuse(w, standin.Status(trouble), said)
	})
	return n
}

// Share adds a variable of the whole team.
func (n *Netlify) Share(v Variable) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.shared = append(n.shared, &v)
}

// LogIn writes the login of the command-line program into a person's home directory, and returns the environment that leads to this stand-in.
func (n *Netlify) LogIn(home string) ([]string, error) {
	dir := filepath.Join(home, ".netlify")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("log in to Netlify: %w", err)
	}
	text := `{"userId": "u1", "users": {"u1": {"id": "u1", "auth": {"token": "` + Token + `"}}}}`
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("log in to Netlify: %w", err)
	}
	return []string{"NETLIFY_API_URL=" + n.URL}, nil
}

// Values returns what all sites hold, by site, variable, context and branch.
func (n *Netlify) Values() map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	values := map[string]string{}
	for _, s := range n.sites {
		for _, v := range s.Variables {
			values[s.ID+"/"+v.Key+" is a secret"] = strconv.FormatBool(v.Secret)
			for _, value := range v.Values {
				values[s.ID+"/"+v.Key+"/"+value.Context+"/"+value.Branch] = value.Value
			}
		}
	}
	return values
}

// Set is somebody else who sets a value.
func (n *Netlify) Set(site, key, context, branch, value string, when time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.find(site).variable(key).set(Value{Value: value, Context: context, Branch: branch}, when)
}

func (n *Netlify) find(id string) *Site {
	for _, s := range n.sites {
		if s.ID == id {
			return s
		}
	}
	return nil
}

func (s *Site) variable(key string) *Variable {
	for i := range s.Variables {
		if s.Variables[i].Key == key {
			return &s.Variables[i]
		}
	}
	return nil
}

func (v *Variable) set(value Value, when time.Time) {
	v.Updated = when
	for i := range v.Values {
		if v.Values[i].Context == value.Context && v.Values[i].Branch == value.Branch {
			v.Values[i].Value = value.Value
			return
		}
	}
	v.Values = append(v.Values, value)
}

func refuse(w http.ResponseWriter, status int, message string) {
	standin.JSON(w, status, map[string]any{"code": status, "message": message})
}

func (n *Netlify) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/user", func(w http.ResponseWriter, _ *http.Request) {
		standin.JSON(w, http.StatusOK, map[string]string{"id": "u1", "email": "ada@example.com"})
	})
	mux.HandleFunc("GET /api/v1/sites", n.list)
	mux.HandleFunc("GET /api/v1/sites/{site}", func(w http.ResponseWriter, r *http.Request) {
		s := n.find(r.PathValue("site"))
		if s == nil {
			refuse(w, http.StatusNotFound, "Not Found")
			return
		}
		standin.JSON(w, http.StatusOK, s.describe())
	})
	mux.HandleFunc("GET /api/v1/accounts/{account}/env", n.variables)
	mux.HandleFunc("GET /api/v1/accounts/{account}/env/{key}", n.variable)
	mux.HandleFunc("PATCH /api/v1/accounts/{account}/env/{key}", n.patch)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+Token {
			refuse(w, http.StatusUnauthorized, "Access Denied")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (n *Netlify) list(w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	sites := []any{}
	for i, s := range n.sites {
		if i >= (page-1)*size && i < page*size {
			sites = append(sites, s.describe())
		}
	}
	standin.JSON(w, http.StatusOK, sites)
}

func (s *Site) describe() map[string]any {
	d := map[string]any{"id": s.ID, "name": s.Name, "account_id": "acc_1", "account_slug": Team, "account_name": "Acme", "build_settings": map[string]any{}}
	if s.Repo != "" {
		d["build_settings"] = map[string]any{"provider": "github", "repo_url": "https://github.com/" + s.Repo, "repo_branch": "main"}
	}
	if s.Commit != "" {
		d["published_deploy"] = map[string]any{"id": "dep_1", "state": "ready", "commit_ref": s.Commit}
	}
	return d
}

// describe gives what may be read of a variable: of a secret, the value for local development alone.
func (v *Variable) describe() map[string]any {
	values := []any{}
	for i, value := range v.Values {
		d := map[string]any{"id": strconv.Itoa(i), "context": value.Context, "value": value.Value}
		if value.Branch != "" {
			d["context_parameter"] = value.Branch
		}
		if v.Secret && value.Context != "dev" {
			d["value"] = "****************"
		}
		values = append(values, d)
	}
	return map[string]any{"key": v.Key, "is_secret": v.Secret, "scopes": []string{"builds", "functions", "runtime"}, "values": values, "updated_at": v.Updated}
}

func (n *Netlify) variables(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("account") != Team {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	all := []any{}
	if id := r.URL.Query().Get("site_id"); id != "" {
		s := n.find(id)
		for i := range s.Variables {
			all = append(all, s.Variables[i].describe())
		}
	} else {
		for _, v := range n.shared {
			all = append(all, v.describe())
		}
	}
	standin.JSON(w, http.StatusOK, all)
}

// asked returns the variable that a request is about, nil after it answered that there is none.
func (n *Netlify) asked(w http.ResponseWriter, r *http.Request) *Variable {
	if s := n.find(r.URL.Query().Get("site_id")); s != nil && r.PathValue("account") == Team {
		if v := s.variable(r.PathValue("key")); v != nil {
			return v
		}
	}
	refuse(w, http.StatusNotFound, "Not Found")
	return nil
}

func (n *Netlify) variable(w http.ResponseWriter, r *http.Request) {
	if v := n.asked(w, r); v != nil {
		standin.JSON(w, http.StatusOK, v.describe())
	}
}

func (n *Netlify) patch(w http.ResponseWriter, r *http.Request) {
	v := n.asked(w, r)
	if v == nil {
		return
	}
	var body struct {
		Context   string `json:"context"`
		Parameter string `json:"context_parameter"`
		Value     string `json:"value"`
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	contexts := []string{"all", "dev", "dev-server", "branch-deploy", "deploy-preview", "production", "branch"}
	switch err := decoder.Decode(&body); {
	case err != nil || !slices.Contains(contexts, body.Context) || (body.Context == "branch") != (body.Parameter != ""):
		refuse(w, http.StatusUnprocessableEntity, "Invalid context")
	case v.Secret && body.Context == "all":
		refuse(w, http.StatusUnprocessableEntity, "Secret values can't be set for all contexts")
	default:
		v.set(Value{Value: body.Value, Context: body.Context, Branch: body.Parameter}, n.now().Add(time.Second))
		standin.JSON(w, http.StatusCreated, v.describe())
	}
}
