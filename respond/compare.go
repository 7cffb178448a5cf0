package respond

import (
	"time"
)

// IssueState is what an issue is on GitHub.
type IssueState struct {
	Open     bool
	Reopened bool // somebody reopened it after it had been closed
}

// Compare says what to do where a leak's issue is not in the state that the leak is in: an event was lost, or an effect of
// ours. Who did it is not known, so that a closing counts for nothing; a reopening is believed, as by anybody who sees
// danger. Each day it is corrected at most once.
func Compare(f LeakFacts, s IssueState, now time.Time) Decision {
	var d Decision
	open := f.Leak.IsOpen()
	day := now.UTC().Format("2006-01-02")
	switch {
	case open == s.Open || f.Leak.IssueNumber == 0:
	case open:
		d.Actions = append(d.Actions, leakAction(ReopenIssue, f.Leak, "compare:"+day))
		a := leakAction(Comment, f.Leak, "compare:reopened")
		a.Reply = f.reply(ReplyCorrected)
		d.Actions = append(d.Actions, a)
	case s.Reopened:
		d.move(f, Open, Self, "the issue was reopened", now)
	default:
		a := leakAction(CloseIssue, f.Leak, "compare:"+day)
		a.NotPlanned = f.Leak.State == Ignored
		d.Actions = append(d.Actions, a)
	}
	if f.Hidden {
		d.conceal(f, "", false)
	}
	return d
}
