package respond

import "strings"

// Kept says why rekey left a text as it is that it was to edit or delete; "" where it did so, or where nobody asked for it.
type Kept string

// The reasons.
const (
	KeptInexact    Kept = "inexact"    // the key is not written there in one piece, or not as it is
	KeptPermission Kept = "permission" // the App may not change such texts
	KeptLocked     Kept = "locked"     // the conversation is locked
	KeptArchived   Kept = "archived"   // the repository is read-only
	KeptRefused    Kept = "refused"    // GitHub refused it for another reason
	KeptLimit      Kept = "limit"      // the key was masked in [MaxMasked] texts
	KeptEdited     Kept = "edited"     // somebody, or a program, edited the text each time
	KeptReplies    Kept = "replies"    // other people's replies would be deleted with it
	KeptWhole      Kept = "whole"      // rekey can't delete such texts: descriptions, reviews, releases …
	KeptMoved      Kept = "moved"      // it is in another repository now, or out of reach
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

// Deletable reports whether the sighting is in a comment that rekey can delete.
func (s Sighting) Deletable() bool {
	switch s.Source {
	case InIssueComment, InReviewComment:
		return s.Text.ID != 0 && s.Text.NodeID != ""
	case InDiscussionComment:
		return s.Text.NodeID != ""
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
