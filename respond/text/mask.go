package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Masked is what stands in a text for a key that was taken out of it. hidden is for texts that strangers read: they search for such words, and
// an earlier version of the text still shows the key, so it is one that anybody writes. Round brackets mean nothing in Markdown.
func Masked(redacted string, hidden bool) string {
	if hidden {
		return "(removed)"
	}
	prefix, _, _ := strings.Cut(redacted, "…")
	return prefix + "(removed by rekey)"
}

// maskNote begins the line that says who masked a key in a text.
const maskNote = "> rekey removed a Clerk credential from this text."

// MaskNote is what is added to a text in which rekey masked a key: who did it, and that an earlier version still shows it. A text has it once.
// issue is the number of the leak's issue in the same repository, 0 for none. Nothing is added to a text that would be too long for GitHub by it.
func MaskNote(text string, issue int) string {
	if strings.Contains(text, maskNote) {
		return ""
	}
	end := "\n"
	if strings.Contains(text, "\r\n") {
		end = "\r\n"
	}
	note := maskNote + " An earlier version still shows it: click **edited** above, choose that version, then **Options** and **Delete revision from history**."
	if issue != 0 {
		note += fmt.Sprintf(" The other steps are in #%d.", issue)
	}
	if note = end + end + note; utf8.RuneCountInString(text)+utf8.RuneCountInString(note) > markdown.MaxIssueBody {
		return ""
	}
	return note
}

// IsMaskNote reports whether that is all that stands at the end of a text; it is for nothing at all too.
func IsMaskNote(end string) bool {
	end = strings.TrimLeft(end, "\r\n")
	return end == "" || strings.HasPrefix(end, maskNote) && !strings.Contains(end, "\n")
}

// notMasked says why rekey did not mask a key, where the policy wants it; "" where it did, or did not try.
func notMasked(s respond.Sighting) string {
	switch {
	case !s.Text.Gone.IsZero() || s.Text.Former:
		return ""
	case !s.Text.Masked.IsZero():
		return "someone wrote the key again after rekey had masked it"
	case s.Text.Kept == "":
		return ""
	}
	return "not masked: " + kept(s, s.Text.Kept)
}

// kept says why rekey left a text as it is.
func kept(s respond.Sighting, why respond.Kept) string {
	switch why {
	case respond.KeptInexact:
		return "the key isn't written in one piece there"
	case respond.KeptPermission:
		return "rekey lacks the permission **" + permissionFor(s) + ": write**"
	case respond.KeptLocked:
		return "the conversation is locked"
	case respond.KeptArchived:
		return "the repository is archived"
	case respond.KeptRefused:
		return "GitHub refused it"
	case respond.KeptLimit:
		return fmt.Sprintf("rekey has masked this key in %d texts, and stops there", respond.MaxMasked)
	case respond.KeptEdited:
		return "someone edited it each time that rekey tried"
	case respond.KeptReplies:
		return "other people's replies would be deleted with it"
	case respond.KeptWhole:
		return "rekey only deletes comments on issues, pull requests and discussions"
	case respond.KeptMoved:
		return "it's in another repository now"
	}
	return ""
}

// permissionFor names what editing or deleting the text takes, as GitHub's settings call it.
func permissionFor(s respond.Sighting) string {
	switch {
	case s.OnPull():
		return "Pull requests"
	case s.Source == respond.InDiscussion, s.Source == respond.InDiscussionComment:
		return "Discussions"
	}
	return "Issues"
}
