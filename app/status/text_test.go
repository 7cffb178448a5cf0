package status_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/respond/ledger"
)

var update = flag.Bool("update", false, "write the goldens of testdata")

// busy is a server with something of everything.
func busy() status.Report {
	now := time.Date(2026, 11, 23, 8, 11, 0, 0, time.UTC)
	lag := 14.2
	return status.Report{
		Version: "v1.4.0", Role: "all", Started: now.Add(-3*time.Hour - 12*time.Minute), Now: now, Ready: true,
		Components: []status.Component{
			{Name: "database", State: status.OK},
			{Name: "disk", State: status.Warning, Reason: "810 MiB left"},
			{Name: "work", State: status.OK},
			{Name: "github", State: status.OK},
			{Name: "queue", State: status.OK},
		},
		Deliveries: status.Deliveries{
			Done: ledger.Recent{Hour: 120, Day: 12345}, Ignored: ledger.Recent{Hour: 3, Day: 51}, Waiting: ledger.Recent{Hour: 2, Day: 2},
			GivenUp: ledger.Recent{Day: 1}, Requests: map[string]int{"accepted": 300, "bad_signature": 3, "too_large": 1, "ignored": 9},
			Last: now.Add(-2 * time.Second), Oldest: now.Add(-40 * time.Second), LagSeconds: &lag,
		},
		Queue: []status.Queue{
			{Kind: "delivery", Waiting: 2, Running: 8, Oldest: now.Add(-40 * time.Second)}, {Kind: "issue", GivenUp: 1}, {Kind: "backfill", Running: 3},
		},
		Quotas: []status.Quota{
			{Installation: 7, Account: "acme", Limit: 5000, Left: 321}, {Installation: 9, Limit: 12500, Left: 12000}, {Limit: 5000, Left: 4990},
		},
		Repositories: status.Repositories{Done: 340, Reading: 3, Waiting: 12, GivenUp: 1},
		Texts: status.Texts{
			Done: 310, Reading: 4, Waiting: 41, GivenUp: 1, Lists: []status.TextList{{"issues", 8_123, 40}, {"issue comments", 56_000, 12_000}},
			Skipped: []status.SkippedTexts{{"discussions", "needs Discussions: read", 310}},
		},
		Leaks: []status.Leaks{
			{Severity: "critical", Environment: "live", Count: 2, Oldest: now.Add(-74 * time.Hour)},
			{Severity: "medium", Environment: "test", Count: 14, Oldest: now.Add(-41 * time.Minute)},
		},
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	fresh := busy()
	fresh.Deliveries, fresh.Queue, fresh.Quotas = status.Deliveries{}, nil, nil
	fresh.Repositories, fresh.Texts, fresh.Leaks, fresh.Role, fresh.Started = status.Repositories{}, status.Texts{}, nil, "web", fresh.Now.Add(-1500*time.Millisecond)
	down := busy()
	down.Ready, down.Unknown = false, "count what the ledger holds: dial tcp 10.0.0.3:5432: \x1b[31mrefused"
	down.Components = []status.Component{
		{Name: "database", State: status.Failed, Reason: "dial tcp 10.0.0.3:5432: \x1b[31mrefused"}, {Name: "disk", State: status.OK}, {Name: "work", State: status.OK},
	}
	for _, c := range []struct {
		name   string
		report status.Report
		colour bool
	}{{"busy", busy(), false}, {"colours", busy(), true}, {"fresh", fresh, false}, {"down", down, false}} {
		var out bytes.Buffer
		if err := status.WriteText(&out, c.report, c.colour); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", c.name+".txt")
		if *update {
			if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || out.String() != string(want) {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, out.String(), want)
		}
		if !c.colour && strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s: foreign text reaches the terminal", c.name)
		}
	}
}

func TestAddressOf(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":8080": "http://127.0.0.1:8080", "0.0.0.0:80": "http://127.0.0.1:80", "[::]:80": "http://127.0.0.1:80", "10.0.0.7:9": "http://10.0.0.7:9",
		"[::1]:9": "http://[::1]:9", "host:9": "http://host:9", "nonsense": "", "127.0.0.1:0": "",
	} {
		if got, err := status.AddressOf(listen); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", listen, got, err, want)
		}
	}
}
