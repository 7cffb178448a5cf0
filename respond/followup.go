package respond

import (
	"time"
)

const (
	// FirstLook is when a leak that was opened or changed is looked at again: what its policy says is not known before.
	FirstLook = time.Hour
	// lookEvery is how often an open leak is looked at: its policy may have changed.
	lookEvery = 24 * time.Hour
)

// FollowUp says what time alone brings about a leak: a false positive whose last day is over is open again, a request that nobody
// confirmed ends, and people are reminded. It always says when to look again: call it when that moment has come, no matter how long
// ago.
func FollowUp(f LeakFacts, now time.Time) Decision {
	var d Decision
	if f.Leak.State == "" {
		f.Leak.State = Open
	}
	l := f.Leak
	switch {
	case l.State == Ignored && reached(l.Until, now):
		d.move(f, Open, Self, ReasonOver, now)
	case l.Request.Waits() && reached(l.Request.Expires(), now):
		reply := f.reply(ReplyRequestExpired)
		reply.By = l.Request.By
		d.comment(l, "expired", now, reply)
		d.forgetRequest(f, now, Self)
	default:
		d.remind(f, now)
	}
	if f.Hidden {
		d.conceal(f, "", false)
	}
	for _, c := range d.Changes {
		f.Leak = c.ApplyTo(f.Leak)
		if c.Moved() {
			f.Moved = now
		}
	}
	look := f.nextLook(now)
	d.Changes = append(d.Changes, Change{Leak: l.ID, At: now, By: Self, From: f.Leak.State, To: f.Leak.State, Look: &look})
	return d
}

// ReasonOver is the reason of a reopening because the last day of a false positive is over.
const ReasonOver = "the last day on which it counted as a false positive is over"

// nextLook is when time brings something about next; zero: never.
func (f LeakFacts) nextLook(now time.Time) time.Time {
	var times []time.Time
	if f.Leak.Request.Waits() {
		times = append(times, f.Leak.Request.Expires())
	}
	switch f.Leak.State {
	case Ignored:
		times = append(times, f.Leak.Until)
	case Open:
		remind, escalate := f.remindAt()
		times = append(times, remind, escalate, now.Add(lookEvery))
	}
	var first time.Time
	for _, at := range times {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// Reminds reports whether people are reminded by the decision.
func (d Decision) Reminds() bool {
	for _, c := range d.Changes {
		if c.Reminded || c.Escalated {
			return true
		}
	}
	return false
}
