package status

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/respond/ledger"
)

// checks are those of a server that is well.
func (b *bench) checks() Checks {
	return Checks{
		Ping: b.store.Ping, Space: func() (int64, bool) { return 2 * littleSpace, true },
		GitHub: func(context.Context) error { return nil }, Counter: b.counter(), Now: b.now,
	}
}

// Operators are told how each part is and why; strangers, which parts have failed and no more.
func TestReady(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const internal = "dial tcp 10.1.2.3:5432"
	ping := func(err error) func(*Checks) {
		return func(c *Checks) { c.Ping = func(context.Context) error { return err } }
	}
	for _, c := range []struct {
		name   string
		change func(*Checks)
		failed string
		says   string // to operators
	}{
		{"well", func(*Checks) {}, "", `"queue","state":"ok"`},
		{"the database is away", ping(errors.New(internal)), "database", internal},
		{"the disk is full", ping(fmt.Errorf("ping: %w", ledger.ErrFull)), "disk", "disk is full"},
		{"the work is stopped", ping(ledger.ErrLapsed), "work", "heartbeat"},
		{"GitHub refuses", func(c *Checks) { c.GitHub = func(context.Context) error { return errors.New("401 " + internal) } }, "github", "401"},
		{"little space", func(c *Checks) { c.Space = func() (int64, bool) { return 100 << 20, true } }, "", `"warning","reason":"100 MiB left"`},
		{"no GitHub", func(c *Checks) { c.GitHub = nil }, "", `"database","state":"ok"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			checks := b.checks()
			c.change(&checks)
			front := &Front{Checks: checks, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler), Report: func(context.Context) Report { return Report{} }}
			public, admin := mux.NewRouter(), mux.NewRouter()
			front.Public(public, true)
			front.Admin(admin)
			code := http.StatusOK
			if c.failed != "" {
				code = http.StatusServiceUnavailable
			}
			for _, who := range []struct {
				name, address string
				to            http.Handler
				trusted       bool
			}{
				{"a stranger", "203.0.113.9:1", public, false},
				{"this machine", "127.0.0.1:1", public, true},
				{"an operator", "203.0.113.9:1", admin, true},
			} {
				got, body := ask(who.to, "/readyz", who.address)
				var answer readiness
				if err := json.Unmarshal([]byte(body), &answer); err != nil || got != code || answer.Failed != c.failed {
					t.Errorf("%s: %d %s (%v), want %d", who.name, got, body, err, code)
				}
				if told := len(answer.Components) > 0; told != who.trusted || strings.Contains(body, internal) && !who.trusted {
					t.Errorf("%s: %s", who.name, body)
				}
				if who.trusted && !strings.Contains(body, c.says) {
					t.Errorf("%s: %s does not say %s", who.name, body, c.says)
				}
				if got, _ := ask(who.to, "/healthz", who.address); got != http.StatusOK {
					t.Errorf("%s: the process lives: %d", who.name, got)
				}
				for _, path := range []string{"/metrics", "/status"} {
					if got, _ := ask(who.to, path, who.address); (got == http.StatusOK) != who.trusted {
						t.Errorf("%s: %s: %d", who.name, path, got)
					}
				}
			}
		})
	}
}

// What waits for long is named, and is no reason to take no more.
func TestLateDeliveriesAreAWarning(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.store.Accept(t.Context(), []ledger.Delivery{{GUID: "g", Event: "push"}}); err != nil {
		t.Fatal(err)
	}
	queue := func() Component {
		list := b.checks().Components(t.Context())
		return list[len(list)-1]
	}
	if c := queue(); c.Name != "queue" || c.State != OK {
		t.Errorf("at first: %+v", c)
	}
	b.clock = b.clock.Add(lateAfter + time.Minute)
	if c := queue(); c.State != Warning || c.Reason != "1 delivery waits, the oldest for 11 min" || !Ready([]Component{c}) {
		t.Errorf("later: %+v", c)
	}
}

func ask(to http.Handler, path, address string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = address
	w := httptest.NewRecorder()
	w.Body = &bytes.Buffer{}
	to.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}
