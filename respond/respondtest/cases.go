package respondtest

import (
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// Case is a decision about one leak.
type Case struct {
	Name   string
	Decide func() respond.Decision
	Want   []string // see [Told]
}

// Run is the page of a run of GitHub Actions.
const Run = "https://github.com/acme/shop/actions/runs/30433642"

// Cases are what people say and Clerk answers in the life of a leak.
func Cases() []Case {
	noon := Monday.Add(3 * time.Hour)
	inState := func(l respond.Leak, s respond.State) respond.Leak {
		Filed(&l)
		l.State, l.Responded = s, Monday
		if s != respond.Open {
			l.Closed, l.ClosedBy = Monday, "grace"
		}
		return l
	}
	live, hook := Leak(detect.SecretKey, detect.Live, 1), Leak(detect.WebhookSecret, "", 3)
	test, legacy := Leak(detect.SecretKey, detect.Test, 2), Leak(detect.LegacyAPIKey, detect.Live, 4)
	facts := func(l respond.Leak, s respond.State, change ...func(*respond.LeakFacts)) respond.LeakFacts {
		p := respond.DefaultPolicy()
		p.Notify = []respond.NotifyRule{{To: "security"}}
		f := respond.LeakFacts{Repository: Shop, Leak: inState(l, s), Heads: []string{Head}, Policy: p}
		for _, c := range change {
			c(&f)
		}
		return f
	}
	command := func(f respond.LeakFacts, kind respond.CommandKind, role respond.Role, reason string) func() respond.Decision {
		return func() respond.Decision {
			return respond.Apply(f, respond.Command{Kind: kind, Reason: reason, By: "ada", Role: role, ID: "comment:5", At: noon})
		}
	}
	logs := func(f respond.LeakFacts, came respond.Logs) func() respond.Decision {
		return func() respond.Decision {
			came.Refused = slices.Clone(came.Refused)
			return respond.LogsDeleted(f, "ada", "leak:1:logs:comment:5", came, noon)
		}
	}
	bot := func(f respond.LeakFacts) func() respond.Decision {
		return func() respond.Decision {
			return respond.Apply(f, respond.Command{Kind: respond.CommandClosed, By: "stale[bot]", Bot: true, ID: "d1", At: noon})
		}
	}
	learnFrom := func(f respond.LeakFacts, role respond.Role, why respond.Why, s respond.Verdict, attempt int) func() respond.Decision {
		return func() respond.Decision {
			a := respond.Answer{State: s}
			switch s {
			case respond.KeyAlive:
				a.InstanceID = "ins_2abc"
			case respond.KeyFenced:
				a.Detail = "Clerk answered 403, but not that the key is invalid"
			case respond.KeyUnknown:
				a.Detail = "Clerk answered 503"
			}
			q := respond.Verification{Why: why, By: "ada", Role: role, Attempt: attempt, Command: "comment:5"}
			if why == respond.Watching {
				q.By = ""
			}
			return respond.Learn(f, q, a, noon)
		}
	}
	learn := func(f respond.LeakFacts, why respond.Why, s respond.Verdict, attempt int) func() respond.Decision {
		return learnFrom(f, "write", why, s, attempt)
	}
	outside := func(f *respond.LeakFacts) { f.Leak.Outside = true }
	busy := func(f *respond.LeakFacts) { f.FiledHour = f.Policy.Issues.MaxPerHour }
	never := func(f *respond.LeakFacts) { f.Policy.Verify = respond.VerifyNever }
	watch := func(f *respond.LeakFacts) { f.Policy.Verify = respond.VerifyWatch }
	fenced := func(f *respond.LeakFacts) { f.Leak.Verdict = respond.KeyFenced }
	silent := func(f *respond.LeakFacts) { f.Leak.Responded = time.Time{} }
	four := func(f *respond.LeakFacts) { f.Policy.Ignore.Approval = respond.ApprovalSecondPerson }
	team := func(f *respond.LeakFacts) { f.Policy.Ignore.Approval = "team:acme/security" }
	asked := func(by string, at time.Time) func(*respond.LeakFacts) {
		return func(f *respond.LeakFacts) {
			f.Leak.Request = respond.Request{To: respond.Ignored, By: by, At: at, Reason: "a decoy", Until: Monday.AddDate(0, 2, 1).Truncate(24 * time.Hour)}
		}
	}
	approve := func(f respond.LeakFacts, role respond.Role, team respond.Membership, theirs respond.Role) func() respond.Decision {
		return func() respond.Decision {
			return respond.Apply(f, respond.Command{
				Kind: respond.CommandApprove, By: "ada", Role: role, Team: team, ID: "comment:5", At: noon, Roles: map[string]respond.Role{"grace": theirs},
			})
		}
	}
	reached := func(f respond.LeakFacts, at time.Time) func() respond.Decision {
		return func() respond.Decision { return respond.FollowUp(f, at) }
	}
	byOthers := func(f *respond.LeakFacts) { f.Leak.Pusher = "mona" }
	aDay, aWeek := Monday.Add(24*time.Hour), Monday.Add(8*24*time.Hour)
	noIssue := func(f *respond.LeakFacts) { f.Leak.IssueNumber = 0 }
	closing := []string{"close_issue", "edit_issue", "comment", "update_check"}
	revokedNow := append([]string{"open > revoked by Clerk"}, append(closing, "notify revoked")...)
	return []Case{
		{"rotated: Clerk is asked", command(facts(live, respond.Open), respond.CommandRotated, "write", ""), []string{"ask_clerk rotated"}},
		{"rotated, the first word", command(facts(live, respond.Open, silent), respond.CommandRotated, "write", ""), []string{"open > open by ada", "ask_clerk rotated"}},
		{"rotated, Clerk may not be asked", command(facts(live, respond.Open, never), respond.CommandRotated, "maintain", ""), append([]string{"open > resolved by ada"}, closing...)},
		{"rotated, Clerk may not be asked, with write", command(facts(live, respond.Open, never), respond.CommandRotated, "write", ""), []string{"comment"}},
		{"rotated, Clerk may not be asked, test key", command(facts(test, respond.Open, never), respond.CommandRotated, "write", ""), append([]string{"open > resolved by ada"}, closing...)},
		{"rotated, Clerk cannot tell, production", command(facts(legacy, respond.Open), respond.CommandRotated, "write", ""), []string{"comment"}},
		{"rotated, Clerk cannot tell", command(facts(hook, respond.Open), respond.CommandRotated, "write", ""), append([]string{"open > resolved by ada"}, closing...)},
		{"rotated, revoked already", command(facts(live, respond.Revoked), respond.CommandRotated, "write", ""), []string{"comment"}},
		{"rotated, was resolved", command(facts(live, respond.Resolved), respond.CommandRotated, "write", ""), []string{"ask_clerk rotated"}},
		{"closed by hand", command(facts(live, respond.Open), respond.CommandClosed, "write", ""), []string{"ask_clerk closed"}},
		{"closed by hand, may not ask", command(facts(live, respond.Open, never), respond.CommandClosed, "admin", ""), append([]string{"open > resolved by ada"}, closing...)},
		{"closed by hand, may not ask, with write", command(facts(live, respond.Open, never), respond.CommandClosed, "write", ""), []string{"reopen_issue", "comment"}},
		{"closed by a bot", bot(facts(live, respond.Open)), []string{"reopen_issue", "comment"}},
		{"closed by a bot, is closed", bot(facts(live, respond.Ignored)), nil},
		{"triage", command(facts(live, respond.Open, noIssue, outside), respond.CommandTriage, "triage", ""), []string{"open > open by ada", "file_issue", "notify opened", "update_check"}},
		{"triage, watched", command(facts(live, respond.Open, noIssue, outside, watch), respond.CommandTriage, "write", ""), []string{"open > open by ada", "file_issue", "notify opened", "ask_clerk watching", "update_check"}},
		{"triage, too many in this hour", command(facts(live, respond.Open, noIssue, outside, busy), respond.CommandTriage, "write", ""), []string{"open > open by ada", "sum_up", "notify opened", "update_check"}},
		{"triage of what is ours", command(facts(live, respond.Open), respond.CommandTriage, "write", ""), []string{"comment"}},
		{"triage by a stranger", command(facts(live, respond.Open, noIssue, outside), respond.CommandTriage, "read", ""), nil},
		{"from outside, said rotated", command(facts(live, respond.Open, noIssue, outside), respond.CommandRotated, "admin", ""), nil},
		{"from outside, ignored", command(facts(live, respond.Open, noIssue, outside), respond.CommandIgnore, "admin", "a decoy"), []string{"open > ignored by ada", "update_check"}},
		{"closed by hand, is closed", command(facts(live, respond.Revoked), respond.CommandClosed, "write", ""), nil},
		{"ignore", command(facts(hook, respond.Open), respond.CommandIgnore, "write", "a decoy"), append([]string{"open > ignored by ada"}, closing...)},
		{"ignore without a reason", command(facts(hook, respond.Open), respond.CommandIgnore, "write", ""), []string{"comment"}},
		{"ignore a production key with write", command(facts(live, respond.Open), respond.CommandIgnore, "write", "a decoy"), []string{"comment"}},
		{"ignore a production key with maintain", command(facts(live, respond.Open), respond.CommandIgnore, "maintain", "a decoy"), append([]string{"open > ignored by ada"}, closing...)},
		{"ignore what is revoked", command(facts(live, respond.Revoked), respond.CommandIgnore, "admin", "a decoy"), []string{"comment"}},
		{"ignore until a day", command(facts(hook, respond.Open), respond.CommandIgnore, "write", "a decoy until 2027-01-31"), append([]string{"open > ignored by ada"}, closing...)},
		{"ignore until what is no day", command(facts(hook, respond.Open), respond.CommandIgnore, "write", "a decoy until Friday"), []string{"comment"}},
		{"ignore, a second person confirms", command(facts(live, respond.Open, four), respond.CommandIgnore, "admin", "a decoy"), []string{"open > open by ada", "edit_issue", "update_check", "comment"}},
		{"ignore, the team confirms", command(facts(live, respond.Open, team), respond.CommandIgnore, "admin", "a decoy"), []string{"open > open by ada", "edit_issue", "update_check", "comment"}},
		{"ignore, somebody asked for another closing", command(facts(live, respond.Open, four, never), respond.CommandRotated, "admin", ""), []string{"open > open by ada", "edit_issue", "update_check", "comment"}},
		{"closed by hand, a second person confirms", command(facts(live, respond.Open, four, never), respond.CommandClosed, "admin", ""), []string{"reopen_issue", "comment"}},
		{"approve", approve(facts(live, respond.Open, four, byOthers, asked("grace", Monday)), "maintain", "", "admin"), append([]string{"open > ignored by grace"}, closing...)},
		{"approve, nothing waits", approve(facts(live, respond.Open, four), "maintain", "", ""), []string{"comment"}},
		{"approve one's own", approve(facts(live, respond.Open, four, asked("ada", Monday)), "maintain", "", ""), []string{"comment"}},
		{"approve what one pushed", approve(facts(live, respond.Open, four, asked("grace", Monday)), "maintain", "", "admin"), []string{"comment"}},
		{"approve with write", approve(facts(live, respond.Open, four, byOthers, asked("grace", Monday)), "write", "", "admin"), []string{"comment"}},
		{"approve outside of the team", approve(facts(live, respond.Open, team, byOthers, asked("grace", Monday)), "admin", respond.TeamStranger, "admin"), []string{"comment"}},
		{"approve in the team", approve(facts(live, respond.Open, team, byOthers, asked("grace", Monday)), "read", respond.TeamMember, "admin"), append([]string{"open > ignored by grace"}, closing...)},
		{"approve, the team can't be read", approve(facts(live, respond.Open, team, byOthers, asked("grace", Monday)), "admin", respond.TeamUnreadable, "admin"), []string{"comment"}},
		{"approve what expired", approve(facts(live, respond.Open, four, byOthers, asked("grace", Monday.Add(-respond.ApprovalWithin))), "maintain", "", "admin"), []string{"open > open by ada", "comment", "edit_issue", "update_check"}},
		{"approve, who asked may not any more", approve(facts(live, respond.Open, four, byOthers, asked("grace", Monday)), "maintain", "", "write"), []string{"open > open by ada", "comment", "edit_issue", "update_check"}},
		{"approve what is revoked", approve(facts(live, respond.Revoked, four), "maintain", "", ""), []string{"comment"}},
		{"status, it waits", command(facts(live, respond.Open, four, asked("grace", Monday)), respond.CommandStatus, "write", ""), []string{"comment"}},
		{"help, a second person confirms", command(facts(live, respond.Open, four), respond.CommandHelp, "write", ""), []string{"comment"}},
		{"delete-comment", command(facts(live, respond.Open), respond.CommandDeleteComment, "write", ""), []string{"delete_texts"}},
		{"delete-comment, revoked", command(facts(live, respond.Revoked), respond.CommandDeleteComment, "write", ""), []string{"delete_texts"}},
		{"delete-comment with triage", command(facts(live, respond.Open), respond.CommandDeleteComment, "triage", ""), []string{"comment"}},
		{"snooze", command(facts(live, respond.Open), respond.CommandSnooze, "maintain", "2d"), []string{"open > open by ada", "edit_issue", "comment"}},
		{"snooze off", command(facts(live, respond.Open), respond.CommandSnooze, "maintain", "off"), []string{"open > open by ada", "edit_issue", "comment"}},
		{"snooze for ever", command(facts(live, respond.Open), respond.CommandSnooze, "maintain", "for ever"), []string{"comment"}},
		{"snooze with write", command(facts(live, respond.Open), respond.CommandSnooze, "write", "2d"), []string{"comment"}},
		{"snooze a test key", command(facts(test, respond.Open), respond.CommandSnooze, "write", "2d"), []string{"comment"}},
		{"a day later", reached(facts(live, respond.Open), aDay), []string{"open > open by rekey", "open > open by rekey", "comment", "notify reminded"}},
		{"a day later, it waits and works", reached(facts(live, respond.Open, four, asked("grace", Monday), func(f *respond.LeakFacts) { f.Leak.Verdict, f.Leak.VerifiedAt = respond.KeyAlive, noon }), aDay), []string{"open > open by rekey", "open > open by rekey", "comment", "notify reminded"}},
		{"a day later, in public", reached(facts(live, respond.Open, func(f *respond.LeakFacts) { f.Hidden = true }), aDay), []string{"open > open by rekey", "open > open by rekey", "comment", "notify reminded"}},
		{"a week later, nobody confirmed", reached(facts(live, respond.Open, four, asked("grace", Monday)), aWeek), []string{"open > open by rekey", "open > open by rekey", "comment", "edit_issue", "update_check"}},
		{"the last day is over", reached(facts(live, respond.Ignored, func(f *respond.LeakFacts) { f.Leak.Until = aDay }), aWeek), []string{"ignored > open by rekey", "open > open by rekey", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"reopen", command(facts(live, respond.Ignored), respond.CommandReopen, "write", "it is real"), []string{"ignored > open by ada", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"reopen what is open", command(facts(live, respond.Open), respond.CommandReopen, "write", ""), []string{"comment"}},
		{"reopened by hand", command(facts(live, respond.Resolved), respond.CommandReopened, "triage", ""), []string{"resolved > open by ada", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"reopened by hand, watched", command(facts(live, respond.Resolved, watch), respond.CommandReopened, "write", ""), []string{"resolved > open by ada", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened", "ask_clerk watching"}},
		{"status", command(facts(live, respond.Open), respond.CommandStatus, "write", ""), []string{"comment"}},
		{"delete logs", command(facts(live, respond.Open), respond.CommandDeleteLogs, "write", ""), []string{"delete_logs"}},
		{"delete logs of what is revoked", command(facts(live, respond.Revoked), respond.CommandDeleteLogs, "write", ""), []string{"delete_logs"}},
		{"delete logs, a stranger", command(facts(live, respond.Open), respond.CommandDeleteLogs, "triage", ""), []string{"comment"}},
		{"delete logs of what is outside", command(facts(live, respond.Open, noIssue, outside), respond.CommandDeleteLogs, "admin", ""), nil},
		{"logs deleted", logs(facts(live, respond.Open), respond.Logs{Deleted: 2, Gone: 1}), []string{"comment", "edit_issue"}},
		{"logs deleted, there were none", logs(facts(live, respond.Open), respond.Logs{}), []string{"comment"}},
		{"logs not deleted", logs(facts(live, respond.Open), respond.Logs{Deleted: 1, Refused: []string{Run + "/job/7#step:2:5", Run + "7"}}), []string{"comment", "edit_issue"}},
		{"logs not deleted, in public", logs(facts(live, respond.Open, func(f *respond.LeakFacts) { f.Hidden = true }), respond.Logs{Refused: []string{Run}}), []string{"comment"}},
		{"logs not deleted, it is archived", logs(facts(live, respond.Open), respond.Logs{Archived: true}), []string{"comment"}},
		{"help", command(facts(live, respond.Open), respond.CommandHelp, "write", ""), []string{"comment"}},
		{"a typo", command(facts(live, respond.Open), respond.CommandHelp, "write", "rotate"), []string{"comment"}},
		{"a stranger", command(facts(live, respond.Open), respond.CommandRotated, "read", ""), []string{"comment"}},
		{"a stranger, no issue", command(facts(live, respond.Open, noIssue), respond.CommandRotated, "none", ""), nil},
		{"a stranger closes", command(facts(live, respond.Open), respond.CommandClosed, "triage", ""), []string{"reopen_issue", "comment"}},
		{"a button, no issue", command(facts(live, respond.Open, noIssue), respond.CommandRotated, "admin", ""), []string{"ask_clerk rotated"}},

		{"dead", learn(facts(live, respond.Open), respond.Rotated, respond.KeyRevoked, 0), revokedNow},
		{"dead, closed by hand", learn(facts(live, respond.Open), respond.Closed, respond.KeyRevoked, 0), revokedNow},
		{"dead, watched", learn(facts(live, respond.Open, watch), respond.Watching, respond.KeyRevoked, 3), revokedNow},
		{"dead, was resolved", learn(facts(live, respond.Resolved), respond.Rotated, respond.KeyRevoked, 0), append([]string{"resolved > revoked by Clerk"}, revokedNow[1:]...)},
		{"dead, known", learn(facts(live, respond.Revoked), respond.Rotated, respond.KeyRevoked, 0), []string{"revoked > revoked by Clerk", "edit_issue"}},
		{"alive", learn(facts(live, respond.Open), respond.Rotated, respond.KeyAlive, 0), []string{"open > open by Clerk", "comment", "edit_issue"}},
		{"alive, closed by hand", learn(facts(live, respond.Open), respond.Closed, respond.KeyAlive, 0), []string{"open > open by Clerk", "reopen_issue", "comment", "edit_issue"}},
		{"alive, was resolved", learn(facts(live, respond.Resolved), respond.Rotated, respond.KeyAlive, 0), []string{"resolved > open by Clerk", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"alive, was ignored", learn(facts(live, respond.Ignored), respond.Rotated, respond.KeyAlive, 0), []string{"ignored > ignored by Clerk", "edit_issue"}},
		{"alive, watched", learn(facts(live, respond.Open, watch), respond.Watching, respond.KeyAlive, 1), []string{"open > open by Clerk", "ask_clerk watching", "edit_issue"}},
		{"alive, no longer watched", learn(facts(live, respond.Open), respond.Watching, respond.KeyAlive, 1), []string{"open > open by Clerk", "edit_issue"}},
		{"unknown", learn(facts(live, respond.Open), respond.Rotated, respond.KeyUnknown, 0), []string{"open > open by Clerk", "comment", "ask_clerk rotated", "edit_issue"}},
		{"unknown again", learn(facts(live, respond.Open), respond.Rotated, respond.KeyUnknown, 3), []string{"open > open by Clerk", "ask_clerk rotated", "edit_issue"}},
		{"unknown for good", learn(facts(live, respond.Open), respond.Rotated, respond.KeyUnknown, respond.MaxVerifications-1), []string{"open > open by Clerk", "comment", "edit_issue"}},
		{"unknown, closed by hand", learn(facts(live, respond.Open), respond.Closed, respond.KeyUnknown, 0), []string{"open > open by Clerk", "reopen_issue", "comment", "ask_clerk rotated", "edit_issue"}},
		{"unknown, closed by a maintainer", learnFrom(facts(live, respond.Open), "maintain", respond.Closed, respond.KeyUnknown, 0), append([]string{"open > resolved by ada"}, closing...)},
		{"unknown, closed by hand, test key", learn(facts(test, respond.Open), respond.Closed, respond.KeyUnknown, 0), append([]string{"open > resolved by ada"}, closing...)},
		{"fenced", learn(facts(live, respond.Open), respond.Rotated, respond.KeyFenced, 0), []string{"open > open by Clerk", "ask_clerk rotated", "edit_issue"}},
		{"fenced again", learn(facts(live, respond.Open), respond.Rotated, respond.KeyFenced, 1), []string{"open > open by Clerk", "comment", "edit_issue"}},
		{"fenced as before", learn(facts(live, respond.Open, fenced), respond.Rotated, respond.KeyFenced, 0), []string{"open > open by Clerk", "comment"}},
		{"fenced, closed by hand", learn(facts(live, respond.Open), respond.Closed, respond.KeyFenced, 0), []string{"open > open by Clerk", "reopen_issue", "comment", "edit_issue"}},
		{"fenced, was resolved", learn(facts(live, respond.Resolved), respond.Rotated, respond.KeyFenced, 0), []string{"resolved > open by Clerk", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"fenced, was ignored", learn(facts(live, respond.Ignored), respond.Rotated, respond.KeyFenced, 0), []string{"ignored > ignored by Clerk", "edit_issue"}},
		{"fenced, watched", learn(facts(live, respond.Open, watch), respond.Watching, respond.KeyFenced, 0), []string{"open > open by Clerk", "ask_clerk watching", "edit_issue"}},
		{"not asked any more", learnFrom(facts(live, respond.Open, never), "maintain", respond.Rotated, respond.KeyNotAsked, 0), append([]string{"open > resolved by ada"}, closing...)},
		{"not asked any more, with write", learn(facts(live, respond.Open, never), respond.Rotated, respond.KeyNotAsked, 2), []string{"comment"}},
		{"not asked any more, test key", learn(facts(test, respond.Open, never), respond.Rotated, respond.KeyNotAsked, 0), append([]string{"open > resolved by ada"}, closing...)},
		{"not asked any more, role not known", learnFrom(facts(live, respond.Open, never), "", respond.Rotated, respond.KeyNotAsked, 0), []string{"comment"}},
		{"not asked any more, closed by hand", learn(facts(live, respond.Open, never), respond.Closed, respond.KeyNotAsked, 0), []string{"reopen_issue", "comment"}},
		{"not asked any more, is dealt with", learn(facts(live, respond.Ignored, never), respond.Rotated, respond.KeyNotAsked, 0), nil},
		{"not watched any more", learn(facts(test, respond.Open, never), respond.Watching, respond.KeyNotAsked, 0), nil},
		{"unknown, watched", learn(facts(live, respond.Open, watch), respond.Watching, respond.KeyUnknown, 0), []string{"open > open by Clerk", "ask_clerk watching", "edit_issue"}},
	}
}
