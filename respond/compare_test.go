package respond_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leak  respond.State
		issue respond.IssueState
		want  []string
	}{
		"both open":                  {respond.Open, respond.IssueState{Open: true}, nil},
		"both open, once reopened":   {respond.Open, respond.IssueState{Open: true, Reopened: true}, nil},
		"both closed":                {respond.Revoked, respond.IssueState{}, nil},
		"closed unheard":             {respond.Open, respond.IssueState{}, []string{"reopen_issue", "comment"}},
		"reopened unheard":           {respond.Ignored, respond.IssueState{Open: true, Reopened: true}, []string{"ignored > open by rekey", "reopen_issue", "edit_issue", "comment", "update_check"}},
		"our closing did not happen": {respond.Revoked, respond.IssueState{Open: true}, []string{"close_issue"}},
	} {
		l := with(leak(detect.SecretKey, detect.Live, 1), filed)
		l.State = c.leak
		f := respond.LeakFacts{Repository: shop, Leak: l, Heads: []string{head}, Policy: respond.DefaultPolicy()}
		if diff := cmp.Diff(c.want, told(respond.Compare(f, c.issue, monday))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		f.Hidden = true
		for _, a := range respond.Compare(f, c.issue, monday).Actions {
			if a.Do == respond.Comment && !strings.HasPrefix(string(a.Reply.Kind), "public_") {
				t.Errorf("%s: %s", name, a.Reply.Kind)
			}
		}
		f.Leak.IssueNumber = 0
		if d := respond.Compare(f, c.issue, monday); len(d.Actions)+len(d.Changes) != 0 {
			t.Errorf("%s, without an issue: %v", name, told(d))
		}
	}
	l := with(leak(detect.SecretKey, detect.Live, 1), filed)
	f := respond.LeakFacts{Repository: shop, Leak: l, Policy: respond.DefaultPolicy()}
	morning, evening, tomorrow := respond.Compare(f, respond.IssueState{}, monday), respond.Compare(f, respond.IssueState{}, monday.Add(9*time.Hour)), respond.Compare(f, respond.IssueState{}, monday.Add(24*time.Hour))
	if morning.Actions[0].Key != evening.Actions[0].Key || morning.Actions[0].Key == tomorrow.Actions[0].Key || morning.Actions[1].Key != tomorrow.Actions[1].Key {
		t.Error("corrected more than once a day, or explained more than once")
	}
}
