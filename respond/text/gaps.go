package text

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// maxGaps is how many unread ranges a check describes.
const maxGaps = 10

// gapAdvice says what ends a gap.
const gapAdvice = "Check what is listed: if it contains a Clerk key, rotate it. Then a maintainer can press **Accept unread**."

// earlierGaps are the open gaps that this head comes after. What its own reading left is said as such.
func earlierGaps(f CheckFacts) []respond.Gap {
	var gaps []respond.Gap
	for _, g := range f.Gaps {
		after := func(s respond.Scan) bool { return s.Finished.After(g.At) }
		if g.Accepted.IsZero() && g.Head != f.Head && slices.ContainsFunc(f.Scans, after) {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// notAccepted drops what a maintainer accepted from what was left unread.
func notAccepted(unjudged []string, gaps []respond.Gap) []string {
	return slices.DeleteFunc(unjudged, func(left string) bool {
		return slices.ContainsFunc(gaps, func(g respond.Gap) bool { return !g.Accepted.IsZero() && g.Covers(left) })
	})
}

// openGap reports whether the check shows something that a maintainer may accept.
func (v checkView) openGap() bool {
	own := func(g respond.Gap) bool { return g.Head == v.Head && g.Accepted.IsZero() && len(v.unjudged) > 0 }
	return len(v.gaps) > 0 || slices.ContainsFunc(v.Gaps, own)
}

func (v checkView) gapTitle() string {
	g := v.gaps[0]
	title := gapRange(g, short) + " not read: " + markdown.Plain(v.gapReason(g.Reasons[0]))
	return strings.ToUpper(title[:1]) + title[1:]
}

// gapRange writes "commits a..b were", with each commit as show writes it.
func gapRange(g respond.Gap, show func(string) string) string {
	switch {
	case g.Ref == "":
		return "parts of the history up to " + show(g.Head) + " were"
	case g.Base == "":
		return "commits up to " + show(g.Head) + " were"
	}
	return "commits " + show(g.Base) + ".." + show(g.Head) + " were"
}

// gapReason leaves out for strangers how many credentials are for production.
func (v checkView) gapReason(reason string) string {
	if v.hidden() {
		reason, _, _ = strings.Cut(reason, ",")
	}
	return reason
}

// writeGaps says what earlier pushes brought that was not read, and what was accepted.
func (v checkView) writeGaps(b *strings.Builder) {
	if len(v.gaps) > 0 {
		b.WriteString("**Not everything on this branch was read.** rekey tried these several times and stopped; they may contain a credential:\n\n")
		for _, g := range v.gaps[:min(len(v.gaps), maxGaps)] {
			v.writeGap(b, g, "not read")
		}
		more(b, len(v.gaps)-maxGaps, "range", "ranges")
		b.WriteString(gapAdvice + " **Check again** reads the commits again.\n\n")
	}
	for _, g := range v.Gaps {
		if !g.Accepted.IsZero() && slices.ContainsFunc(unjudged(v.Scans), g.Covers) {
			v.writeGap(b, g, fmt.Sprintf("not read, and accepted by %s on %s", markdown.Code(g.AcceptedBy), format.Time(g.Accepted)))
			b.WriteString("\n")
		}
	}
}

func (v checkView) writeGap(b *strings.Builder, g respond.Gap, what string) {
	var reasons []string
	for _, r := range g.Reasons[:min(len(g.Reasons), 3)] {
		reasons = append(reasons, markdown.Code(v.gapReason(r)))
	}
	if n := len(g.Reasons) - len(reasons); n > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", n))
	}
	line := gapRange(g, func(sha string) string { return commitLink(v.Repository, sha) }) + " " + what + ": " + strings.Join(reasons, "; ")
	b.WriteString("- " + strings.ToUpper(line[:1]) + line[1:] + "\n")
}
