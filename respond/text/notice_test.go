package text

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

func TestNotice(t *testing.T) {
	t.Parallel()
	l := with(leak(detect.SecretKey, detect.Live, 1), revoked)
	f := respond.LeakFacts{Repository: shop, Leak: l, Policy: respond.DefaultPolicy()}
	got := Notice(f, respond.Action{Do: respond.Notify, Key: "leak:1:notify", Notice: respond.NoticeRevoked}, respond.Event{At: monday.Add(25 * time.Minute), By: "Clerk", Reason: "dead"})
	want := respond.Notice{
		ID: "leak:1:notify", Type: "leak.revoked", Time: monday.Add(25 * time.Minute), By: "Clerk", Reason: "dead",
		Repository: respond.NoticeRepository{ID: 7, Name: "acme/shop", URL: shop.URL, Private: true},
		Leak: respond.NoticeLeak{
			Fingerprint: l.Fingerprint, Kind: "secret_key", Description: "production secret key", Environment: "live", Severity: "critical", Confidence: "high",
			Redacted: l.Redacted, Instance: l.Instance, State: "revoked", Pusher: "ada", Detected: monday,
		},
		Issue: &respond.NoticeIssue{Number: 12, URL: l.IssueURL},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
