package job_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// TestJobsOfOlderVersionsAreRead: these are arguments as older versions wrote them, which wait in somebody's queue.
func TestJobsOfOlderVersionsAreRead(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		old       string
		got, want any
	}{
		{
			`{"leak":7,"actions":[
				{"Do":"reopen_issue","Key":"leak:7:reopen_issue:1","Repository":3,"Head":"","Leak":7,"Body":"","NotPlanned":false,"Event":"","Always":false,
					"Ask":{"Why":"","By":"","Role":"","Attempt":0,"Word":""},"After":0},
				{"Do":"comment","Key":"leak:7:word:comment:5","Repository":3,"Head":"","Leak":7,"Body":"This is open.","NotPlanned":false,"Event":"","Always":false,
					"Ask":{"Why":"","By":"","Role":"","Attempt":0,"Word":""},"After":0}]}`,
			&job.Effects{}, &job.Effects{Leak: 7, Actions: []respond.Action{
				{Do: respond.ReopenIssue, Key: "leak:7:reopen_issue:1", Repository: 3, Leak: 7},
				{Do: respond.Comment, Key: "leak:7:word:comment:5", Repository: 3, Leak: 7, Body: "This is open."},
			}},
		},
		{
			`{"leak":7,"question":{"Why":"closed","By":"ada","Role":"maintain","Attempt":2,"Word":"comment:5"}}`,
			&job.Verify{}, &job.Verify{Leak: 7, Question: respond.Verification{Why: respond.Closed, By: "ada", Role: "maintain", Attempt: 2, Command: "comment:5"}},
		},
		{
			`{"leak":7,"question":{"Why":"rotated","By":"ada","Attempt":0,"Word":"comment:5"}}`, // before roles were kept
			&job.Verify{}, &job.Verify{Leak: 7, Question: respond.Verification{Why: respond.Rotated, By: "ada", Command: "comment:5"}},
		},
		{
			`{"leak":7,"target":"team","event":{"id":"leak:7:notify:1:revoked","type":"leak.revoked","timestamp":"2026-11-23T09:55:00Z",
				"repository":{"id":3,"full_name":"acme/shop","url":"https://github.com/acme/shop","private":true},
				"leak":{"fingerprint":"0a","kind":"secret_key","description":"production secret key","environment":"live","severity":"critical",
					"confidence":"high","redacted":"sk_live_…a1b2","state":"revoked","detected_at":"2026-11-23T09:30:00Z"},"by":"Clerk"}}`,
			&job.Notify{}, &job.Notify{Leak: 7, Target: "team", Event: respond.Notice{
				ID: "leak:7:notify:1:revoked", Type: "leak.revoked", Time: at.Add(25 * time.Minute), By: respond.ByClerk,
				Repository: respond.NoticeRepository{ID: 3, Name: "acme/shop", URL: "https://github.com/acme/shop", Private: true},
				Leak: respond.NoticeLeak{
					Fingerprint: "0a", Kind: "secret_key", Description: "production secret key", Environment: "live", Severity: "critical",
					Confidence: "high", Redacted: "sk_live_…a1b2", State: respond.Revoked, Detected: at,
				},
			}},
		},
	} {
		if err := json.Unmarshal([]byte(tt.old), tt.got); err != nil {
			t.Errorf("%T: %v", tt.got, err)
			continue
		}
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", tt.got, diff)
		}
		written, err := json.Marshal(tt.got)
		if err != nil {
			t.Fatal(err)
		}
		again := map[string]any{}
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatal(err)
		}
		before := map[string]any{}
		if err := json.Unmarshal([]byte(tt.old), &before); err != nil {
			t.Fatal(err)
		}
		if missing := lost(before, again); missing != "" { // an older version may run the job after an update is taken back
			t.Errorf("%T is written without %s", tt.got, missing)
		}
	}
	if n := (respond.Notice{Type: "leak.revoked", Time: at.Add(90 * time.Second), Leak: respond.NoticeLeak{Detected: at}}); n.Kind() != respond.NoticeRevoked || n.Took() != 90*time.Second {
		t.Errorf("kind %s, took %s", n.Kind(), n.Took())
	}
}

// lost returns a field of old that is not in written, or is another; "" for none.
func lost(old, written any) string {
	switch o := old.(type) {
	case map[string]any:
		w, _ := written.(map[string]any)
		for k, v := range o {
			if in := lost(v, w[k]); in != "" {
				return k + " " + in
			}
		}
	case []any:
		w, _ := written.([]any)
		for i, v := range o {
			if i >= len(w) {
				return "an element"
			}
			if in := lost(v, w[i]); in != "" {
				return in
			}
		}
	default:
		if old != written {
			return "as it was"
		}
	}
	return ""
}
