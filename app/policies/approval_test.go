package policies

import (
	"maps"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// TestWithApprovalNoFileOfItsOwnAllows: where a second person is wanted, the repository's own file allows no production key, whoever
// pushed it; the organisation's does. And it can't take the approval back.
func TestWithApprovalNoFileOfItsOwnAllows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.repositories["shop"].SetRole(b.github.User("lee"), "admin")
	entry := func(seed int64) string {
		return "allow: {fingerprints: [{fingerprint: " + detect.NewSecret(detecttest.Key(seed, detect.Live)).Fingerprint() + ", reason: x}]}\n"
	}
	counting := func(organisation string) (own, theirs bool) {
		t.Helper()
		b.file(".github", organisation+entry(960))
		after := b.file("shop", "ignore: {approval: none}\n"+entry(961))
		if err := b.policies.Vouch(t.Context(), b.repository("shop"), Change{Pusher: "lee", After: after, Received: b.clock}); err != nil {
			t.Fatal(err)
		}
		b.policies.Forget(0, ".github")
		p := b.of("shop")
		for _, f := range p.Allow.Fingerprints {
			if f.Fingerprint == detect.NewSecret(detecttest.Key(960, detect.Live)).Fingerprint() {
				theirs = f.Production
			} else {
				own = f.Production
			}
		}
		return own, theirs
	}
	if own, theirs := counting(""); !own || !theirs {
		t.Errorf("without approval: its own %t, the organisation's %t", own, theirs)
	}
	if own, theirs := counting("ignore: {approval: second_person}\n"); own || !theirs {
		t.Errorf("with approval: its own %t, the organisation's %t", own, theirs)
	}
	if got := b.of("shop").Ignore.Approval; got != respond.ApprovalSecondPerson {
		t.Errorf("approval is %s", got)
	}
}

func TestMembership(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	acme := b.github.Organization("acme")
	b.github.SetTeam(acme, "security", b.github.User("sec"))
	shop := b.repository("shop")
	of := func(approval respond.Approval, login string) respond.Membership {
		t.Helper()
		p := respond.DefaultPolicy()
		p.Ignore.Approval = approval
		m, err := b.policies.Membership(t.Context(), shop, p, login)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := of(respond.ApprovalSecondPerson, "sec"); m != respond.TeamNotAsked {
		t.Errorf("no team: %q", m)
	}
	if m := of("team:acme/security", "sec"); m != respond.TeamUnreadable {
		t.Errorf("without the permission: %q", m)
	}
	with := maps.Clone(github.Wanted().Permissions)
	with["members"] = "read"
	b.app.AcceptPermissions(t.Context(), b.github.User("ada"), with)
	for login, want := range map[string]respond.Membership{"sec": respond.TeamMember, "ada": respond.TeamStranger} {
		if m := of("team:acme/security", login); m != want {
			t.Errorf("%s: %q", login, m)
		}
	}
	if m := of("team:umbrella/security", "sec"); m != respond.TeamUnreadable {
		t.Errorf("another's team: %q", m)
	}
}

// TestFollowUpSettingsAreChecked: what a file says of teams and targets is checked as what it says of others is.
func TestFollowUpSettingsAreChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for file, want := range map[string]string{
		"ignore: {approval: 'team:acme/security'}":                         "",
		"ignore:\n  approval: team:umbrella/security":                      "line 2: ignore.approval names a team of umbrella",
		"remind: {escalate: {after: 3d, to: team}}":                        "",
		"remind:\n  every: 7d\n  escalate:\n    after: 3d\n    to: others": "line 4: remind.escalate names \"others\"",
	} {
		commit := b.file("shop", file)
		problem, _, err := b.policies.Look(t.Context(), b.repository("shop"), commit, true)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if problem.Message != "" {
			got = "line " + string(rune('0'+problem.Line)) + ": " + problem.Message
		}
		if (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, want %q", file, got, want)
		}
	}
	b.policies.Forget(0, ".github")
	if to := b.of("shop").Remind.Escalate.To; to == "others" {
		t.Error("a target of others is escalated to")
	}
}
