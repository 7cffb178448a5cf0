package respond_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// TestWhatPeopleSayByAnAlert: resolving GitHub's alert never closes a production key by itself, and nothing that rekey did is a command.
func TestWhatPeopleSayByAnAlert(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	resolved := func(resolution string) respond.Alert {
		return respond.Alert{Number: 4, State: respond.AlertResolved, Resolution: resolution, ResolvedBy: "ada", ResolvedAt: at}
	}
	live := respond.Leak{State: respond.Open, Environment: detect.Live}
	test := respond.Leak{State: respond.Open, Environment: detect.Test}
	ours := resolved("revoked")
	ours.Ours = true
	said := resolved("used_in_tests")
	said.Comment = "a fixture"
	for name, c := range map[string]struct {
		alert  respond.Alert
		leak   respond.Leak
		kind   respond.CommandKind
		reason string
	}{
		"revoked":                          {resolved("revoked"), live, respond.CommandRotated, ""},
		"revoked, and closed already":      {resolved("revoked"), respond.Leak{State: respond.Revoked}, "", ""},
		"revoked by rekey":                 {ours, live, "", ""},
		"false positive, production":       {resolved("false_positive"), live, "", ""},
		"used in tests, production":        {said, live, "", ""},
		"used in tests":                    {said, test, respond.CommandIgnore, "resolved GitHub alert 4 as used in tests: a fixture"},
		"false positive":                   {resolved("false_positive"), test, respond.CommandIgnore, "resolved GitHub alert 4 as false positive"},
		"won't fix":                        {resolved("wont_fix"), test, "", ""},
		"a resolution that GitHub invents": {resolved("pattern_deleted"), test, "", ""},
		"open":                             {respond.Alert{State: respond.AlertOpen}, test, "", ""},
	} {
		got, ok := c.alert.ResolvedCommand(c.leak)
		if ok != (c.kind != "") || ok && (got.Kind != c.kind || got.Reason != c.reason || got.By != "ada" || !got.At.Equal(at) || got.ID == "") {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
	open := respond.Alert{Number: 4, State: respond.AlertOpen}
	for state, want := range map[respond.State]bool{respond.Open: false, respond.Revoked: false, respond.Ignored: true, respond.Resolved: true} {
		if got, ok := open.ReopenedCommand(respond.Leak{State: state}, "ada", at); ok != want || got.Kind != respond.CommandReopen {
			t.Errorf("reopened while %s: %+v, %v", state, got, ok)
		}
	}
	command := respond.Command{Kind: respond.CommandIgnore, Role: respond.RoleWrite}
	if command.Entitled(live) || !command.Entitled(test) {
		t.Error("other rules than for comments")
	}
}

// TestAlertsAndLeaksDoNotQuarrel: what GitHub's alert is changed to needs no further change, what a person resolved stays, and a closed
// leak's alert never ends up open but by a person.
func TestAlertsAndLeaksDoNotQuarrel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		leak := respond.Leak{
			State:       rapid.SampledFrom([]respond.State{respond.Open, respond.Revoked, respond.Ignored, respond.Resolved}).Draw(t, "state"),
			Environment: rapid.SampledFrom([]detect.Environment{detect.Live, detect.Test}).Draw(t, "environment"),
			ClosedBy:    rapid.SampledFrom([]string{"ada", respond.Self, respond.ByClerk}).Draw(t, "by"),
		}
		alert := respond.Alert{State: rapid.SampledFrom([]respond.AlertState{"", respond.AlertOpen, respond.AlertResolved}).Draw(t, "alert")}
		alert.Ours = alert.State == respond.AlertResolved && rapid.Bool().Draw(t, "ours")
		to, change := respond.AlertOf(alert, leak)
		if alert.State == respond.AlertResolved && !alert.Ours && change {
			t.Fatalf("what a person resolved is changed to %+v", to)
		}
		if !change {
			return
		}
		if (to.State == respond.AlertResolved) != (leak.State != respond.Open) || (to.Resolution != "") != (to.State == respond.AlertResolved) {
			t.Fatalf("%+v for a leak that is %s", to, leak.State)
		}
		if leak.State == respond.Ignored && to.Resolution == respond.ResolvedRevoked || leak.State == respond.Revoked && to.Resolution != respond.ResolvedRevoked {
			t.Fatalf("%s for a leak that is %s", to.Resolution, leak.State)
		}
		after := respond.Alert{State: to.State, Ours: to.State == respond.AlertResolved}
		if again, change := respond.AlertOf(after, leak); change {
			t.Fatalf("%+v, and then %+v", to, again)
		}
	})
}

// TestPublish: an open leak is told of once more; a closed one is not.
func TestPublish(t *testing.T) {
	t.Parallel()
	f := respond.LeakFacts{
		Leak: respond.Leak{ID: 3, Repository: 9, State: respond.Open, IssueNumber: 1}, Heads: []string{"a"}, Policy: respond.DefaultPolicy(),
	}
	f.Policy.Notify = []respond.NotifyRule{{To: "team"}}
	do := func(f respond.LeakFacts) (effects []respond.Effect, reply respond.ReplyKind) {
		for _, a := range respond.Publish(f, time.Unix(1, 0)).Actions {
			effects = append(effects, a.Do)
			if a.Do == respond.Comment {
				reply = a.Reply.Kind
			}
		}
		return effects, reply
	}
	if effects, reply := do(f); len(effects) != 4 || reply != respond.ReplyPublished {
		t.Errorf("%v, %s", effects, reply)
	}
	f.Hidden = true
	if _, reply := do(f); reply != respond.ReplyPublicState {
		t.Errorf("strangers read %s", reply)
	}
	f.Leak.State = respond.Revoked
	if effects, _ := do(f); len(effects) != 0 {
		t.Errorf("%v for a leak that is closed", effects)
	}
}
