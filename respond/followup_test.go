package respond_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// TestUntil: what is said about a last day is taken, or answered with the right form; it is never passed over.
func TestUntil(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"a decoy":                                 "a decoy, for good",
		"a decoy until 2027-01-31":                "a decoy, 2027-02-01",
		"a decoy, until 2027-01-31.":              "a decoy, 2027-02-01",
		"a decoy UNTIL   2027-01-31":              "a decoy, 2027-02-01",
		"a decoy until 2026-11-23":                "a decoy, 2026-11-24", // today
		"was used until we left until 2028-02-29": "was used until we left, 2028-03-01",
		"a decoy until 2026-11-22":                "asked", // yesterday
		"a decoy until 2027-02-30":                "asked",
		"a decoy until Friday":                    "asked",
		"a decoy until further notice":            "asked",
		"a decoy until":                           "asked",
		"a decoy until 2027-01-31 or so":          "asked",
		"a decoy until 9999-12-31":                "asked",
		"until 2027-01-31":                        "no reason",
		"an untilled field":                       "an untilled field, for good",
	} {
		d := newDeals(respond.ApprovalNone)
		reply := d.say("ada", respond.CommandIgnore, said)
		l := d.facts.Leak
		got := map[respond.ReplyKind]string{respond.ReplyUntilForm: "asked", respond.ReplyReasonMissing: "no reason"}[reply]
		if reply == respond.ReplyMoved {
			if got = l.Reason + ", for good"; !l.Until.IsZero() {
				got = l.Reason + ", " + l.Until.Format(time.DateOnly)
			}
		}
		if got != want {
			t.Errorf("%q: %s, want %s", said, got, want)
		}
		if l.State == respond.Ignored && !l.Look.Equal(l.Until) {
			t.Errorf("%q: it is looked at on %s", said, l.Look)
		}
	}
}

// TestTheLastDayIsOver: from the first moment after it the leak is open again, with all that follows from it; not before.
func TestTheLastDayIsOver(t *testing.T) {
	t.Parallel()
	d := newDeals(respond.ApprovalNone)
	d.facts.Policy.Notify = []respond.NotifyRule{{To: "security"}}
	d.say("ada", respond.CommandIgnore, "a decoy until 2026-11-30")
	over := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if before := respond.FollowUp(d.facts, over.Add(-time.Microsecond)); len(before.Actions) != 0 || before.Changes[0].Moved() || !before.Changes[0].Look.Equal(over) {
		t.Errorf("before: %+v", before)
	}
	decided := respond.FollowUp(d.facts, over)
	got := strings.Join(told(decided), "; ")
	if want := "ignored > open by rekey; open > open by rekey; reopen_issue; edit_issue; comment; update_check; notify reopened"; got != want {
		t.Errorf("after: %s", got)
	}
	if d.applied(decided); !d.facts.Leak.Until.IsZero() || d.facts.Leak.Look.IsZero() {
		t.Errorf("%+v", d.facts.Leak)
	}
}

// TestARequestExpires: it ends by itself, is said once, and the leak stays as it is.
func TestARequestExpires(t *testing.T) {
	t.Parallel()
	d := newDeals(respond.ApprovalSecondPerson)
	d.facts.Policy.Remind.Off = true
	d.say("ada", respond.CommandIgnore, "a decoy")
	var replies []respond.ReplyKind
	for d.now.Before(monday.Add(9 * 24 * time.Hour)) {
		look := d.facts.Leak.Look
		if look.Before(d.now) {
			t.Fatalf("it was to be looked at on %s, which is past", look)
		}
		d.now = look
		if reply := d.applied(respond.FollowUp(d.facts, d.now)); reply != "" {
			replies = append(replies, reply)
			if want := monday.Add(time.Minute + respond.ApprovalWithin); !d.now.Equal(want) {
				t.Errorf("on %s, want %s", d.now, want)
			}
		}
	}
	if !slices.Equal(replies, []respond.ReplyKind{respond.ReplyRequestExpired}) || d.facts.Leak.Request.Waits() || d.facts.Leak.State != respond.Open {
		t.Errorf("%v, %+v", replies, d.facts.Leak)
	}
}

// reminded lets time pass, looking whenever it is time to, and returns after how many hours people were reminded. each is called before
// each look, and may skip some time.
func (d *deals) reminded(until time.Duration, each func(*deals)) (hours []string) {
	opened := d.facts.Leak.Detected
	for looks := 0; d.facts.Leak.Look.Before(opened.Add(until)); looks++ {
		if d.facts.Leak.Look.IsZero() || looks > 2000 {
			return append(hours, fmt.Sprintf("%d looks, the next on %s", looks, d.facts.Leak.Look))
		}
		if d.facts.Leak.Look.After(d.now) {
			d.now = d.facts.Leak.Look
		}
		if each != nil {
			each(d)
		}
		decided := respond.FollowUp(d.facts, d.now)
		for _, a := range decided.Actions {
			switch after := fmt.Sprint(int(d.now.Sub(opened).Hours())); {
			case a.Do == respond.Comment:
				hours = append(hours, after)
			case a.Do == respond.Notify && a.To != "":
				hours = append(hours, after+" to "+a.To)
			}
		}
		d.applied(decided)
	}
	return hours
}

// opened is a production key that was found just now.
func opened() *deals {
	d := newDeals(respond.ApprovalNone)
	d.facts.Leak.Look = d.facts.Leak.Detected.Add(respond.FirstLook)
	return d
}

func TestReminders(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	skip := func(from, to time.Duration) func(*deals) { // the server is down
		return func(d *deals) {
			if at := d.now.Sub(d.facts.Leak.Detected); at >= from && at < to {
				d.now = d.facts.Leak.Detected.Add(to)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*deals)
		each   func(*deals)
		want   string
	}{
		"as ever":                {nil, nil, "24 72 168 336 504"},
		"off":                    {func(d *deals) { d.facts.Policy.Remind.Off = true }, nil, ""},
		"observing":              {func(d *deals) { d.facts.Policy.Mode = respond.ModeObserve }, nil, ""},
		"a test key":             {func(d *deals) { d.facts.Leak.Environment = detect.Test }, nil, ""},
		"a test key, public":     {func(d *deals) { d.facts.Leak.Environment, d.facts.Hidden = detect.Test, true }, nil, "24 72 168 336 504"},
		"not sure":               {func(d *deals) { d.facts.Leak.Confidence = detect.LowConfidence }, nil, ""},
		"from outside":           {func(d *deals) { d.facts.Leak.Outside = true }, nil, ""},
		"no more after the last": {func(d *deals) { d.facts.Policy.Remind.Every = 0 }, nil, "24 72 168"},
		"every day":              {func(d *deals) { d.facts.Policy.Remind.After, d.facts.Policy.Remind.Every = nil, 10*day }, nil, "240 480"},
		// It was found at 09:30 UTC; in Auckland it is night from 07:00 UTC to 19:00 UTC then.
		"by night":          {func(d *deals) { d.facts.Policy.Remind.Zone = "Pacific/Auckland" }, nil, "33 81 177 345 513"},
		"down for a week":   {nil, skip(20*time.Hour, 9*day), "216 336 504"},
		"off since a while": {nil, func(d *deals) { d.facts.Policy.Remind.Off = d.now.Sub(d.facts.Leak.Detected) > 5*day }, "24 72"},
		"on since a while":  {nil, func(d *deals) { d.facts.Policy.Remind.Off = d.now.Sub(d.facts.Leak.Detected) < 5*day }, "121 168 336 504"},
		"snoozed at once":   {func(d *deals) { d.say("ada", respond.CommandSnooze, "5d") }, nil, "120 168 336 504"},
		"escalated": {func(d *deals) {
			d.facts.Policy.Remind.Escalate = respond.Escalation{After: 3 * day, To: "ciso"}
		}, nil, "24 72 72 to ciso 168 336 504"},
		"escalated, snoozed": {func(d *deals) {
			d.facts.Policy.Remind.Escalate = respond.Escalation{After: 3 * day, To: "ciso"}
			d.say("ada", respond.CommandSnooze, "5d")
		}, nil, "120 120 to ciso 168 336 504"},
	} {
		d := opened()
		if c.change != nil {
			c.change(d)
		}
		if got := strings.Join(d.reminded(22*day, c.each), " "); got != c.want {
			t.Errorf("%s: after %s hours, want %s", name, got, c.want)
		}
	}
}

// TestAReminderTakesThePlaceOfTheOneBefore: of the comments that remind one stands at a time.
func TestAReminderTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	d := opened()
	var written, withdrawn []string
	for len(written) < 3 {
		d.now = d.facts.Leak.Look
		decided := respond.FollowUp(d.facts, d.now)
		for _, a := range decided.Actions {
			switch a.Do {
			case respond.Comment:
				written = append(written, a.Key)
			case respond.WithdrawComment:
				withdrawn = append(withdrawn, a.Of)
			}
		}
		d.applied(decided)
	}
	if !slices.Equal(withdrawn, written[:2]) {
		t.Errorf("written %q, withdrawn %q", written, withdrawn)
	}
}

// TestRemindersCountWhenTheyAreSent: what has changed since a reminder was decided on keeps it back.
func TestRemindersCountWhenTheyAreSent(t *testing.T) {
	t.Parallel()
	at := monday.Add(24 * time.Hour)
	for name, c := range map[string]struct {
		change func(*deals)
		at     time.Time
		want   bool
	}{
		"nothing":        {func(*deals) {}, at, true},
		"closed":         {func(d *deals) { d.say("ada", respond.CommandIgnore, "x") }, at, false},
		"snoozed":        {func(d *deals) { d.say("ada", respond.CommandSnooze, "2d") }, at, false},
		"snoozed before": {func(d *deals) { d.say("ada", respond.CommandSnooze, "1h") }, at, true},
		"snoozed, ended": {func(d *deals) { d.say("ada", respond.CommandSnooze, "2d"); d.say("ada", respond.CommandSnooze, "off") }, at, true},
		"switched off":   {func(d *deals) { d.facts.Policy.Remind.Off = true }, at, false},
		"by night":       {func(*deals) {}, at.Add(12 * time.Hour), false},
	} {
		d := opened()
		c.change(d)
		if got := respond.StillReminds(d.facts, "", c.at); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestNobodySnoozesForEver: who pauses the reminders again and again keeps the escalation back by thirty days, and no longer.
func TestNobodySnoozesForEver(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	d := opened()
	d.facts.Policy.Remind.Escalate = respond.Escalation{After: 3 * day, To: "ciso"}
	got := d.reminded(60*day, func(d *deals) {
		if d.facts.Leak.Snoozed.Before(d.now.Add(2 * day)) {
			d.say("ada", respond.CommandSnooze, "30d")
		}
		at := d.facts.Leak.Detected.Add((3 + 30) * day)
		if d.now.Before(at) && d.facts.Leak.Look.After(at) {
			d.now = at
		}
	})
	if len(got) != 1 || got[0] != "792 to ciso" {
		t.Errorf("after %q hours", got)
	}
	at := d.facts.Leak.Detected.Add((3 + 30) * day)
	if respond.StillReminds(d.facts, "", at) || respond.StillReminds(d.facts, "team", at) || !respond.StillReminds(d.facts, "ciso", at) {
		t.Error("sent to whoever was snoozed, or not to whom it was brought")
	}
}

func TestSnooze(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]time.Duration{
		"2d": 48 * time.Hour, "12h": 12 * time.Hour, " 1W ": 7 * 24 * time.Hour, "30d": respond.MaxSnooze, "31d": -1, "5w": -1, "0d": -1, "-1d": -1, "": -1,
		"two days": -1, "2": -1, "d": -1, "2y": -1, "99999h": -1,
	} {
		d := opened()
		reply := d.say("ada", respond.CommandSnooze, said)
		got := d.facts.Leak.Snoozed.Sub(d.now)
		if want < 0 && (reply != respond.ReplySnoozeForm || !d.facts.Leak.Snoozed.IsZero()) || want > 0 && (reply != respond.ReplySnoozed || got != want) {
			t.Errorf("%q: %s, for %s", said, reply, got)
		}
	}
	for name, c := range map[string]struct {
		by     string
		change func(*deals)
		want   respond.ReplyKind
	}{
		"with write":   {"kim", func(*deals) {}, respond.ReplyNotEntitled},
		"a stranger":   {"eve", func(*deals) {}, respond.ReplyNotEntitled},
		"closed":       {"ada", func(d *deals) { d.say("ada", respond.CommandIgnore, "x") }, respond.ReplyAlreadyClosed},
		"a test key":   {"kim", func(d *deals) { d.facts.Leak.Environment = detect.Test }, respond.ReplyNoReminders},
		"switched off": {"ada", func(d *deals) { d.facts.Policy.Remind.Off = true }, respond.ReplyNoReminders},
	} {
		d := opened()
		c.change(d)
		if got := d.say(c.by, respond.CommandSnooze, "2d"); got != c.want || !d.facts.Leak.Snoozed.IsZero() {
			t.Errorf("%s: %s until %s", name, got, d.facts.Leak.Snoozed)
		}
	}
}

// TestNoNightIsDisturbed: in no time zone and at no hour is anything sent in the quiet hours, and a reminder is never put off for longer
// than they last. Clocks that change are among them.
func TestNoNightIsDisturbed(t *testing.T) {
	t.Parallel()
	zones := []string{"", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"}
	rapid.Check(t, func(t *rapid.T) {
		p := respond.DefaultRemind()
		p.Zone = rapid.SampledFrom(zones).Draw(t, "zone")
		p.Quiet = respond.QuietHours{From: rapid.IntRange(0, 24*60-1).Draw(t, "from"), To: rapid.IntRange(0, 24*60-1).Draw(t, "to")}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 366*24*60).Draw(t, "minute")) * time.Minute)
		zone, err := time.LoadLocation(p.Zone)
		if err != nil {
			t.Fatal(err)
		}
		awake := respond.Awake(p, at)
		local := awake.In(zone)
		minute, from, to := local.Hour()*60+local.Minute(), p.Quiet.From, p.Quiet.To
		if quiet := from < to && minute >= from && minute < to || from > to && (minute >= from || minute < to); quiet {
			t.Fatalf("%s is in %+v", local, p.Quiet)
		}
		if awake.Before(at) || awake.Sub(at) > 25*time.Hour {
			t.Fatalf("from %s to %s", at, awake)
		}
	})
}
