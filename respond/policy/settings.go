package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
)

// settings is the table of all settings, in the order of the documentation: how a file says each, and what stricter means
// for it. A new setting is a new row, and lock knows it; docs/policy.md has the same table, and a test sees to it.
func settings() []setting {
	return []setting{
		row[respond.Mode]{
			may: "set `enforce`", also: []string{"fail_on", "issues", "audit"}, // observing switches them off
			get:   func(p *respond.Policy) *respond.Mode { return &p.Mode },
			said:  func(f File, _ respond.Mode) (respond.Mode, bool) { return value(f.Mode) },
			merge: byRank(respond.ModeObserve, respond.ModeEnforce),
		}.named("mode"),
		row[respond.FailOn]{
			may:   "lower the severity",
			get:   func(p *respond.Policy) *respond.FailOn { return &p.FailOn },
			said:  func(f File, _ respond.FailOn) (respond.FailOn, bool) { return value(f.FailOn) },
			merge: failingMore,
		}.named("fail_on"),
		row[respond.Verify]{
			may:   "ask Clerk more: `on-request` over `never`, `watch` over both",
			get:   func(p *respond.Policy) *respond.Verify { return &p.Verify },
			said:  func(f File, _ respond.Verify) (respond.Verify, bool) { return value(f.Verify) },
			merge: byRank(respond.VerifyNever, respond.VerifyOnRequest, respond.VerifyWatch),
		}.named("verify"),
		row[respond.Unread]{
			may:   "set `fail`",
			get:   func(p *respond.Policy) *respond.Unread { return &p.Unread },
			said:  func(f File, _ respond.Unread) (respond.Unread, bool) { return value(f.Unread) },
			merge: byRank(respond.UnreadNeutral, respond.UnreadFails),
		}.named("unread"),
		row[bool]{
			may:   "set `false`",
			get:   func(p *respond.Policy) *bool { return &p.Issues.Off },
			said:  func(f File, _ bool) (bool, bool) { return value(f.IssuesOff) },
			merge: byRank(true, false),
		}.named("issues.off"),
		row[respond.IssuePolicy]{
			may: "not change it",
			get: func(p *respond.Policy) *respond.IssuePolicy { return &p.Issues },
			said: func(f File, before respond.IssuePolicy) (respond.IssuePolicy, bool) {
				name, said := value(f.IssuesRepository)
				if said && !strings.EqualFold(name, before.Repository) {
					before.Repository, before.Refused = name, f.IssuesRefused
				}
				return before, said
			},
			merge: unchanged[respond.IssuePolicy],
			part:  func(p respond.IssuePolicy) any { return p.Repository },
		}.named("issues.repository"),
		row[[]string]{
			may:   "add labels",
			get:   func(p *respond.Policy) *[]string { return &p.Issues.Labels },
			said:  func(f File, _ []string) ([]string, bool) { return slices.Clone(f.IssuesLabels), f.IssuesLabels != nil },
			merge: union,
		}.named("issues.labels"),
		row[[]string]{
			may: "add people",
			get: func(p *respond.Policy) *[]string { return &p.Issues.Assignees },
			said: func(f File, _ []string) ([]string, bool) {
				return slices.Clone(f.IssuesAssignees), f.IssuesAssignees != nil
			},
			merge: union,
		}.named("issues.assignees"),
		row[int]{
			may:   "raise it",
			get:   func(p *respond.Policy) *int { return &p.Issues.MaxPerHour },
			said:  func(f File, _ int) (int, bool) { return value(f.IssuesMaxPerHour) },
			merge: func(a, b int) int { return max(a, b) },
		}.named("issues.max_per_hour"),
		row[[]respond.AllowedFingerprint]{
			may: "add none",
			get: func(p *respond.Policy) *[]respond.AllowedFingerprint { return &p.Allow.Fingerprints },
			said: func(f File, before []respond.AllowedFingerprint) ([]respond.AllowedFingerprint, bool) {
				return slices.Concat(before, f.Allow.Fingerprints), len(f.Allow.Fingerprints) > 0
			},
			merge: unchanged[[]respond.AllowedFingerprint],
		}.named("allow.fingerprints"),
		row[[]respond.AllowedPath]{
			may: "add none",
			get: func(p *respond.Policy) *[]respond.AllowedPath { return &p.Allow.Paths },
			said: func(f File, before []respond.AllowedPath) ([]respond.AllowedPath, bool) {
				return slices.Concat(before, f.Allow.Paths), len(f.Allow.Paths) > 0
			},
			merge: unchanged[[]respond.AllowedPath],
		}.named("allow.paths"),
		row[bool]{
			may:   "set `false`",
			get:   func(p *respond.Policy) *bool { return &p.Public.Details },
			said:  func(f File, _ bool) (bool, bool) { return value(f.PublicDetails) },
			merge: byRank(true, false),
		}.named("public.details"),
		row[bool]{
			may:   "set `false`",
			get:   func(p *respond.Policy) *bool { return &p.Public.HideLines },
			said:  func(f File, _ bool) (bool, bool) { shows, said := value(f.PublicAnnotations); return !shows, said },
			merge: byRank(false, true),
			part:  func(hides bool) any { return !hides },
		}.named("public.annotations"),
		row[[]respond.NotifyRule]{
			may: "add targets, and events of a target",
			get: func(p *respond.Policy) *[]respond.NotifyRule { return &p.Notify },
			said: func(f File, _ []respond.NotifyRule) ([]respond.NotifyRule, bool) {
				return slices.Clone(f.Notify), f.Notify != nil
			},
			merge: notifyingAll,
		}.named("notify"),
		row[respond.Approval]{
			may: "set it where it was `none`", always: true, // what one repository can switch off by itself is no control
			get:   func(p *respond.Policy) *respond.Approval { return &p.Ignore.Approval },
			said:  func(f File, _ respond.Approval) (respond.Approval, bool) { return value(f.IgnoreApproval) },
			merge: firstApproval,
		}.named("ignore.approval"),
		row[respond.RemindPolicy]{
			may:   "switch it on",
			get:   func(p *respond.Policy) *respond.RemindPolicy { return &p.Remind },
			said:  func(f File, _ respond.RemindPolicy) (respond.RemindPolicy, bool) { return value(f.Remind) },
			merge: reminding,
		}.named("remind"),
		row[respond.Redact]{
			may:   "set `mask`",
			get:   func(p *respond.Policy) *respond.Redact { return &p.Texts.Redact },
			said:  func(f File, _ respond.Redact) (respond.Redact, bool) { return value(f.TextsRedact) },
			merge: byRank(respond.RedactOff, respond.RedactMask),
		}.named("texts.redact"),
		row[bool]{
			may:   "set `true`",
			get:   func(p *respond.Policy) *bool { return &p.Texts.Logs },
			said:  func(f File, _ bool) (bool, bool) { return value(f.TextsLogs) },
			merge: byRank(false, true),
		}.named("texts.logs"),
		row[respond.AuditCheck]{
			may:   "set `notice` over `off`, `fail` over both",
			get:   func(p *respond.Policy) *respond.AuditCheck { return &p.Audit.Check },
			said:  func(f File, _ respond.AuditCheck) (respond.AuditCheck, bool) { return value(f.AuditCheck) },
			merge: byRank(respond.AuditOff, respond.AuditNotice, respond.AuditFail),
		}.named("audit.check"),
		row[respond.AuditLevel]{
			may:   "set `all`",
			get:   func(p *respond.Policy) *respond.AuditLevel { return &p.Audit.Level },
			said:  func(f File, _ respond.AuditLevel) (respond.AuditLevel, bool) { return value(f.AuditLevel) },
			merge: byRank(respond.AuditDefault, respond.AuditAll),
		}.named("audit.level"),
		row[bool]{
			may:   "set `true`",
			get:   func(p *respond.Policy) *bool { return &p.Audit.Issue },
			said:  func(f File, _ bool) (bool, bool) { return value(f.AuditIssue) },
			merge: byRank(false, true),
		}.named("audit.issue"),
		row[bool]{
			may:   "set `true`",
			get:   func(p *respond.Policy) *bool { return &p.CodeScanning },
			said:  func(f File, _ bool) (bool, bool) { return value(f.CodeScanning) },
			merge: byRank(false, true),
		}.named("code_scanning"),
		row[bool]{
			may:   "not change it",
			get:   func(p *respond.Policy) *bool { return &p.ResolveAlerts },
			said:  func(f File, _ bool) (bool, bool) { return value(f.ResolveAlerts) },
			merge: unchanged[bool],
		}.named("resolve_alerts"),
	}
}

// setting is a row of the table.
type setting struct {
	name string   // as the file has it; that of a mapping's field has a dot
	may  string   // what a file may do where the setting is locked, in Markdown
	also []string // names in lock that lock it, beside the one it begins with
	// always: it is locked by whatever file says it.
	always bool
	// merge puts what the file says over what the policy has.
	merge   func(p *respond.Policy, f File, locked bool) outcome
	value   func(f File) string         // what the file says; "" for a list
	current func(p *respond.Policy) any // what the policy has
}

// outcome is what came of what a file says of a setting.
type outcome int

const (
	unsaid  outcome = iota // it says nothing
	agreed                 // it says what a lock keeps anyhow
	decided                // it counts, all of it or some
	ignored                // a lock keeps it from counting
)

// lock is the name that locks the setting.
func (s setting) lock() string {
	name, _, _ := strings.Cut(s.name, ".")
	return name
}

// lockedBy returns which file locks the setting.
func (s setting) lockedBy(locks map[string]respond.PolicySource) (by respond.PolicySource, locked bool) {
	for _, name := range append([]string{s.lock()}, s.also...) {
		if by, locked = locks[name]; locked {
			return by, true
		}
	}
	return "", false
}

// locks returns what lock may name.
func locks() []string {
	var names []string
	for _, s := range settings() {
		if !slices.Contains(names, s.lock()) {
			names = append(names, s.lock())
		}
	}
	slices.Sort(names)
	return names
}

// row is a setting whose value is a T.
type row[T any] struct {
	may    string
	also   []string
	always bool
	get    func(*respond.Policy) *T
	// said is what a file makes of the setting that was as before, without a lock.
	said func(f File, before T) (wanted T, said bool)
	// merge returns the stricter of both, or what is stricter than both. b is the later file's.
	merge func(a, b T) T
	// part is what of the value is the setting, as files have it; nil: all.
	part func(T) any
}

func (r row[T]) named(name string) setting {
	if r.part == nil {
		r.part = func(v T) any { return v }
	}
	return setting{
		name: name, may: r.may, also: r.also, always: r.always, merge: r.put,
		current: func(p *respond.Policy) any { return r.part(*r.get(p)) },
		value: func(f File) string {
			var none T
			wanted, _ := r.said(f, none)
			if reflect.TypeOf(r.part(wanted)).Kind() == reflect.Slice {
				return ""
			}
			return shown(r.part(wanted))
		},
	}
}

func (r row[T]) put(p *respond.Policy, f File, locked bool) outcome {
	at := r.get(p)
	before := *at
	wanted, said := r.said(f, before)
	if !said {
		return unsaid
	}
	if !locked {
		*at = wanted
		return decided
	}
	switch *at = r.merge(before, wanted); {
	case !reflect.DeepEqual(before, *at):
		return decided
	case reflect.DeepEqual(before, wanted):
		return agreed
	}
	return ignored
}

func value[T any](v *T) (T, bool) {
	if v == nil {
		var none T
		return none, false
	}
	return *v, true
}

// shown is a value in short: lists are only counted, and what has many parts is left out.
func shown(value any) string {
	v := reflect.ValueOf(value)
	switch {
	case v.Kind() == reflect.Slice && v.Len() > 0:
		return format.Count(v.Len(), "entry", "entries")
	case v.Kind() == reflect.Slice, v.Kind() == reflect.String && v.Len() == 0:
		return "none"
	case v.Kind() == reflect.Struct:
		return ""
	}
	return fmt.Sprint(value)
}
