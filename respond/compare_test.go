package respond

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leak  ledger.LeakState
		issue IssueState
		want  []string
	}{
		"both open":                  {ledger.Open, IssueState{Open: true}, nil},
		"both open, once reopened":   {ledger.Open, IssueState{Open: true, Reopened: true}, nil},
		"both closed":                {ledger.Revoked, IssueState{}, nil},
		"closed unheard":             {ledger.Open, IssueState{}, []string{"reopen_issue", "comment"}},
		"reopened unheard":           {ledger.Ignored, IssueState{Open: true, Reopened: true}, []string{"ignored > open by rekey", "reopen_issue", "edit_issue", "comment", "update_check"}},
		"our closing did not happen": {ledger.Revoked, IssueState{Open: true}, []string{"close_issue"}},
	} {
		l := with(leak(detect.SecretKey, detect.Live, 1), filed)
		l.State = c.leak
		f := LeakFacts{Repository: shop, Leak: l, Heads: []string{head}, Policy: policy.Default()}
		if diff := cmp.Diff(c.want, told(Compare(f, c.issue, monday))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		f.Hidden = true
		for _, a := range Compare(f, c.issue, monday).Actions {
			if strings.Contains(a.Body, "Clerk") {
				t.Errorf("%s: %s", name, a.Body)
			}
		}
		f.Leak.IssueNumber = 0
		if d := Compare(f, c.issue, monday); len(d.Actions)+len(d.Changes) != 0 {
			t.Errorf("%s, without an issue: %v", name, told(d))
		}
	}
	l := with(leak(detect.SecretKey, detect.Live, 1), filed)
	f := LeakFacts{Repository: shop, Leak: l, Policy: policy.Default()}
	morning, evening, tomorrow := Compare(f, IssueState{}, monday), Compare(f, IssueState{}, monday.Add(9*time.Hour)), Compare(f, IssueState{}, monday.Add(24*time.Hour))
	if morning.Actions[0].Key != evening.Actions[0].Key || morning.Actions[0].Key == tomorrow.Actions[0].Key || morning.Actions[1].Key != tomorrow.Actions[1].Key {
		t.Error("corrected more than once a day, or explained more than once")
	}
}
