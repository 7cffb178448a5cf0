package text

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// AuditIssueFacts are what a repository's issue about its Clerk configuration is made of.
type AuditIssueFacts struct {
	Audit     AuditFacts // the latest of the default branch
	Private   bool       // the repository that the issue goes to is private
	Elsewhere bool       // it is another one than the one that was audited
}

// AuditIssue returns the one issue about a repository's Clerk configuration: the state of its default branch. It mentions nobody. Where
// strangers read it, it says only where to look: an issue can be searched for.
func AuditIssue(f AuditIssueFacts) IssueText {
	v := auditView{f.Audit}
	labels := f.Audit.Policy.Issues.Labels
	title, body := "Clerk configuration: "+v.state(), v.issueBody(f.Elsewhere)
	if f.Elsewhere {
		title += " in " + markdown.Plain(f.Audit.Repository.FullName())
	}
	if respond.Hidden(f.Private, respond.Open, f.Audit.Policy) {
		title, body, labels = "For maintainers: a review of the configuration", v.publicIssueBody(), unsearchable(labels)
	}
	return IssueText{
		Title:  markdown.Title(title),
		Body:   markdown.Cut(markdown.Valid(AuditMarker(f.Audit.Repository.ID)+"\n"+body), markdown.MaxIssueBody, "_This text is longer than GitHub allows. `rekey audit` shows all of it._"),
		Labels: labels, Assignees: f.Audit.Policy.Issues.Assignees,
	}
}

// AuditIssueDigest is a hash of all that the issue says, but for the commit that it links to.
func AuditIssueDigest(f AuditIssueFacts) string {
	f.Audit.Head = ""
	return AuditIssue(f).Digest()
}

// AuditFound is a hash of which mistakes were found in which files, wherever in them.
func AuditFound(findings []respond.AuditFinding) string {
	h := sha256.New()
	for _, f := range findings {
		fmt.Fprintf(h, "%q %q ", f.Check, f.Path)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// state counts what is found, in a few words.
func (v auditView) state() string {
	c := respond.CountAudit(v.Findings)
	switch {
	case c.Total() == 0 && len(v.Gaps) > 0:
		return "not everything was checked"
	case c.Total() == 0:
		return "no mistakes"
	case c.Critical > 0 && c.Critical < c.Total():
		return fmt.Sprintf("%s, %d critical", v.found(c.Total()), c.Critical)
	}
	return v.found(c.Total())
}

func (v auditView) issueBody(elsewhere bool) string {
	branch := "the default branch, " + markdown.Code(v.Repository.DefaultBranch)
	if elsewhere {
		branch = "the default branch of " + markdown.Code(v.Repository.FullName())
	}
	var b strings.Builder
	switch {
	case len(v.Findings) > 0:
		fmt.Fprintf(&b, "**%s** in the Clerk configuration of %s:\n\n", v.found(len(v.Findings)), branch)
		v.writeFindings(&b)
	case len(v.Gaps) > 0:
		b.WriteString("No mistakes in what was read of the Clerk configuration of " + branch + ".\n\n")
	default:
		b.WriteString("**No mistakes** in the Clerk configuration of " + branch + ". If one returns, this opens again.\n\n")
	}
	v.writeAllowed(&b)
	v.writeGaps(&b)
	b.WriteString(v.closing())
	if len(v.Findings) > 0 {
		b.WriteString("\n" + folded("How this closes", "By itself, once the default branch has none of these. Closed by hand, it opens again when others are found. "+
			"It's here because the policy has `audit.issue: true`."))
	}
	return b.String()
}

func (v auditView) publicIssueBody() string {
	if len(v.Findings) == 0 {
		return "An automated review of this repository's configuration has nothing to show any more.\n"
	}
	return fmt.Sprintf("An automated review of this repository's configuration has %s for its maintainers. "+
		"Details aren't shown here, because the repository is public: they're in this App's check runs on the latest commit of the default branch.\n",
		format.Count(len(v.Findings), "finding", "findings"))
}
