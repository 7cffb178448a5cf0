package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	respondtext "github.com/rekey-app/rekey/respond/text"
)

func TestFollowUps(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"OneAdminTriesEverything": testOneAdminTriesEverything,
		"ATeamConfirms":           testATeamConfirms,
		"TheLastDayIsOver":        testTheLastDayIsOver,
		"Reminders":               testReminders,
	})
}

// serverPolicy restarts the server with a policy of its own.
func (w *world) serverPolicy(lines ...string) {
	w.t.Helper()
	w.restart(func() { w.flags.PolicyFile = w.file("server.yml", lines...) })
}

// colleague is somebody with a role in the shop.
func (w *world) colleague(login, role string) *githubtest.Account {
	a := w.github.User(login)
	w.shop.SetRole(a, role)
	return a
}

// testOneAdminTriesEverything: what an admin of the repository says in comments, buttons and the repository's own file, and does to the
// issue by hand, makes no production key's check green, nor neutral, without a second person.
func testOneAdminTriesEverything(t *testing.T) {
	w := newShop(t)
	w.serverPolicy("ignore: {approval: second_person}", "lock: [fail_on, verify, issues, mode]")
	bob := w.colleague("bob", "maintain")
	kim := w.colleague("kim", "write")
	pia := w.colleague("pia", "write")
	text, key := w.secret(700, detect.Live)
	sha := w.pushedBy(pia, map[string]string{"a.env": env(text)})
	number := w.filed(1)[0].Number
	comments := 0
	stays := func(what string, said ...string) {
		t.Helper()
		comments++
		w.settle()
		w.conclusion(sha, "failure")
		w.state(number, "open", respond.Open)
		holds(t, what, w.last(number, comments), said...)
	}
	w.say(number, "/rekey ignore a decoy", w.ada)
	stays("asked", "Waits for a second person", "`ada`", "`a decoy`", "/rekey approve")
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Title+w.shop.CheckRuns(sha)[0].Summary, "waits for a second person", "`ada` wants to close this")
	holds(t, "the issue", w.issue(number).Body, "Waits for a second person", "`a decoy`")
	w.say(number, "/rekey approve", w.ada)
	stays("confirmed alone", "you asked for this yourself")
	w.say(number, "/rekey ignore a fixture of ours", w.ada)
	stays("asked again", "a fixture of ours")
	w.took(w.shop.PressButton(w.ctx, w.shop.CheckRuns(sha)[0].ID, "not-a-secret", w.ada))
	stays("by the button", "pressed")
	w.say(number, "/rekey approve", kim)
	stays("confirmed with write", "another maintainer or admin")
	w.say(number, "/rekey approve", w.sam)
	stays("confirmed by a reader", "people with write access")
	// Her own file: everything that could help.
	own := w.pushedBy(w.ada, map[string]string{policyPath: "ignore: {approval: none}\nverify: never\nfail_on: none\nmode: observe\nissues: {off: true}\n" +
		"allow:\n  fingerprints:\n    - {fingerprint: " + key.Fingerprint() + ", reason: 'a decoy'}\n  paths: [{path: '**', reason: all}]\n"})
	again := w.pushedBy(w.ada, map[string]string{"b.env": "# rekey:allow\n" + strings.TrimSpace(env(text)) + " # rekey:allow\n"})
	for _, head := range []string{own, again} {
		if run := w.shop.CheckRuns(head)[0]; head == again && run.Conclusion != "failure" {
			t.Errorf("with her own file the check is %s: %s", run.Conclusion, run.Summary)
		}
	}
	holds(t, "the check", w.shop.CheckRuns(again)[0].Summary, "wants a second person", "ignore.approval")
	w.state(number, "open", respond.Open)
	// Clerk says nothing clear, so that her word would count.
	w.clerk.Fail(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusServiceUnavailable) })
	w.took(w.shop.CloseIssue(w.ctx, number, "", w.ada))
	stays("closed by hand", "Open again", "it takes two people")
	// By merging what says "Fixes #1", bob would close it too, unaware: that is not his word.
	w.took(w.shop.CloseIssue(w.ctx, number, "", bob))
	stays("closed by a merge", "Open again", "it takes two people")
	holds(t, "the issue", w.issue(number).Body, "`ada` wants to close this")
	// The second person.
	w.say(number, "/rekey approve", bob)
	w.state(number, "closed", respond.Ignored)
	for _, head := range []string{sha, again} {
		w.conclusion(head, "success")
	}
	holds(t, "the comment", w.last(number, comments+1), "`ada`", "confirmed by `bob`")
	leak, history := w.leak(number)
	if leak.ClosedBy != "ada" || leak.ApprovedBy != "bob" || history[len(history)-1].ApprovedBy != "bob" {
		t.Errorf("closed by %q and %q: %+v", leak.ClosedBy, leak.ApprovedBy, history)
	}
	holds(t, "the issue", w.issue(number).Body, "confirmed by `bob`")
	w.holdsNoKey()
}

func testATeamConfirms(t *testing.T) {
	w := newShop(t)
	w.serverPolicy("ignore: {approval: 'team:acme/security'}")
	bob := w.colleague("bob", "admin")
	sec := w.github.User("sec")
	acme := w.github.Organization("acme")
	w.github.SetTeam(acme, "security", sec)
	text, _ := w.secret(701, detect.Live)
	sha := w.pushedBy(bob, map[string]string{"a.env": env(text)})
	number := w.filed(1)[0].Number
	w.say(number, "/rekey ignore a decoy", w.ada)
	holds(t, "asked", w.last(number, 1), "a member of the team `acme/security`")
	w.say(number, "/rekey approve", sec)
	holds(t, "the App may not see the team", w.last(number, 2), "nobody can confirm this", "Members: Read-only")
	w.conclusion(sha, "failure")
	with := maps.Clone(github.Wanted().Permissions)
	with["members"] = "read"
	w.app.AcceptPermissions(w.ctx, w.ada, with)
	w.settle()
	w.say(number, "/rekey approve", w.colleague("max", "admin"))
	holds(t, "an admin who is not in it", w.last(number, 3), "it takes a member of the team")
	w.conclusion(sha, "failure")
	w.say(number, "/rekey approve", sec)
	w.state(number, "closed", respond.Ignored)
	w.conclusion(sha, "success")
	holds(t, "the comment", w.last(number, 4), "by `ada`, confirmed by `sec`: `a decoy`")
}

// passed moves what is recorded of a leak's time into the past, and has the server look again, as it does every few minutes.
func (w *world) passed(leak int64, d time.Duration) {
	w.t.Helper()
	err := w.server.Store().Update(w.ctx, func(ctx context.Context, tx *ledger.Tx) error {
		before, err := tx.Leak(ctx, leak)
		if err != nil {
			return err
		}
		set := ""
		for _, column := range []string{"detected", "closed", "counts_until", "request_at", "snoozed", "reminded", "escalated", "look"} {
			set += fmt.Sprintf("%s = CASE %s WHEN 0 THEN 0 ELSE %s - %d END, ", column, column, column, d.Microseconds())
		}
		_, err = tx.ExecSQL(ctx, "UPDATE leaks SET "+strings.TrimSuffix(set, ", ")+fmt.Sprintf(" WHERE id = %d", leak))
		if err == nil && !before.Reminded.IsZero() { // its comment is known by when it was
			name := func(at time.Time) string {
				return "comment:" + respondtext.CommentMarker(fmt.Sprintf("leak:%d:remind:%d", leak, at.UnixMicro()))
			}
			_, err = tx.ExecSQL(ctx, "UPDATE actions SET key = '"+name(before.Reminded.Add(-d))+"' WHERE key = '"+name(before.Reminded)+"'")
		}
		if err == nil {
			_, err = tx.ExecSQL(ctx, fmt.Sprintf("UPDATE events SET at = at - %d WHERE leak = %d", d.Microseconds(), leak))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.looks()
}

// looks restarts the server, which looks at once.
func (w *world) looks() {
	w.t.Helper()
	w.restart(func() {})
	w.eventually("the leaks to be followed up", func() (done bool) {
		w.view(func(ctx context.Context, tx *ledger.Tx) error {
			due, err := tx.LeaksToFollowUp(ctx, 10)
			done = len(due) == 0
			return err
		})
		return done
	})
	w.settle()
}

func testTheLastDayIsOver(t *testing.T) {
	w := newShop(t)
	sha, _, issue := w.leaked(702, detect.Live)
	w.say(issue.Number, "/rekey ignore a decoy until 2001-01-31", w.ada)
	holds(t, "the answer", w.last(issue.Number, 1), "until 2027-01-31")
	w.state(issue.Number, "open", respond.Open)
	day := time.Now().UTC().AddDate(0, 0, 3).Format(time.DateOnly)
	w.say(issue.Number, "/rekey ignore a decoy until "+day, w.ada)
	w.state(issue.Number, "closed", respond.Ignored)
	w.conclusion(sha, "success")
	holds(t, "the issue", w.issue(issue.Number).Body, "opens again by itself")
	leak, _ := w.leak(issue.Number)
	w.passed(leak.ID, 2*24*time.Hour)
	w.state(issue.Number, "closed", respond.Ignored)
	w.passed(leak.ID, 3*24*time.Hour)
	w.state(issue.Number, "open", respond.Open)
	w.conclusion(sha, "failure")
	holds(t, "the comment", w.last(issue.Number, 3), "Open again", "last day")
}

// testReminders: one comment at a time, in place of the one before; quiet when snoozed, and one after days without a server.
func testReminders(t *testing.T) {
	w := newShop(t)
	slack := newReceiver(t, 0)
	w.restart(func() {
		w.flags.NotifyFile = w.file("notify.yml", "- {name: team, format: slack, url: '"+slack.URL+"'}", "- {name: ciso, format: slack, url: '"+slack.URL+"'}")
		w.flags.PolicyFile = w.file("server.yml", "remind: {quiet: off, escalate: {after: 3d, to: ciso}}", "notify: [{to: team, on: [reminded]}]")
	})
	_, _, issue := w.leaked(703, detect.Live)
	_, _, other := w.leaked(704, detect.Test)
	leak, _ := w.leak(issue.Number)
	third, _ := w.leak(other.Number)
	notices := func(want int) string {
		t.Helper()
		messages, _ := slack.all()
		if len(messages) != want {
			t.Fatalf("%d notices, want %d: %q", len(messages), want, messages)
		}
		return messages[want-1]
	}
	w.passed(leak.ID, 25*time.Hour)
	holds(t, "the reminder", w.last(issue.Number, 1), "Open for 1 day", "/rekey snooze 2d")
	holds(t, "the notice", notices(1), "Still open", "open for 1 day")
	w.looks()
	w.last(issue.Number, 1)
	w.say(issue.Number, "/rekey snooze 30d", w.ada)
	holds(t, "the answer", w.last(issue.Number, 2), "No reminders until")
	holds(t, "the issue", w.issue(issue.Number).Body, "none until")
	w.passed(leak.ID, 8*24*time.Hour)
	w.last(issue.Number, 2)
	w.say(issue.Number, "/rekey snooze off", w.ada)
	w.passed(leak.ID, 2*time.Hour)
	// The reminder before is gone, and there are two answers beside this one.
	holds(t, "the reminder", w.last(issue.Number, 3), "Open for 9 days")
	messages, _ := slack.all()
	if len(messages) != 3 || !strings.Contains(strings.Join(messages, ""), "escalated: open for 9 days") {
		t.Errorf("notices: %q", messages)
	}
	w.passed(leak.ID, 24*time.Hour)
	w.last(issue.Number, 3)
	w.passed(third.ID, 30*24*time.Hour)
	w.last(other.Number, 0)
	w.holdsNoKey()
}
