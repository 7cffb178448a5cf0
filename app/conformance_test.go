package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
)

// TestRequestsFollowGitHubsDescription holds every request that the server sends, and every answer of the stand-in,
// against GitHub's own OpenAPI description.
func TestRequestsFollowGitHubsDescription(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Wrap: openapi.Watch(t)})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	leaking := w.pushed(map[string]string{".env": env(w.key(30, detect.Live)), "b.env": env(w.key(31, detect.Test))})
	run := w.check(w.shop, leaking)
	w.issues(2)
	if _, err := w.shop.Rerequest(w.ctx, run.ID, w.ada); err != nil {
		t.Fatal(err)
	}
	w.check(w.shop, leaking)
	// An answer that is lost makes the server look for what it may have done.
	w.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, http.MethodPost), githubtest.CutAfter))
	w.check(w.shop, w.pushed(map[string]string{"c.env": env(w.key(32, detect.Live))}))
	w.issues(3)
}

// TestEveryExamplePayloadIsAnswered signs and sends all of GitHub's example payloads.
func TestEveryExamplePayloadIsAnswered(t *testing.T) {
	t.Parallel()
	examples := examplePayloads(t)
	w := newWorld(t, githubtest.Options{})
	sent := 0
	for _, event := range examples {
		for _, payload := range event.Examples {
			d := w.github.Deliver(w.ctx, event.Name, payload)
			if d.Status != http.StatusOK && d.Status != http.StatusAccepted {
				t.Errorf("%s was answered %d: %s", event.Name, d.Status, d.Answer)
			}
			sent++
		}
	}
	if sent < 300 {
		t.Errorf("only %d payloads were there", sent)
	}
	w.quiet()
	if text := w.logs.String(); containsAny(text, "panic", "nil pointer") {
		t.Errorf("a payload made a worker panic:\n%s", w.logs.tail())
	}
	// The server still does its job.
	if run := w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"})); run.Conclusion != "success" {
		t.Errorf("afterwards: %s", run.Conclusion)
	}
}

type exampleEvent struct {
	Name     string            `json:"name"`
	Examples []json.RawMessage `json:"examples"`
}

func examplePayloads(t *testing.T) []exampleEvent {
	t.Helper()
	path := os.Getenv("REKEY_WEBHOOK_EXAMPLES")
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip("no cache directory for GitHub's example payloads")
		}
		path = filepath.Join(cache, "rekey", "webhooks-examples", "api.github.com", "index.json")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("GitHub's example payloads are not there: .ci/fetch-descriptions fetches them")
	}
	if err != nil {
		t.Fatal(err)
	}
	var events []exampleEvent
	if err := json.Unmarshal(text, &events); err != nil {
		t.Fatal(err)
	}
	return events
}
