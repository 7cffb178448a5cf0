package policy

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/respond/format"
)

// The bounds of allow.paths: each path of a scan is matched against each pattern.
const (
	maxPaths      = 200
	maxPathsTotal = 8 << 10 // bytes
)

// maxLocks is how many entries lock has at most: there are fewer names.
const maxLocks = 50

// MaxSize is how large a policy file may be, in bytes.
const MaxSize = 64 << 10

// Error is a mistake in a policy file. Line counts from 1; 0 is unknown.
type Error struct {
	Line    int
	Message string // lower case, says what would be right
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return respond.PolicyPath + ": " + e.Message
	}
	return fmt.Sprintf("%s, line %d: %s", respond.PolicyPath, e.Line, e.Message)
}

// File is what one policy file says. What it does not say is nil.
type File struct {
	Source respond.PolicySource // which file it is; the caller sets it

	Lock   []string // names of settings that files after this one may only make stricter
	Mode   *respond.Mode
	FailOn *respond.FailOn
	Verify *respond.Verify
	Unread *respond.Unread

	IssuesOff        *bool
	IssuesRepository *string
	IssuesLabels     []string // nil: not said; empty: none
	IssuesAssignees  []string
	IssuesMaxPerHour *int
	IssuesAccepts    []string // owner/name or owner/*: whose issues this repository takes
	// IssuesRefused says why IssuesRepository must not be used; the caller sets it.
	IssuesRefused string

	Allow             respond.AllowList
	PublicAnnotations *bool
	PublicDetails     *bool
	IgnoreApproval    *respond.Approval
	Remind            *respond.RemindPolicy
	TextsRedact       *respond.Redact
	AuditCheck        *respond.AuditCheck
	AuditLevel        *respond.AuditLevel
	AuditIssue        *bool
	TextsLogs         *bool
	Notify            []respond.NotifyRule // nil: not said; empty: nobody
	CodeScanning      *bool
	ResolveAlerts     *bool

	Lines Lines
}

// Lines are where in the file it says what only its reader can judge. They count from 1; 0 is nowhere.
type Lines struct {
	IssuesRepository int
	Notify           []int // of each entry
	Lock             int
	Escalate         int
	Approval         int
}

// Parse reads a policy file. It is strict: a setting that is not known, is given twice or has no sense is a mistake. The
// error is an [*Error], the first in the file. An empty file is a policy that says nothing.
func Parse(text []byte) (File, error) {
	var f File
	if len(text) > MaxSize {
		return File{}, &Error{0, fmt.Sprintf("the file is larger than %s: shorten it", format.Size(MaxSize))}
	}
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return f, nil
	case err != nil:
		return File{}, syntaxError(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return File{}, &Error{0, "the file has more than one document, or doesn't end in valid YAML"}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return f, nil
	}
	if err := f.read(root); err != nil {
		return File{}, err
	}
	return f, nil
}

// syntaxError takes the line out of the library's words.
func syntaxError(err error) *Error {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &Error{Message: message}
	var line int
	if n, _ := fmt.Sscanf(message, "line %d:", &line); n == 1 {
		_, rest, _ := strings.Cut(message, ": ")
		e.Line, e.Message = line, rest
	}
	e.Message, _, _ = strings.Cut(e.Message, "'") // the library quotes the file
	e.Message = "invalid YAML: " + strings.TrimSpace(e.Message)
	return e
}

func (f *File) read(root *yaml.Node) error {
	return fields(root, "the policy", map[string]func(*yaml.Node) error{
		"lock": f.readLock,
		"mode": func(n *yaml.Node) error {
			return choice(n, "mode", &f.Mode, []respond.Mode{respond.ModeEnforce, respond.ModeObserve})
		},
		"fail_on": func(n *yaml.Node) error { return choice(n, "fail_on", &f.FailOn, failOns()) },
		"verify": func(n *yaml.Node) error {
			return choice(n, "verify", &f.Verify, []respond.Verify{respond.VerifyNever, respond.VerifyOnRequest, respond.VerifyWatch})
		},
		"unread": func(n *yaml.Node) error {
			return choice(n, "unread", &f.Unread, []respond.Unread{respond.UnreadFails, respond.UnreadNeutral})
		},
		"issues": f.readIssues,
		"allow":  f.readAllow,
		"public": func(n *yaml.Node) error {
			return fields(n, "public", map[string]func(*yaml.Node) error{
				"annotations": func(n *yaml.Node) error { return boolean(n, "public.annotations", &f.PublicAnnotations) },
				"details":     func(n *yaml.Node) error { return boolean(n, "public.details", &f.PublicDetails) },
			})
		},
		"notify":         f.readNotify,
		"ignore":         f.readIgnore,
		"remind":         f.readRemind,
		"texts":          f.readTexts,
		"audit":          f.readAudit,
		"code_scanning":  func(n *yaml.Node) error { return boolean(n, "code_scanning", &f.CodeScanning) },
		"resolve_alerts": func(n *yaml.Node) error { return boolean(n, "resolve_alerts", &f.ResolveAlerts) },
	})
}

func (f *File) readLock(n *yaml.Node) error {
	f.Lock, f.Lines.Lock = []string{}, n.Line
	return list(n, "lock", maxLocks, func(n *yaml.Node) error {
		var name *string
		if err := choice(n, "an entry of lock", &name, locks()); err != nil {
			return err
		}
		if slices.Contains(f.Lock, *name) {
			return &Error{n.Line, "lock names " + *name + " twice"}
		}
		f.Lock = append(f.Lock, *name)
		return nil
	})
}

func failOns() []respond.FailOn {
	return []respond.FailOn{respond.FailOnAny, "low", "medium", "high", "critical", respond.FailOnNone}
}

func (f *File) readIssues(n *yaml.Node) error {
	return fields(n, "issues", map[string]func(*yaml.Node) error{
		"off": func(n *yaml.Node) error { return boolean(n, "issues.off", &f.IssuesOff) },
		"repository": func(n *yaml.Node) (err error) {
			var s string
			if s, err = text(n, "issues.repository", repositoryName, "the form owner/name"); err == nil {
				f.IssuesRepository, f.Lines.IssuesRepository = &s, n.Line
			}
			return err
		},
		"labels": func(n *yaml.Node) (err error) {
			f.IssuesLabels, err = texts(n, "issues.labels", 20, labelName, "1 to 50 characters on one line")
			return err
		},
		"assignees": func(n *yaml.Node) (err error) {
			f.IssuesAssignees, err = texts(n, "issues.assignees", 10, loginName, "a login, without @")
			return err
		},
		"accepts": func(n *yaml.Node) (err error) {
			f.IssuesAccepts, err = texts(n, "issues.accepts", 100, acceptedName, "the form owner/name, or owner/* for all of an owner")
			return err
		},
		"max_per_hour": func(n *yaml.Node) error { return integer(n, "issues.max_per_hour", 1, 100, &f.IssuesMaxPerHour) },
	})
}

func (f *File) readTexts(n *yaml.Node) error {
	return fields(n, "texts", map[string]func(*yaml.Node) error{
		"redact": func(n *yaml.Node) error {
			if isOff(n) {
				off := respond.RedactOff
				f.TextsRedact = &off
				return nil
			}
			return choice(n, "texts.redact", &f.TextsRedact, []respond.Redact{respond.RedactOff, respond.RedactMask})
		},
		"logs": func(n *yaml.Node) error { return boolean(n, "texts.logs", &f.TextsLogs) },
	})
}

func (f *File) readAllow(n *yaml.Node) error {
	return fields(n, "allow", map[string]func(*yaml.Node) error{
		"fingerprints": func(n *yaml.Node) error {
			return list(n, "allow.fingerprints", 500, func(n *yaml.Node) error {
				var a respond.AllowedFingerprint
				err := required(n, "an entry of allow.fingerprints", []string{"fingerprint", "reason"}, map[string]func(*yaml.Node) error{
					"fingerprint": func(n *yaml.Node) (err error) {
						a.Fingerprint, err = text(n, "fingerprint", fingerprint, "32 hexadecimal digits, as issues show it")
						return err
					},
					"reason":  func(n *yaml.Node) (err error) { a.Reason, err = text(n, "reason", reason, reasonForm); return err },
					"expires": func(n *yaml.Node) (err error) { a.Expires, err = day(n, "expires"); return err },
				})
				f.Allow.Fingerprints = append(f.Allow.Fingerprints, a)
				return err
			})
		},
		"paths": func(n *yaml.Node) error {
			total := 0
			return list(n, "allow.paths", maxPaths, func(n *yaml.Node) error {
				var a respond.AllowedPath
				err := required(n, "an entry of allow.paths", []string{"path", "reason"}, map[string]func(*yaml.Node) error{
					"path": func(n *yaml.Node) (err error) {
						a.Path, err = text(n, "path", pattern, `a path of 1 to 200 characters in which *, ** and ? stand for others; [, ], {, } and \ are not known`)
						return err
					},
					"reason":  func(n *yaml.Node) (err error) { a.Reason, err = text(n, "reason", reason, reasonForm); return err },
					"expires": func(n *yaml.Node) (err error) { a.Expires, err = day(n, "expires"); return err },
				})
				f.Allow.Paths = append(f.Allow.Paths, a)
				if total += len(a.Path); err == nil && total > maxPathsTotal {
					return &Error{n.Line, fmt.Sprintf("the patterns of allow.paths have more than %d bytes in all; shorten or join some", maxPathsTotal)}
				}
				return err
			})
		},
	})
}

func (f *File) readNotify(n *yaml.Node) error {
	f.Notify = []respond.NotifyRule{}
	return list(n, "notify", 20, func(n *yaml.Node) error {
		var t respond.NotifyRule
		err := required(n, "an entry of notify", []string{"to"}, map[string]func(*yaml.Node) error{
			"to": func(n *yaml.Node) (err error) {
				t.To, err = text(n, "to", targetName, "the name of a target that the server is configured with")
				return err
			},
			"on": func(n *yaml.Node) error {
				return list(n, "on", len(respond.NoticeKinds()), func(n *yaml.Node) error {
					var kind *respond.NoticeKind
					if err := choice(n, "on", &kind, respond.NoticeKinds()); err != nil {
						return err
					}
					if slices.Contains(t.On, *kind) {
						return &Error{n.Line, "on names " + string(*kind) + " twice"}
					}
					t.On = append(t.On, *kind)
					return nil
				})
			},
		})
		f.Notify, f.Lines.Notify = append(f.Notify, t), append(f.Lines.Notify, n.Line)
		return err
	})
}
