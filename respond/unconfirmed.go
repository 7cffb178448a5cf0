package respond

import "time"

// A production key that nobody but Clerk can call dead is closed without Clerk's word by a maintainer alone: else anybody
// who can write could silence it.

// mayVouch reports whether a person's word is enough to close the leak where Clerk did not confirm that the key is dead.
//
// Where strangers read the issue this holds for every key: else an issue that is open again would say that the key works.
func mayVouch(role string, f LeakFacts) bool {
	return !f.Leak.Production() && !f.Hidden || role == "admin" || role == "maintain"
}

// refuseUnconfirmed says once to each person that a maintainer is needed, and undoes a closing by hand.
func (h *hearing) refuseUnconfirmed(why Why) {
	if why == Closed {
		h.issue(ReopenIssue, h.Leak, h.word.At)
	}
	if h.Leak.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, h.Leak, "refuse:unconfirmed:"+h.word.By)
	a.Reply = h.answerTo(ReplyMaintainerNeeded)
	h.Actions = append(h.Actions, a)
}

// notConfirmed undoes a closing by hand of a production key about which Clerk gave no clear answer, and goes on asking.
func (d *Decision) notConfirmed(f LeakFacts, q Ask, a Answer, now time.Time) {
	d.issue(ReopenIssue, f.Leak, now)
	d.answer(f, q, ReplyNotConfirmed, a.Detail)
	q.Why, q.Attempt = Rotated, 1
	d.Actions = append(d.Actions, askAction(f.Leak, q, askPause(0, a.RetryAfter)))
}

// closedByBot undoes a closing by another App: only people close a leak. It explains itself once to each bot, and reopens
// at most once a day, so that two programs never quarrel without end.
func (h *hearing) closedByBot() {
	if h.Leak.State != Open || h.Leak.IssueNumber == 0 {
		return
	}
	day := h.word.At.UTC().Format("2006-01-02")
	h.Actions = append(h.Actions, leakAction(ReopenIssue, h.Leak, "bot:"+h.word.By+":"+day))
	a := leakAction(Comment, h.Leak, "bot:"+h.word.By)
	a.Reply = h.answerTo(ReplyOnlyPeopleClose)
	h.Actions = append(h.Actions, a)
}

// silenced tells the server's own targets that a policy allows a production key: whoever may change the policy could use
// it to hide a leak.
func (d *Decision) silenced(l Leak, now time.Time) {
	if !l.Production() {
		return
	}
	a := leakAction(Notify, l, stamp(Notify, now)+":silenced")
	a.Event, a.Always = "ignored", true
	d.Actions = append(d.Actions, a)
}
