// Package herokutest stands in for Heroku's Platform API, as its reference describes it: apps with config vars, and one pipeline.
package herokutest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// Token is the login that the stand-in takes, and Pipeline the id of its pipeline.
const (
	Token    = "HRKU-0f1e2d3c-ada"
	Pipeline = "4f5e6d7c-0000-4000-8000-000000000001"
)

// Host is a Heroku. It is safe for concurrent use.
type Host struct {
	*standin.Server

	mu     sync.Mutex
	vars   map[string]map[string]string // by apps/NAME and pipelines/ID/stage/STAGE
	stages map[string]string            // of the pipeline's apps, by name
}

// Start starts a host with apps: their config vars by name, and the pipeline's stages of those that are in it.
func Start(vars map[string]map[string]string, stages map[string]string) *Host {
	h := &Host{vars: vars, stages: stages}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /account", func(w http.ResponseWriter, _ *http.Request) {
		standin.JSON(w, http.StatusOK, map[string]string{"email": "ada@example.com"})
	})
	mux.HandleFunc("GET /apps/{app}", h.app)
	mux.HandleFunc("GET /apps/{app}/pipeline-couplings", h.coupling)
	mux.HandleFunc("GET /pipelines/{pipeline}", func(w http.ResponseWriter, r *http.Request) {
		standin.JSON(w, http.StatusOK, map[string]string{"id": r.PathValue("pipeline"), "name": "shop"})
	})
	mux.HandleFunc("GET /pipelines/{pipeline}/pipeline-couplings", h.couplings)
	for _, holder := range []string{"/apps/{app}", "/pipelines/{pipeline}/stage/{stage}"} {
		mux.HandleFunc("GET "+holder+"/config-vars", h.read)
		mux.HandleFunc("PATCH "+holder+"/config-vars", h.write)
	}
	h.Server = standin.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer "+Token:
			refuse(w, standin.Expired)
		case !strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.heroku+json; version=3"):
			complain(w, http.StatusNotFound, "not_found", "The requested API endpoint was not found.")
		default:
			mux.ServeHTTP(w, r)
		}
	}), refuse)
	return h
}

// Values returns all config vars, by what has them and name.
func (h *Host) Values() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]string{}
	for holder, vars := range h.vars {
		for name, value := range vars {
			all[holder+"/"+name] = value
		}
	}
	return all
}

// Set is somebody else who sets a config var, by the key that Values has.
func (h *Host) Set(key, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := strings.LastIndex(key, "/")
	h.vars[key[:i]][key[i+1:]] = value
}

func (h *Host) app(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	app := strings.TrimPrefix(r.PathValue("app"), "id-of-")
	if h.vars["apps/"+app] == nil {
		missing(w)
		return
	}
	standin.JSON(w, http.StatusOK, map[string]string{"id": "id-of-" + app, "name": app})
}

// link describes an app's place in the pipeline, by ids.
func link(app, stage string) map[string]any {
	return map[string]any{"app": map[string]string{"id": "id-of-" + app}, "pipeline": map[string]string{"id": Pipeline}, "stage": stage}
}

func (h *Host) coupling(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	app := r.PathValue("app")
	if h.stages[app] == "" {
		missing(w)
		return
	}
	standin.JSON(w, http.StatusOK, link(app, h.stages[app]))
}

func (h *Host) couplings(w http.ResponseWriter, _ *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := []map[string]any{}
	for app, stage := range h.stages {
		all = append(all, link(app, stage))
	}
	standin.JSON(w, http.StatusOK, all)
}

func (h *Host) read(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	vars, ok := h.vars[holder(r)]
	if !ok {
		missing(w)
		return
	}
	standin.JSON(w, http.StatusOK, vars)
}

func (h *Host) write(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	vars, ok := h.vars[holder(r)]
	if !ok {
		missing(w)
		return
	}
	var change map[string]*string
	if json.NewDecoder(r.Body).Decode(&change) != nil {
		complain(w, http.StatusBadRequest, "bad_request", "Unable to parse the JSON in the request body.")
		return
	}
	for name, value := range change {
		if value == nil {
			delete(vars, name)
		} else {
			vars[name] = *value
		}
	}
	standin.JSON(w, http.StatusOK, maps.Clone(vars))
}

func holder(r *http.Request) string {
	if app := r.PathValue("app"); app != "" {
		return "apps/" + app
	}
	return "pipelines/" + r.PathValue("pipeline") + "/stage/" + r.PathValue("stage")
}

func missing(w http.ResponseWriter) {
	complain(w, http.StatusNotFound, "not_found", "Couldn't find that app.")
}

func refuse(w http.ResponseWriter, trouble string) {
	switch trouble {
	case standin.Expired:
		complain(w, http.StatusUnauthorized, "unauthorized", "Invalid credentials provided.")
	case standin.Limited:
		complain(w, http.StatusTooManyRequests, "rate_limit", "Your account reached the API rate limit. Please wait a few minutes before making new requests.")
	default:
		complain(w, http.StatusForbidden, "forbidden", "You do not have access to the app shop.")
	}
}

func complain(w http.ResponseWriter, status int, id, message string) {
	standin.JSON(w, status, map[string]string{"id": id, "message": message})
}
