package respond

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// LeakFacts are what is known of one leak when a person gives a command about it, or Clerk answers.
type LeakFacts struct {
	Repository Repository
	Leak       Leak
	Heads      []string // head commits whose checks show the leak: all are updated when its state changes
	Policy     Policy
	FiledHour  int  // issues filed for this repository in the last hour
	Hidden     bool // strangers read the leak's issue
	// Moved is when the leak's state last changed; zero: never.
	Moved time.Time
}

// maxReorder is by how much what people do may overtake each other on its way: GitHub promises no order.
const maxReorder = time.Minute

// overtaken reports whether the leak's state changed after the command was given, which came late: what happened since counts.
func (f LeakFacts) overtaken(c Command) bool {
	return c.At.Add(maxReorder).Before(f.Moved)
}

// Apply says what to do about a person's command. The states and who moves between them:
//
//	open     > revoked   Clerk, when it was asked because somebody said rotated or closed the issue, or by watching
//	open     > ignored   a person, with a reason; or the policy, or rekey:allow on each line of a test key
//	                     for a production key a second person too, where the policy says so
//	open     > resolved  a person, where Clerk cannot be asked, may not be, or closing by hand met no clear answer;
//	                     for a production key a maintainer, and a second person where the policy says so
//	closed   > open      a person; or Clerk, that the key works (but for an ignored one); or the key is pushed again;
//	                     or the last day of an ignored one is over, see FollowUp
func Apply(f LeakFacts, c Command) Decision {
	d := applyCommand(f, c)
	if f.Hidden {
		unknown := ""
		if c.Kind == CommandHelp {
			unknown = c.Reason
		}
		d.conceal(f, unknown, false)
	}
	return d
}

func applyCommand(f LeakFacts, c Command) Decision {
	r := commandRun{LeakFacts: f, command: c}
	if r.Leak.State == "" {
		r.Leak.State = Open
	}
	if f.overtaken(c) {
		return r.Decision
	}
	if c.Bot {
		if c.Kind == CommandClosed {
			r.closedByBot()
		}
		return r.Decision
	}
	if !mayRun(c.Role, c.Kind, r.Leak) && !(c.Kind == CommandApprove && (c.Team == TeamMember || c.Team == TeamUnreadable)) {
		r.refuse()
		return r.Decision
	}
	if r.Leak.Outside && !slices.Contains(outsideCommands(), c.Kind) {
		return r.Decision // nobody is asked about what a stranger brought, before it is admitted
	}
	if r.Leak.Responded.IsZero() && c.Kind != CommandHelp && c.Kind != CommandStatus {
		r.Changes = append(r.Changes, Change{Leak: r.Leak.ID, At: c.At, By: c.By, From: r.Leak.State, To: r.Leak.State, Responded: true})
	}
	switch c.Kind {
	case CommandRotated:
		r.rotated(Rotated)
	case CommandClosed:
		if r.Leak.State == Open {
			r.rotated(Closed)
		}
	case CommandIgnore:
		r.ignore()
	case CommandApprove:
		r.approve(time.Time{})
	case CommandSnooze:
		r.snooze()
	case CommandTriage:
		r.admit()
	case CommandReopen, CommandReopened:
		r.reopen()
	case CommandDeleteComment:
		r.deleteTexts()
	case CommandStatus:
		r.reply(ReplyStatus)
	case CommandDeleteLogs:
		a := leakAction(DeleteLogs, r.Leak, "logs:"+c.ID)
		a.By = c.By
		r.Actions = append(r.Actions, a)
	default:
		r.reply(ReplyHelp)
	}
	r.oneComment()
	return r.Decision
}

// outsideCommands are those that count for what a stranger brought, before it is admitted.
func outsideCommands() []CommandKind {
	return []CommandKind{CommandTriage, CommandIgnore, CommandApprove, CommandReopen}
}

// oneComment gives the comment that answers a command the command's own key. Met a second time, when the leak is in another
// state already, the command would be answered otherwise, and is not answered again.
func (r *commandRun) oneComment() {
	for i, a := range r.Actions {
		if a.Do == Comment {
			r.Actions[i].Key = fmt.Sprintf("leak:%d:word:%s", r.Leak.ID, r.command.ID)
		}
	}
}

// commandRun is the decision about one command, as it is made.
type commandRun struct {
	LeakFacts
	Decision
	command Command
}

// refuse gives one polite line to each person, once for the leak's whole life, and undoes a closing by hand.
func (r *commandRun) refuse() {
	if r.command.Kind == CommandClosed && r.Leak.State == Open {
		r.issue(ReopenIssue, r.Leak, r.command.At)
	}
	if r.Leak.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, r.Leak, "refuse:"+r.command.By)
	if r.command.Role == RoleWrite { // may say all but this one thing
		a = leakAction(Comment, r.Leak, "refuse:"+string(r.command.Kind)+":"+r.command.By)
	}
	a.Reply = r.replyTo(ReplyNotEntitled)
	r.Actions = append(r.Actions, a)
}

// reply comments in answer to the command.
func (r *commandRun) reply(kind ReplyKind) {
	r.comment(r.Leak, "reply", r.command.At, r.replyTo(kind))
}

func (r *commandRun) replyTo(kind ReplyKind) Reply {
	reply := r.LeakFacts.reply(kind)
	reply.By, reply.Role, reply.Command = r.command.By, r.command.Role, r.command.Kind
	if r.command.Kind == CommandHelp {
		reply.Unknown = r.command.Reason
	}
	return reply
}

// rotated asks Clerk, or takes the person's word where it cannot be asked.
func (r *commandRun) rotated(why Why) {
	question := Verification{Why: why, By: r.command.By, Role: r.command.Role, Command: r.command.ID}
	switch {
	case r.Leak.State == Revoked:
		r.reply(ReplyAlreadyRevoked)
	case r.Policy.Verify != VerifyNever && r.Leak.Verifiable():
		r.Actions = append(r.Actions, verifyAction(r.Leak, question, 0))
	default:
		r.withoutClerk(r.LeakFacts, question, r.command.At)
	}
}

func (r *commandRun) ignore() {
	reason, until, ok := splitUntil(r.command.Reason, r.command.At)
	if r.command.Button && reason == "" {
		reason = "pressed \"False positive\" on the check"
	}
	switch {
	case !ok:
		r.reply(ReplyUntilForm)
	case reason == "":
		r.reply(ReplyReasonMissing)
	case r.Leak.State == Open, r.Leak.State == Resolved:
		r.close(Request{To: Ignored, By: r.command.By, At: r.command.At, Reason: reason, Until: until})
	default:
		r.reply(ReplyAlreadyClosed)
	}
}

// ReasonReopened is the reason of a reopening for which none was given.
const ReasonReopened = "reopened it"

func (r *commandRun) reopen() {
	if r.Leak.State == Open {
		if r.command.Kind == CommandReopen {
			r.reply(ReplyAlreadyOpen)
		}
		return
	}
	reason := r.command.Reason
	if reason == "" {
		reason = ReasonReopened
	}
	r.move(r.LeakFacts, Open, r.command.By, reason, r.command.At)
}

func (d *Decision) move(f LeakFacts, to State, by, reason string, at time.Time) {
	d.moveAs(f, Change{At: at, By: by, To: to, Reason: reason})
}

// moveAs brings the leak into another state, with all that follows from it: issue, comment, checks, notifications.
func (d *Decision) moveAs(f LeakFacts, c Change) {
	l, to, at := f.Leak, c.To, c.At
	c.Leak, c.From = l.ID, l.State
	d.Changes = append(d.Changes, c)
	notice := NoticeKind(to)
	if to == Open {
		notice = NoticeReopened
		d.issue(ReopenIssue, l, at)
	} else if l.IssueNumber != 0 {
		a := leakAction(CloseIssue, l, stamp(CloseIssue, at))
		a.NotPlanned = to == Ignored
		d.Actions = append(d.Actions, a)
	}
	d.issue(EditIssue, l, at)
	reply := f.reply(ReplyMoved)
	reply.Change = c
	d.comment(l, string(notice), at, reply)
	d.updateChecks(l.Repository, f.Heads, "")
	d.notify(f.Policy, l, notice, at)
	if to == Open && f.Policy.Verify == VerifyWatch && l.Verifiable() && !l.Outside {
		d.Actions = append(d.Actions, verifyAction(l, Verification{Why: Watching, Command: strconv.FormatInt(at.UnixMicro(), 10)}, watchPause(0)))
	}
}

// MaxVerifications is how often a question is asked that Clerk does not answer clearly.
const MaxVerifications = 8

// verificationPause grows from one minute to two hours; what Clerk itself wishes counts where it is longer.
func verificationPause(attempt int, wish time.Duration) time.Duration {
	return max(wish, min(time.Minute<<min(attempt, 8), 2*time.Hour))
}

// watchPause grows from a quarter of an hour to a day.
func watchPause(attempt int) time.Duration {
	return min(15*time.Minute<<min(attempt, 8), 24*time.Hour)
}

// Learn says what to do about Clerk's answer, or about a question that is not asked any more since the policy has changed.
func Learn(f LeakFacts, q Verification, a Answer, now time.Time) Decision {
	d := learn(f, q, a, now)
	if f.Hidden {
		d.conceal(f, "", a.State != KeyNotAsked)
	}
	return d
}

func learn(f LeakFacts, q Verification, a Answer, now time.Time) Decision {
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
	f.Leak.Verdict, f.Leak.VerifiedAt = a.State, now
	if a.InstanceID != "" {
		f.Leak.InstanceID = a.InstanceID
	}
	switch a.State {
	case KeyRevoked:
		d.keyRevoked(f, q, now)
	case KeyAlive:
		d.keyAlive(f, q, now)
	case KeyFenced:
		d.keyFenced(f, q, a, before.Verdict == KeyFenced, now)
	default:
		d.keyUnknown(f, q, a, now)
	}
	if len(d.Changes) == 0 { // the answer is kept even where nothing follows from it
		d.Changes = append(d.Changes, Change{Leak: f.Leak.ID, At: now, By: ByClerk, From: f.Leak.State, To: f.Leak.State})
		if before.Verdict != f.Leak.Verdict || before.InstanceID != f.Leak.InstanceID {
			d.issue(EditIssue, f.Leak, now)
		}
	}
	last := &d.Changes[len(d.Changes)-1]
	last.Verdict, last.InstanceID = a.State, a.InstanceID
	return d
}

func (d *Decision) keyRevoked(f LeakFacts, q Verification, now time.Time) {
	if f.Leak.State == Revoked {
		return
	}
	reason := "Clerk no longer accepts the key"
	if q.By != "" {
		reason += ", after " + q.By + " said that it is rotated"
	}
	d.move(f, Revoked, ByClerk, reason, now)
}

func (d *Decision) keyAlive(f LeakFacts, q Verification, now time.Time) {
	if f.Leak.State == Ignored {
		return // a person with the right to ignored it, and gave a reason
	}
	if f.Leak.State != Open {
		d.move(f, Open, ByClerk, "Clerk still accepts the key", now)
		return
	}
	switch q.Why {
	case Closed:
		d.issue(ReopenIssue, f.Leak, now)
		d.replyToQuestion(f, q, ReplyStillWorks, "")
	case Rotated:
		d.replyToQuestion(f, q, ReplyStillWorks, "")
	case Watching:
		d.watchOn(f, q)
	}
}

// keyFenced keeps the leak open: the key may work from other addresses. Once the refusal repeats, asking again brings
// nothing new, and a person has to decide.
func (d *Decision) keyFenced(f LeakFacts, q Verification, a Answer, repeated bool, now time.Time) {
	switch {
	case f.Leak.State == Ignored:
	case f.Leak.State != Open:
		d.move(f, Open, ByClerk, "Clerk refused the key without saying that it is invalid, so it may still work from certain addresses", now)
	case q.Why == Closed:
		d.issue(ReopenIssue, f.Leak, now)
		d.replyToQuestion(f, q, ReplyFenced, a.Detail)
	case q.Why == Rotated && !repeated && q.Attempt == 0:
		q.Attempt++
		d.Actions = append(d.Actions, verifyAction(f.Leak, q, verificationPause(0, a.RetryAfter)))
	case q.Why == Rotated:
		d.replyToQuestion(f, q, ReplyFenced, a.Detail)
	case q.Why == Watching:
		q.Attempt = MaxVerifications // the longest pause
		d.watchOn(f, q)
	}
}

func (d *Decision) keyUnknown(f LeakFacts, q Verification, a Answer, now time.Time) {
	switch {
	case q.Why == Closed && f.Leak.State == Open && !mayVouch(q.Role, f):
		d.notConfirmed(f, q, a, now)
	case q.Why == Closed && f.Leak.State == Open && f.needsApproval():
		d.closingAsksNothing(f, q, now)
	case q.Why == Closed && f.Leak.State == Open:
		d.resolve(f, q, "closed the issue; Clerk didn't give a clear answer", now)
	case q.Why == Watching:
		d.watchOn(f, q)
	case q.Why == Rotated && q.Attempt+1 < MaxVerifications:
		if q.Attempt == 0 {
			d.replyToQuestion(f, q, ReplyNoClearAnswer, a.Detail)
		}
		pause := verificationPause(q.Attempt, a.RetryAfter)
		q.Attempt++
		d.Actions = append(d.Actions, verifyAction(f.Leak, q, pause))
	case q.Why == Rotated && f.Leak.State == Open && f.needsApproval() && mayVouch(q.Role, f):
		d.resolve(f, q, "said that it is rotated; Clerk didn't give a clear answer", now)
	case q.Why == Rotated:
		d.replyToQuestion(f, q, ReplyGaveUp, a.Detail)
	}
}

// replyToQuestion comments on what came of a question, once for each time that it was asked.
func (d *Decision) replyToQuestion(f LeakFacts, q Verification, kind ReplyKind, detail string) {
	if f.Leak.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, f.Leak, fmt.Sprintf("answer:%s:%s:%d", q.Why, q.Command, q.Attempt))
	a.Reply = f.reply(kind)
	a.Reply.By, a.Reply.Why, a.Reply.Detail = q.By, q.Why, detail
	d.Actions = append(d.Actions, a)
}

// watchOn asks again later, as long as the leak is open and the policy says so.
func (d *Decision) watchOn(f LeakFacts, q Verification) {
	if f.Leak.State != Open || f.Policy.Verify != VerifyWatch {
		return
	}
	pause := watchPause(q.Attempt)
	q.Attempt++
	d.Actions = append(d.Actions, verifyAction(f.Leak, q, pause))
}
