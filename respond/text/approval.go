package text

import (
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// approver says who confirms what somebody asked for; "" is nobody in particular.
func approver(a respond.Approval, asked string) string {
	switch _, _, team := a.Team(); {
	case !team:
		return "another maintainer or admin"
	case asked == "":
		return "a member of " + teamName(a)
	}
	return "a member of " + teamName(a) + " (not " + markdown.Code(asked) + ")"
}

// closingAs says as what a request wants to close the leak, with its reason and its last day.
func closingAs(r respond.Request) string {
	s := "as " + closedAs(r.To)
	if r.To == respond.Ignored {
		s += until(r.Until)
	}
	switch {
	case r.Reason == "":
		return s
	case r.To == respond.Resolved:
		return s + " (" + markdown.Text(r.Reason) + ")"
	}
	return s + ": " + markdown.Code(r.Reason)
}

// until says to which day a false positive counts; "" where it counts for good.
func until(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return " until " + format.Date(respond.LastDay(at))
}

// waits says what waits for whom, and for how long.
func waits(r respond.Request, a respond.Approval) string {
	return "**Waits for a second person.** " + markdown.Code(r.By) + " wants to close this " + closingAs(r) + ". To confirm, " + approver(a, r.By) +
		" comments `/rekey approve` by " + format.Time(r.Expires()) + ". Until someone does, it stays open."
}

// approvalReply answers what is about a second person.
func approvalReply(r respond.Reply) string {
	request, thanks := r.Leak.Request, "Thanks, "+markdown.Code(r.By)
	switch r.Kind {
	case respond.ReplyWaits:
		return waits(request, r.Approval)
	case respond.ReplyClosingAsksNothing:
		return "Open again: by policy, it takes two people to close this, and closing the issue doesn't count as asking. Comment `/rekey rotated`, " +
			"or `/rekey ignore <reason>` if it's a false positive. Then " + approver(r.Approval, "") + " can confirm it with `/rekey approve`."
	case respond.ReplyNothingWaits:
		return "There is nothing to confirm here. Someone has to ask first, with `/rekey ignore <reason>`."
	case respond.ReplyOwnRequest:
		return thanks + ", but you asked for this yourself. It takes " + approver(r.Approval, r.By) + " to confirm it."
	case respond.ReplyPusherApproves:
		return thanks + ", but you pushed or wrote this key. It takes " + approver(r.Approval, r.By) + " to confirm that it can be closed."
	case respond.ReplyNotApprover:
		return thanks + ", but it takes " + approver(r.Approval, request.By) + " to confirm this."
	case respond.ReplyTeamUnreadable:
		return "rekey can't see who is in " + teamName(r.Approval) + ", so nobody can confirm this. Whoever manages the App on GitHub has to add the permission " +
			"**Members: Read-only** to it, and an owner of the organisation has to accept that. Then comment `/rekey approve` again."
	case respond.ReplyRequesterLost:
		return "This isn't closed: " + markdown.Code(request.By) + ", who asked for it, may no longer do that. Someone else has to ask again, with `/rekey ignore <reason>`."
	case respond.ReplyRequestExpired:
		return "Nobody confirmed within 7 days what " + markdown.Code(request.By) + " asked for, so this stays open. To ask again, repeat the command."
	}
	return ""
}

func teamName(a respond.Approval) string {
	organisation, slug, _ := a.Team()
	return "the team " + markdown.Code(organisation+"/"+slug)
}

// approvedBy names the second person; "" where none was needed.
func approvedBy(login string) string {
	if login == "" {
		return ""
	}
	return ", confirmed by " + markdown.Code(login)
}

// reminderReply answers what is about reminders, and reminds.
func reminderReply(r respond.Reply) string {
	switch r.Kind {
	case respond.ReplySnoozed:
		return "No reminders until " + format.Time(r.Leak.Snoozed) + ". To have them again before, comment `/rekey snooze off`."
	case respond.ReplySnoozeOff:
		return "Reminders are on again."
	case respond.ReplySnoozeForm:
		return "Please say for how long, at most 30 days: `/rekey snooze 2d`. Hours (`12h`) and weeks (`1w`) work too. `/rekey snooze off` ends it."
	case respond.ReplyNoReminders:
		return "rekey sends no reminders about this leak."
	case respond.ReplyPublicReminder:
		return "This is still open. Maintainers: comment `/rekey rotated` when it is done. To pause these reminders, comment `/rekey snooze 2d`."
	case respond.ReplyReminder:
		return reminder(r)
	}
	return ""
}

func reminder(r respond.Reply) string {
	l := r.Leak
	s := "**Open for " + openFor(r.At.Sub(r.Since)) + ".** "
	switch l.Verdict {
	case respond.KeyAlive:
		s += "Clerk accepted this key on " + format.Time(l.VerifiedAt) + ": anyone who has it can use it."
	default:
		s += "Until this " + noun(l.Kind) + " is deleted in Clerk, anyone who has it can use it."
	}
	s += " The steps are in the description; when they are done, comment `/rekey rotated`."
	if l.Request.Waits() {
		s += " " + markdown.Code(l.Request.By) + " wants to close it " + closingAs(l.Request) + ". That waits for a second person: `/rekey approve`."
	}
	return s + "\n\nNot now? `/rekey snooze 2d` pauses these reminders."
}

// openFor writes whole days or hours.
func openFor(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day {
		return format.Count(int(d/day), "day", "days")
	}
	return format.Count(int(d/time.Hour), "hour", "hours")
}

// untilForm answers a last day that is none.
const untilForm = "The last day has to be one that isn't over, within ten years, at the end: `/rekey ignore <reason> until 2027-01-31` (UTC). " +
	"Without a last day, leave out the word \"until\"."

// followUpLines says of a status what is to happen by itself.
func followUpLines(b *strings.Builder, l respond.Leak, a respond.Approval) {
	if l.Request.Waits() {
		b.WriteString("- " + waits(l.Request, a) + "\n")
	}
	if l.State == respond.Ignored && !l.Until.IsZero() {
		b.WriteString("- Counts as a false positive" + until(l.Until) + " (UTC), then opens again\n")
	}
	if l.State == respond.Open && !l.Reminded.IsZero() {
		b.WriteString("- Last reminder: " + format.Time(l.Reminded) + "\n")
	}
	if l.State == respond.Open && !l.Snoozed.IsZero() {
		b.WriteString("- No reminders until " + format.Time(l.Snoozed) + "\n")
	}
}

// waiting are the open leaks whose closing waits for a second person.
func (v checkView) waiting() []leakView {
	return slices.DeleteFunc(slices.Clone(v.failing), func(l leakView) bool { return !l.Request.Waits() })
}

func (v checkView) writeWaiting(b *strings.Builder) {
	waiting := v.waiting()
	for i, l := range waiting {
		if i == maxRows {
			break
		}
		b.WriteString(markdown.Code(redacted(l.Leak)) + ": " + waits(l.Request, v.Policy.Ignore.Approval) + "\n\n")
	}
	if len(waiting) > maxRows {
		b.WriteString(format.Count(len(waiting)-maxRows, "more waits", "more wait") + ".\n\n")
	}
}

// anyProduction reports whether an open leak of the check is for production. Strangers don't learn it.
func (v checkView) anyProduction() bool {
	return !v.hidden() && slices.ContainsFunc(slices.Concat(v.failing, v.tolerated, v.unsure), func(l leakView) bool { return l.Production() })
}
