package app

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/job"
)

// get asks the server something; header, if it is not empty, says that the request came through a proxy.
func (w *world) get(path, header string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.url(path), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if header != "" {
		r.Header.Set(header, "203.0.113.9")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// Metrics keep to Prometheus' conventions, docs/metrics.md describes each of them and no others, and the public port shows them to
// nobody behind a proxy.
func TestMetrics(t *testing.T) {
	t.Parallel()
	const hourly = 5000
	w := newWorld(t, githubtest.Options{HourlyLimit: hourly})
	w.pushed(map[string]string{".env": env(w.key(44, "live"))})
	w.say(w.issues(1)[0].Number, "/rekey rotated", w.ada)
	w.pushed(map[string]string{".env": env(w.key(45, "live"))})
	w.issues(2)
	left := w.app.Left()
	w.github.Inject(githubtest.Cut) // so that something waits
	w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.eventually("the push to wait", func() bool {
		return w.waits(func(j *rivertype.JobRow) bool { return j.Kind == job.Delivery{}.Kind() && j.AttemptedAt != nil })
	})
	var body string
	w.eventually("the oldest job to be due", func() bool { // between two attempts it is for later
		var code int
		if code, body = w.get("/metrics", ""); code != http.StatusOK {
			t.Fatalf("metrics: %d %s", code, body)
		}
		return strings.Contains(body, `rekey_queue_oldest_job_timestamp_seconds{kind="delivery"} 1.`)
	})
	for _, want := range []string{
		`rekey_open_leaks{environment="live",kind="secret_key",severity="critical"} 1`, "rekey_build_info{", "rekey_unfinished_deliveries ",
		"rekey_github_last_delivery_timestamp_seconds 1.", fmt.Sprintf(`rekey_github_rate_limit{installation="%d"} %d`, w.app.ID(), hourly),
		fmt.Sprintf(`rekey_github_rate_limit_remaining{installation="%d"} %d`, w.app.ID(), left),
		`rekey_effects_total{effect="close_issue",result="sent"} 1`, "rekey_push_to_check_seconds_count 2", `rekey_clerk_answers_total{answer="revoked"} 1`,
		`rekey_database_errors_total{operation="write",reason="full"} 0`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	described(t, body)
	if code, _ := w.get("/metrics", "X-Forwarded-For"); code != http.StatusNotFound {
		t.Errorf("through a proxy: %d", code)
	}
	w.github.Inject(nil)
	first := w.server.Addr().String()
	w.stop()
	w.flags.AdminListen = "127.0.0.1:0"
	w.start()
	if code, _ := w.get("/metrics", ""); code != http.StatusNotFound {
		t.Errorf("on the public port beside one for operators: %d", code)
	}
	lines := w.lines()
	i := slices.IndexFunc(lines, func(line map[string]any) bool {
		address, is := line["address"].(string)
		return is && address != first && address != w.server.Addr().String()
	})
	if i < 0 {
		t.Fatal("the log does not say where metrics are served")
	}
	if n := counted(t, fmt.Sprintf("http://%s/metrics", lines[i]["address"]), "rekey_build_info"); n != 1 {
		t.Errorf("on the operators' port: build info %d", n)
	}
}

// metric is a row of docs/metrics.md, without what to alert on.
type metric struct{ name, kind, labels, help string }

func (m metric) String() string {
	return fmt.Sprintf("| `%s` | %s | %s | %s |", m.name, m.kind, m.labels, m.help)
}

// described holds docs/metrics.md against what a server answered with, in both directions.
func described(t *testing.T, body string) {
	t.Helper()
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]metric{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(rekey_\\w+)` \\| (\\w+) \\| ([^|]*) \\| ([^|]*) \\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		rows[row[1]] = metric{row[1], row[2], row[3], row[4]}
	}
	served := servedMetrics(body)
	if len(served) < 20 {
		t.Errorf("only %d metrics were served", len(served))
	}
	for name, m := range served {
		if rows[name] != m {
			t.Errorf("docs/metrics.md has for %s:\n%s\nwant, with what to alert on:\n%s", name, rows[name], m)
		}
	}
	for name := range rows {
		if _, ok := served[name]; !ok {
			t.Errorf("docs/metrics.md describes %s, which is not served", name)
		}
	}
}

// servedMetrics reads the text format, of which only rekey's own are taken.
func servedMetrics(body string) map[string]metric {
	all, labels := map[string]metric{}, map[string]map[string]bool{}
	label := regexp.MustCompile(`(\w+)="`)
	current := ""
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# HELP rekey_"); ok {
			name, help, _ := strings.Cut(rest, " ")
			current = "rekey_" + name
			all[current], labels[current] = metric{name: current, help: help}, map[string]bool{}
			continue
		}
		if rest, ok := strings.CutPrefix(line, "# TYPE "+current+" "); ok {
			m := all[current]
			m.kind = rest
			all[current] = m
		}
		if strings.HasPrefix(line, "#") || !strings.HasPrefix(line, "rekey_") {
			continue
		}
		_, set, _ := strings.Cut(line, "{")
		for _, found := range label.FindAllStringSubmatch(set, -1) {
			if found[1] != "le" {
				labels[current][found[1]] = true
			}
		}
	}
	for name, m := range all {
		var names []string
		for l := range labels[name] {
			names = append(names, "`"+l+"`")
		}
		slices.Sort(names)
		if m.labels = strings.Join(names, ", "); m.labels == "" {
			m.labels = "–"
		}
		all[name] = m
	}
	return all
}
