package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// SourceName names a text on GitHub in words: a comment on #12, the description of pull request #7.
func SourceName(s respond.Sighting) string {
	number := ""
	if s.Text.Number != 0 {
		number = fmt.Sprintf(" #%d", s.Text.Number)
	}
	part := "description"
	if s.Text.Field == "title" {
		part = "title"
	}
	switch s.Source {
	case respond.InIssue:
		return "the " + part + " of issue" + number
	case respond.InPullRequest:
		return "the " + part + " of pull request" + number
	case respond.InDiscussion:
		return "the " + part + " of discussion" + number
	case respond.InIssueComment:
		return "a comment on" + cmp.Or(number, " an issue")
	case respond.InReview:
		return "a review of pull request" + number
	case respond.InReviewComment:
		comment := "a review comment on pull request" + number
		if s.Text.Field == "diff_hunk" {
			return "the code quoted by " + comment
		}
		return comment
	case respond.InDiscussionComment:
		return "a comment on discussion" + number
	case respond.InCommitComment:
		return "a comment on a commit"
	case respond.InRelease:
		if s.Text.Field == "title" {
			return "the title of a release"
		}
		return "the notes of a release"
	case respond.InWiki, respond.InAsset, respond.InLog:
		return fileName(s, func(name string) string { return name })
	}
	return placeName(s.Text.Field) // GitHub's name for where its secret scanning found it
}

// textPlace is a text's name, with a link where there is one.
func textPlace(s respond.Sighting) string {
	name := SourceName(s)
	if inFileOnGitHub(s) { // people named it
		name = fileName(s, markdown.Code)
	}
	if s.Text.URL == "" {
		return name
	}
	return markdown.Link(name, s.Text.URL)
}

// textState says what became of a text since; "" where it stands there.
func textState(s respond.Sighting) string {
	switch {
	case !s.Text.Gone.IsZero():
		return "gone, as checked on " + format.Date(s.Text.Gone)
	case byGitHub(s):
		return "found by GitHub's secret scanning; rekey can't see when it's gone"
	case s.Text.Former && !s.Text.Masked.IsZero():
		return "masked by rekey, **but an earlier version still shows it**"
	case s.Text.Former && s.Text.Field == "title":
		return "changed since, **but the old one may still be shown**"
	case s.Text.Former:
		return "edited since, **but an earlier version still shows it**"
	}
	return ""
}

// texts are the sightings in texts, the oldest first; the last are those that are gone.
func (v issueView) texts() []respond.Sighting {
	list := slices.DeleteFunc(v.sorted(), func(s respond.Sighting) bool { return !s.InText() })
	slices.SortStableFunc(list, func(a, b respond.Sighting) int {
		return cmp.Compare(map[bool]int{true: 1}[!a.Text.Gone.IsZero()], map[bool]int{true: 1}[!b.Text.Gone.IsZero()])
	})
	return list
}

// removal says how to take the key out of texts on GitHub: the clicks for each kind of text, ticked where it is done.
func (v issueView) removal() string {
	list := v.texts()
	if len(list) == 0 || !v.Private {
		return ""
	}
	var b strings.Builder
	b.WriteString("### Take it off GitHub's pages\n\nDo this after you delete the key in Clerk. Until then it works for everyone who has read it here or got it by email.")
	if v.asksByText() {
		b.WriteString(" Comment `/rekey rotated` first: to ask Clerk whether the key still works, rekey reads it from the text again.")
	}
	if slices.ContainsFunc(list, func(s respond.Sighting) bool { return s.Deletable() && s.Text.Gone.IsZero() }) {
		b.WriteString(" Comment `/rekey delete-comment`, and rekey deletes the comments for you.")
	}
	b.WriteString("\n\n")
	for i, s := range list {
		if i == maxPlaces {
			b.WriteString("- and " + format.Count(len(list)-i, "more text", "more texts") + "\n")
			break
		}
		box := "[ ]"
		if !s.Text.Gone.IsZero() {
			box = "[x]"
		}
		fmt.Fprintf(&b, "- %s %s", box, upper(textPlace(s)))
		if state := textState(s); state != "" {
			b.WriteString(" (" + state + ")")
		}
		if why := notMasked(s); why != "" && v.Policy.Masks() {
			b.WriteString(" (" + why + ")")
		}
		if s.Text.Gone.IsZero() {
			b.WriteString(": " + clicks(s))
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

// asksByText reports whether Clerk will be asked with a key that nothing but texts holds.
func (v issueView) asksByText() bool {
	open := v.Leak.State == respond.Open || v.Leak.State == ""
	return open && v.inTextsOnly() && v.Leak.Verifiable() && v.Policy.Verify != respond.VerifyNever
}

// upper begins a sentence: what is a link begins with its bracket.
func upper(s string) string {
	at := 0
	if strings.HasPrefix(s, "[") {
		at = 1
	}
	if at >= len(s) {
		return s
	}
	return s[:at] + strings.ToUpper(s[at:at+1]) + s[at+1:]
}

// The clicks that remove a text, or the version of it that holds a key, by GitHub's documentation: tracking-changes-in-a-comment,
// deleting-an-issue and managing-discussions in https://docs.github.com/en.
const (
	deleteVersion = "click **edited** above the text, choose the version with the key, then **Options** and **Delete revision from history**. " +
		"The author can do that, and anyone with write access."
	editFirst = "edit the key out. Everyone who can read the text can read its earlier versions too, so then " + deleteVersion
)

func clicks(s respond.Sighting) string {
	switch s.Source {
	case "":
		return "edit or delete it there."
	case respond.InWiki, respond.InAsset, respond.InLog:
		return fileClicks(s)
	case respond.InRelease:
		return "edit the release. GitHub doesn't show earlier versions of releases."
	case respond.InCommitComment:
		return "delete the comment."
	case respond.InIssueComment, respond.InReviewComment, respond.InDiscussionComment:
		switch {
		case s.Text.Field == "diff_hunk":
			return "delete the comment. It shows these lines even when they are no longer in git."
		case s.Text.Former:
			return "delete the comment. Or, to keep it, " + deleteVersion
		}
		return "delete the comment. Or, to keep it, " + editFirst
	}
	switch {
	case s.Text.Field == "title":
		return oldTitle(s)
	case s.Text.Former:
		return deleteVersion
	}
	return editFirst
}

// oldTitle says how to get rid of a title, which no history of edits has.
func oldTitle(s respond.Sighting) string {
	rest := "the timeline shows the old one until an admin deletes the issue, which the organization has to allow."
	switch s.Source {
	case respond.InPullRequest:
		rest = "the timeline shows the old one, and only GitHub Support can remove it."
	case respond.InDiscussion:
		rest = "to be sure that the old one is gone, delete the discussion. That takes triage access."
	}
	if s.Text.Former {
		return rest
	}
	return "change the title. " + upper(rest)
}
