package text

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// maxRows is how many places of one table a check's summary lists.
const maxRows = 50

const removingDoesNotHelp = "**Removing the line isn't enough:** anyone who fetched the commit has the key, and it works until you delete it in Clerk. Rewriting history doesn't change that."

const editingDoesNotHelp = "**Editing the text isn't enough:** GitHub keeps earlier versions, and has sent the text by email. The key works until you delete it in Clerk."

// inTexts reports whether no leak has a place in git.
func inTexts(leaks []leakView) bool {
	for _, l := range leaks {
		if slices.ContainsFunc(l.places, func(p respond.HeadSighting) bool { return !p.Sighting.InText() }) {
			return false
		}
	}
	return true
}

// summary writes the check run's text, in Markdown.
func (v checkView) summary() string {
	var b strings.Builder
	v.writeObserving(&b)
	for _, s := range v.failed {
		fmt.Fprintf(&b, "**The scan%s could not be finished:** %s\n\n", about(s), markdown.Code(s.Failure))
	}
	if len(v.failed) > 0 {
		b.WriteString("What wasn't read may contain a key, so this check doesn't pass. **Check again** runs the scan again; " +
			"if it fails the same way, see the log of the rekey server.\n\n")
	}
	v.writeUnjudged(&b)
	v.writeGaps(&b)
	if v.PolicyFile.Message != "" {
		fmt.Fprintf(&b, "**%s is invalid**, line %d: %s\n\n%s\n\n", markdown.Code(respond.PolicyPath), v.PolicyFile.Line, markdown.Code(v.PolicyFile.Message), v.meanwhile())
	}
	v.writePreview(&b)
	if v.hidden() {
		v.writePublic(&b)
	} else {
		v.writeOpen(&b)
	}
	v.writeStillOpen(&b)
	v.writeClosed(&b)
	v.writeKept(&b)
	v.writeLocked(&b)
	v.writeRead(&b)
	return b.String()
}

// writeOpen writes what is open, for those who may read everything.
func (v checkView) writeOpen(b *strings.Builder) {
	if len(v.failing) > 0 {
		v.writeLeaks(b, v.failing)
		if inTexts(v.failing) {
			b.WriteString(editingDoesNotHelp + "\n\n")
		} else {
			b.WriteString(removingDoesNotHelp + "\n\n")
		}
		ours, outside := countOutside(v.failing)
		if ours > 0 {
			b.WriteString("What to do: add a new key in Clerk, deploy it, delete this one. " + v.issueHint(v.failing) + "\n\n")
		}
		v.writeWaiting(b)
		b.WriteString(v.uncounted())
		if outside > 0 {
			b.WriteString(v.outsideHint(outside) + "\n\n")
		}
	}
	if len(v.tolerated) > 0 {
		b.WriteString("### Doesn't fail the check (policy)\n\n")
		v.writeLeaks(b, v.tolerated)
	}
	if len(v.unsure) > 0 {
		b.WriteString("### Possible leaks\n\nThese look like Clerk credentials, but something doesn't fit. They don't fail the check.\n\n")
		v.writeLeaks(b, v.unsure)
	}
}

// writeClosed writes what needs nobody any more.
func (v checkView) writeClosed(b *strings.Builder) {
	if len(v.closed) > 0 {
		b.WriteString("### Closed\n\n")
		for _, l := range v.closed {
			b.WriteString("- " + v.closedLine(l) + "\n")
		}
		b.WriteString("\n")
	}
	if len(v.allowed) > 0 {
		fmt.Fprintf(b, "%s on a line with `rekey:allow`, which counts for test keys only:\n\n", format.Count(len(v.allowed), "test key", "test keys"))
		v.writePlaces(b, v.allowed, func(respond.HeadSighting) bool { return true })
	}
}

// writeUnjudged says what limits left out. It stands before all that was found: a text that is cut must not lose it.
func (v checkView) writeUnjudged(b *strings.Builder) {
	if len(v.unjudged) == 0 {
		return
	}
	b.WriteString("**Not everything was checked.** These are over a limit, and may contain a credential:\n\n")
	for i, s := range v.unjudged {
		if i == maxRows {
			break
		}
		if v.hidden() {
			s, _, _ = strings.Cut(s, ",") // not how many of them are for production
		}
		b.WriteString("- " + markdown.Code(s) + "\n")
	}
	more(b, len(v.unjudged)-maxRows, "object", "objects")
	if v.Policy.Unread == respond.UnreadNeutral {
		b.WriteString("The policy says `unread: neutral`, so this doesn't fail the check. ")
	} else {
		b.WriteString("So this check doesn't pass. To accept what rekey can't read, set `unread: neutral` in the policy. ")
	}
	b.WriteString("**Check again** reads the commits again.\n\n")
	if v.openGap() && len(v.gaps) == 0 {
		b.WriteString("rekey has tried several times and won't try again by itself; later checks keep saying so. " + gapAdvice + "\n\n")
	}
}

// about names a scan, where there are several.
func about(s respond.Scan) string {
	switch {
	case s.PullNumber > 0:
		return fmt.Sprintf(" of pull request #%d", s.PullNumber)
	case strings.HasPrefix(s.Ref, "refs/heads/"):
		return " of branch " + markdown.Code(strings.TrimPrefix(s.Ref, "refs/heads/"))
	case strings.HasPrefix(s.Ref, "refs/tags/"):
		return " of tag " + markdown.Code(strings.TrimPrefix(s.Ref, "refs/tags/"))
	}
	return ""
}

// writeLeaks writes what leaked as a table, then where it stands, then where it stood before it was removed.
func (v checkView) writeLeaks(b *strings.Builder, leaks []leakView) {
	b.WriteString("| Credential | Kind | Clerk instance | At head | Removed later | Issue |\n| --- | --- | --- | --- | --- | --- |\n")
	for i, l := range leaks {
		if i == maxRows {
			break
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", markdown.Code(redacted(l.Leak)), describe(l.Leak), instanceCell(l.Leak),
			times(len(l.atHead())), times(len(l.removed())), v.issueCell(l.Leak))
	}
	more(b, len(leaks)-maxRows, "credential", "credentials")
	if v.hidesPlaces() {
		b.WriteString("Other locations aren't listed because this repository is public.\n\n")
		return
	}
	v.writePlaces(b, leaks, func(p respond.HeadSighting) bool { return p.AtHead })
	if anyRemoved(leaks) {
		b.WriteString("Removed by a later commit, **but still leaked**:\n\n")
		v.writePlaces(b, leaks, func(p respond.HeadSighting) bool { return !p.AtHead })
	}
}

// hidesPlaces: strangers read the checks of a public repository; a line that is there at head they see anyway, but what
// was removed they would have to look for.
func (v checkView) hidesPlaces() bool { return !v.Repository.Private && !v.Policy.Public.Details }

func anyRemoved(leaks []leakView) bool {
	for _, l := range leaks {
		if len(l.removed()) > 0 {
			return true
		}
	}
	return false
}

func (v checkView) writePlaces(b *strings.Builder, leaks []leakView, want func(respond.HeadSighting) bool) {
	rows := 0
	var t strings.Builder
	for _, l := range leaks {
		for _, p := range l.places {
			if !want(p) {
				continue
			}
			if rows++; rows <= maxRows {
				note := ""
				if p.Sighting.Encoded() {
					note = " (" + markdown.Code(p.Sighting.Encoding) + ")"
				}
				fmt.Fprintf(&t, "| %s | %s%s | %s | %s |\n", markdown.Code(redacted(l.Leak)), place(v.Repository, p.Sighting), note,
					commitLink(v.Repository, p.Sighting.Commit), markdown.Code(p.Sighting.AuthorName))
			}
		}
	}
	if rows == 0 {
		return
	}
	if v.hidesPlaces() {
		return
	}
	b.WriteString("| Credential | Place | Commit | Author |\n| --- | --- | --- | --- |\n" + t.String())
	more(b, rows-maxRows, "place", "places")
}

// more ends a table, and says how much of it is missing.
func more(b *strings.Builder, n int, one, many string) {
	b.WriteString("\n")
	if n > 0 {
		b.WriteString("and " + format.Count(n, "more "+one, "more "+many) + ".\n\n")
	}
}

func times(n int) string {
	switch n {
	case 0:
		return "no"
	case 1:
		return "1 place"
	}
	return format.Count(n, "place", "places")
}

// instanceCell names the Clerk instance: for certain where Clerk told its id, else by the publishable key nearby.
func instanceCell(l respond.Leak) string {
	switch {
	case l.Instance != "" && l.InstanceID != "":
		return markdown.Code(l.Instance) + " (" + markdown.Code(l.InstanceID) + ")"
	case l.InstanceID != "":
		return markdown.Code(l.InstanceID)
	case l.Instance != "":
		return "probably " + markdown.Code(l.Instance)
	}
	return "unknown"
}

// issueCell links the issue, unless that would tell a public repository's readers of a private one.
func (v checkView) issueCell(l respond.Leak) string {
	switch {
	case l.Outside:
		return "none, see below"
	case l.IssueURL == "":
		return ""
	case l.IssueRepository != 0 && l.IssueRepository != v.Repository.ID && !v.Repository.Private:
		return "elsewhere"
	}
	return markdown.Link(fmt.Sprintf("#%d", l.IssueNumber), l.IssueURL)
}

// outsideHint says why no issue is filed, and what files one.
func (v checkView) outsideHint(n int) string {
	which := "this credential"
	if n > 1 {
		which = "these " + format.Number(n) + " credentials"
	}
	if !v.Policy.FilesIssues() {
		return "The author of this pull request can't write to this repository, so nobody is notified of " + which + ". " +
			"Merging it notifies them, and so does the comment `/rekey triage`."
	}
	return "The author of this pull request can't write to this repository, so no issue is filed for " + which + " and nobody is notified. " +
		"To get issues with instructions, comment `/rekey triage` on the pull request. If it is merged, rekey files them then."
}

func (v checkView) issueHint(leaks []leakView) string {
	for _, l := range leaks {
		if l.IssueURL != "" {
			return "The issue has the steps for this repository. This check turns green once the key is revoked."
		}
	}
	if !v.Policy.FilesIssues() {
		return "Follow https://clerk.com/docs/guides/secure/rotate-api-keys. This check turns green once the key is revoked."
	}
	return "An issue with the steps for this repository is being filed. This check turns green once the key is revoked."
}

func (v checkView) closedLine(l leakView) string {
	if v.hidden() && l.State != respond.Revoked {
		return v.publicClosed(l)
	}
	line := fmt.Sprintf("%s, %s: **%s**", markdown.Code(redacted(l.Leak)), describe(l.Leak), l.State)
	if l.ClosedBy != "" {
		line += " by " + markdown.Code(l.ClosedBy)
	}
	if !l.Closed.IsZero() {
		line += " on " + format.Time(l.Closed)
	}
	line += approvedBy(l.ApprovedBy) + until(l.Until)
	if l.Reason != "" && v.Repository.Private {
		line += ": " + markdown.Code(l.Reason)
	}
	if cell := v.issueCell(l.Leak); cell != "" {
		line += " (" + cell + ")"
	}
	return line
}

// writeRead says what was read: nothing is passed over in silence.
func (v checkView) writeRead(b *strings.Builder) {
	var commits, blobs int
	var bytes int64
	var took time.Duration
	var skipped []string
	done, places := 0, 0
	for _, s := range v.Scans {
		if s.Failure != "" {
			continue
		}
		done++
		// Scans of one head overlap: a push and its pull request. The largest is what was read.
		if s.Blobs > blobs || s.Commits > commits {
			commits, blobs, bytes, took = s.Commits, s.Blobs, s.Bytes, s.Duration
		}
		skipped = append(skipped, s.Skipped...)
		places = max(places, s.MorePlaces)
	}
	if places > 0 {
		fmt.Fprintf(b, "These credentials are at %s that %s not listed.\n\n", format.Count(places, "more place", "more places"), map[bool]string{true: "is", false: "are"}[places == 1])
	}
	if len(skipped) > 0 {
		fmt.Fprintf(b, "**Not read** (%s):\n\n", format.Count(len(skipped), "object", "objects"))
		for i, s := range skipped {
			if i == maxRows {
				break
			}
			b.WriteString("- " + markdown.Code(s) + "\n")
		}
		more(b, len(skipped)-maxRows, "object", "objects")
	}
	if done > 0 {
		whole := ": every new object in the push, not just the diff"
		if len(skipped) > 0 || len(v.unjudged) > 0 {
			whole = ""
		}
		fmt.Fprintf(b, "Read %s, %s and %s in %s%s.\n",
			format.Count(commits, "commit", "commits"), format.Count(blobs, "blob", "blobs"), format.Size(bytes), format.Duration(took), whole)
	}
}
