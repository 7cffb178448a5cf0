package intake_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestRecoveredIsWhatAWebhookIs: a payload from GitHub's log becomes the same delivery as one that was sent, and the same are refused.
func TestRecoveredIsWhatAWebhookIs(t *testing.T) {
	t.Parallel()
	redact := func(_ context.Context, body []byte) []byte {
		return bytes.ReplaceAll(body, []byte("hunter2"), []byte("*******"))
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	after := strings.Repeat("a", 40)
	for event, body := range map[string]string{
		"push":         `{"ref":"refs/heads/main","after":"` + after + `","installation":{"id":7},"repository":{"id":9},"note":"hunter2"}`,
		"pull_request": `{"action":"opened","number":5,"installation":{"id":7},"repository":{"id":9},"pull_request":{"author_association":"NONE"}}`,
		"issues":       `{"action":"closed","installation":{"id":7},"repository":{"id":9}}`,
		"installation": `{"action":"deleted","installation":{"id":7}}`,
	} {
		s := &store{}
		f := newFront(t, intake.Config{Store: s, Reading: intake.Reading{Redact: redact}, Now: func() time.Time { return at }})
		if code, answer := f.send(delivery("g", event, body)); code != 202 {
			t.Fatalf("%s: %d %s", event, code, answer)
		}
		got, err := intake.Recovered(t.Context(), "g", event, []byte(body), at, intake.Reading{Redact: redact})
		if err != nil {
			t.Fatalf("%s: %v", event, err)
		}
		got.Recovered = false
		if diff := cmp.Diff(s.accepted[0], got); diff != "" {
			t.Errorf("%s: -sent +recovered\n%s", event, diff)
		}
	}
	for name, bad := range map[string][3]string{
		"cut off": {"g", "push", `{"ref":`}, "a list": {"g", "push", `[1]`}, "nothing": {"g", "push", ``}, "a form": {"g", "push", `payload=%7B%7D`},
		"no GUID": {"", "push", `{}`}, "a ping": {"g", "ping", `{}`}, "an unknown event": {"g", "star", `{}`}, "no event": {"g", "", `{}`},
		"too large": {"g", "push", `{"a":"` + strings.Repeat("x", 25<<20) + `"}`},
	} {
		if d, err := intake.Recovered(t.Context(), bad[0], bad[1], []byte(bad[2]), at, intake.Reading{Redact: redact}); err == nil {
			t.Errorf("%s is taken: %+v", name, ledger.Delivery{GUID: d.GUID, Event: d.Event})
		}
	}
}
