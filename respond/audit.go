package respond

import (
	"cmp"

	"github.com/rekey-app/rekey/detect"
)

// AuditFinding is one mistake in a Clerk configuration. Nothing in it is source text.
type AuditFinding struct {
	Check    string          `json:"check"` // its ID, such as C3
	Severity detect.Severity `json:"severity"`
	Path     string          `json:"path"`
	Line     int             `json:"line,omitempty"` // 0: it is about the file itself, such as its name
	EndLine  int             `json:"end_line,omitempty"`

	Fix string `json:"fix,omitempty"` // what to do; kept only where it is more than the check says

	// What the check says of it, and what was seen there. They are not kept.
	Title string `json:"-"`
	Seen  string `json:"-"` // one sentence without a full stop, which may name what stands there
	Page  string `json:"-"` // address of the check's page
	// Changed is set where a pull request changed the line, or brought the file.
	Changed bool `json:"-"`
}

// AuditPackage is a package that a repository uses, of those that matter to a check.
type AuditPackage struct {
	Name    string
	Version string // as resolved by a lockfile; otherwise the range as written
	Locked  bool   // whether a lockfile says so
	Root    string // directory of the workspace that uses it; "" is the repository's root
}

// AuditCounts counts findings by severity.
type AuditCounts struct{ Critical, High, Medium, Low int }

// Total is how many findings there are.
func (c AuditCounts) Total() int { return c.Critical + c.High + c.Medium + c.Low }

// CountAudit counts findings by severity.
func CountAudit(findings []AuditFinding) (c AuditCounts) {
	for _, f := range findings {
		switch f.Severity {
		case detect.CriticalSeverity:
			c.Critical++
		case detect.HighSeverity:
			c.High++
		case detect.MediumSeverity:
			c.Medium++
		default:
			c.Low++
		}
	}
	return c
}

// CompareAudit orders findings: the worst first, then by place.
func CompareAudit(a, b AuditFinding) int {
	return cmp.Or(a.Severity.Compare(b.Severity), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Check, b.Check))
}

// AuditWanted is an audit that a scan gives cause for. The zero value is none.
type AuditWanted struct {
	Default bool // of the default branch, as it is by then
	Head    bool // of the commit that was scanned, for what its scans say
}

// WantsAudit decides which audits a scan gives cause for. known reports whether the default branch was audited before, uses whether it
// used Clerk then, and names whether the push touched a file that names packages: what doesn't use Clerk is not looked at again until
// then.
func WantsAudit(s Scan, defaultBranch string, known, uses, names bool) AuditWanted {
	switch s.Trigger {
	case TriggerPush, TriggerSweep:
		looks := !known || uses || names || s.Trigger == TriggerSweep
		return AuditWanted{Default: looks && defaultBranch != "" && s.Ref == "refs/heads/"+defaultBranch}
	case TriggerPullRequest, TriggerMergeGroup, TriggerCheckRun, TriggerCheckSuite:
		return AuditWanted{Head: true}
	}
	return AuditWanted{}
}

// AuditSubject is what an audit is about, by the scans of a head commit.
type AuditSubject struct {
	Pull  int    // 0: none
	Merge bool   // it is of a merge queue: pull requests as they will be merged
	Base  string // commit of the branch that the pull request, or the merge group, goes to; "": not known
	// Pushed is set where the commit was pushed to the default branch: the check run is about the state of that.
	Pushed bool
}

// AuditSubjectOf is what the scans of a commit say that it is for. The last pull request counts.
func AuditSubjectOf(scans []Scan, defaultBranch string) (s AuditSubject) {
	for _, scan := range scans {
		switch scan.Trigger {
		case TriggerPullRequest:
			s.Pull, s.Base, s.Merge = scan.PullNumber, scan.Base, false
		case TriggerMergeGroup:
			if s.Pull == 0 {
				s.Merge, s.Base = true, scan.Base
			}
		case TriggerPush, TriggerSweep:
			s.Pushed = s.Pushed || defaultBranch != "" && scan.Ref == "refs/heads/"+defaultBranch
		}
	}
	return s
}

// AuditDue reports whether the head of a pull request or of a merge group gets a check run: where it changes a file that is audited, where an
// earlier head of it had one, and always where mistakes fail it, so that the check can be required.
func AuditDue(p Policy, changes int, before bool) bool {
	return p.Audits() && (changes > 0 || before || p.Audit.Check == AuditFail)
}
