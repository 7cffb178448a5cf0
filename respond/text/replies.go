package text

import (
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/guide"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Comments are short. They mention nobody: names stand in code.

// Comment returns what a comment under a leak's issue says, in Markdown.
func Comment(r respond.Reply) string {
	switch r.Kind {
	case respond.ReplyMoved:
		return changeText(r)
	case respond.ReplyFoundAgain:
		return "Open again: " + r.Change.Reason + "."
	case respond.ReplyPublished:
		return "**GitHub found this key in a public repository.** Bots collect keys there within minutes: delete it in Clerk now, then fix what breaks."
	case respond.ReplyCorrected:
		return "This was closed, but rekey doesn't know by whom. It's open again: comment `/rekey rotated`, or close it again."
	case respond.ReplyStatus:
		return statusText(r)
	case respond.ReplyHelp:
		return notUnderstood(r.Unknown) + helpText(r)
	case respond.ReplyPublicMoved, respond.ReplyPublicState, respond.ReplyPublicNotConfirmed:
		return notUnderstood(r.Unknown) + publicComment(r)
	case respond.ReplyDeleted:
		return deletions(r)
	case respond.ReplyPublicDeleted:
		return publicDeletions(r)
	case respond.ReplyUntilForm:
		return untilForm
	case respond.ReplyNotEntitled:
		return refusal(r)
	case respond.ReplyLogsDeleted:
		return logsDeleted(r.Logs)
	case respond.ReplyPublicLogsDeleted:
		return publicLogsDeleted(r.Logs)
	case respond.ReplyMaintainerNeeded:
		return "Thanks, " + markdown.Code(r.By) + ". " + needsMaintainer(r)
	case respond.ReplyOnlyPeopleClose:
		return markdown.Code(r.By) + " closed this, but only a person can: it stays open until the key is revoked, or someone with write access closes it. " +
			"Exclude this issue's label from automations that close issues."
	}
	return nothingToDo(r.Kind, r.Leak) + clerkVerdict(r) + approvalReply(r) + reminderReply(r)
}

// nothingToDo answers a command that changes nothing.
func nothingToDo(kind respond.ReplyKind, l respond.Leak) string {
	switch kind {
	case respond.ReplyAlreadyRevoked:
		return "Clerk has already confirmed that this key is revoked. There is nothing left to do."
	case respond.ReplyAlreadyClosed:
		return "This is already closed, as " + closedAs(l.State) + until(l.Until) + "."
	case respond.ReplyAlreadyOpen:
		return "This is already open."
	case respond.ReplyAlreadyOurs:
		return "This leak already has an issue in this repository. `/rekey triage` is for pull requests from people without write access."
	case respond.ReplyReasonMissing:
		return "Please say why, so that others understand it later: `/rekey ignore <reason>`."
	}
	return ""
}

// clerkVerdict puts into words what Clerk answered, where the key is not confirmed to be revoked.
func clerkVerdict(r respond.Reply) string {
	switch r.Kind {
	case respond.ReplyStillWorks:
		return stillWorks(r)
	case respond.ReplyFenced:
		return refusedElsewhere(r)
	case respond.ReplyNoClearAnswer:
		return "Clerk didn't give a clear answer" + because(r) + ", so this stays open. rekey will keep asking for a few hours."
	case respond.ReplyGaveUp:
		asks := "Clerk still hasn't given a clear answer" + because(r) + ", so rekey has stopped asking. Comment `/rekey rotated` to make it ask again. "
		if r.Approval.Required() && r.Leak.Production() {
			return asks + "If " + mayClose(r.Leak) + " comments it, and Clerk stays silent, " + approver(r.Approval, "") + " can confirm the closing."
		}
		return asks + "Or, once you have checked that the key is deleted in Clerk, " + mayClose(r.Leak) + " can close this issue."
	case respond.ReplyNotConfirmed:
		return "Open again: Clerk didn't give a clear answer" + because(r) + ", and closing a production key without one needs a maintainer or admin. " +
			"rekey will keep asking for a few hours."
	}
	return ""
}

const undo = "To undo this, comment `/rekey reopen`."

// mayClose says who can close a leak that Clerk doesn't confirm to be revoked.
func mayClose(l respond.Leak) string {
	if l.Production() {
		return "a maintainer or admin"
	}
	return "anyone with write access"
}

// closedAs names the state of a closed leak.
func closedAs(s respond.State) string {
	if s == respond.Ignored {
		return "a false positive"
	}
	return string(s)
}

func changeText(r respond.Reply) string {
	l, c := r.Leak, r.Change
	who := markdown.Code(c.By)
	switch c.To {
	case respond.Revoked:
		s := "**This key no longer works.** Clerk stopped accepting it"
		if !l.Detected.IsZero() {
			s += " " + format.Duration(c.At.Sub(l.Detected)) + " after it was found"
		}
		return s + ". The checks that failed because of it turn green.\n\n" +
			"rekey can't tell whether it was used before. The checklist in the issue helps you find out; look today, because Clerk's logs expire."
	case respond.Ignored:
		s := fmt.Sprintf("Closed as a false positive by %s%s: %s\n\n", who, approvedBy(c.ApprovedBy), markdown.Code(c.Reason))
		if !c.Until.IsZero() {
			s += "This counts" + until(c.Until) + " (UTC). After that day it opens again by itself. "
		}
		return s + undo
	case respond.Resolved:
		return fmt.Sprintf("Closed as resolved by %s, who %s%s.\n\n"+undo, who, markdown.Text(c.Reason), approvedBy(c.ApprovedBy))
	}
	if c.By == respond.ByClerk && l.Verdict == respond.KeyFenced {
		return "Open again: **the key may still work from certain addresses.** Clerk refused it, but didn't say that it's invalid. " + whichRow(l)
	}
	if c.By == respond.ByClerk {
		return "Open again: **Clerk still accepts this key**, so it has not been deleted. " + whichRow(l)
	}
	if c.Reason == respond.ReasonOver {
		return "Open again: " + c.Reason + ". If it still is one, comment `/rekey ignore <reason>` again."
	}
	if c.Reason == respond.ReasonReopened || c.Reason == "" {
		return "Open again: " + who + " reopened it."
	}
	return fmt.Sprintf("Open again, by %s: %s", who, markdown.Code(c.Reason))
}

func stillWorks(r respond.Reply) string {
	s := "**Clerk still accepts this key**, so this stays open."
	if r.Why == respond.Closed {
		s = "Open again: **Clerk still accepts this key**."
	}
	if r.Leak.InstanceID != "" {
		s += " It belongs to the instance " + markdown.Code(r.Leak.InstanceID)
		if env := respond.EnvironmentName(r.Leak.Environment); env != "" {
			s += " (" + env + ")"
		}
		s += "."
	}
	return s + " " + whichRow(r.Leak) + "\n\nWhen the row is gone, comment `/rekey rotated` again. If it is a false positive, comment `/rekey ignore <reason>`."
}

// refusedElsewhere answers for a key that Clerk refuses without calling it invalid.
func refusedElsewhere(r respond.Reply) string {
	return "**This stays open: the key may still work from certain addresses.** Clerk refused it here" + because(r) +
		". That is how Clerk answers for a secret key with an IP allowlist. " + whichRow(r.Leak) +
		"\n\nIf the key is still there, delete it and comment `/rekey rotated`. If it's gone already, a maintainer can close this with `/rekey ignore deleted in Clerk`."
}

// whichRow says which key is to be deleted, as Clerk's list shows it.
func whichRow(l respond.Leak) string {
	prefix, end, _ := strings.Cut(redacted(l), "…")
	return fmt.Sprintf("In %s, delete the row that starts with %s and ends with %s.", markdown.Link("Clerk's dashboard → API keys", guide.Page(l.Kind)),
		markdown.Code(prefix), markdown.Code(end))
}

func because(r respond.Reply) string {
	if r.Detail == "" {
		return ""
	}
	return " (" + markdown.Code(r.Detail) + ")"
}

func refusal(r respond.Reply) string {
	if r.Role == respond.RoleWrite {
		what := "Dismissing a production key"
		if r.Command == respond.CommandSnooze {
			what = "Pausing the reminders about a production key"
		}
		return "Thanks, " + markdown.Code(r.By) + ". " + what + " needs a maintainer or admin of " + markdown.Code(r.Repository.FullName()) + ": one of them can repeat the command."
	}
	return "Thanks, " + markdown.Code(r.By) + ". rekey only accepts commands from people with write access to " + markdown.Code(r.Repository.FullName()) +
		": one of them can repeat it."
}

func statusText(r respond.Reply) string {
	l := r.Leak
	var b strings.Builder
	fmt.Fprintf(&b, "**%s.** %s %s\n\n", strings.ToUpper(string(l.State[:1]))+string(l.State[1:]), markdown.Code(redacted(l)), describe(l))
	line := func(name string, t time.Time) {
		if !t.IsZero() {
			fmt.Fprintf(&b, "- %s: %s\n", name, format.Time(t))
		}
	}
	line("Found", l.Detected)
	line("First response", l.Responded)
	line("Closed", l.Closed)
	switch {
	case l.Verdict != "":
		fmt.Fprintf(&b, "- Clerk, asked on %s: %s\n", format.Time(l.VerifiedAt), map[respond.Verdict]string{
			respond.KeyAlive: "**the key works**", respond.KeyRevoked: "the key no longer works", respond.KeyUnknown: "no clear answer",
			respond.KeyFenced: "**refused, but not as invalid**: the key may still work from certain addresses",
		}[l.Verdict])
	case l.Verifiable() && r.Verify != respond.VerifyNever:
		b.WriteString("- Clerk hasn't been asked yet\n")
	}
	followUpLines(&b, l, r.Approval)
	return b.String()
}

func helpText(r respond.Reply) string {
	ignore, approve, snooze := "write access", "", ""
	if r.Leak.Production() {
		ignore = "a maintainer or admin, because this is a production key"
		snooze = "| `/rekey snooze 2d` | pauses the reminders, for at most 30 days; `/rekey snooze off` ends it |\n"
		if r.Approval.Required() {
			ignore += "; " + approver(r.Approval, "") + " then confirms it"
			approve = "| `/rekey approve` | confirms what someone else asked for |\n"
		}
	}
	return "| Comment | What it does |\n| --- | --- |\n" +
		"| `/rekey rotated` | the old key is deleted: rekey asks Clerk, if it may, and closes this if the key no longer works |\n" +
		"| `/rekey ignore <reason>` | closes this as a false positive; needs " + ignore + " |\n" +
		"| `/rekey ignore <reason> until 2027-01-31` | the same, until the end of that day (UTC); then this opens again |\n" + approve + snooze +
		"| `/rekey reopen` | reopens this |\n" +
		"| `/rekey delete-comment` | deletes the comments on GitHub that show this key, with their earlier versions |\n" +
		"| `/rekey delete-logs` | deletes the logs of GitHub Actions that show the key |\n" +
		"| `/rekey status` | what rekey knows |\n\n" +
		"Closing this issue is the same as `/rekey rotated`. rekey accepts commands from people with write access."
}
