package respond

import (
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/markdown"
	"github.com/rekey-app/rekey/respond/policy"
)

// Comments are short. They mention nobody: names stand in code.

func changeText(f LeakFacts, c Change) string {
	who := markdown.Code(c.By)
	switch c.To {
	case ledger.Revoked:
		s := "**The key is dead.** Clerk no longer accepts it"
		if !f.Leak.Detected.IsZero() {
			s += ", " + elapsed(c.At.Sub(f.Leak.Detected)) + " after it was found"
		}
		return s + ". The checks that failed because of it turn green.\n\n" +
			"What may have been done with it before is for you to see: the list is in the issue, and Clerk's logs expire."
	case ledger.Ignored:
		return fmt.Sprintf("Closed as no secret by %s: %s\n\n`/rekey reopen` takes it back.", who, markdown.Code(c.Reason))
	case ledger.Resolved:
		return fmt.Sprintf("Closed under the name of %s, who %s.\n\n`/rekey reopen` takes it back.", who, markdown.Text(c.Reason))
	}
	if c.By == "Clerk" && f.Leak.Answer == string(clerk.Fenced) {
		return "Open again: **the key may still work from certain addresses.** Clerk refused it, but didn't say that it's invalid. " + whichRow(f.Leak)
	}
	if c.By == "Clerk" {
		return "Open again: **Clerk still accepts this key**, so it has not been deleted. " + whichRow(f.Leak)
	}
	if c.Reason == "reopened it" || c.Reason == "" {
		return "Open again: " + who + " reopened it."
	}
	return fmt.Sprintf("Open again, by %s: %s", who, markdown.Code(c.Reason))
}

func stillWorks(f LeakFacts, q Ask) string {
	s := "**Clerk still accepts this key**, so this stays open."
	if q.Why == Closed {
		s = "Open again: **Clerk still accepts this key**."
	}
	if f.Leak.InstanceID != "" {
		s += " It opens the instance " + markdown.Code(f.Leak.InstanceID)
		if env := environmentName(f.Leak.Environment); env != "" {
			s += " (" + env + ")"
		}
		s += "."
	}
	return s + " " + whichRow(f.Leak) + "\n\nWhen the row is gone, comment `/rekey rotated` again. If it is no secret after all: `/rekey ignore <reason>`."
}

// refusedElsewhere answers for a key that Clerk refuses without calling it invalid.
func refusedElsewhere(l ledger.Leak, a clerk.Answer) string {
	return "**This stays open: the key may still work from certain addresses.** Clerk refused it here" + because(a) +
		". A secret key with an IP allowlist is answered like that. " + whichRow(l) +
		"\n\nIf the key is still there, delete it and comment `/rekey rotated`. If it's gone already, a maintainer can close this with `/rekey ignore deleted in Clerk`."
}

// whichRow says which key is to be deleted, as Clerk's list shows it.
func whichRow(l ledger.Leak) string {
	prefix, end, _ := strings.Cut(redacted(l), "…")
	page := "https://dashboard.clerk.com/~/api-keys"
	return fmt.Sprintf("In %s, delete the row that begins with %s and ends in %s.", markdown.Link("Clerk's dashboard → API keys", page),
		markdown.Code(prefix), markdown.Code(end))
}

func noAnswer(a clerk.Answer) string {
	return "Clerk gave no clear answer whether the key is dead" + because(a) + ". That is not taken for safe; rekey asks again, for some hours."
}

func gaveUp(a clerk.Answer) string {
	return "Clerk has still given no clear answer" + because(a) + ". rekey stops asking. Comment `/rekey rotated` to make it ask again, " +
		"or close this issue to take it on your own name."
}

func because(a clerk.Answer) string {
	if a.Detail == "" {
		return ""
	}
	return " (" + markdown.Code(a.Detail) + ")"
}

func refusal(f LeakFacts, w Word) string {
	if w.Role == "write" {
		return "Thank you, " + markdown.Code(w.By) + ". Calling a production key no secret takes the role maintain or admin in this repository; somebody who has it can repeat it."
	}
	return "Thank you, " + markdown.Code(w.By) + ". rekey acts on words of people with write access to " + markdown.Code(f.Repository.FullName()) +
		" only; somebody who has it can repeat it."
}

func (h *hearing) statusText() string {
	l := h.Leak
	var b strings.Builder
	fmt.Fprintf(&b, "**%s.** %s %s\n\n", strings.ToUpper(string(l.State[:1]))+string(l.State[1:]), markdown.Code(redacted(l)), describe(l))
	line := func(name string, t time.Time) {
		if !t.IsZero() {
			fmt.Fprintf(&b, "- %s: %s\n", name, date(t))
		}
	}
	line("Found", l.Detected)
	line("First word of a person", l.Responded)
	line("Closed", l.Closed)
	switch {
	case l.Answer != "":
		fmt.Fprintf(&b, "- Clerk, asked on %s: %s\n", date(l.Asked), map[string]string{
			"alive": "**the key works**", "revoked": "the key is dead", "unknown": "no clear answer",
			"fenced": "**refused, but not as invalid**: the key may still work from certain addresses",
		}[l.Answer])
	case clerkCanTell(l) && h.Policy.Verify != policy.Never:
		b.WriteString("- Clerk was not asked yet\n")
	}
	return b.String()
}

func helpText(f LeakFacts) string {
	ignore := "write access"
	if detect.Environment(f.Leak.Environment) == detect.Live {
		ignore = "the role maintain or admin, as this is a production key"
	}
	return "| Comment | What it does |\n| --- | --- |\n" +
		"| `/rekey rotated` | the old key is deleted: rekey asks Clerk, where it may, and closes this if the key is dead |\n" +
		"| `/rekey ignore <reason>` | closes this as no secret; needs " + ignore + " |\n" +
		"| `/rekey reopen` | opens it again |\n" +
		"| `/rekey status` | what rekey knows |\n\n" +
		"Closing this issue is the same as `/rekey rotated`. People with write access are heard."
}
