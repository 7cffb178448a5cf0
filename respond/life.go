package respond

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// LeakFacts are what is known of one leak when somebody says something about it, or Clerk answers.
type LeakFacts struct {
	Repository Repository
	Leak       ledger.Leak
	Heads      []string // head commits whose checks show the leak: all are concluded anew when its state changes
	Policy     policy.Policy
	FiledHour  int  // issues filed for this repository in the last hour
	Hidden     bool // strangers read the leak's issue
}

// Word is something that a person said about a leak.
type Word struct {
	Said   Said
	Reason string
	By     string // login
	Role   string // in the leak's repository: admin, maintain, write, triage, read or none
	ID     string // of the comment, or of the delivery: the same word heard twice is one word
	At     time.Time
	Button bool
	Bot    bool // another App, whose closing is undone; all else that it says is not heard
}

// MayHear reports whether words of this sender count at all: those of bots, our own above all, do not.
func MayHear(login, senderType string) bool {
	return login != "" && senderType != "Bot" && !strings.HasSuffix(login, "[bot]")
}

// entitled reports whether a person with this role may say this about the leak: write, and for ignoring a production key
// maintain or admin.
func entitled(role string, said Said, l ledger.Leak) bool {
	switch role {
	case "admin", "maintain":
		return true
	case "write":
		return said != SaidIgnore || detect.Environment(l.Environment) != detect.Live
	case "triage":
		return said == SaidReopened || said == SaidReopen || said == SaidTriage // who sees danger may say so
	}
	return false
}

// Hear says what to do about a person's word. The states and who moves between them:
//
//	open     > revoked   Clerk, when it was asked because somebody said rotated or closed the issue, or by watching
//	open     > ignored   a person, with a reason; or the policy, or rekey:allow on each line of a test key
//	open     > resolved  a person, where Clerk cannot be asked, may not be, or closing by hand met no clear answer;
//	                     for a production key a maintainer
//	closed   > open      a person; or Clerk, that the key works (but for an ignored one); or the key is pushed again
func Hear(f LeakFacts, w Word) Decision {
	d := hear(f, w)
	if f.Hidden {
		before := ""
		if w.Said == SaidHelp {
			before = notUnderstood(w.Reason)
		}
		d.hush(before, f.Leak.State, false)
	}
	return d
}

func hear(f LeakFacts, w Word) Decision {
	h := hearing{LeakFacts: f, word: w}
	if h.Leak.State == "" {
		h.Leak.State = ledger.Open
	}
	if w.Bot {
		if w.Said == SaidClosed {
			h.closedByBot()
		}
		return h.Decision
	}
	if !entitled(w.Role, w.Said, h.Leak) {
		h.refuse()
		return h.Decision
	}
	if h.Leak.Outside && w.Said != SaidTriage && w.Said != SaidIgnore && w.Said != SaidReopen {
		return h.Decision // nobody is asked about what a stranger brought, before it is admitted
	}
	if h.Leak.Responded.IsZero() && w.Said != SaidHelp && w.Said != SaidStatus {
		h.Changes = append(h.Changes, Change{Leak: h.Leak.ID, At: w.At, By: w.By, From: h.Leak.State, To: h.Leak.State, Responded: true})
	}
	switch w.Said {
	case SaidRotated:
		h.rotated(Rotated)
	case SaidClosed:
		if h.Leak.State == ledger.Open {
			h.rotated(Closed)
		}
	case SaidIgnore:
		h.ignore()
	case SaidTriage:
		h.admit()
	case SaidReopen, SaidReopened:
		h.reopen()
	case SaidStatus:
		h.reply(h.statusText())
	default:
		h.reply(notUnderstood(w.Reason) + helpText(h.LeakFacts))
	}
	h.oneComment()
	return h.Decision
}

// oneComment gives the comment that answers a word the word's own key. Heard a second time, when the leak is in another
// state already, the word would be answered otherwise, and is not answered again.
func (h *hearing) oneComment() {
	for i, a := range h.Actions {
		if a.Do == Comment {
			h.Actions[i].Key = fmt.Sprintf("leak:%d:word:%s", h.Leak.ID, h.word.ID)
		}
	}
}

// hearing is the decision about one word, as it is made.
type hearing struct {
	LeakFacts
	Decision
	word Word
}

// refuse gives one polite line to each person, once for the leak's whole life, and undoes a closing by hand.
func (h *hearing) refuse() {
	if h.word.Said == SaidClosed && h.Leak.State == ledger.Open {
		h.issue(ReopenIssue, h.Leak, h.word.At)
	}
	if h.Leak.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, h.Leak, "refuse:"+h.word.By)
	if h.word.Role == "write" { // may say all but this one thing
		a = leakAction(Comment, h.Leak, "refuse:ignore:"+h.word.By)
	}
	a.Body = refusal(h.LeakFacts, h.word)
	h.Actions = append(h.Actions, a)
}

// reply comments in answer to the word.
func (h *hearing) reply(body string) { h.comment(h.Leak, "reply", h.word.At, body) }

// rotated asks Clerk, or takes the person's word where it cannot be asked.
func (h *hearing) rotated(why Why) {
	switch {
	case h.Leak.State == ledger.Revoked:
		h.reply("Clerk has said already that this key is dead. There is nothing left to do.")
	case h.Policy.Verify != policy.Never && clerkCanTell(h.Leak):
		h.Actions = append(h.Actions, askAction(h.Leak, Ask{Why: why, By: h.word.By, Role: h.word.Role, Word: h.word.ID}, 0))
	case h.Leak.State == ledger.Open && !mayVouch(h.word.Role, h.LeakFacts):
		h.refuseUnconfirmed(why)
	case h.Leak.State == ledger.Open:
		reason := "said that it is rotated"
		if why == Closed {
			reason = "closed the issue"
		}
		if clerkCanTell(h.Leak) {
			reason += "; the policy says that Clerk is not to be asked"
		} else {
			reason += "; Clerk cannot be asked about this kind of credential"
		}
		h.move(h.LeakFacts, ledger.Resolved, h.word.By, reason, h.word.At)
	}
}

func (h *hearing) ignore() {
	reason := h.word.Reason
	if h.word.Button && reason == "" {
		reason = "pressed \"Not a secret\" on the check"
	}
	switch {
	case reason == "":
		h.reply("Please say why, so that others can follow it later: `/rekey ignore <reason>`.")
	case h.Leak.State == ledger.Open, h.Leak.State == ledger.Resolved:
		h.move(h.LeakFacts, ledger.Ignored, h.word.By, reason, h.word.At)
	default:
		h.reply("This is closed already, as " + string(h.Leak.State) + ".")
	}
}

func (h *hearing) reopen() {
	if h.Leak.State == ledger.Open {
		if h.word.Said == SaidReopen {
			h.reply("This is open.")
		}
		return
	}
	reason := h.word.Reason
	if reason == "" {
		reason = "reopened it"
	}
	h.move(h.LeakFacts, ledger.Open, h.word.By, reason, h.word.At)
}

// move brings the leak into another state, with all that follows from it: issue, comment, checks, those who are told.
func (d *Decision) move(f LeakFacts, to ledger.LeakState, by, reason string, at time.Time) *Change {
	l := f.Leak
	d.Changes = append(d.Changes, Change{Leak: l.ID, At: at, By: by, From: l.State, To: to, Reason: reason})
	c := &d.Changes[len(d.Changes)-1]
	event := string(to)
	if to == ledger.Open {
		event = "reopened"
		d.issue(ReopenIssue, l, at)
	} else if l.IssueNumber != 0 {
		a := leakAction(CloseIssue, l, stamp(CloseIssue, at))
		a.NotPlanned = to == ledger.Ignored
		d.Actions = append(d.Actions, a)
	}
	d.issue(EditIssue, l, at)
	d.comment(l, event, at, changeText(f, *c))
	for _, head := range f.Heads {
		d.Actions = append(d.Actions, Action{Do: UpdateCheck, Key: "check:" + strconv.FormatInt(l.Repository, 10) + ":" + head, Repository: l.Repository, Head: head})
	}
	d.notify(f.Policy, l, event, at)
	if to == ledger.Open && f.Policy.Verify == policy.Watch && clerkCanTell(l) && !l.Outside {
		d.Actions = append(d.Actions, askAction(l, Ask{Why: Watching, Word: strconv.FormatInt(at.UnixMicro(), 10)}, watchPause(0)))
	}
	return c
}

// maxAsks is how often a question is asked that Clerk does not answer clearly.
const maxAsks = 8

// askPause grows from one minute to two hours; what Clerk itself wishes counts where it is longer.
func askPause(attempt int, wish time.Duration) time.Duration {
	return max(wish, min(time.Minute<<min(attempt, 8), 2*time.Hour))
}

// watchPause grows from a quarter of an hour to a day.
func watchPause(attempt int) time.Duration {
	return min(15*time.Minute<<min(attempt, 8), 24*time.Hour)
}

// Learn says what to do about Clerk's answer.
func Learn(f LeakFacts, q Ask, a clerk.Answer, now time.Time) Decision {
	d := learn(f, q, a, now)
	if f.Hidden {
		d.hush("", f.Leak.State, true)
	}
	return d
}

func learn(f LeakFacts, q Ask, a clerk.Answer, now time.Time) Decision {
	var d Decision
	if f.Leak.State == "" {
		f.Leak.State = ledger.Open
	}
	before := f.Leak
	f.Leak.Answer, f.Leak.Asked = string(a.State), now
	if a.InstanceID != "" {
		f.Leak.InstanceID = a.InstanceID
	}
	switch a.State {
	case clerk.Revoked:
		d.dead(f, q, now)
	case clerk.Alive:
		d.alive(f, q, now)
	case clerk.Fenced:
		d.fenced(f, q, a, before.Answer == string(clerk.Fenced), now)
	default:
		d.unknown(f, q, a, now)
	}
	if len(d.Changes) == 0 { // the answer is kept even where nothing follows from it
		d.Changes = append(d.Changes, Change{Leak: f.Leak.ID, At: now, By: "Clerk", From: f.Leak.State, To: f.Leak.State})
		if before.Answer != f.Leak.Answer || before.InstanceID != f.Leak.InstanceID {
			d.issue(EditIssue, f.Leak, now)
		}
	}
	last := &d.Changes[len(d.Changes)-1]
	last.Answer, last.InstanceID = string(a.State), a.InstanceID
	return d
}

func (d *Decision) dead(f LeakFacts, q Ask, now time.Time) {
	if f.Leak.State == ledger.Revoked {
		return
	}
	reason := "Clerk no longer accepts the key"
	if q.By != "" {
		reason += ", after " + q.By + " said that it is rotated"
	}
	d.move(f, ledger.Revoked, "Clerk", reason, now)
}

func (d *Decision) alive(f LeakFacts, q Ask, now time.Time) {
	if f.Leak.State == ledger.Ignored {
		return // somebody entitled knows of it, and said why
	}
	if f.Leak.State != ledger.Open {
		d.move(f, ledger.Open, "Clerk", "Clerk still accepts the key", now)
		return
	}
	switch q.Why {
	case Closed:
		d.issue(ReopenIssue, f.Leak, now)
		d.answer(f.Leak, q, stillWorks(f, q))
	case Rotated:
		d.answer(f.Leak, q, stillWorks(f, q))
	case Watching:
		d.watchOn(f, q)
	}
}

// fenced keeps the leak open: the key may work from other addresses. Once the refusal repeats, asking again brings
// nothing new, and a person has to decide.
func (d *Decision) fenced(f LeakFacts, q Ask, a clerk.Answer, repeated bool, now time.Time) {
	switch {
	case f.Leak.State == ledger.Ignored:
	case f.Leak.State != ledger.Open:
		d.move(f, ledger.Open, "Clerk", "Clerk refused the key without saying that it is invalid, so it may still work from certain addresses", now)
	case q.Why == Closed:
		d.issue(ReopenIssue, f.Leak, now)
		d.answer(f.Leak, q, refusedElsewhere(f.Leak, a))
	case q.Why == Rotated && !repeated && q.Attempt == 0:
		q.Attempt++
		d.Actions = append(d.Actions, askAction(f.Leak, q, askPause(0, a.RetryAfter)))
	case q.Why == Rotated:
		d.answer(f.Leak, q, refusedElsewhere(f.Leak, a))
	case q.Why == Watching:
		q.Attempt = maxAsks // the longest pause
		d.watchOn(f, q)
	}
}

func (d *Decision) unknown(f LeakFacts, q Ask, a clerk.Answer, now time.Time) {
	switch {
	case q.Why == Closed && f.Leak.State == ledger.Open && !mayVouch(q.Role, f):
		d.notConfirmed(f, q, a, now)
	case q.Why == Closed && f.Leak.State == ledger.Open:
		d.move(f, ledger.Resolved, q.By, "closed the issue; Clerk gave no clear answer whether the key is dead", now)
	case q.Why == Watching:
		d.watchOn(f, q)
	case q.Why == Rotated && q.Attempt+1 < maxAsks:
		if q.Attempt == 0 {
			d.answer(f.Leak, q, noAnswer(a))
		}
		pause := askPause(q.Attempt, a.RetryAfter)
		q.Attempt++
		d.Actions = append(d.Actions, askAction(f.Leak, q, pause))
	case q.Why == Rotated:
		d.answer(f.Leak, q, gaveUp(a))
	}
}

// answer comments on what came of a question, once for each time that it was asked.
func (d *Decision) answer(l ledger.Leak, q Ask, body string) {
	if l.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, l, fmt.Sprintf("answer:%s:%s:%d", q.Why, q.Word, q.Attempt))
	a.Body = body
	d.Actions = append(d.Actions, a)
}

// watchOn asks again later, as long as the leak is open and the policy says so.
func (d *Decision) watchOn(f LeakFacts, q Ask) {
	if f.Leak.State != ledger.Open || f.Policy.Verify != policy.Watch {
		return
	}
	pause := watchPause(q.Attempt)
	q.Attempt++
	d.Actions = append(d.Actions, askAction(f.Leak, q, pause))
}
