package respond

import (
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// PolicyPath is where a repository keeps its policy. The organisation's is the same file in its repository named .github.
const PolicyPath = ".github/rekey.yml"

// Verify says when Clerk is asked whether a key still works.
type Verify string

// The answers. Asking moves the key's "Last used" stamp in the owner's dashboard.
const (
	VerifyNever     Verify = "never"      // Clerk is not asked; a person's word closes
	VerifyOnRequest Verify = "on-request" // when a person says that the key is rotated
	VerifyWatch     Verify = "watch"      // also from time to time, until the key is revoked
)

// Mode says whether what is found has consequences.
type Mode string

// The modes.
const (
	ModeEnforce Mode = "enforce"
	ModeObserve Mode = "observe" // no check fails, and no issue is filed
)

// Policy is what applies to one repository.
type Policy struct {
	Mode   Mode
	FailOn FailOn
	Verify Verify
	Unread Unread
	Issues IssuePolicy
	Allow  AllowList
	Public PublicPolicy
	Notify []NotifyRule
	Ignore IgnorePolicy
	Remind RemindPolicy
	Texts  TextPolicy
	Audit  AuditPolicy

	CodeScanning  bool // show open leaks of the default branch in the Security tab
	ResolveAlerts bool // resolve and reopen alerts of GitHub's secret scanning as their leaks are

	Always []NotifyRule // the server's own: notified when a production key is allowed, whatever Notify says

	Origins map[string]PolicySource // which file decided a setting, by its name; none: rekey's default
	Ignored []IgnoredSetting        // what files say in vain, as one before them locks it
	Kept    KeptPolicy              // set where the organisation's file cannot be used, and the last valid one applies
}

// PolicySource is the file that a setting comes from: one of the constants, or owner/name of the organisation's repository.
type PolicySource string

// Sources that have no repository's name.
const (
	SourceDefault    PolicySource = ""           // no file says it
	SourceServer     PolicySource = "server"     // the file that the server is configured with
	SourceRepository PolicySource = "repository" // the repository's own
)

// IgnoredSetting is a setting that a file says in vain.
type IgnoredSetting struct {
	Setting string // as the file names it, such as issues.off
	Value   string // as the file has it; "" where it is a list
	From    PolicySource
	By      PolicySource // whose lock it is
}

// KeptPolicy is an organisation's file that applies though it is not what its repository has now.
type KeptPolicy struct {
	Source  PolicySource // "" is none
	Read    time.Time    // when it was read first
	Problem string       // why the file as it is now does not apply, in words that hold nothing of it
}

// Observes reports whether no check fails and no issue is filed, whatever else the policy says.
func (p Policy) Observes() bool { return p.Mode == ModeObserve }

// FilesIssues reports whether leaks get issues.
func (p Policy) FilesIssues() bool { return !p.Issues.Off && !p.Observes() }

// Unread says what a check is where a limit kept rekey from judging all that the commits bring.
type Unread string

// The answers. Neither passes.
const (
	UnreadFails   Unread = "fail"
	UnreadNeutral Unread = "neutral"
)

// FailOn is the least severity that fails a check, or none.
type FailOn string

// FailOn's values beside the severities.
const (
	FailOnAny  FailOn = "any"
	FailOnNone FailOn = "none"
)

// Fails reports whether a leak of this severity fails a check.
func (f FailOn) Fails(s detect.Severity) bool {
	switch f {
	case FailOnNone:
		return false
	case FailOnAny, "":
		return true
	}
	return s.Compare(detect.Severity(f)) <= 0
}

// IssuePolicy says where issues go.
type IssuePolicy struct {
	Off        bool
	Repository string // org/name; "" is the repository itself
	Refused    string // why Repository is not to be used; "" if it is
	Labels     []string
	Assignees  []string // logins, beside the pusher
	MaxPerHour int      // issues that one repository may get in an hour; the rest goes into one summary
}

// PublicPolicy says what a public repository is told of a key that may still work.
type PublicPolicy struct {
	Details   bool // what a private one is: kind, instance, part of the key, the line
	HideLines bool // with Details: do not mark the line in the check run
}

// TextPolicy says what rekey does to texts on GitHub that hold a key, and which it reads.
type TextPolicy struct {
	Redact Redact
	Logs   bool // read what runs of GitHub Actions print
}

// Redact says whether rekey edits texts that hold a key.
type Redact string

// The answers.
const (
	RedactOff  Redact = "off"
	RedactMask Redact = "mask" // the key is masked in issues, descriptions of pull requests, and comments on both
)

// AuditPolicy says what is made of mistakes in the Clerk configuration.
type AuditPolicy struct {
	Check AuditCheck
	Level AuditLevel
	Issue bool // one issue has the state of the default branch
}

// AuditCheck says what the check run of an audit is where a mistake was found.
type AuditCheck string

// The answers.
const (
	AuditOff    AuditCheck = "off"    // nothing is audited
	AuditNotice AuditCheck = "notice" // neutral
	AuditFail   AuditCheck = "fail"   // a failure, where a pull request brings it
)

// AuditLevel says which checks an audit makes.
type AuditLevel string

// The levels.
const (
	AuditDefault AuditLevel = "default" // of what is a mistake
	AuditAll     AuditLevel = "all"     // also of what is a question for a reviewer
)

// Audits reports whether anything is audited.
func (p Policy) Audits() bool { return p.Audit.Check != AuditOff }

// FilesAuditIssue reports whether an issue has what audits find on the default branch. Whether leaks get issues is another question.
func (p Policy) FilesAuditIssue() bool { return p.Audit.Issue && p.Audits() && !p.Observes() }

// AllowList lists what is no leak.
type AllowList struct {
	Fingerprints []AllowedFingerprint
	Paths        []AllowedPath
}

// AllowedFingerprint allows one credential, wherever it stands.
type AllowedFingerprint struct {
	Fingerprint string // 32 hexadecimal digits, as issues and `rekey scan` show it
	Reason      string
	Expires     time.Time // the first moment at which it no longer counts; zero: never
	Production  bool      // counts for production keys: the caller says so, of what maintainers, the organisation or the server wrote
	By          string    // login of who wrote it into the repository's file; "" if unknown
}

// AllowedPath allows test keys under a path. It never allows a production key.
type AllowedPath struct {
	Path    string // pattern: * within a name, ** across folders
	Reason  string
	Expires time.Time
}

// NotifyRule names a target of the server's configuration, which holds its address and secret, and what it is told.
type NotifyRule struct {
	To string
	On []NoticeKind // empty: all but ignored and resolved
}

// DefaultLabel is the one label of issues where no policy names others.
const DefaultLabel = "rekey"

// DefaultPolicy is the policy where no file says anything.
func DefaultPolicy() Policy {
	return Policy{
		Mode:   ModeEnforce,
		FailOn: FailOnAny,
		Verify: VerifyOnRequest,
		Unread: UnreadFails,
		Issues: IssuePolicy{Labels: []string{DefaultLabel}, MaxPerHour: 10},
		Ignore: IgnorePolicy{Approval: ApprovalNone},
		Remind: DefaultRemind(),
		Texts:  TextPolicy{Redact: RedactOff},
		Audit:  AuditPolicy{Check: AuditNotice, Level: AuditDefault},
	}
}

// Notifies reports whether any target is notified of an event of the kind.
func (p Policy) Notifies(kind NoticeKind) bool {
	for _, n := range p.Notify {
		if n.Includes(kind) {
			return true
		}
	}
	return false
}

// Includes reports whether the target is notified of events of the kind.
func (n NotifyRule) Includes(kind NoticeKind) bool {
	if len(n.On) == 0 {
		return kind == NoticeOpened || kind == NoticeReopened || kind == NoticeRevoked || kind == NoticeReminded || kind == NoticePublished
	}
	return slices.Contains(n.On, kind)
}

// Entry names an entry of allow.fingerprints: with another last day it is another one.
func (f AllowedFingerprint) Entry() string {
	if f.Expires.IsZero() {
		return f.Fingerprint
	}
	return f.Fingerprint + "@" + f.Expires.Format(time.DateOnly)
}
