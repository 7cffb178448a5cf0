package respond

import (
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/markdown"
)

// A production key that nobody but Clerk can call dead is closed without Clerk's word by a maintainer alone: else anybody
// who can write could silence it.

// mayVouch reports whether a person's word is enough to close the leak where Clerk did not confirm that the key is dead.
//
// Where strangers read the issue this holds for every key: else an issue that is open again would say that the key works.
func mayVouch(role string, f LeakFacts) bool {
	return detect.Environment(f.Leak.Environment) != detect.Live && !f.Hidden || role == "admin" || role == "maintain"
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
	a.Body = "Thanks, " + markdown.Code(h.word.By) + ". " + needsMaintainer(h.LeakFacts)
	h.Actions = append(h.Actions, a)
}

func needsMaintainer(f LeakFacts) string {
	reason := "Clerk can't confirm that this credential is revoked"
	if clerkCanTell(f.Leak) {
		reason = "The policy doesn't let rekey ask Clerk"
	}
	return reason + ", so closing a production credential needs a maintainer or admin of " + markdown.Code(f.Repository.FullName()) + "."
}

// notConfirmed undoes a closing by hand of a production key about which Clerk gave no clear answer, and goes on asking.
func (d *Decision) notConfirmed(f LeakFacts, q Ask, a clerk.Answer, now time.Time) {
	d.issue(ReopenIssue, f.Leak, now)
	d.answer(f.Leak, q, "Open again: Clerk didn't give a clear answer"+because(a)+", and closing a production key without one needs a maintainer or admin. "+
		"rekey keeps asking for a few hours.")
	q.Why, q.Attempt = Rotated, 1
	d.Actions = append(d.Actions, askAction(f.Leak, q, askPause(0, a.RetryAfter)))
}

// closedByBot undoes a closing by another App: only people close a leak. It explains itself once to each bot, and reopens
// at most once a day, so that two programs never quarrel without end.
func (h *hearing) closedByBot() {
	if h.Leak.State != ledger.Open || h.Leak.IssueNumber == 0 {
		return
	}
	day := h.word.At.UTC().Format("2006-01-02")
	h.Actions = append(h.Actions, leakAction(ReopenIssue, h.Leak, "bot:"+h.word.By+":"+day))
	a := leakAction(Comment, h.Leak, "bot:"+h.word.By)
	a.Body = markdown.Code(h.word.By) + " closed this, but only a person can: it stays open until the key is revoked, or somebody with write access says otherwise. " +
		"Exclude this issue's label from automations that close issues."
	h.Actions = append(h.Actions, a)
}

// silenced tells the server's own targets that a policy allows a production key: whoever may change the policy could use
// it to hide a leak.
func (d *Decision) silenced(l ledger.Leak, now time.Time) {
	if detect.Environment(l.Environment) != detect.Live {
		return
	}
	a := leakAction(Notify, l, stamp(Notify, now)+":silenced")
	a.Event, a.Always = "ignored", true
	d.Actions = append(d.Actions, a)
}

// silenced reports whether a policy allows a production key of the check: it passes as neutral, so that it is seen.
func (v checkView) silenced() bool {
	return slices.ContainsFunc(v.closed, func(l leakView) bool {
		return l.State == ledger.Ignored && l.ClosedBy == self && detect.Environment(l.Environment) == detect.Live
	})
}

// uncounted says of open production keys that the repository's policy allows in vain why it does not count.
func (v checkView) uncounted() string {
	allowed := map[string]string{}
	for _, a := range v.Policy.Allow.Fingerprints {
		if !a.Production {
			allowed[a.Fingerprint] = a.By
		}
	}
	for _, l := range v.failing {
		by, named := allowed[l.Fingerprint]
		if !named || detect.Environment(l.Environment) != detect.Live {
			continue
		}
		who := "nobody is known to have pushed the entry"
		if by != "" {
			who = markdown.Code(by) + " pushed the entry"
		}
		return "The policy lists a production key of this check in `allow.fingerprints`, and that doesn't count: " + who +
			". It counts when a maintainer or admin pushes it to the default branch; they can also dismiss the leak with `/rekey ignore <reason>`.\n\n"
	}
	return ""
}
