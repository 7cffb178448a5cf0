package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/app/deliver"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
	"github.com/rekey-app/rekey/respond/ledger"
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
	w.settle()
	before := w.counted("rekey_jobs_total", `kind="delivery"`, `outcome="done"`)
	var used, unused []githubtest.Delivery
	for _, event := range examples {
		for _, payload := range event.Examples {
			d := w.github.Deliver(w.ctx, event.Name, payload)
			status, answer := http.StatusAccepted, "accepted"
			switch {
			case event.Name == "ping":
				status, answer = http.StatusOK, "pong"
			case !webhook.Known(event.Name):
				answer = "ignored"
			}
			if d.Status != status || strings.TrimSpace(d.Answer) != `{"status":"`+answer+`"}` {
				t.Errorf("%s was answered %d %s, want %d %s", event.Name, d.Status, d.Answer, status, answer)
			}
			if answer == "accepted" {
				used = append(used, d)
			} else {
				unused = append(unused, d)
			}
		}
	}
	if len(used) < 160 || len(unused) < 150 {
		t.Errorf("only %d payloads of events that are used were there, and %d of others", len(used), len(unused))
	}
	w.settle()
	// Among them are checks that the stand-in cannot make, of commits that it does not have.
	done, givenUp := w.counted("rekey_jobs_total", `kind="delivery"`, `outcome="done"`)-before, w.counted("rekey_jobs_total", `kind="delivery"`, `outcome="given_up"`)
	idle := 0 // texts without a key: they need no job
	for _, event := range examples {
		for _, payload := range event.Examples {
			if webhook.Known(event.Name) && deliver.Idle(ledger.Delivery{Event: event.Name, Action: gjson.GetBytes(payload, "action").Str, Body: payload}) {
				idle++
			}
		}
	}
	if done+givenUp+idle != len(used) || done+idle < len(used)/2 || idle < 50 {
		t.Errorf("of %d deliveries %d were done, %d given up, and %d asked for nothing", len(used), done, givenUp, idle)
	}
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		for _, d := range unused {
			if _, err := tx.Delivery(ctx, d.GUID); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("%s is in the ledger: %v", d.Event, err)
			}
		}
		return nil
	})
	for _, line := range w.lines() {
		if line["stack"] != nil {
			t.Errorf("a payload made a worker panic: %v", line)
		}
	}
	// The server still does its job.
	if run := w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"})); run.Conclusion != "success" {
		t.Errorf("afterwards: %s", run.Conclusion)
	}
}
