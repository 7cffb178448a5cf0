package respond

import (
	"strconv"
	"strings"
	"time"
)

// MaxSnooze is for how long reminders can be paused at a time.
const MaxSnooze = 30 * 24 * time.Hour

// parseSnooze reads how long to pause: 12h, 2d, 1w; off is 0.
func parseSnooze(text string) (pause time.Duration, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "off" {
		return 0, true
	}
	if len(text) < 2 || len(text) > 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 16)
	unit := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[text[len(text)-1]]
	pause = time.Duration(n) * unit
	return pause, err == nil && pause > 0 && pause <= MaxSnooze
}

// snooze pauses the leak's reminders.
func (r *commandRun) snooze() {
	pause, ok := parseSnooze(r.command.Reason)
	switch {
	case !ok:
		r.reply(ReplySnoozeForm)
		return
	case r.Leak.State != Open:
		r.reply(ReplyAlreadyClosed)
		return
	case !r.reminds():
		r.reply(ReplyNoReminders)
		return
	}
	var until time.Time
	kind := ReplySnoozeOff
	if pause > 0 {
		until, kind = r.command.At.Add(pause), ReplySnoozed
	}
	r.Changes = append(r.Changes, Change{Leak: r.Leak.ID, At: r.command.At, By: r.command.By, From: Open, To: Open, Snooze: &until})
	r.issue(EditIssue, r.Leak, r.command.At)
	r.Leak.Snoozed = until
	r.reply(kind)
}
