package respond

import "time"

// A production key that nobody but Clerk can call revoked is closed without Clerk's confirmation by a maintainer alone: else anybody
// who can write could silence it.

// mayVouch reports whether a person's word is enough to close the leak where Clerk did not confirm that the key is revoked.
//
// Where strangers read the issue this holds for every key: else an issue that is open again would say that the key works.
func mayVouch(role Role, f LeakFacts) bool {
	return !f.Leak.Production() && !f.Hidden || role.Maintains()
}

// withoutClerk takes the word of the person behind a question for it, where Clerk cannot be asked or may not be.
func (d *Decision) withoutClerk(f LeakFacts, q Verification, at time.Time) {
	switch {
	case f.Leak.State != Open:
	case !mayVouch(q.Role, f):
		d.refuseUnconfirmed(f, q, at)
	case q.Why == Closed && f.needsApproval():
		d.closingAsksNothing(f, q, at)
	default:
		reason := "said that it is rotated"
		if q.Why == Closed {
			reason = "closed the issue"
		}
		if f.Leak.Verifiable() {
			reason += "; by policy, rekey doesn't ask Clerk"
		} else {
			reason += "; Clerk can't confirm this kind of credential"
		}
		d.resolve(f, q, reason, at)
	}
}

// resolve closes the leak on a person's word, or has it wait for a second one.
func (d *Decision) resolve(f LeakFacts, q Verification, reason string, at time.Time) {
	wish := Request{To: Resolved, By: q.By, At: at, Reason: reason}
	if !f.needsApproval() {
		d.moveTo(f, wish, "")
		return
	}
	d.request(f, wish)
}

// closingAsksNothing undoes a closing by hand of what takes two people. It is not the first one's word: GitHub also closes an issue, in
// the name of whoever merges, because somebody else wrote "Fixes #12" in a commit or a pull request, and could then confirm it.
func (d *Decision) closingAsksNothing(f LeakFacts, q Verification, at time.Time) {
	d.issue(ReopenIssue, f.Leak, at)
	d.replyToQuestion(f, q, ReplyClosingAsksNothing, "")
}

// refuseUnconfirmed says once to each person that a maintainer is needed, and undoes a closing by hand.
func (d *Decision) refuseUnconfirmed(f LeakFacts, q Verification, at time.Time) {
	if q.Why == Closed {
		d.issue(ReopenIssue, f.Leak, at)
	}
	if f.Leak.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, f.Leak, "refuse:unconfirmed:"+q.By)
	a.Reply = f.reply(ReplyMaintainerNeeded)
	a.Reply.By, a.Reply.Role = q.By, q.Role
	d.Actions = append(d.Actions, a)
}

// notConfirmed undoes a closing by hand of a production key about which Clerk gave no clear answer, and goes on asking.
func (d *Decision) notConfirmed(f LeakFacts, q Verification, a Answer, now time.Time) {
	d.issue(ReopenIssue, f.Leak, now)
	d.replyToQuestion(f, q, ReplyNotConfirmed, a.Detail)
	q.Why, q.Attempt = Rotated, 1
	d.Actions = append(d.Actions, verifyAction(f.Leak, q, verificationPause(0, a.RetryAfter)))
}

// closedByBot undoes a closing by another App: only people close a leak. It explains itself once to each bot, and reopens
// at most once a day, so that two programs never quarrel without end.
func (r *commandRun) closedByBot() {
	if r.Leak.State != Open || r.Leak.IssueNumber == 0 {
		return
	}
	day := r.command.At.UTC().Format("2006-01-02")
	r.Actions = append(r.Actions, leakAction(ReopenIssue, r.Leak, "bot:"+r.command.By+":"+day))
	a := leakAction(Comment, r.Leak, "bot:"+r.command.By)
	a.Reply = r.replyTo(ReplyOnlyPeopleClose)
	r.Actions = append(r.Actions, a)
}

// keyAllowed notifies the server's own targets that a policy allows a production key: whoever may change the policy could use
// it to hide a leak.
func (d *Decision) keyAllowed(l Leak, now time.Time) {
	if !l.Production() {
		return
	}
	a := leakAction(Notify, l, stamp(Notify, now)+":silenced")
	a.Notice, a.Always = NoticeIgnored, true
	d.Actions = append(d.Actions, a)
}
