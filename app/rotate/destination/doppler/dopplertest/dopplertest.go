// Package dopplertest stands in for Doppler's API, as its reference describes it: one project, whose branch configs take what their root config has.
package dopplertest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// The logins that the stand-in takes: a person's, and one that sees the config prd alone and may not write.
const (
	Token        = "dp.ct.ada0123456789"
	ServiceToken = "dp.st.prd.readonly0123456789"
	Project      = "shop"
)

// Restricted is the value of a secret that nobody may read.
const Restricted = "\x00restricted"

// Host is a Doppler. It is safe for concurrent use.
type Host struct {
	*standin.Server

	mu      sync.Mutex
	configs map[string]map[string]string // what each config has of its own
}

// Start starts a host with configs: what each has of its own. The name of a branch config starts with that of its root, and an underscore.
func Start(configs map[string]map[string]string) *Host {
	h := &Host{configs: configs}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v3/me", func(w http.ResponseWriter, r *http.Request) {
		me := map[string]any{"workplace": map[string]string{"name": "Acme", "slug": "acme"}, "type": "cli", "name": "Ada"}
		if readOnly(r) {
			me["type"], me["name"] = "service_token", ""
		}
		standin.JSON(w, http.StatusOK, me)
	})
	mux.HandleFunc("GET /v3/configs", h.list)
	mux.HandleFunc("GET /v3/configs/config/secrets/names", h.names)
	mux.HandleFunc("GET /v3/configs/config/secrets", h.read)
	mux.HandleFunc("POST /v3/configs/config/secrets", h.write)
	h.Server = standin.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); {
		case bearer != Token && bearer != ServiceToken:
			refuse(w, standin.Expired)
		case r.URL.Path != "/v3/me" && r.URL.Query().Get("project") != Project:
			complain(w, http.StatusNotFound, "Could not find requested project")
		default:
			mux.ServeHTTP(w, r)
		}
	}), refuse)
	return h
}

// Values returns what each config has of its own, by config/name.
func (h *Host) Values() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]string{}
	for config, secrets := range h.configs {
		for name, value := range secrets {
			all[config+"/"+name] = value
		}
	}
	return all
}

// Set is somebody else who sets a secret.
func (h *Host) Set(key, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	config, name, _ := strings.Cut(key, "/")
	h.configs[config][name] = value
}

func readOnly(r *http.Request) bool {
	return strings.HasSuffix(r.Header.Get("Authorization"), ServiceToken)
}

func (h *Host) list(w http.ResponseWriter, r *http.Request) {
	if readOnly(r) {
		refuse(w, standin.Forbidden)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	names := slices.Sorted(maps.Keys(h.configs))
	names = names[min(len(names), max(0, page-1)*size):min(len(names), max(1, page)*size)]
	out := []map[string]any{}
	for _, name := range names {
		environment, _, branch := strings.Cut(name, "_")
		out = append(out, map[string]any{"name": name, "root": !branch, "environment": environment, "project": Project, "locked": false})
	}
	standin.JSON(w, http.StatusOK, map[string]any{"configs": out, "page": page, "success": true})
}

// has returns what a config has, with what it takes from its root, and answers where there is no such config.
func (h *Host) has(w http.ResponseWriter, r *http.Request) map[string]string {
	config := r.URL.Query().Get("config")
	own, ok := h.configs[config]
	if !ok || readOnly(r) && config != "prd" {
		complain(w, http.StatusNotFound, "Could not find requested config")
		return nil
	}
	root, _, _ := strings.Cut(config, "_")
	all := maps.Clone(h.configs[root])
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, own)
	return all
}

func (h *Host) names(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if all := h.has(w, r); all != nil {
		standin.JSON(w, http.StatusOK, map[string]any{"names": append(slices.Sorted(maps.Keys(all)), "DOPPLER_PROJECT"), "success": true})
	}
}

func (h *Host) read(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.has(w, r)
	if all == nil {
		return
	}
	out := map[string]any{}
	for name := range strings.SplitSeq(r.URL.Query().Get("secrets"), ",") {
		value, ok := all[name]
		switch {
		case !ok:
			complain(w, http.StatusNotFound, "Could not find requested secret")
			return
		case value == Restricted:
			out[name] = map[string]any{"raw": nil, "computed": nil, "rawVisibility": "restricted"}
		default:
			out[name] = map[string]any{"raw": value, "computed": value, "rawVisibility": "masked"}
		}
	}
	standin.JSON(w, http.StatusOK, map[string]any{"secrets": out, "success": true})
}

func (h *Host) write(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if readOnly(r) {
		refuse(w, standin.Forbidden)
		return
	}
	if h.has(w, r) == nil {
		return
	}
	var change struct {
		Secrets map[string]*string `json:"secrets"`
	}
	if json.NewDecoder(r.Body).Decode(&change) != nil || change.Secrets == nil {
		complain(w, http.StatusBadRequest, "Must specify 'secrets' or 'change_requests'")
		return
	}
	own := h.configs[r.URL.Query().Get("config")]
	for name, value := range change.Secrets {
		if value == nil {
			delete(own, name)
		} else {
			own[name] = *value
		}
	}
	standin.JSON(w, http.StatusOK, map[string]any{"secrets": map[string]any{}, "success": true})
}

func refuse(w http.ResponseWriter, trouble string) {
	switch trouble {
	case standin.Expired:
		complain(w, http.StatusUnauthorized, "Invalid Auth token")
	case standin.Limited:
		complain(w, http.StatusTooManyRequests, "Rate limit exceeded")
	default:
		complain(w, http.StatusForbidden, "You do not have permission to perform this action")
	}
}

func complain(w http.ResponseWriter, status int, message string) {
	standin.JSON(w, status, map[string]any{"messages": []string{message}, "success": false})
}
