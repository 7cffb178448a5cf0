package respond

import (
	"fmt"
	"strconv"
	"time"
)

// LeakFacts are what is known of one leak when somebody says something about it, or Clerk answers.
type LeakFacts struct {
	Repository Repository
	Leak       Leak
	Heads      []string // head commits whose checks show the leak: all are concluded anew when its state changes
	Policy     Policy
	FiledHour  int  // issues filed for this repository in the last hour
	Hidden     bool // strangers read the leak's issue
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
		unknown := ""
		if w.Said == SaidHelp {
			unknown = w.Reason
		}
		d.hush(f, unknown, false)
	}
	return d
}

func hear(f LeakFacts, w Word) Decision {
	h := hearing{LeakFacts: f, word: w}
	if h.Leak.State == "" {
		h.Leak.State = Open
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
		if h.Leak.State == Open {
			h.rotated(Closed)
		}
	case SaidIgnore:
		h.ignore()
	case SaidTriage:
		h.admit()
	case SaidReopen, SaidReopened:
		h.reopen()
	case SaidStatus:
		h.reply(ReplyStatus)
	default:
		h.reply(ReplyHelp)
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
	if h.word.Said == SaidClosed && h.Leak.State == Open {
		h.issue(ReopenIssue, h.Leak, h.word.At)
	}
	if h.Leak.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, h.Leak, "refuse:"+h.word.By)
	if h.word.Role == "write" { // may say all but this one thing
		a = leakAction(Comment, h.Leak, "refuse:ignore:"+h.word.By)
	}
	a.Reply = h.answerTo(ReplyNotEntitled)
	h.Actions = append(h.Actions, a)
}

// reply comments in answer to the word.
func (h *hearing) reply(kind ReplyKind) { h.comment(h.Leak, "reply", h.word.At, h.answerTo(kind)) }

func (h *hearing) answerTo(kind ReplyKind) Reply {
	r := h.LeakFacts.reply(kind)
	r.By, r.Role = h.word.By, h.word.Role
	if h.word.Said == SaidHelp {
		r.Unknown = h.word.Reason
	}
	return r
}

// rotated asks Clerk, or takes the person's word where it cannot be asked.
func (h *hearing) rotated(why Why) {
	question := Ask{Why: why, By: h.word.By, Role: h.word.Role, Word: h.word.ID}
	switch {
	case h.Leak.State == Revoked:
		h.reply(ReplyAlreadyRevoked)
	case h.Policy.Verify != VerifyNever && h.Leak.Verifiable():
		h.Actions = append(h.Actions, askAction(h.Leak, question, 0))
	default:
		h.withoutClerk(h.LeakFacts, question, h.word.At)
	}
}

func (h *hearing) ignore() {
	reason := h.word.Reason
	if h.word.Button && reason == "" {
		reason = "pressed \"Not a secret\" on the check"
	}
	switch {
	case reason == "":
		h.reply(ReplyReasonMissing)
	case h.Leak.State == Open, h.Leak.State == Resolved:
		h.move(h.LeakFacts, Ignored, h.word.By, reason, h.word.At)
	default:
		h.reply(ReplyAlreadyClosed)
	}
}

// ReasonReopened is the reason of a reopening for which none was given.
const ReasonReopened = "reopened it"

func (h *hearing) reopen() {
	if h.Leak.State == Open {
		if h.word.Said == SaidReopen {
			h.reply(ReplyAlreadyOpen)
		}
		return
	}
	reason := h.word.Reason
	if reason == "" {
		reason = ReasonReopened
	}
	h.move(h.LeakFacts, Open, h.word.By, reason, h.word.At)
}

// move brings the leak into another state, with all that follows from it: issue, comment, checks, those who are told.
func (d *Decision) move(f LeakFacts, to State, by, reason string, at time.Time) *Change {
	l := f.Leak
	d.Changes = append(d.Changes, Change{Leak: l.ID, At: at, By: by, From: l.State, To: to, Reason: reason})
	c := &d.Changes[len(d.Changes)-1]
	event := string(to)
	if to == Open {
		event = "reopened"
		d.issue(ReopenIssue, l, at)
	} else if l.IssueNumber != 0 {
		a := leakAction(CloseIssue, l, stamp(CloseIssue, at))
		a.NotPlanned = to == Ignored
		d.Actions = append(d.Actions, a)
	}
	d.issue(EditIssue, l, at)
	reply := f.reply(ReplyMoved)
	reply.Change = *c
	d.comment(l, event, at, reply)
	d.updateChecks(l.Repository, f.Heads, "")
	d.notify(f.Policy, l, event, at)
	if to == Open && f.Policy.Verify == VerifyWatch && l.Verifiable() && !l.Outside {
		d.Actions = append(d.Actions, askAction(l, Ask{Why: Watching, Word: strconv.FormatInt(at.UnixMicro(), 10)}, watchPause(0)))
	}
	return c
}

// MaxAsks is how often a question is asked that Clerk does not answer clearly.
const MaxAsks = 8

// askPause grows from one minute to two hours; what Clerk itself wishes counts where it is longer.
func askPause(attempt int, wish time.Duration) time.Duration {
	return max(wish, min(time.Minute<<min(attempt, 8), 2*time.Hour))
}

// watchPause grows from a quarter of an hour to a day.
func watchPause(attempt int) time.Duration {
	return min(15*time.Minute<<min(attempt, 8), 24*time.Hour)
}

// Learn says what to do about Clerk's answer, or about a question that is not asked any more since the policy has changed.
func Learn(f LeakFacts, q Ask, a Answer, now time.Time) Decision {
	d := learn(f, q, a, now)
	if f.Hidden {
		d.hush(f, "", a.State != KeyNotAsked)
	}
	return d
}

func learn(f LeakFacts, q Ask, a Answer, now time.Time) Decision {
	var d Decision
	if f.Leak.State == "" {
		f.Leak.State = Open
	}
	if a.State == KeyNotAsked {
		if q.Why != Watching {
			d.withoutClerk(f, q, now)
		}
		return d
	}
	before := f.Leak
	f.Leak.Answer, f.Leak.Asked = a.State, now
	if a.InstanceID != "" {
		f.Leak.InstanceID = a.InstanceID
	}
	switch a.State {
	case KeyRevoked:
		d.dead(f, q, now)
	case KeyAlive:
		d.alive(f, q, now)
	case KeyFenced:
		d.fenced(f, q, a, before.Answer == KeyFenced, now)
	default:
		d.unknown(f, q, a, now)
	}
	if len(d.Changes) == 0 { // the answer is kept even where nothing follows from it
		d.Changes = append(d.Changes, Change{Leak: f.Leak.ID, At: now, By: ByClerk, From: f.Leak.State, To: f.Leak.State})
		if before.Answer != f.Leak.Answer || before.InstanceID != f.Leak.InstanceID {
			d.issue(EditIssue, f.Leak, now)
		}
	}
	last := &d.Changes[len(d.Changes)-1]
	last.Answer, last.InstanceID = a.State, a.InstanceID
	return d
}

func (d *Decision) dead(f LeakFacts, q Ask, now time.Time) {
	if f.Leak.State == Revoked {
		return
	}
	reason := "Clerk no longer accepts the key"
	if q.By != "" {
		reason += ", after " + q.By + " said that it is rotated"
	}
	d.move(f, Revoked, ByClerk, reason, now)
}

func (d *Decision) alive(f LeakFacts, q Ask, now time.Time) {
	if f.Leak.State == Ignored {
		return // somebody entitled knows of it, and said why
	}
	if f.Leak.State != Open {
		d.move(f, Open, ByClerk, "Clerk still accepts the key", now)
		return
	}
	switch q.Why {
	case Closed:
		d.issue(ReopenIssue, f.Leak, now)
		d.answer(f, q, ReplyStillWorks, "")
	case Rotated:
		d.answer(f, q, ReplyStillWorks, "")
	case Watching:
		d.watchOn(f, q)
	}
}

// fenced keeps the leak open: the key may work from other addresses. Once the refusal repeats, asking again brings
// nothing new, and a person has to decide.
func (d *Decision) fenced(f LeakFacts, q Ask, a Answer, repeated bool, now time.Time) {
	switch {
	case f.Leak.State == Ignored:
	case f.Leak.State != Open:
		d.move(f, Open, ByClerk, "Clerk refused the key without saying that it is invalid, so it may still work from certain addresses", now)
	case q.Why == Closed:
		d.issue(ReopenIssue, f.Leak, now)
		d.answer(f, q, ReplyFenced, a.Detail)
	case q.Why == Rotated && !repeated && q.Attempt == 0:
		q.Attempt++
		d.Actions = append(d.Actions, askAction(f.Leak, q, askPause(0, a.RetryAfter)))
	case q.Why == Rotated:
		d.answer(f, q, ReplyFenced, a.Detail)
	case q.Why == Watching:
		q.Attempt = MaxAsks // the longest pause
		d.watchOn(f, q)
	}
}

func (d *Decision) unknown(f LeakFacts, q Ask, a Answer, now time.Time) {
	switch {
	case q.Why == Closed && f.Leak.State == Open && !mayVouch(q.Role, f):
		d.notConfirmed(f, q, a, now)
	case q.Why == Closed && f.Leak.State == Open:
		d.move(f, Resolved, q.By, "closed the issue; Clerk gave no clear answer whether the key is dead", now)
	case q.Why == Watching:
		d.watchOn(f, q)
	case q.Why == Rotated && q.Attempt+1 < MaxAsks:
		if q.Attempt == 0 {
			d.answer(f, q, ReplyNoClearAnswer, a.Detail)
		}
		pause := askPause(q.Attempt, a.RetryAfter)
		q.Attempt++
		d.Actions = append(d.Actions, askAction(f.Leak, q, pause))
	case q.Why == Rotated:
		d.answer(f, q, ReplyGaveUp, a.Detail)
	}
}

// answer comments on what came of a question, once for each time that it was asked.
func (d *Decision) answer(f LeakFacts, q Ask, kind ReplyKind, detail string) {
	if f.Leak.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, f.Leak, fmt.Sprintf("answer:%s:%s:%d", q.Why, q.Word, q.Attempt))
	a.Reply = f.reply(kind)
	a.Reply.By, a.Reply.Why, a.Reply.Detail = q.By, q.Why, detail
	d.Actions = append(d.Actions, a)
}

// watchOn asks again later, as long as the leak is open and the policy says so.
func (d *Decision) watchOn(f LeakFacts, q Ask) {
	if f.Leak.State != Open || f.Policy.Verify != VerifyWatch {
		return
	}
	pause := watchPause(q.Attempt)
	q.Attempt++
	d.Actions = append(d.Actions, askAction(f.Leak, q, pause))
}
