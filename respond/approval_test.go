package respond_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// deals is a leak about which people give commands, one after the other, and GitHub says what each of them may do.
type deals struct {
	facts respond.LeakFacts
	roles map[string]respond.Role
	team  map[string]respond.Membership
	now   time.Time
	n     int
}

func newDeals(approval respond.Approval) *deals {
	l := with(leak(detect.SecretKey, detect.Live, 1), filed)
	l.Pusher = "pia"
	p := respond.DefaultPolicy()
	p.Ignore.Approval = approval
	return &deals{
		facts: respond.LeakFacts{Repository: shop, Leak: l, Heads: []string{head}, Policy: p}, now: monday,
		roles: map[string]respond.Role{"ada": respond.RoleAdmin, "bob": respond.RoleMaintain, "pia": respond.RoleAdmin, "kim": respond.RoleWrite, "eve": respond.RoleRead},
		team:  map[string]respond.Membership{"sec": respond.TeamMember},
	}
}

// say gives a command a minute later, and returns what is answered.
func (d *deals) say(by string, kind respond.CommandKind, reason string) respond.ReplyKind {
	d.now, d.n = d.now.Add(time.Minute), d.n+1
	return d.applied(respond.Apply(d.facts, d.command(by, kind, reason)))
}

func (d *deals) command(by string, kind respond.CommandKind, reason string) respond.Command {
	c := respond.Command{Kind: kind, Reason: reason, By: by, Role: d.roles[by], ID: strings.Repeat("x", d.n), At: d.now, Roles: map[string]respond.Role{}}
	if asked := d.facts.Leak.Request.By; asked != "" {
		c.Roles[strings.ToLower(asked)] = d.roles[asked]
	}
	if _, _, named := d.facts.Policy.Ignore.Approval.Team(); named {
		if c.Team = d.team[by]; c.Team == "" {
			c.Team = respond.TeamStranger
		}
	}
	return c
}

func (d *deals) learn(by string, why respond.Why, verdict respond.Verdict) respond.ReplyKind {
	d.now = d.now.Add(time.Minute)
	return d.applied(respond.Learn(d.facts, respond.Verification{Why: why, By: by, Role: d.roles[by]}, respond.Answer{State: verdict}, d.now))
}

func (d *deals) applied(decided respond.Decision) (reply respond.ReplyKind) {
	for _, c := range decided.Changes {
		d.facts.Leak = c.ApplyTo(d.facts.Leak)
		if c.Moved() {
			d.facts.Moved = c.At
		}
	}
	for _, a := range decided.Actions {
		if a.Do == respond.Comment {
			reply = a.Reply.Kind
		}
	}
	return reply
}

func TestASecondPersonConfirms(t *testing.T) {
	t.Parallel()
	type said struct {
		by     string
		kind   respond.CommandKind
		reason string
		reply  respond.ReplyKind
	}
	const ignore, approve, rotated = respond.CommandIgnore, respond.CommandApprove, respond.CommandRotated
	for name, c := range map[string]struct {
		approval respond.Approval
		change   func(*deals)
		say      []said
		state    respond.State
		by, and  string
		reason   string
	}{
		"without approval":    {respond.ApprovalNone, nil, []said{{"ada", ignore, "a decoy", respond.ReplyMoved}}, respond.Ignored, "ada", "", "a decoy"},
		"waits":               {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}}, respond.Open, "", "", ""},
		"confirmed":           {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"bob", approve, "", respond.ReplyMoved}}, respond.Ignored, "ada", "bob", "a decoy"},
		"by the same word":    {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"bob", ignore, "a fixture", respond.ReplyMoved}}, respond.Ignored, "ada", "bob", "a decoy"},
		"by oneself":          {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"ada", approve, "", respond.ReplyOwnRequest}, {"ada", ignore, "a fixture", respond.ReplyWaits}}, respond.Open, "", "", ""},
		"in another case":     {respond.ApprovalSecondPerson, func(d *deals) { d.roles["ADA"] = respond.RoleAdmin }, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"ADA", approve, "", respond.ReplyOwnRequest}}, respond.Open, "", "", ""},
		"by who pushed it":    {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"pia", approve, "", respond.ReplyPusherApproves}}, respond.Open, "", "", ""},
		"asked by who pushed": {respond.ApprovalSecondPerson, nil, []said{{"pia", ignore, "a decoy", respond.ReplyWaits}, {"bob", approve, "", respond.ReplyMoved}}, respond.Ignored, "pia", "bob", "a decoy"},
		"with write":          {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"kim", approve, "", respond.ReplyNotApprover}}, respond.Open, "", "", ""},
		"by a stranger":       {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"eve", approve, "", respond.ReplyNotEntitled}}, respond.Open, "", "", ""},
		"nothing waits":       {respond.ApprovalSecondPerson, nil, []said{{"bob", approve, "", respond.ReplyNothingWaits}}, respond.Open, "", "", ""},
		"twice":               {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"bob", approve, "", respond.ReplyMoved}, {"bob", approve, "", respond.ReplyNothingWaits}}, respond.Ignored, "ada", "bob", "a decoy"},
		"reopened meanwhile":  {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"bob", approve, "", respond.ReplyMoved}, {"kim", respond.CommandReopen, "no", respond.ReplyMoved}, {"bob", approve, "", respond.ReplyNothingWaits}}, respond.Open, "", "", "no"},
		"asked again":         {respond.ApprovalSecondPerson, nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"ada", ignore, "a fixture", respond.ReplyWaits}, {"bob", approve, "", respond.ReplyMoved}}, respond.Ignored, "ada", "bob", "a fixture"},
		"another closing":     {respond.ApprovalSecondPerson, func(d *deals) { d.facts.Policy.Verify = respond.VerifyNever }, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"bob", rotated, "", respond.ReplyWaits}, {"ada", approve, "", respond.ReplyMoved}}, respond.Resolved, "bob", "ada", "said that it is rotated; by policy, rekey doesn't ask Clerk"},
		"rotated, unasked":    {respond.ApprovalSecondPerson, func(d *deals) { d.facts.Policy.Verify = respond.VerifyNever }, []said{{"ada", rotated, "", respond.ReplyWaits}, {"bob", rotated, "", respond.ReplyWaits}}, respond.Open, "", "", ""},
		"closed by hand":      {respond.ApprovalSecondPerson, func(d *deals) { d.facts.Policy.Verify = respond.VerifyNever }, []said{{"bob", respond.CommandClosed, "", respond.ReplyClosingAsksNothing}, {"ada", approve, "", respond.ReplyNothingWaits}}, respond.Open, "", "", ""},
		"a test key":          {respond.ApprovalSecondPerson, func(d *deals) { d.facts.Leak.Environment = detect.Test }, []said{{"kim", ignore, "a decoy", respond.ReplyMoved}}, respond.Ignored, "kim", "", "a decoy"},
		"a test key, public":  {respond.ApprovalSecondPerson, func(d *deals) { d.facts.Leak.Environment, d.facts.Hidden = detect.Test, true }, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"bob", approve, "", respond.ReplyPublicMoved}}, respond.Ignored, "ada", "bob", "a decoy"},
		"by the team":         {"team:acme/sec", nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"sec", approve, "", respond.ReplyMoved}}, respond.Ignored, "ada", "sec", "a decoy"},
		"not in the team":     {"team:acme/sec", nil, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"bob", approve, "", respond.ReplyNotApprover}, {"bob", ignore, "x", respond.ReplyNotApprover}}, respond.Open, "", "", ""},
		"team not readable":   {"team:acme/sec", func(d *deals) { d.team["bob"] = respond.TeamUnreadable }, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"bob", approve, "", respond.ReplyTeamUnreadable}}, respond.Open, "", "", ""},
		"in the team, asks":   {"team:acme/sec", func(d *deals) { d.team["ada"] = respond.TeamMember }, []said{{"ada", ignore, "a decoy", respond.ReplyWaits}, {"ada", approve, "", respond.ReplyOwnRequest}}, respond.Open, "", "", ""},
	} {
		d := newDeals(c.approval)
		if c.change != nil {
			c.change(d)
		}
		for i, s := range c.say {
			if reply := d.say(s.by, s.kind, s.reason); reply != s.reply {
				t.Errorf("%s: command %d is answered %q, want %q", name, i, reply, s.reply)
			}
		}
		l := d.facts.Leak
		if l.State != c.state || l.ClosedBy != c.by || l.ApprovedBy != c.and || l.Reason != c.reason {
			t.Errorf("%s: %s by %q and %q: %q", name, l.State, l.ClosedBy, l.ApprovedBy, l.Reason)
		}
		if l.State != respond.Open && l.Request.Waits() {
			t.Errorf("%s: it still waits", name)
		}
	}
}

// TestARequestInPublicSaysNothingOfTheKey: strangers don't learn from what waits which kind of credential it is, or what Clerk said.
func TestARequestInPublicSaysNothingOfTheKey(t *testing.T) {
	t.Parallel()
	d := newDeals(respond.ApprovalSecondPerson)
	d.facts.Hidden, d.facts.Leak.Kind = true, detect.LegacyAPIKey
	d.say("ada", respond.CommandClosed, "")
	d.now, d.n = d.now.Add(time.Minute), d.n+1
	decided := respond.Apply(d.facts, d.command("ada", respond.CommandRotated, ""))
	comments := 0
	for _, a := range decided.Actions {
		if a.Do != respond.Comment {
			continue
		}
		if comments++; a.Reply.Kind != respond.ReplyWaits || a.Reply.Leak.Request.Reason != "" {
			t.Errorf("%s: %q", a.Reply.Kind, a.Reply.Leak.Request.Reason)
		}
	}
	if comments != 1 {
		t.Errorf("%d comments", comments)
	}
}

// TestMergingAsksForNothing: GitHub closes an issue in the name of whoever merges, because somebody else wrote "Fixes #12". Where Clerk
// gives no clear answer either, what waits is what somebody said in so many words.
func TestMergingAsksForNothing(t *testing.T) {
	t.Parallel()
	d := newDeals(respond.ApprovalSecondPerson)
	d.say("bob", respond.CommandClosed, "")
	if reply := d.learn("bob", respond.Closed, respond.KeyUnknown); reply != respond.ReplyClosingAsksNothing || d.facts.Leak.Request.Waits() {
		t.Errorf("closed by merging: %s, %+v", reply, d.facts.Leak.Request)
	}
	if reply := d.say("ada", respond.CommandApprove, ""); reply != respond.ReplyNothingWaits || d.facts.Leak.State != respond.Open {
		t.Errorf("confirmed: %s, %s", reply, d.facts.Leak.State)
	}
	last := respond.Verification{Why: respond.Rotated, By: "bob", Role: respond.RoleMaintain, Attempt: respond.MaxVerifications - 1}
	if reply := d.applied(respond.Learn(d.facts, last, respond.Answer{State: respond.KeyUnknown}, d.now)); reply != respond.ReplyWaits {
		t.Errorf("said to be rotated, and Clerk stays silent: %s", reply)
	}
	if d.say("ada", respond.CommandApprove, ""); d.facts.Leak.State != respond.Resolved || d.facts.Leak.ApprovedBy != "ada" {
		t.Errorf("confirmed: %s by %q", d.facts.Leak.State, d.facts.Leak.ApprovedBy)
	}
}

// TestTheSecondPersonConfirmsInTime: a request ends after seven days, counts only while who asked may still ask, and is not confirmed by
// what was said before it.
func TestTheSecondPersonConfirmsInTime(t *testing.T) {
	t.Parallel()
	d := newDeals(respond.ApprovalSecondPerson)
	d.say("ada", respond.CommandIgnore, "a decoy")
	d.now = d.now.Add(respond.ApprovalWithin - time.Minute)
	if reply := d.say("bob", respond.CommandApprove, ""); reply != respond.ReplyRequestExpired || d.facts.Leak.State != respond.Open || d.facts.Leak.Request.Waits() {
		t.Errorf("after seven days: %s, %s", reply, d.facts.Leak.State)
	}
	d.say("ada", respond.CommandIgnore, "a decoy")
	d.roles["ada"] = respond.RoleWrite
	if reply := d.say("bob", respond.CommandApprove, ""); reply != respond.ReplyRequesterLost || d.facts.Leak.State != respond.Open || d.facts.Leak.Request.Waits() {
		t.Errorf("who asked is no maintainer any more: %s, %s", reply, d.facts.Leak.State)
	}
	d.roles["ada"] = respond.RoleAdmin
	d.say("ada", respond.CommandIgnore, "a decoy")
	early := d.command("bob", respond.CommandApprove, "")
	early.At = d.facts.Leak.Request.At.Add(-time.Second)
	if reply := d.applied(respond.Apply(d.facts, early)); reply != respond.ReplyNothingWaits || d.facts.Leak.State != respond.Open {
		t.Errorf("said before it was asked: %s, %s", reply, d.facts.Leak.State)
	}
	unasked := d.command("bob", respond.CommandApprove, "")
	unasked.Roles = nil
	if d.applied(respond.Apply(d.facts, unasked)); d.facts.Leak.State != respond.Open || !d.facts.Leak.Request.Waits() {
		t.Errorf("GitHub was not asked about who asked: %s", d.facts.Leak.State)
	}
	late := d.command("bob", respond.CommandIgnore, "much later")
	late.By, late.At = "ada", d.facts.Leak.Request.At.Add(-time.Hour)
	if d.applied(respond.Apply(d.facts, late)); d.facts.Leak.Request.Reason != "a decoy" {
		t.Errorf("an older wish took its place: %q", d.facts.Leak.Request.Reason)
	}
	if reply := d.say("bob", respond.CommandApprove, ""); reply != respond.ReplyMoved || d.facts.Leak.State != respond.Ignored {
		t.Errorf("in time: %s, %s", reply, d.facts.Leak.State)
	}
}

// TestTheEarlierLastDayCounts: two people agree until the earlier day of both.
func TestTheEarlierLastDayCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][3]string{
		"none":       {"a", "b", "0001-01-01"},
		"the first":  {"a until 2027-01-31", "b", "2027-02-01"},
		"the second": {"a", "b until 2027-03-31", "2027-04-01"},
		"the lesser": {"a until 2027-01-31", "b until 2026-12-31", "2027-01-01"},
	} {
		d := newDeals(respond.ApprovalSecondPerson)
		d.say("ada", respond.CommandIgnore, c[0])
		d.say("bob", respond.CommandIgnore, c[1])
		if got := d.facts.Leak.Until.Format(time.DateOnly); got != c[2] || d.facts.Leak.State != respond.Ignored {
			t.Errorf("%s: %s until %s, want %s", name, d.facts.Leak.State, got, c[2])
		}
	}
}

// TestOnePersonClosesNoProductionKey: whatever one person says, in whatever order, whatever Clerk's silence and time bring, a
// production key stays open without a second person; only Clerk closes it alone.
func TestOnePersonClosesNoProductionKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDeals(rapid.SampledFrom([]respond.Approval{respond.ApprovalSecondPerson, "team:acme/sec"}).Draw(t, "approval"))
		d.facts.Policy.Verify = rapid.SampledFrom([]respond.Verify{respond.VerifyNever, respond.VerifyOnRequest, respond.VerifyWatch}).Draw(t, "verify")
		d.facts.Leak.Kind = rapid.SampledFrom([]detect.Kind{detect.SecretKey, detect.LegacyAPIKey}).Draw(t, "kind")
		d.facts.Hidden, d.facts.Leak.Outside = rapid.Bool().Draw(t, "hidden"), rapid.Bool().Draw(t, "outside")
		d.team["ada"] = respond.TeamMember
		kinds := []respond.CommandKind{
			respond.CommandRotated, respond.CommandIgnore, respond.CommandReopen, respond.CommandStatus, respond.CommandHelp, respond.CommandApprove,
			respond.CommandSnooze, respond.CommandTriage, respond.CommandAccept, respond.CommandClosed, respond.CommandReopened,
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				why := rapid.SampledFrom([]respond.Why{respond.Rotated, respond.Closed, respond.Watching}).Draw(t, "why")
				d.learn("ada", why, rapid.SampledFrom([]respond.Verdict{respond.KeyAlive, respond.KeyFenced, respond.KeyUnknown, respond.KeyNotAsked}).Draw(t, "verdict"))
			case 1:
				d.now = d.now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "hours")) * time.Hour)
				d.applied(respond.FollowUp(d.facts, d.now))
			default:
				d.say("ada", rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.SampledFrom([]string{"", "x", "x until 2027-01-31", "2d"}).Draw(t, "reason"))
			}
			if d.facts.Leak.State != respond.Open {
				t.Fatalf("it is %s by %s", d.facts.Leak.State, d.facts.Leak.ClosedBy)
			}
		}
	})
}
