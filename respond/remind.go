package respond

import (
	"fmt"
	"time"
)

// RemindPolicy says when an open production key is brought up again. Times count from when the leak was found, or opened again.
type RemindPolicy struct {
	Off      bool
	After    []time.Duration // growing
	Every    time.Duration   // after the last of After; 0: no more
	Zone     string          // IANA's name; "": UTC
	Quiet    QuietHours
	Escalate Escalation
}

// QuietHours is a time of day at which nothing is sent, in minutes since midnight; it may go over midnight. From and To the same: none.
type QuietHours struct{ From, To int }

// Escalation is whom a leak is brought to that stays open for long: once.
type Escalation struct {
	After time.Duration
	To    string // a target of the server's configuration; "": nobody
}

// DefaultRemind is what applies where no policy says otherwise.
func DefaultRemind() RemindPolicy {
	const day = 24 * time.Hour
	return RemindPolicy{After: []time.Duration{day, 3 * day, 7 * day}, Every: 7 * day, Quiet: QuietHours{From: 20 * 60, To: 8 * 60}}
}

// next is the first time to remind after a moment; zero: never.
func (p RemindPolicy) next(opened, after time.Time) time.Time {
	last := opened
	for _, d := range p.After {
		if last = opened.Add(d); last.After(after) {
			return last
		}
	}
	if p.Every <= 0 {
		return time.Time{}
	}
	since := max(0, after.Sub(last))
	return last.Add(since - since%p.Every + p.Every)
}

// awake is the moment itself, or the end of the quiet hours in which it is.
func (p RemindPolicy) awake(at time.Time) time.Time {
	if p.Quiet.From == p.Quiet.To {
		return at
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		zone = time.UTC
	}
	local := at.In(zone)
	minute, length := local.Hour()*60+local.Minute(), wrap(p.Quiet.To-p.Quiet.From)
	if wrap(minute-p.Quiet.From) >= length {
		return at
	}
	year, month, day := local.Date()
	if minute >= p.Quiet.To { // they end tomorrow
		day++
	}
	return time.Date(year, month, day, 0, p.Quiet.To, 0, 0, zone).UTC()
}

// wrap is a number of minutes as one within a day.
func wrap(minutes int) int { return (minutes%(24*60) + 24*60) % (24 * 60) }

// reminds reports whether people are reminded of the leak while it is open: of production keys, and of all where strangers read
// the issue, since they would learn which ones are for production.
func (f LeakFacts) reminds() bool {
	l := f.Leak
	return !f.Policy.Remind.Off && !f.Policy.Observes() && l.IsOpen() && l.Sure() && !l.Outside && (l.Production() || f.Hidden)
}

// Opened is when the leak was found, admitted, or last opened again.
func (f LeakFacts) Opened() time.Time {
	if f.Moved.After(f.Leak.Detected) {
		return f.Moved
	}
	return f.Leak.Detected
}

// remindAt is when to remind people next, and when to escalate; zero: never. Either may be past: it is due.
func (f LeakFacts) remindAt() (remind, escalate time.Time) {
	if !f.reminds() {
		return time.Time{}, time.Time{}
	}
	p, opened := f.Policy.Remind, f.Opened()
	since := opened
	if f.Leak.Reminded.After(since) {
		since = f.Leak.Reminded
	}
	if remind = p.next(opened, since); !remind.IsZero() {
		remind = p.awake(later(remind, f.Leak.Snoozed))
	}
	if p.Escalate.To != "" && f.Leak.Escalated.Before(opened) {
		escalate = p.awake(later(opened.Add(p.Escalate.After), f.escalationSnoozed()))
	}
	return remind, escalate
}

// escalationSnoozed is until when the escalation is paused: whoever snoozes again and again can't keep it back for ever.
func (f LeakFacts) escalationSnoozed() time.Time {
	if last := f.Opened().Add(f.Policy.Remind.Escalate.After + MaxSnooze); f.Leak.Snoozed.After(last) {
		return last
	}
	return f.Leak.Snoozed
}

// StillReminds reports whether a reminder that was decided on is to be sent now: not if the leak was closed or snoozed since, the
// policy has changed, or night has come. to is the target that it goes to; "": it is a comment.
func StillReminds(f LeakFacts, to string, now time.Time) bool {
	snoozed := f.Leak.Snoozed
	if to != "" && to == f.Policy.Remind.Escalate.To {
		snoozed = f.escalationSnoozed()
	}
	return f.reminds() && !now.Before(snoozed) && f.Policy.Remind.awake(now).Equal(now)
}

// remind brings the leak up again: a comment in place of the one before, and notices.
func (d *Decision) remind(f LeakFacts, now time.Time) {
	remind, escalate := f.remindAt()
	change := Change{Leak: f.Leak.ID, At: now, By: Self, From: f.Leak.State, To: f.Leak.State}
	if reached(remind, now) {
		change.Reminded = true
		if f.Leak.IssueNumber != 0 {
			a := leakAction(Comment, f.Leak, remindedAt(now))
			a.Reply, a.Reminder = f.reply(ReplyReminder), true
			a.Reply.Since, a.Reply.At = f.Opened(), now
			if f.Hidden {
				a.Reply.Kind = ReplyPublicReminder
			}
			d.Actions = append(d.Actions, a)
			if !f.Leak.Reminded.IsZero() {
				before := leakAction(WithdrawComment, f.Leak, "withdraw:"+remindedAt(f.Leak.Reminded))
				before.Of = leakAction(Comment, f.Leak, remindedAt(f.Leak.Reminded)).Key
				d.Actions = append(d.Actions, before)
			}
		}
		if f.Policy.Notifies(NoticeReminded) {
			a := leakAction(Notify, f.Leak, stamp(Notify, now)+":"+string(NoticeReminded))
			a.Notice, a.Reminder = NoticeReminded, true
			d.Actions = append(d.Actions, a)
		}
	}
	if reached(escalate, now) {
		change.Escalated = true
		a := leakAction(Notify, f.Leak, stamp(Notify, now)+":escalated")
		a.Notice, a.To, a.Reminder = NoticeReminded, f.Policy.Remind.Escalate.To, true
		d.Actions = append(d.Actions, a)
	}
	if change.Reminded || change.Escalated {
		d.Changes = append(d.Changes, change)
	}
}

// remindedAt is the end of the key of a reminder's comment.
func remindedAt(at time.Time) string { return fmt.Sprintf("remind:%d", at.UnixMicro()) }

func reached(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
