package respond

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

type lifeCase struct {
	name   string
	decide func() Decision
	want   []string
}

func lifeCases() []lifeCase {
	noon := monday.Add(3 * time.Hour)
	inState := func(l ledger.Leak, s ledger.LeakState) ledger.Leak {
		filed(&l)
		l.State, l.Responded = s, monday
		if s != ledger.Open {
			l.Closed, l.ClosedBy = monday, "grace"
		}
		return l
	}
	live, hook := leak(detect.SecretKey, detect.Live, 1), leak(detect.WebhookSecret, "", 3)
	test, legacy := leak(detect.SecretKey, detect.Test, 2), leak(detect.LegacyAPIKey, detect.Live, 4)
	facts := func(l ledger.Leak, s ledger.LeakState, change ...func(*LeakFacts)) LeakFacts {
		p := policy.Default()
		p.Notify = []policy.Notify{{To: "security"}}
		f := LeakFacts{Repository: shop, Leak: inState(l, s), Heads: []string{head}, Policy: p}
		for _, c := range change {
			c(&f)
		}
		return f
	}
	hear := func(f LeakFacts, said Said, role, reason string) func() Decision {
		return func() Decision {
			return Hear(f, Word{Said: said, Reason: reason, By: "ada", Role: role, ID: "comment:5", At: noon})
		}
	}
	bot := func(f LeakFacts) func() Decision {
		return func() Decision {
			return Hear(f, Word{Said: SaidClosed, By: "stale[bot]", Bot: true, ID: "d1", At: noon})
		}
	}
	learnFrom := func(f LeakFacts, role string, why Why, s clerk.State, attempt int) func() Decision {
		return func() Decision {
			a := clerk.Answer{State: s}
			switch s {
			case clerk.Alive:
				a.InstanceID = "ins_2abc"
			case clerk.Fenced:
				a.Detail = "Clerk answered 403, but not that the key is invalid"
			case clerk.Unknown:
				a.Detail = "Clerk answered 503"
			}
			q := Ask{Why: why, By: "ada", Role: role, Attempt: attempt, Word: "comment:5"}
			if why == Watching {
				q.By = ""
			}
			return Learn(f, q, a, noon)
		}
	}
	learn := func(f LeakFacts, why Why, s clerk.State, attempt int) func() Decision {
		return learnFrom(f, "write", why, s, attempt)
	}
	outside := func(f *LeakFacts) { f.Leak.Outside = true }
	busy := func(f *LeakFacts) { f.FiledHour = f.Policy.Issues.MaxPerHour }
	never := func(f *LeakFacts) { f.Policy.Verify = policy.Never }
	watch := func(f *LeakFacts) { f.Policy.Verify = policy.Watch }
	fenced := func(f *LeakFacts) { f.Leak.Answer = string(clerk.Fenced) }
	silent := func(f *LeakFacts) { f.Leak.Responded = time.Time{} }
	noIssue := func(f *LeakFacts) { f.Leak.IssueNumber = 0 }
	close := []string{"close_issue", "edit_issue", "comment", "update_check"}
	revokedNow := append([]string{"open > revoked by Clerk"}, append(close, "notify revoked")...)
	return []lifeCase{
		{"rotated: Clerk is asked", hear(facts(live, ledger.Open), SaidRotated, "write", ""), []string{"ask_clerk rotated"}},
		{"rotated, the first word", hear(facts(live, ledger.Open, silent), SaidRotated, "write", ""), []string{"open > open by ada", "ask_clerk rotated"}},
		{"rotated, Clerk may not be asked", hear(facts(live, ledger.Open, never), SaidRotated, "maintain", ""), append([]string{"open > resolved by ada"}, close...)},
		{"rotated, Clerk may not be asked, with write", hear(facts(live, ledger.Open, never), SaidRotated, "write", ""), []string{"comment"}},
		{"rotated, Clerk may not be asked, test key", hear(facts(test, ledger.Open, never), SaidRotated, "write", ""), append([]string{"open > resolved by ada"}, close...)},
		{"rotated, Clerk cannot tell, production", hear(facts(legacy, ledger.Open), SaidRotated, "write", ""), []string{"comment"}},
		{"rotated, Clerk cannot tell", hear(facts(hook, ledger.Open), SaidRotated, "write", ""), append([]string{"open > resolved by ada"}, close...)},
		{"rotated, is dead already", hear(facts(live, ledger.Revoked), SaidRotated, "write", ""), []string{"comment"}},
		{"rotated, was resolved", hear(facts(live, ledger.Resolved), SaidRotated, "write", ""), []string{"ask_clerk rotated"}},
		{"closed by hand", hear(facts(live, ledger.Open), SaidClosed, "write", ""), []string{"ask_clerk closed"}},
		{"closed by hand, may not ask", hear(facts(live, ledger.Open, never), SaidClosed, "admin", ""), append([]string{"open > resolved by ada"}, close...)},
		{"closed by hand, may not ask, with write", hear(facts(live, ledger.Open, never), SaidClosed, "write", ""), []string{"reopen_issue", "comment"}},
		{"closed by a bot", bot(facts(live, ledger.Open)), []string{"reopen_issue", "comment"}},
		{"closed by a bot, is closed", bot(facts(live, ledger.Ignored)), nil},
		{"triage", hear(facts(live, ledger.Open, noIssue, outside), SaidTriage, "triage", ""), []string{"open > open by ada", "file_issue", "notify opened", "update_check"}},
		{"triage, watched", hear(facts(live, ledger.Open, noIssue, outside, watch), SaidTriage, "write", ""), []string{"open > open by ada", "file_issue", "notify opened", "ask_clerk watching", "update_check"}},
		{"triage, too many in this hour", hear(facts(live, ledger.Open, noIssue, outside, busy), SaidTriage, "write", ""), []string{"open > open by ada", "sum_up", "notify opened", "update_check"}},
		{"triage of what is ours", hear(facts(live, ledger.Open), SaidTriage, "write", ""), []string{"comment"}},
		{"triage by a stranger", hear(facts(live, ledger.Open, noIssue, outside), SaidTriage, "read", ""), nil},
		{"from outside, said rotated", hear(facts(live, ledger.Open, noIssue, outside), SaidRotated, "admin", ""), nil},
		{"from outside, ignored", hear(facts(live, ledger.Open, noIssue, outside), SaidIgnore, "admin", "a decoy"), []string{"open > ignored by ada", "update_check"}},
		{"closed by hand, is closed", hear(facts(live, ledger.Revoked), SaidClosed, "write", ""), nil},
		{"ignore", hear(facts(hook, ledger.Open), SaidIgnore, "write", "a decoy"), append([]string{"open > ignored by ada"}, close...)},
		{"ignore without a reason", hear(facts(hook, ledger.Open), SaidIgnore, "write", ""), []string{"comment"}},
		{"ignore a production key with write", hear(facts(live, ledger.Open), SaidIgnore, "write", "a decoy"), []string{"comment"}},
		{"ignore a production key with maintain", hear(facts(live, ledger.Open), SaidIgnore, "maintain", "a decoy"), append([]string{"open > ignored by ada"}, close...)},
		{"ignore what is dead", hear(facts(live, ledger.Revoked), SaidIgnore, "admin", "a decoy"), []string{"comment"}},
		{"reopen", hear(facts(live, ledger.Ignored), SaidReopen, "write", "it is real"), []string{"ignored > open by ada", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"reopen what is open", hear(facts(live, ledger.Open), SaidReopen, "write", ""), []string{"comment"}},
		{"reopened by hand", hear(facts(live, ledger.Resolved), SaidReopened, "triage", ""), []string{"resolved > open by ada", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"reopened by hand, watched", hear(facts(live, ledger.Resolved, watch), SaidReopened, "write", ""), []string{"resolved > open by ada", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened", "ask_clerk watching"}},
		{"status", hear(facts(live, ledger.Open), SaidStatus, "write", ""), []string{"comment"}},
		{"help", hear(facts(live, ledger.Open), SaidHelp, "write", ""), []string{"comment"}},
		{"a typo", hear(facts(live, ledger.Open), SaidHelp, "write", "rotate"), []string{"comment"}},
		{"a stranger", hear(facts(live, ledger.Open), SaidRotated, "read", ""), []string{"comment"}},
		{"a stranger, no issue", hear(facts(live, ledger.Open, noIssue), SaidRotated, "none", ""), nil},
		{"a stranger closes", hear(facts(live, ledger.Open), SaidClosed, "triage", ""), []string{"reopen_issue", "comment"}},
		{"a button, no issue", hear(facts(live, ledger.Open, noIssue), SaidRotated, "admin", ""), []string{"ask_clerk rotated"}},

		{"dead", learn(facts(live, ledger.Open), Rotated, clerk.Revoked, 0), revokedNow},
		{"dead, closed by hand", learn(facts(live, ledger.Open), Closed, clerk.Revoked, 0), revokedNow},
		{"dead, watched", learn(facts(live, ledger.Open, watch), Watching, clerk.Revoked, 3), revokedNow},
		{"dead, was resolved", learn(facts(live, ledger.Resolved), Rotated, clerk.Revoked, 0), append([]string{"resolved > revoked by Clerk"}, revokedNow[1:]...)},
		{"dead, known", learn(facts(live, ledger.Revoked), Rotated, clerk.Revoked, 0), []string{"revoked > revoked by Clerk", "edit_issue"}},
		{"alive", learn(facts(live, ledger.Open), Rotated, clerk.Alive, 0), []string{"open > open by Clerk", "comment", "edit_issue"}},
		{"alive, closed by hand", learn(facts(live, ledger.Open), Closed, clerk.Alive, 0), []string{"open > open by Clerk", "reopen_issue", "comment", "edit_issue"}},
		{"alive, was resolved", learn(facts(live, ledger.Resolved), Rotated, clerk.Alive, 0), []string{"resolved > open by Clerk", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"alive, was ignored", learn(facts(live, ledger.Ignored), Rotated, clerk.Alive, 0), []string{"ignored > ignored by Clerk", "edit_issue"}},
		{"alive, watched", learn(facts(live, ledger.Open, watch), Watching, clerk.Alive, 1), []string{"open > open by Clerk", "ask_clerk watching", "edit_issue"}},
		{"alive, no longer watched", learn(facts(live, ledger.Open), Watching, clerk.Alive, 1), []string{"open > open by Clerk", "edit_issue"}},
		{"unknown", learn(facts(live, ledger.Open), Rotated, clerk.Unknown, 0), []string{"open > open by Clerk", "comment", "ask_clerk rotated", "edit_issue"}},
		{"unknown again", learn(facts(live, ledger.Open), Rotated, clerk.Unknown, 3), []string{"open > open by Clerk", "ask_clerk rotated", "edit_issue"}},
		{"unknown for good", learn(facts(live, ledger.Open), Rotated, clerk.Unknown, maxAsks-1), []string{"open > open by Clerk", "comment", "edit_issue"}},
		{"unknown, closed by hand", learn(facts(live, ledger.Open), Closed, clerk.Unknown, 0), []string{"open > open by Clerk", "reopen_issue", "comment", "ask_clerk rotated", "edit_issue"}},
		{"unknown, closed by a maintainer", learnFrom(facts(live, ledger.Open), "maintain", Closed, clerk.Unknown, 0), append([]string{"open > resolved by ada"}, close...)},
		{"unknown, closed by hand, test key", learn(facts(test, ledger.Open), Closed, clerk.Unknown, 0), append([]string{"open > resolved by ada"}, close...)},
		{"fenced", learn(facts(live, ledger.Open), Rotated, clerk.Fenced, 0), []string{"open > open by Clerk", "ask_clerk rotated", "edit_issue"}},
		{"fenced again", learn(facts(live, ledger.Open), Rotated, clerk.Fenced, 1), []string{"open > open by Clerk", "comment", "edit_issue"}},
		{"fenced as before", learn(facts(live, ledger.Open, fenced), Rotated, clerk.Fenced, 0), []string{"open > open by Clerk", "comment"}},
		{"fenced, closed by hand", learn(facts(live, ledger.Open), Closed, clerk.Fenced, 0), []string{"open > open by Clerk", "reopen_issue", "comment", "edit_issue"}},
		{"fenced, was resolved", learn(facts(live, ledger.Resolved), Rotated, clerk.Fenced, 0), []string{"resolved > open by Clerk", "reopen_issue", "edit_issue", "comment", "update_check", "notify reopened"}},
		{"fenced, was ignored", learn(facts(live, ledger.Ignored), Rotated, clerk.Fenced, 0), []string{"ignored > ignored by Clerk", "edit_issue"}},
		{"fenced, watched", learn(facts(live, ledger.Open, watch), Watching, clerk.Fenced, 0), []string{"open > open by Clerk", "ask_clerk watching", "edit_issue"}},
		{"unknown, watched", learn(facts(live, ledger.Open, watch), Watching, clerk.Unknown, 0), []string{"open > open by Clerk", "ask_clerk watching", "edit_issue"}},
	}
}

func TestLife(t *testing.T) {
	t.Parallel()
	for _, tt := range lifeCases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := tt.decide()
			if diff := cmp.Diff(tt.want, told(d)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(d, tt.decide()); diff != "" {
				t.Errorf("decided twice, the second time otherwise: %s", diff)
			}
			keys := map[string]bool{}
			for _, a := range d.Actions {
				if keys[a.Key] {
					t.Errorf("two actions under the key %q", a.Key)
				}
				keys[a.Key] = true
				if (a.Do == Comment) != (a.Body != "") || strings.Contains(a.Body, "@") {
					t.Errorf("comment %q", a.Body)
				}
			}
		})
	}
}

// TestComments holds all comments' words in one file, to be read by a person.
func TestCommentsGolden(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, tt := range lifeCases() {
		for _, a := range tt.decide().Actions {
			if a.Do == Comment {
				fmt.Fprintf(&b, "=== %s\n%s\n\n", tt.name, a.Body)
			}
		}
	}
	golden(t, "comments.md", b.String())
}

func TestOneLineForEachStranger(t *testing.T) {
	t.Parallel()
	f := LeakFacts{Repository: shop, Leak: with(leak(detect.SecretKey, detect.Live, 1), filed), Policy: policy.Default()}
	say := func(by, role, id string) string {
		return Hear(f, Word{Said: SaidIgnore, Reason: "x", By: by, Role: role, ID: id, At: monday}).Actions[0].Key
	}
	if say("eve", "read", "1") != say("eve", "read", "2") {
		t.Error("the same stranger gets a second line")
	}
	if say("eve", "read", "1") == say("mallory", "read", "1") {
		t.Error("another stranger gets none")
	}
}

func TestMayHear(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		login, kind string
		want        bool
	}{{"ada", "User", true}, {"rekey[bot]", "Bot", false}, {"rekey[bot]", "User", false}, {"", "User", false}} {
		if got := MayHear(tt.login, tt.kind); got != tt.want {
			t.Errorf("MayHear(%q, %q) = %t", tt.login, tt.kind, got)
		}
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	if got := askPause(0, 0); got != time.Minute {
		t.Errorf("first pause %s", got)
	}
	if got := askPause(100, 0); got != 2*time.Hour {
		t.Errorf("last pause %s", got)
	}
	if got := askPause(0, 5*time.Hour); got != 5*time.Hour {
		t.Errorf("Clerk wished for 5 h, got %s", got)
	}
	if got := watchPause(1000); got != 24*time.Hour {
		t.Errorf("last pause of watching %s", got)
	}
}

// TestAWordHeardTwiceIsAnsweredOnce: a delivery may be worked on again after its word has taken effect.
func TestAWordHeardTwiceIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	for _, said := range []Said{SaidIgnore, SaidReopen, SaidStatus, SaidHelp} {
		f := LeakFacts{Repository: shop, Leak: with(leak(detect.SecretKey, detect.Test, 1), filed), Policy: policy.Default()}
		if said == SaidReopen {
			f.Leak.State = ledger.Ignored
		}
		word := Word{Said: said, Reason: "x", By: "ada", Role: "admin", ID: "comment:5", At: monday}
		keys := map[string]bool{}
		comments := 0
		for range 2 {
			d := Hear(f, word)
			for _, c := range d.Changes {
				f.Leak = Apply(f.Leak, c)
			}
			for _, a := range d.Actions {
				if a.Do == Comment && !keys[a.Key] {
					comments++
				}
				keys[a.Key] = true
			}
		}
		if comments != 1 {
			t.Errorf("%s heard twice is answered %d times", said, comments)
		}
	}
}
