package status

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

// A report that was fetched says what the ledger and this process know, and where the database is away, what is known without it.
func TestReportIsFetched(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop()
	if _, err := b.store.Accept(t.Context(), []ledger.Delivery{{GUID: "a", Event: "push"}, {GUID: "b", Event: "push", Received: b.clock.Add(-2 * time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	b.update(func(ctx context.Context, tx *ledger.Tx) error {
		return tx.GiveUpDelivery(ctx, "b", "scan given up: no")
	})
	metrics := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: requestsMetric}, []string{"event", "outcome"})
	metrics.MustRegister(requests)
	requests.WithLabelValues("push", "unsigned").Add(2)
	requests.WithLabelValues("issues", "unsigned").Inc()
	reporter := &Reporter{
		Version: "test", Role: "all", Started: b.clock.Add(-time.Hour), Checks: b.checks(), Store: ledger.Scope[Tx](b.store), Metrics: metrics,
		Quotas: func() []github.Quota {
			return []github.Quota{{Installation: 1, Limit: 10, Left: 9}, {Installation: 7, Limit: 10, Left: 5}}
		},
	}
	front := &Front{Checks: reporter.Checks, Metrics: metrics, Report: reporter.Report, Log: slog.New(slog.DiscardHandler)}
	routes := mux.NewRouter()
	front.Admin(routes)
	server := httptest.NewServer(routes)
	defer server.Close()
	got, err := Fetch(t.Context(), server.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	oldest := got.Queue[0].Oldest
	if age := time.Since(oldest); age < 0 || age > time.Minute {
		t.Errorf("the oldest job was queued %s ago", age)
	}
	want := Report{
		Version: "test", Role: "all", Started: b.clock.Add(-time.Hour), Now: b.clock, Ready: true, Components: got.Components,
		Deliveries: Deliveries{
			Waiting: ledger.Recent{Hour: 1, Day: 1}, GivenUp: ledger.Recent{Day: 1}, Requests: map[string]int{"unsigned": 3}, Last: b.clock, Oldest: b.clock,
		},
		Queue:        []Queue{{Kind: "delivery", Waiting: 2, Oldest: oldest}, {Kind: "issue", Waiting: 1, Oldest: got.Queue[1].Oldest}},
		Quotas:       []Quota{{Installation: 7, Account: "acme", Limit: 10, Left: 5}, {Installation: 1, Limit: 10, Left: 9}},
		Repositories: Repositories{Waiting: 1},
		Texts:        TextsOf(ledger.TextProgress{Waiting: 1}),
		Leaks:        []Leaks{{Severity: "critical", Environment: "live", Count: 1, Oldest: b.clock}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	b.update(func(ctx context.Context, tx *ledger.Tx) error {
		_, err := tx.ExecSQL(ctx, "ALTER TABLE deliveries RENAME TO gone")
		return err
	})
	down := reporter.Report(t.Context())
	if down.Unknown == "" || len(down.Quotas) != 2 || down.Deliveries.Requests["unsigned"] != 3 {
		t.Errorf("without the database: %+v", down)
	}
	if text, err := json.Marshal(down); err != nil || len(text) == 0 {
		t.Error(err)
	}
}

// Where no server reports, the error says what to do.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.NotFoundHandler())
	defer silent.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	defer other.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, address := range []string{silent.URL, other.URL, gone.URL} {
		_, err := Fetch(t.Context(), address)
		if no, ok := errors.AsType[*NoAnswerError](err); !ok || no.Fix == "" || no.Reason == "" {
			t.Errorf("%s: %v", address, err)
		}
	}
	for address, lives := range map[string]bool{silent.URL: false, other.URL: true, gone.URL: false} {
		if err := Live(t.Context(), address); (err == nil) != lives {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"", "nonsense", "ftp://x"} {
		if _, err := Fetch(t.Context(), address); err == nil {
			t.Errorf("%q is taken for an address", address)
		} else if _, ok := errors.AsType[*NoAnswerError](err); ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
