package respond

import "strings"

// Unmasked says why a key was not masked in a text; "" where it was, or where nobody tried.
type Unmasked string

// The reasons.
const (
	UnmaskedInexact    Unmasked = "inexact"    // the key is not written there in one piece, or not as it is
	UnmaskedPermission Unmasked = "permission" // the App may not edit such texts
	UnmaskedLocked     Unmasked = "locked"     // the conversation is locked
	UnmaskedArchived   Unmasked = "archived"   // the repository is read-only
	UnmaskedRefused    Unmasked = "refused"    // GitHub refused it for another reason
	UnmaskedLimit      Unmasked = "limit"      // the key was masked in [MaxMasked] texts
	UnmaskedMoving     Unmasked = "moving"     // somebody, or a program, edited the text each time
)

// MaxMasked is in how many texts a leak's key is masked. Programs that quote each other's texts could go on for ever.
const MaxMasked = 50

// Maskable reports whether rekey can take a key out of the text: of all texts GitHub lets an App edit the descriptions of issues and pull
// requests, and the comments under them.
func (s Sighting) Maskable() bool {
	switch s.Source {
	case InIssue, InPullRequest, InIssueComment:
		return s.Text.Field == "body" && s.Text.NodeID != ""
	}
	return false
}

// OnPull reports whether the text is a pull request's, or a comment under one.
func (s Sighting) OnPull() bool {
	switch s.Source {
	case InPullRequest, InReview, InReviewComment:
		return true
	case InIssueComment:
		return strings.Contains(s.Text.URL, "/pull/")
	}
	return false
}

// Masks reports whether rekey takes keys out of texts.
func (p Policy) Masks() bool { return p.Texts.Redact == RedactMask && !p.Observes() }

// MaskNow reports whether the leak is one to be masked in a text where it was seen: one that counts, and that rekey didn't mask there before.
// What was written there again after that is left to people: there may be a program that does so each time.
func MaskNow(l Leak, s Sighting) bool {
	return l.IsOpen() && l.Sure() && !l.Outside && s.Maskable() && !s.Text.Former && s.Text.Gone.IsZero() && s.Text.Masked.IsZero()
}
