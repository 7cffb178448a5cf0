package app

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestRoles: one process takes deliveries and knows no private key, another does what they ask for and knows no webhook secret.
func TestRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	if w.flags.DatabaseURL == "" {
		t.Skip("needs REKEY_TEST_POSTGRES_URL: processes share PostgreSQL only")
	}
	w.settle()
	w.stop()
	worker := w.flags
	worker.Role, worker.WebhookSecret, worker.Data = "worker", "", t.TempDir()
	cfg, err := worker.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	w.flags.Role, w.flags.AppID, w.flags.PrivateKey = "web", "", ""
	w.github.ForgetRequests()
	w.start()
	sha := w.pushed(map[string]string{".env": env(w.key(47, "live"))})
	if err := w.github.Settle(w.ctx); err != nil {
		t.Fatal(err)
	}
	if n := w.stats().Unfinished; n == 0 {
		t.Error("the push does not wait")
	}
	if n := w.github.Count(githubtest.REST) + w.github.Count(githubtest.Git); n != 0 {
		t.Errorf("the one that takes deliveries asked GitHub %d times", n)
	}
	if code, body := w.get("/readyz", ""); code != http.StatusOK || strings.Contains(body, "github") {
		t.Errorf("the one that takes deliveries: %d %s", code, body)
	}
	web := w.server
	works, err := serve.New(w.ctx, cfg, serve.Options{Log: slog.New(slog.NewJSONHandler(w.logs, nil)), Version: "test", Tune: w.tune, Settle: w.settled})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		w.server = web
		if err := works.Close(); err != nil {
			t.Error(err)
		}
	}()
	// What waited is done, and so is what comes.
	if run := w.check(w.shop, sha); run.Conclusion != "failure" {
		t.Errorf("conclusion %s", run.Conclusion)
	}
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.issues(1)
	w.server = works
	if code, body := w.get("/readyz", ""); code != http.StatusOK || !strings.Contains(body, `"github","state":"ok"`) {
		t.Errorf("the one that works: %d %s", code, body)
	}
	if code, body := w.get("/metrics", ""); code != http.StatusOK || !strings.Contains(body, `rekey_jobs_total{kind="delivery",outcome="done"}`) {
		t.Errorf("the one that works: %d %s", code, body)
	}
	resp, err := http.Post(w.url("/webhook"), "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("the one that works answers a delivery with %d", resp.StatusCode)
	}
}
