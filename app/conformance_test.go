package app

import (
	"net/http"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
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
	examples, err := webhooktest.Events()
	if err != nil {
		t.Fatal(err)
	}
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
