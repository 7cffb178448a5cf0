package text

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/notify"
)

func TestTelling(t *testing.T) {
	t.Parallel()
	l := with(leak(detect.SecretKey, detect.Live, 1), revoked)
	f := respond.LeakFacts{Repository: shop, Leak: l, Policy: respond.DefaultPolicy()}
	got := Telling(f, respond.Action{Do: respond.Notify, Key: "leak:1:notify", Event: "revoked"}, respond.Event{At: monday.Add(25 * time.Minute), By: "Clerk", Reason: "dead"})
	want := notify.Event{
		ID: "leak:1:notify", Type: "leak.revoked", Time: monday.Add(25 * time.Minute), By: "Clerk", Reason: "dead",
		Repository: notify.Repository{ID: 7, Name: "acme/shop", URL: shop.URL, Private: true},
		Leak: notify.Leak{
			Fingerprint: l.Fingerprint, Kind: "secret_key", Description: "production secret key", Environment: "live", Severity: "critical", Confidence: "high",
			Redacted: l.Redacted, Instance: l.Instance, State: "revoked", Pusher: "ada", Detected: monday, Took: 25 * time.Minute,
		},
		Issue: &notify.Issue{Number: 12, URL: l.IssueURL},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
