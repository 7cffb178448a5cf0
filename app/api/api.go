// Package api answers GET requests under /api/v1 with what the ledger holds, as JSON, for people's programs. The pages of the dashboard
// show the same, by the same queries. Start with [New]; docs/api.md and openapi.json describe it.
package api

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	Now() time.Time
	leaksTx
	healthTx
	RepositoryList(ctx context.Context, v ledger.Visible, query ledger.RepositoryQuery) (ledger.RepositoryPage, error)
	AuditList(ctx context.Context, v ledger.Visible, query ledger.AuditQuery) (ledger.AuditPage, error)
	AuditPackages(ctx context.Context, v ledger.Visible) ([]ledger.PackageUse, error)
	Activity(ctx context.Context, v ledger.Visible, query ledger.ActivityQuery) (ledger.ActivityPage, error)
}

type leaksTx interface {
	Overview(ctx context.Context, v ledger.Visible, stale time.Duration) (ledger.Overview, error)
	Leaks(ctx context.Context, v ledger.Visible, query ledger.LeakQuery) (ledger.LeakPage, error)
	LeakCounts(ctx context.Context, v ledger.Visible, f ledger.LeakFilter) (ledger.LeakCounts, error)
	LeakDetail(ctx context.Context, v ledger.Visible, id int64) (ledger.LeakDetail, error)
}

type healthTx interface {
	DeliveryHealth(ctx context.Context, v ledger.Visible) (ledger.DeliveryHealth, error)
	VisibleJobs(ctx context.Context, v ledger.Visible) ([]ledger.Jobs, error)
	InstallationList(ctx context.Context, v ledger.Visible) ([]ledger.InstallationRow, error)
	Processes(ctx context.Context) (int, error)
	Progress(ctx context.Context, v ledger.Visible, installation int64) (ledger.Progress, error)
}

var _ Tx = (*ledger.Tx)(nil)

// Viewers says who asks.
type Viewers interface {
	// Viewer returns what the person of a request's context may see; false: nobody has signed in.
	Viewer(ctx context.Context) (ledger.Visible, bool)
}

// Reporter says how the server is; [*status.Reporter] does.
type Reporter interface {
	Report(ctx context.Context) status.Report
	Process(ctx context.Context) status.Report
}

// Config is what the API needs. All of it must be safe for concurrent use.
type Config struct {
	Store   ledger.Scoped[Tx]
	Viewers Viewers
	Status  Reporter
	Quotas  func() []github.Quota // nil: this process does not ask GitHub
	WebURL  string                // GitHub's, for links to repositories
	Log     *slog.Logger
}

// StaleAfter is how long ago a repository may have been read before it is called stale.
const StaleAfter = 7 * 24 * time.Hour

//go:embed openapi.json
var description []byte

type api struct{ Config }

// New returns the handler of everything under /api/. It answers GET and HEAD only.
func New(c Config) http.Handler {
	a := &api{c}
	r := mux.NewRouter()
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusNotFound, "There is nothing at this address. /api/v1/openapi.json lists what there is.")
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "GET, HEAD")
		writeProblem(w, http.StatusMethodNotAllowed, "The API is read-only: use GET.")
	})
	handle := func(path string, do http.HandlerFunc) {
		r.HandleFunc("/api/v1/"+path, do).Methods(http.MethodGet, http.MethodHead)
	}
	handle("openapi.json", func(w http.ResponseWriter, r *http.Request) { writeBody(w, r, "application/json", description) })
	handle("overview", a.answer(a.overview))
	handle("leaks", a.answer(a.leaks))
	handle("leaks.csv", a.export(newCSV))
	handle("leaks.json", a.export(newJSON))
	handle("leaks/{id:[0-9]{1,18}}", a.answer(a.leak))
	handle("repositories", a.answer(a.repositories))
	handle("audits", a.answer(a.audits))
	handle("audits/packages", a.answer(a.packages))
	handle("activity", a.answer(a.activity))
	handle("health", a.answer(a.health))
	handle("installations/{id:[0-9]{1,18}}/progress", a.answer(a.progress))
	return r
}

// ask is a question as a handler gets it.
type ask struct {
	*http.Request
	sees ledger.Visible
	params
}

// viewer says who asks; ok is false where that was answered with an error.
func (a *api) viewer(w http.ResponseWriter, r *http.Request) (v ledger.Visible, ok bool) {
	if v, ok = a.Viewers.Viewer(r.Context()); !ok {
		writeProblem(w, http.StatusUnauthorized, "Sign in first: the API answers to those who are signed in to the dashboard.")
	}
	return v, ok
}

// answer makes a handler of a function that returns what is to be JSON.
func (a *api) answer(do func(*ask) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := a.viewer(w, r)
		if !ok {
			return
		}
		answer, err := do(&ask{Request: r, sees: v, params: params{values: r.URL.Query()}})
		if err != nil {
			a.fail(w, r, err)
			return
		}
		text, err := json.Marshal(answer)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		writeBody(w, r, "application/json", append(text, '\n'))
	}
}

// view runs a read-only transaction.
func (a *api) view(q *ask, do func(ctx context.Context, tx Tx) error) error {
	if err := q.unread(); err != nil {
		return err
	}
	return a.Store.View(q.Context(), do)
}

func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	if wrong, is := errors.AsType[*paramError](err); is {
		writeProblem(w, http.StatusBadRequest, wrong.Error())
		return
	}
	switch {
	case errors.Is(err, ledger.ErrCursor):
		writeProblem(w, http.StatusBadRequest, "after is not the next of a list with this order: start again without it.")
	case errors.Is(err, ledger.ErrNotFound):
		writeProblem(w, http.StatusNotFound, "There is no such thing, or you may not see it.")
	case errors.Is(err, ledger.ErrUnavailable):
		w.Header().Set("Retry-After", "5")
		writeProblem(w, http.StatusServiceUnavailable, "The database does not answer. Try again in a few seconds.")
	default:
		if r.Context().Err() == nil {
			a.Log.ErrorContext(r.Context(), "the API could not answer", "path", r.URL.Path, "error", err)
		}
		writeProblem(w, http.StatusInternalServerError, "Something failed. The server's log says what.")
	}
}

// Problem is an error as the API answers with it, after RFC 9457.
type Problem struct {
	Type   string `json:"type"` // about:blank: Status says it all
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func writeProblem(w http.ResponseWriter, code int, detail string) {
	text, err := json.Marshal(Problem{Type: "about:blank", Title: http.StatusText(code), Status: code, Detail: detail})
	if err != nil { // cannot happen to texts and numbers
		text = nil
	}
	private(w, "application/problem+json")
	w.WriteHeader(code)
	_, _ = w.Write(append(text, '\n')) // who asked may be gone
}

// private sets the headers of what only its viewer may see.
func private(w http.ResponseWriter, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Cookie, Authorization")
	h.Set("X-Content-Type-Options", "nosniff")
}

// writeBody answers with a body, or with 304 where the client has it.
func writeBody(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	private(w, contentType)
	w.Header().Set("ETag", tag)
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // who asked may be gone
}
