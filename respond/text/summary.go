package text

import (
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/markdown"
)

// maxRows is how many places of one table a check's summary lists.
const maxRows = 50

const removingDoesNotHelp = "**Removing a key does not help.** Whoever fetched the commit has it, and it works until it is deleted in Clerk. Rewriting history changes nothing about that."

// summary writes the check run's text, in Markdown.
func (v checkView) summary() string {
	var b strings.Builder
	for _, s := range v.failed {
		fmt.Fprintf(&b, "**The scan%s could not be finished:** %s\n\n", about(s), markdown.Code(s.Failure))
	}
	if len(v.failed) > 0 {
		b.WriteString("Nothing can be said about what was not read, so this check fails. **Check again** starts it anew; " +
			"if it fails the same way, the log of rekey's server says more.\n\n")
	}
	v.writeUnjudged(&b)
	v.writeGaps(&b)
	if v.PolicyFile.Message != "" {
		rest := "Until it is fixed, it is ignored: what the organisation's and the server's policy say applies."
		if v.PolicyFile.Partial {
			rest = "Until it is fixed, this setting is ignored; the rest of the file applies."
		}
		fmt.Fprintf(&b, "**%s is not valid**, line %d: %s\n\n%s\n\n", markdown.Code(respond.PolicyPath), v.PolicyFile.Line, markdown.Code(v.PolicyFile.Message), rest)
	}
	if v.hidden() {
		v.writePublic(&b)
	} else {
		v.writeOpen(&b)
	}
	v.writeStillOpen(&b)
	v.writeClosed(&b)
	v.writeRead(&b)
	return b.String()
}

// writeOpen writes what is open, for those who may read everything.
func (v checkView) writeOpen(b *strings.Builder) {
	if len(v.failing) > 0 {
		v.writeLeaks(b, v.failing)
		b.WriteString(removingDoesNotHelp + "\n\n")
		ours, outside := countOutside(v.failing)
		if ours > 0 {
			b.WriteString("What to do: add a new key in Clerk, deploy it, delete this one. " + v.issueHint(v.failing) + "\n\n")
		}
		b.WriteString(v.uncounted())
		if outside > 0 {
			b.WriteString(outsideHint(outside) + "\n\n")
		}
	}
	if len(v.tolerated) > 0 {
		b.WriteString("### Below what the policy fails on\n\n")
		v.writeLeaks(b, v.tolerated)
	}
	if len(v.unsure) > 0 {
		b.WriteString("### Perhaps\n\nThese look like Clerk credentials, and something speaks against it. They do not fail the check.\n\n")
		v.writeLeaks(b, v.unsure)
	}
}

// writeClosed writes what needs nobody any more.
func (v checkView) writeClosed(b *strings.Builder) {
	if len(v.closed) > 0 {
		b.WriteString("### Dealt with\n\n")
		for _, l := range v.closed {
			b.WriteString("- " + v.closedLine(l) + "\n")
		}
		b.WriteString("\n")
	}
	if len(v.allowed) > 0 {
		fmt.Fprintf(b, "%s carried `rekey:allow` on the line, which silences test keys only:\n\n", count(len(v.allowed), "test key", "test keys"))
		v.writePlaces(b, v.allowed, func(respond.HeadSighting) bool { return true })
	}
}

// writeUnjudged says what limits left out. It stands before all that was found: a text that is cut must not lose it.
func (v checkView) writeUnjudged(b *strings.Builder) {
	if len(v.unjudged) == 0 {
		return
	}
	b.WriteString("**More than can be judged.** These are over a limit, and may hold a credential:\n\n")
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
	b.WriteString("**Check again** reads the commits once more.\n\n")
	if v.openGap() && len(v.gaps) == 0 {
		b.WriteString("It was tried often enough: rekey doesn't try it again by itself, and later checks say so. " + gapAdvice + "\n\n")
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
	b.WriteString("| Credential | Kind | Clerk instance | At head | Removed again | Issue |\n| --- | --- | --- | --- | --- | --- |\n")
	for i, l := range leaks {
		if i == maxRows {
			break
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", markdown.Code(redacted(l.Leak)), describe(l.Leak), instanceCell(l.Leak),
			times(len(l.atHead())), times(len(l.removed())), v.issueCell(l.Leak))
	}
	more(b, len(leaks)-maxRows, "credential", "credentials")
	if v.hidesPlaces() {
		b.WriteString("The repository is public: where else these stand is not told here.\n\n")
		return
	}
	v.writePlaces(b, leaks, func(p respond.HeadSighting) bool { return p.AtHead })
	if anyRemoved(leaks) {
		b.WriteString("Removed by a later commit, **and still leaked**:\n\n")
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
				if e := p.Sighting.Encoding; e != "" && e != "plain" {
					note = " (" + markdown.Code(e) + ")"
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
		b.WriteString("and " + count(n, "more "+one, "more "+many) + ".\n\n")
	}
}

func times(n int) string {
	switch n {
	case 0:
		return "no"
	case 1:
		return "1 place"
	}
	return count(n, "place", "places")
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
func outsideHint(n int) string {
	which := "this credential"
	if n > 1 {
		which = "these " + group(n) + " credentials"
	}
	return "The author of this pull request can't write to this repository, so no issue is filed for " + which + " and nobody is notified. " +
		"To get issues with instructions, comment `/rekey triage` on the pull request. If it is merged, rekey files them then."
}

func (v checkView) issueHint(leaks []leakView) string {
	for _, l := range leaks {
		if l.IssueURL != "" {
			return "The issue has the steps for this repository. This check turns green when the key is dead."
		}
	}
	if v.Policy.Issues.Off {
		return "https://clerk.com/docs/guides/secure/rotate-api-keys has the steps. This check turns green when the key is dead."
	}
	return "The issue that is being filed has the steps for this repository. This check turns green when the key is dead."
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
		line += " on " + date(l.Closed)
	}
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
		fmt.Fprintf(b, "These credentials are at %s that %s not listed.\n\n", count(places, "more place", "more places"), map[bool]string{true: "is", false: "are"}[places == 1])
	}
	if len(skipped) > 0 {
		fmt.Fprintf(b, "**Not read** (%s):\n\n", count(len(skipped), "object", "objects"))
		for i, s := range skipped {
			if i == maxRows {
				break
			}
			b.WriteString("- " + markdown.Code(s) + "\n")
		}
		more(b, len(skipped)-maxRows, "object", "objects")
	}
	if done > 0 {
		fmt.Fprintf(b, "Read: %s, %s, %s, in %s. Every new object of the push was read, not its diff.\n",
			count(commits, "commit", "commits"), count(blobs, "blob", "blobs"), size(bytes), elapsed(took))
	}
}
