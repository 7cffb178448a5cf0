package text

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/guide"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Exposure is what the latest audit of the default branch says of a leak of the kind [respond.ExposedKey].
type Exposure struct {
	Advisory Advisory               // that causes it
	Head     string                 // the commit that was audited; "": none was
	Findings []respond.AuditFinding // of the advisory
	Fixed    bool                   // nothing is affected any more, and everything was read
}

// Advisory is what an advisory says.
type Advisory struct {
	Title, Link string
	Fix         string // as a sentence
	Why         string // as a paragraph
	Versions    []Versions
}

// Versions are those of a package: from one on, "" for the first, and below another one.
type Versions struct{ Package, From, Below string }

// exposedIssue is the issue of a leak that has no key: what happened, what to upgrade, and how to rotate.
func (v issueView) exposedIssue(ctx context.Context) IssueText {
	check := v.Exposed.Advisory
	var b strings.Builder
	b.WriteString(Marker(v.Repository.ID, v.Leak.Fingerprint) + "\n" + v.exposedOpening(check))
	g := guide.For(ctx, v.exposedGuide(check), v.Files)
	switch v.Leak.State {
	case respond.Open, "":
		g.Fastest = v.fastest()
		b.WriteString(g.Markdown(false) + "\n")
	case respond.Resolved:
		b.WriteString(g.Aftermath())
	}
	b.WriteString(folded("Facts about this leak", v.exposedFacts(check)+v.history()))
	b.WriteString(v.exposedClosing())
	title := "Clerk secret key exposed by " + v.Leak.Redacted
	if v.Elsewhere {
		title += " in " + markdown.Plain(v.Repository.FullName())
	}
	return IssueText{
		Title:     markdown.Title(title),
		Body:      markdown.Cut(markdown.Valid(b.String()), markdown.MaxIssueBody, "_This text is longer than GitHub allows; its end is missing._"),
		Labels:    v.Policy.Issues.Labels,
		Assignees: v.assignees(),
	}
}

func (v issueView) exposedOpening(check Advisory) string {
	switch v.Leak.State {
	case respond.Ignored:
		return v.opening()
	case respond.Resolved:
		s := "**Closed as resolved**" + by(v.Leak) + ". rekey can't check that: it doesn't know the key.\n\n"
		if len(v.Exposed.Findings) > 0 {
			s += "**The default branch still has an affected version**, so a new key is given away as well. The next push to it opens this again.\n\n"
		}
		return s
	}
	code := "this code"
	if v.Elsewhere {
		code = "the code of " + markdown.Code(v.Repository.FullName())
	}
	s := v.waiting() + fmt.Sprintf("**A server with %s may have given its Clerk secret key away** (%s)", code, markdown.Link(v.Leak.Redacted, check.Link))
	if len(v.Leak.Reasons) > 0 {
		s += ": " + markdown.Text(v.Leak.Reasons[0])
	}
	return s + ".\n\nNo key was found in the repository, and rekey can't tell whether anyone has asked the server for it. Treat it as compromised.\n\n"
}

func (v issueView) exposedGuide(check Advisory) guide.Leak {
	l := guideLeak(v.IssueFacts)
	l.Kind, l.Redacted = detect.SecretKey, ""
	what := check.Fix
	if len(v.Exposed.Findings) > 0 {
		what = cmp.Or(v.Exposed.Findings[0].Fix, what)
	}
	what, _, _ = strings.Cut(what, ", and rotate")
	l.Upgrade = &guide.Upgrade{What: strings.TrimSuffix(what, ".") + ".", Done: v.Exposed.Fixed}
	return l
}

func (v issueView) exposedFacts(check Advisory) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| | |\n| --- | --- |\n| **Advisory** | %s: %s |\n| **Severity** | %s |\n| **Found** | %s |\n", markdown.Link(v.Leak.Redacted, check.Link), check.Title,
		v.Leak.Severity, format.Time(v.Leak.Detected))
	for i, f := range v.Exposed.Findings {
		if i == maxPlaces {
			fmt.Fprintf(&b, "| **Affected** | %s |\n", format.Count(len(v.Exposed.Findings)-i, "more place", "more places"))
			break
		}
		fmt.Fprintf(&b, "| **Affected** | %s |\n", auditView{AuditFacts{Repository: v.Repository, Head: v.Exposed.Head}}.place(f))
	}
	if v.Exposed.Fixed {
		b.WriteString("| **Affected** | nothing any more |\n")
	}
	fmt.Fprintf(&b, "| **Fingerprint** | %s |\n\n", markdown.Code(v.Leak.Fingerprint))
	b.WriteString("| Package | Gives the key away | Fixed in |\n| --- | --- | --- |\n")
	for _, x := range check.Versions {
		fmt.Fprintf(&b, "| %s | %s and later | %s |\n", markdown.Code(x.Package), cmp.Or(x.From, "first version"), x.Below)
	}
	return b.String() + "\n" + check.Why + "\n\n"
}

func (v issueView) exposedClosing() string {
	if v.Leak.State != respond.Open && v.Leak.State != "" {
		return "If this was closed by mistake, reopen it or comment `/rekey reopen`.\n\n"
	}
	return folded("How this closes", "When someone with write access comments `/rekey rotated` or closes it. The upgrade alone doesn't close it: the key may be with someone else already. "+
		"If the default branch still has an affected version then, it opens again.\n\n"+
		"| Comment | |\n| --- | --- |\n"+
		"| `/rekey rotated` | the upgrade runs, and the old key is deleted |\n"+
		"| `/rekey ignore <reason>` | no server that others reach ever ran this |\n"+
		"| `/rekey status` | what rekey knows |\n"+
		"| `/rekey help` | all commands |\n")
}
