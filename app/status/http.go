package status

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rekey-app/rekey/app/intake"
)

// readyWithin is how long the checks may take.
const readyWithin = 3 * time.Second

// Front answers questions about the server over HTTP. It is safe for concurrent use.
type Front struct {
	Checks  Checks
	Metrics prometheus.Gatherer
	Report  func(context.Context) Report
	Log     *slog.Logger
}

// Public adds to a listener that everybody may reach GET /healthz (the process lives) and GET /readyz. Strangers are told no more
// than which parts have failed. withOperators adds GET /metrics and GET /status, for this machine and private networks: they tell how
// many keys are live.
func (f *Front) Public(r *mux.Router, withOperators bool) {
	f.health(r, intake.IsLocal)
	if withOperators {
		f.operators(r, intake.LocalOnly)
	}
}

// Admin adds all of it to a listener that only operators reach.
func (f *Front) Admin(r *mux.Router) {
	f.health(r, func(*http.Request) bool { return true })
	f.operators(r, func(next http.Handler) http.Handler { return next })
}

func (f *Front) health(r *mux.Router, operator func(*http.Request) bool) {
	r.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	}).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) { f.ready(w, r, operator(r)) }).Methods(http.MethodGet, http.MethodHead)
}

func (f *Front) operators(r *mux.Router, only func(http.Handler) http.Handler) {
	r.Handle("/metrics", only(promhttp.HandlerFor(f.Metrics, promhttp.HandlerOpts{}))).Methods(http.MethodGet)
	r.Handle("/status", only(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, f.Report(r.Context()))
	}))).Methods(http.MethodGet)
}

// readiness is the answer to GET /readyz.
type readiness struct {
	Status     string      `json:"status"`           // ok or not ready
	Failed     string      `json:"failed,omitempty"` // names of components
	Components []Component `json:"components,omitempty"`
}

// ready answers 200 while deliveries are taken and worked on, else 503.
func (f *Front) ready(w http.ResponseWriter, r *http.Request, operator bool) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	components := f.Checks.Components(ctx)
	answer, code := readiness{Status: "ok", Failed: strings.Join(failed(components), ", ")}, http.StatusOK
	if operator {
		answer.Components = components
	}
	if answer.Failed != "" {
		answer.Status, code = "not ready", http.StatusServiceUnavailable
		f.Log.WarnContext(ctx, "not ready", "components", components)
	}
	writeJSON(w, code, answer)
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // our own records; whoever asked may be gone
}
