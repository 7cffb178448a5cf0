package text

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// AuditCheckName is the name of a head commit's second check run, about its Clerk configuration.
const AuditCheckName = "Clerk configuration"

// maxMarked is how many findings a check run marks at most: four requests.
const maxMarked = 200

// AuditCheckID is the external id by which a head commit's second check run is found again.
func AuditCheckID(repository int64, head string) string {
	return fmt.Sprintf("rekey-audit:%d:%s", repository, head)
}

// AuditFacts are what a head commit's second check run is made of.
type AuditFacts struct {
	Repository respond.Repository
	Head       string
	Pull       int  // and Merge: what it is about; neither: the state of the default branch
	Merge      bool // of a merge queue: a group of pull requests
	Policy     respond.Policy
	// Findings are those that a pull request brings, or all of the default branch.
	Findings []respond.AuditFinding
	Stood    int // findings in files of the pull request that stood before
	Changes  int // files that the pull request changes and that were audited
	Allowed  []AuditAllowed
	// AllowedBefore counts findings that comments accept where only their number is known.
	AllowedBefore int
	Gaps          []string // what was not read, in words
	// Routes is the map of routes within so many bytes, as what is written on a folded section and in it; nil, and no summary: there is none.
	Routes       func(room int) (summary, body string)
	Began, Ended time.Time
}

// AuditAllowed is a finding that a comment accepts.
type AuditAllowed struct {
	Finding respond.AuditFinding
	Reason  string
}

// AuditCheck returns a head commit's second check run. It is always completed. It fails only where a pull request brings a finding and
// the policy says so.
func AuditCheck(f AuditFacts) CheckRun {
	v := auditView{f}
	run := CheckRun{
		Name: AuditCheckName, HeadSHA: f.Head, ExternalID: AuditCheckID(f.Repository.ID, f.Head),
		Conclusion: v.conclusion(), Title: markdown.Title(v.title()), Annotations: v.annotations(), StartedAt: f.Began, CompletedAt: f.Ended,
	}
	run.Summary = markdown.Cut(markdown.Valid(v.summary()), markdown.MaxCheckSummary, "_This text is longer than GitHub allows. `rekey audit` shows all of it._")
	if run.Conclusion != Success {
		run.Buttons = []Button{{Label: "Check again", Description: "Read the commits again", Identifier: respond.ButtonRescan}}
	}
	return run
}

// AuditDigest is a hash of all that the run says, its annotations too.
func AuditDigest(run CheckRun) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s", CheckDigest(run))
	for _, a := range run.Annotations {
		fmt.Fprintf(h, " %q %d %d %q %q %q", a.Path, a.StartLine, a.EndLine, a.Level, a.Title, a.Message)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

type auditView struct{ AuditFacts }

// routeMap is the map of routes, folded, within so many bytes.
func (v auditView) routeMap(room int) string {
	if v.Routes == nil {
		return ""
	}
	summary, body := v.Routes(room)
	if body == "" {
		return ""
	}
	return "\n" + folded(summary, body)
}

// brings reports whether it is about what a pull request or a merge group brings.
func (v auditView) brings() bool { return v.Pull != 0 || v.Merge }

// this names what is looked at, in a sentence.
func (v auditView) this() string { return v.This() }

// This names what a pull request or a merge group is, in a sentence: "this pull request".
func (f AuditFacts) This() string {
	if f.Merge {
		return "this merge group"
	}
	return "this pull request"
}

func (v auditView) conclusion() Conclusion {
	switch {
	case len(v.Findings) > 0 && v.brings() && v.Policy.Audit.Check == respond.AuditFail && !v.Policy.Observes():
		return Failure
	case len(v.Findings) > 0, len(v.Gaps) > 0:
		return Neutral
	}
	return Success
}

// found counts findings by the name that they deserve: what only the level all looks for needn't be a mistake.
func (v auditView) found(n int) string {
	if v.Policy.Audit.Level == respond.AuditAll {
		return format.Count(n, "finding", "findings")
	}
	return format.Count(n, "mistake", "mistakes")
}

func (v auditView) title() string {
	switch c := respond.CountAudit(v.Findings); {
	case c.Critical > 0 && c.Critical < c.Total():
		return fmt.Sprintf("%s in the Clerk configuration, %d critical", v.found(c.Total()), c.Critical)
	case c.Total() > 0:
		return v.found(c.Total()) + " in the Clerk configuration"
	case len(v.Gaps) > 0:
		return "Not everything was checked: " + markdown.Plain(v.Gaps[0])
	case v.Stood > 0:
		return "No new mistakes in the Clerk configuration"
	}
	return "No mistakes in the Clerk configuration"
}

func (v auditView) annotations() (out []Annotation) {
	level := LevelWarning
	if v.conclusion() == Failure {
		level = LevelFailure
	}
	for _, f := range v.Findings {
		if !f.Changed || !utf8.ValidString(f.Path) || len(out) == maxMarked {
			continue
		}
		line := max(1, f.Line)
		out = append(out, Annotation{
			Path: f.Path, StartLine: line, EndLine: max(line, f.EndLine), Level: level,
			Title: markdown.Title(unmarked(f.Title) + " (" + f.Check + ")"), Message: strings.TrimSpace(unmarked(f.Fix) + " " + f.Page),
		})
	}
	return out
}

// unmarked is a sentence of ours as plain text.
func unmarked(s string) string { return strings.ReplaceAll(s, "**", "") }

func (v auditView) summary() string {
	var b strings.Builder
	if !v.brings() {
		fmt.Fprintf(&b, "The state of the default branch, %s, at this commit.\n\n", markdown.Code(v.Repository.DefaultBranch))
	}
	if v.Policy.Observes() && v.Policy.Audit.Check == respond.AuditFail && len(v.Findings) > 0 {
		b.WriteString("The policy only observes (`mode: observe`): this check doesn't fail.\n\n")
	}
	v.writeFindings(&b)
	if v.Stood > 0 {
		fmt.Fprintf(&b, "The files that %s changes had %s before. The default branch's check lists them.\n\n", v.this(), v.found(v.Stood))
	}
	v.writeAllowed(&b)
	v.writeGaps(&b)
	b.WriteString(v.closing())
	b.WriteString(v.routeMap(markdown.MaxCheckSummary - b.Len()))
	return b.String()
}

func (v auditView) writeFindings(b *strings.Builder) {
	var here, elsewhere []respond.AuditFinding
	for _, f := range v.Findings {
		if !v.brings() || f.Changed {
			here = append(here, f)
		} else {
			elsewhere = append(elsewhere, f)
		}
	}
	v.writeList(b, here)
	if len(elsewhere) > 0 {
		b.WriteString("On lines that " + v.this() + " doesn't change, because of what it does change:\n\n")
		v.writeList(b, elsewhere)
	}
}

func (v auditView) writeList(b *strings.Builder, findings []respond.AuditFinding) {
	if len(findings) == 0 {
		return
	}
	for _, f := range findings[:min(len(findings), maxRows)] {
		seen := ""
		if f.Seen != "" {
			first, size := utf8.DecodeRuneInString(f.Seen)
			seen = " " + markdown.Text(string(unicode.ToUpper(first))+f.Seen[size:]) + "."
		}
		fmt.Fprintf(b, "- %s: **%s** (%s, %s).%s %s\n", v.place(f), f.Title, f.Severity, checkLink(f), seen, f.Fix)
	}
	more(b, len(findings)-maxRows, "finding", "findings")
}

// place links to a finding's line.
func (v auditView) place(f respond.AuditFinding) string {
	name := f.Path
	if f.Line > 0 {
		name = fmt.Sprintf("%s:%d", f.Path, f.Line)
	}
	url := markdown.Permalink(v.Repository.URL, v.Head, f.Path, f.Line, f.EndLine)
	if url == "" || v.Repository.URL == "" {
		return markdown.Code(name)
	}
	return markdown.Link(markdown.Code(name), url)
}

func checkLink(f respond.AuditFinding) string {
	if f.Page == "" {
		return f.Check
	}
	return markdown.Link(f.Check, f.Page)
}

func (v auditView) writeAllowed(b *strings.Builder) {
	if len(v.Allowed) > 0 {
		fmt.Fprintf(b, "**Accepted** by a comment with `rekey:allow` (%s):\n\n", format.Count(len(v.Allowed), "finding", "findings"))
		for _, a := range v.Allowed[:min(len(v.Allowed), maxRows)] {
			fmt.Fprintf(b, "- %s: %s, because: %s\n", v.place(a.Finding), checkLink(a.Finding), markdown.Text(a.Reason))
		}
		more(b, len(v.Allowed)-maxRows, "finding", "findings")
	}
	if v.AllowedBefore > 0 {
		fmt.Fprintf(b, "%s accepted by comments with `rekey:allow`.\n\n", format.Count(v.AllowedBefore, "finding is", "findings are"))
	}
}

func (v auditView) writeGaps(b *strings.Builder) {
	if len(v.Gaps) == 0 {
		return
	}
	b.WriteString("**Not read:**\n\n")
	for _, gap := range v.Gaps[:min(len(v.Gaps), maxRows)] {
		b.WriteString("- " + markdown.Code(gap) + "\n")
	}
	more(b, len(v.Gaps)-maxRows, "file", "files")
}

// closing says what was looked at, and how to see more.
func (v auditView) closing() string {
	switch {
	case v.brings() && v.Changes == 0:
		return "T" + v.this()[1:] + " changes nothing that is checked.\n"
	case len(v.Findings) == 0 && !v.brings():
		return ""
	case len(v.Findings) == 0:
		return "Only what the files themselves show is reported.\n"
	}
	return "Only what the files themselves show is reported. Is it meant to be so? Put the comment `rekey:allow " + v.Findings[0].Check + " reason` on the line.\n"
}
