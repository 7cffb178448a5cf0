package respond

import (
	"fmt"
	"strings"
	"time"
)

// Alert is an alert of GitHub's secret scanning about a leak. It holds no credential.
type Alert struct {
	Repository  int64
	Number      int
	Fingerprint string // of the leak
	URL, Name   string // GitHub's page of it, and what GitHub calls such secrets

	State      AlertState
	Resolution string // of a resolved one, as GitHub names it: revoked, false_positive, wont_fix, used_in_tests …
	ResolvedBy string // login
	ResolvedAt time.Time
	Comment    string // of whoever resolved it
	Ours       bool   // rekey resolved it

	Public        bool      // GitHub found the key in a public repository
	BypassedBy    string    // login of who pushed it past push protection
	BypassedAt    time.Time // zero: nobody did
	BypassComment string

	Places []AlertPlace // beside those in files
}

// AlertState is whether an alert is open.
type AlertState string

// The states of an alert, by GitHub's names; "" is not known yet.
const (
	AlertOpen     AlertState = "open"
	AlertResolved AlertState = "resolved"
)

// AlertPlace is where GitHub found a key beside files: issue_comment, pull_request_body, wiki_commit and the like.
type AlertPlace struct{ Kind, URL string }

// GitHub's resolutions that rekey gives or acts on.
const (
	ResolvedRevoked       = "revoked"
	ResolvedFalsePositive = "false_positive"
	ResolvedWontFix       = "wont_fix"
	ResolvedInTests       = "used_in_tests"
)

// ResolutionName is a resolution in words.
func ResolutionName(resolution string) string {
	return strings.ReplaceAll(strings.Replace(resolution, "wont", "won't", 1), "_", " ")
}

// ResolvedCommand is what a person says about the leak who resolved the alert on GitHub; ok is false where it is shown, and nothing
// more. That a key is revoked is what /rekey rotated says. A test key is a false positive where they say so, under rekey's own rules for
// that; a production key never is, by a click elsewhere.
func (a Alert) ResolvedCommand(l Leak) (c Command, ok bool) {
	c = Command{By: a.ResolvedBy, At: a.ResolvedAt, ID: fmt.Sprintf("alert:%d:resolved:%d", a.Number, a.ResolvedAt.Unix())}
	if a.State != AlertResolved || a.Ours || !l.IsOpen() {
		return Command{}, false
	}
	switch a.Resolution {
	case ResolvedRevoked:
		c.Kind = CommandRotated
		return c, true
	case ResolvedFalsePositive, ResolvedInTests:
		c.Kind, c.Reason = CommandIgnore, fmt.Sprintf("resolved GitHub alert %d as %s", a.Number, ResolutionName(a.Resolution))
		if a.Comment != "" {
			c.Reason += ": " + a.Comment
		}
		return c, !l.Production()
	}
	return Command{}, false
}

// ReopenedCommand is what a person says about the leak who reopened the alert on GitHub; ok is false where nothing follows: Clerk has
// the last word on a revoked key.
func (a Alert) ReopenedCommand(l Leak, by string, at time.Time) (c Command, ok bool) {
	c = Command{
		Kind: CommandReopen, By: by, At: at, Reason: fmt.Sprintf("reopened GitHub alert %d", a.Number),
		ID: fmt.Sprintf("alert:%d:reopened:%d", a.Number, at.Unix()),
	}
	return c, a.State == AlertOpen && (l.State == Ignored || l.State == Resolved)
}

// Entitled reports whether whoever gave the command may do so. Who is not, and gave it by a click on GitHub, is not answered.
func (c Command) Entitled(l Leak) bool { return mayRun(c.Role, c.Kind, l) }

// AlertChange is what GitHub's alert is to be, so that it says what the leak says.
type AlertChange struct {
	State      AlertState
	Resolution string
	Comment    string
}

// AlertOf says what an alert of GitHub's is to be for a leak; change is false where it is to stay. What people resolved stays as they
// left it, so that two never quarrel.
func AlertOf(a Alert, l Leak) (c AlertChange, change bool) {
	if l.IsOpen() {
		return AlertChange{State: AlertOpen}, a.State == AlertResolved && a.Ours
	}
	if a.State == AlertResolved {
		return AlertChange{}, false
	}
	c = AlertChange{State: AlertResolved, Resolution: ResolvedRevoked, Comment: "rekey: " + l.Reason}
	switch {
	case l.State == Ignored && l.ClosedBy != Self:
		c.Resolution = ResolvedFalsePositive
	case l.State == Ignored && l.Production():
		c.Resolution = ResolvedWontFix
	case l.State == Ignored:
		c.Resolution = ResolvedInTests
	}
	if l.ClosedBy != "" && l.ClosedBy != Self && l.ClosedBy != ByClerk {
		c.Comment += ", by " + l.ClosedBy
	}
	if l.IssueNumber != 0 && l.IssueRepository == l.Repository {
		c.Comment += fmt.Sprintf(" (issue #%d)", l.IssueNumber)
	}
	return c, true
}

// Publish says what follows where GitHub found a leak's key in a public repository too: it is more urgent, and people are told once.
func Publish(f LeakFacts, at time.Time) Decision {
	var d Decision
	if !f.Leak.IsOpen() {
		return d
	}
	d.issue(EditIssue, f.Leak, at)
	d.comment(f.Leak, "published", at, f.reply(ReplyPublished))
	d.updateChecks(f.Leak.Repository, f.Heads, "")
	d.notify(f.Policy, f.Leak, NoticePublished, at)
	if f.Hidden {
		d.conceal(f, "", false)
	}
	return d
}
