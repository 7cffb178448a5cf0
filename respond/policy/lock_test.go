package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// These say what a policy does, without the table: so they can tell that merging weakened it.

// consequences is what a policy does about leaks, as a set of facts by setting. One policy is at least as strict as another if it has
// all the other's facts.
func consequences(p respond.Policy) map[string][]string {
	c := map[string][]string{}
	says := func(setting, format string, args ...any) {
		c[setting] = append(c[setting], fmt.Sprintf(format, args...))
	}
	for _, s := range []detect.Severity{detect.CriticalSeverity, detect.HighSeverity, detect.MediumSeverity, detect.LowSeverity} {
		if p.FailOn.Fails(s) && !p.Observes() {
			says("fail_on", "a check fails on %s", s)
		}
	}
	if !p.Observes() {
		says("mode", "enforced")
	}
	if p.FilesIssues() {
		says("issues", "issues are filed")
	}
	says("issues", "issues go to %s", p.Issues.Repository)
	for _, l := range p.Issues.Labels {
		says("issues", "label %s", strings.ToLower(l))
	}
	for _, l := range p.Issues.Assignees {
		says("issues", "assignee %s", strings.ToLower(l))
	}
	for n := range p.Issues.MaxPerHour {
		says("issues", "issue %d in an hour", n)
	}
	switch p.Verify {
	case respond.VerifyWatch:
		says("verify", "Clerk is asked from time to time")
		fallthrough
	case respond.VerifyOnRequest:
		says("verify", "Clerk confirms")
	}
	if p.Unread == respond.UnreadFails {
		says("unread", "fails")
	}
	if !p.Public.Details {
		says("public", "no details")
	}
	if p.Public.HideLines {
		says("public", "no lines")
	}
	for _, f := range testFingerprints {
		if !slices.ContainsFunc(p.Allow.Fingerprints, func(a respond.AllowedFingerprint) bool { return a.Fingerprint == f }) {
			says("allow", "%s leaks", f)
		}
	}
	for _, f := range testPaths {
		if !slices.ContainsFunc(p.Allow.Paths, func(a respond.AllowedPath) bool { return a.Path == f }) {
			says("allow", "%s leaks", f)
		}
	}
	for _, n := range p.Notify {
		for _, kind := range respond.NoticeKinds() {
			if n.Includes(kind) {
				says("notify", "%s is told of %s", n.To, kind)
			}
		}
	}
	if p.Ignore.Approval.Required() {
		says("ignore", "%s confirms", p.Ignore.Approval)
	}
	if !p.Remind.Off {
		says("remind", "%+v", p.Remind)
	}
	if p.Texts.Redact == respond.RedactMask {
		says("texts", "keys in texts are masked")
	}
	if p.Texts.Logs {
		says("texts", "logs are read")
	}
	switch p.Audit.Check {
	case respond.AuditFail:
		if !p.Observes() {
			says("audit", "a check fails on a mistake")
		}
		fallthrough
	case respond.AuditNotice:
		says("audit", "mistakes are shown")
	}
	if p.Audit.Level == respond.AuditAll {
		says("audit", "questions are shown")
	}
	if p.FilesAuditIssue() {
		says("audit", "an issue has the state of the default branch")
	}
	if p.CodeScanning {
		says("code_scanning", "open leaks are in the Security tab")
	}
	says("resolve_alerts", "resolves: %t", p.ResolveAlerts)
	return c
}

var (
	testFingerprints = []string{"aa", "bb"}
	testPaths        = []string{"**", "docs/"}
)

// weaker returns what p does not do any more that before did.
func weaker(before, p respond.Policy, lock string) (lost []string) {
	now := consequences(p)[lock]
	for _, c := range consequences(before)[lock] {
		if !slices.Contains(now, c) {
			lost = append(lost, c)
		}
	}
	return lost
}

func anyFile(t *rapid.T, source respond.PolicySource) File {
	f := File{Source: source}
	maybe := rapid.SampledFrom([]bool{true, true, false})
	pointed(t, maybe, "mode", &f.Mode, respond.ModeEnforce, respond.ModeObserve)
	pointed(t, maybe, "fail_on", &f.FailOn, failOns()...)
	pointed(t, maybe, "verify", &f.Verify, respond.VerifyNever, respond.VerifyOnRequest, respond.VerifyWatch)
	pointed(t, maybe, "unread", &f.Unread, respond.UnreadFails, respond.UnreadNeutral)
	pointed(t, maybe, "off", &f.IssuesOff, true, false)
	pointed(t, maybe, "repository", &f.IssuesRepository, "acme/security", "acme/other", "acme/Other")
	pointed(t, maybe, "max", &f.IssuesMaxPerHour, 1, 5, 10, 20)
	pointed(t, maybe, "details", &f.PublicDetails, true, false)
	pointed(t, maybe, "annotations", &f.PublicAnnotations, true, false)
	pointed(t, maybe, "approval", &f.IgnoreApproval, respond.ApprovalNone, respond.ApprovalSecondPerson, "team:acme/security", "team:acme/others")
	pointed(t, maybe, "remind", &f.Remind, respond.RemindPolicy{Off: true}, respond.DefaultRemind(), respond.RemindPolicy{Every: time.Hour})
	pointed(t, maybe, "redact", &f.TextsRedact, respond.RedactOff, respond.RedactMask)
	pointed(t, maybe, "logs", &f.TextsLogs, true, false)
	pointed(t, maybe, "audit", &f.AuditCheck, respond.AuditOff, respond.AuditNotice, respond.AuditFail)
	pointed(t, maybe, "level", &f.AuditLevel, respond.AuditDefault, respond.AuditAll)
	pointed(t, maybe, "issue", &f.AuditIssue, true, false)
	pointed(t, maybe, "code_scanning", &f.CodeScanning, true, false)
	pointed(t, maybe, "resolve_alerts", &f.ResolveAlerts, true, false)
	some := func(name string, of ...string) []string {
		if !maybe.Draw(t, name+"?") {
			return nil
		}
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID).Draw(t, name)
	}
	f.IssuesLabels, f.IssuesAssignees = some("labels", "a", "A", "b"), some("assignees", "ada", "Ada", "kim")
	for _, fp := range some("fingerprints", testFingerprints...) {
		f.Allow.Fingerprints = append(f.Allow.Fingerprints, respond.AllowedFingerprint{Fingerprint: fp, Reason: "x", Production: true})
	}
	for _, path := range some("paths", testPaths...) {
		f.Allow.Paths = append(f.Allow.Paths, respond.AllowedPath{Path: path, Reason: "x"})
	}
	if targets := some("notify", "team", "pager"); targets != nil {
		f.Notify = []respond.NotifyRule{}
		for _, to := range targets {
			kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(respond.NoticeKinds()), 0, 3, rapid.ID).Draw(t, "on")
			f.Notify = append(f.Notify, respond.NotifyRule{To: to, On: kinds})
		}
	}
	f.Lock = some("lock", locks()...)
	return f
}

func pointed[T any](t *rapid.T, maybe *rapid.Generator[bool], name string, to **T, values ...T) {
	if maybe.Draw(t, name+"?") {
		v := rapid.SampledFrom(values).Draw(t, name)
		*to = &v
	}
}

var threeSources = []respond.PolicySource{respond.SourceServer, "acme/.github", respond.SourceRepository}

func threeFiles(t *rapid.T) []File {
	var files []File
	for _, source := range threeSources {
		files = append(files, anyFile(t, source))
	}
	return files
}

// plain is a policy without what is only told of it.
func plain(p respond.Policy) respond.Policy {
	p.Origins, p.Ignored = nil, nil
	return p
}

func same(t *rapid.T, what string, want, got respond.Policy) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s:\n%s", what, diff)
	}
}

// TestMergingNeverWeakensWhatIsLocked: whatever files say, what a file before them locks keeps all its consequences.
func TestMergingNeverWeakensWhatIsLocked(t *testing.T) {
	t.Parallel()
	checked := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		files := threeFiles(t)
		for i := range files {
			for _, lock := range files[i].Lock {
				for j := i + 1; j < len(files); j++ {
					before, after := Merge(files[:i+1]...), Merge(files[:j+1]...)
					if lost := weaker(before, after, lock); len(lost) > 0 {
						t.Fatalf("%s locks %s, and with %s it is weaker: no more %q", files[i].Source, lock, files[j].Source, lost)
					}
					checked[lock]++
				}
			}
		}
	})
	for _, lock := range locks() {
		if checked[lock] == 0 {
			t.Errorf("nothing locked %s", lock)
		}
		byDefault := !slices.Contains([]string{"notify", "ignore", "texts", "code_scanning"}, lock)
		if len(consequences(respond.DefaultPolicy())[lock]) == 0 && byDefault {
			t.Errorf("the test does not know what %s does", lock)
		}
	}
}

// TestAnUnlockedSettingIsReplaced: without locks each file's word replaces those before it.
func TestAnUnlockedSettingIsReplaced(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := threeFiles(t)
		want := respond.DefaultPolicy()
		for i := range files {
			files[i].Lock = nil
			replace(&want, files[i])
		}
		got := Merge(files...)
		got.Ignored = slices.DeleteFunc(got.Ignored, func(i respond.IgnoredSetting) bool { return i.Setting == "ignore.approval" }) // needs no lock
		if len(got.Ignored) > 0 {
			t.Fatalf("without a lock, ignored: %+v", got.Ignored)
		}
		same(t, "without locks", want, plain(got))
	})
}

// replace puts what a file says over a policy, one setting after the other.
func replace(p *respond.Policy, f File) {
	over(&p.Mode, f.Mode)
	over(&p.FailOn, f.FailOn)
	over(&p.Verify, f.Verify)
	over(&p.Unread, f.Unread)
	over(&p.Issues.Off, f.IssuesOff)
	over(&p.Issues.MaxPerHour, f.IssuesMaxPerHour)
	over(&p.Public.Details, f.PublicDetails)
	over(&p.Texts.Redact, f.TextsRedact)
	over(&p.Texts.Logs, f.TextsLogs)
	over(&p.Audit.Check, f.AuditCheck)
	over(&p.Audit.Level, f.AuditLevel)
	over(&p.Audit.Issue, f.AuditIssue)
	over(&p.CodeScanning, f.CodeScanning)
	over(&p.ResolveAlerts, f.ResolveAlerts)
	if f.IssuesRepository != nil && !strings.EqualFold(p.Issues.Repository, *f.IssuesRepository) {
		p.Issues.Repository = *f.IssuesRepository
	}
	if f.PublicAnnotations != nil {
		p.Public.HideLines = !*f.PublicAnnotations
	}
	if !p.Ignore.Approval.Required() {
		over(&p.Ignore.Approval, f.IgnoreApproval)
	}
	over(&p.Remind, f.Remind)
	if f.IssuesLabels != nil {
		p.Issues.Labels = f.IssuesLabels
	}
	if f.IssuesAssignees != nil {
		p.Issues.Assignees = f.IssuesAssignees
	}
	if f.Notify != nil {
		p.Notify = f.Notify
	}
	p.Allow.Fingerprints = append(p.Allow.Fingerprints, f.Allow.Fingerprints...)
	p.Allow.Paths = append(p.Allow.Paths, f.Allow.Paths...)
}

func over[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

// TestALockBindsOnlyWhatComesAfter: a repository's own lock changes nothing, and none is ever lifted.
func TestALockBindsOnlyWhatComesAfter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := threeFiles(t)
		want := Merge(files...)
		files[2].Lock = rapid.SliceOfNDistinct(rapid.SampledFrom(locks()), 0, 3, rapid.ID).Draw(t, "own lock")
		same(t, "a repository's own lock", want, Merge(files...))
		again := slices.Clone(files)
		again[1].Lock = append(slices.Clone(files[1].Lock), files[0].Lock...)
		same(t, "a lock of the server's, said by the organisation too", plain(want), plain(Merge(again...)))
	})
}

// TestMergingAgainChangesNothing: a file over itself says what it said. Allowed things add up, so they are left out.
func TestMergingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := threeFiles(t)
		for i := range files {
			files[i].Allow = respond.AllowList{}
		}
		last := files[2]
		// A lock of its own would bind its copy, and a list that a lock lets grow is not what the file alone says.
		last.Lock = nil
		same(t, "once more", plain(Merge(files[0], files[1], last)), plain(Merge(files[0], files[1], last, last)))
	})
}

// TestStricterIsAssociative: it does not matter in which steps several files make a locked setting stricter, and what is as strict
// changes nothing.
func TestStricterIsAssociative(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		failOn := rapid.SampledFrom(failOns())
		associative(t, "fail_on", failOn, failingMore, func(v respond.FailOn) string { return fmt.Sprint(consequences(respond.Policy{FailOn: v})["fail_on"]) })
		verify := rapid.SampledFrom([]respond.Verify{respond.VerifyNever, respond.VerifyOnRequest, respond.VerifyWatch})
		associative(t, "verify", verify, byRank(respond.VerifyNever, respond.VerifyOnRequest, respond.VerifyWatch), func(v respond.Verify) string { return string(v) })
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "B"}), 0, 3, strings.ToLower)
		associative(t, "names", names, union, func(v []string) string {
			v = slices.Clone(v)
			for i := range v {
				v[i] = strings.ToLower(v[i])
			}
			return strings.Join(slices.Sorted(slices.Values(v)), " ")
		})
		rules := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(respond.NoticeKinds()), 0, 3), func(on []respond.NoticeKind) []respond.NotifyRule {
			return []respond.NotifyRule{{To: "team", On: slices.Compact(slices.Sorted(slices.Values(on)))}}
		})
		associative(t, "notify", rules, notifyingAll, func(v []respond.NotifyRule) string {
			return fmt.Sprint(consequences(respond.Policy{Notify: v})["notify"])
		})
		targets := notifyingAll(rules.Draw(t, "a"), rules.Draw(t, "b"))
		if len(targets) != 1 {
			t.Fatalf("a target has %d rules, and is told twice: %+v", len(targets), targets)
		}
	})
}

func associative[T any](t *rapid.T, name string, values *rapid.Generator[T], stricter func(a, b T) T, meaning func(T) string) {
	t.Helper()
	a, b, c := values.Draw(t, name), values.Draw(t, name), values.Draw(t, name)
	left, right := stricter(stricter(a, b), c), stricter(a, stricter(b, c))
	if meaning(left) != meaning(right) {
		t.Fatalf("%s: (%v %v) %v is %v, %v (%v %v) is %v", name, a, b, c, left, a, b, c, right)
	}
	if meaning(stricter(a, a)) != meaning(a) {
		t.Fatalf("%s: %v with itself is %v", name, a, stricter(a, a))
	}
}

// TestWhoDecided: a policy names the file that decided a setting, and what was said in vain, with the lock that it met.
func TestWhoDecided(t *testing.T) {
	t.Parallel()
	parse := func(source respond.PolicySource, text string) File {
		f, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		f.Source = source
		return f
	}
	server := parse(respond.SourceServer, "lock: [verify]\nverify: watch\n")
	organisation := parse("acme/.github", "lock: [fail_on, issues, notify, allow]\nfail_on: high\nverify: never\nissues: {labels: [a], repository: acme/security}\nnotify: [{to: team}]\n")
	own := parse(respond.SourceRepository, `
lock: []
mode: observe
fail_on: none
verify: on-request
unread: neutral
issues: {off: true, labels: [b], assignees: [kim], repository: acme/Security, max_per_hour: 1}
allow: {paths: [{path: '**', reason: mine}]}
notify: []
`)
	p := Merge(server, organisation, own)
	wantIgnored := []respond.IgnoredSetting{
		{Setting: "verify", Value: "never", From: "acme/.github", By: respond.SourceServer},
		{Setting: "mode", Value: "observe", From: respond.SourceRepository, By: "acme/.github"},
		{Setting: "fail_on", Value: "none", From: respond.SourceRepository, By: "acme/.github"},
		{Setting: "verify", Value: "on-request", From: respond.SourceRepository, By: respond.SourceServer},
		{Setting: "issues.off", Value: "true", From: respond.SourceRepository, By: "acme/.github"},
		{Setting: "issues.max_per_hour", Value: "1", From: respond.SourceRepository, By: "acme/.github"},
		{Setting: "allow.paths", From: respond.SourceRepository, By: "acme/.github"},
		{Setting: "notify", From: respond.SourceRepository, By: "acme/.github"},
	}
	if diff := cmp.Diff(wantIgnored, p.Ignored); diff != "" {
		t.Error(diff)
	}
	wantOrigins := map[string]respond.PolicySource{
		"fail_on": "acme/.github", "verify": respond.SourceServer, "unread": respond.SourceRepository, "issues.labels": respond.SourceRepository,
		"issues.assignees": respond.SourceRepository, "issues.repository": "acme/.github", "notify": "acme/.github",
	}
	if diff := cmp.Diff(wantOrigins, p.Origins); diff != "" {
		t.Error(diff)
	}
	if p.FailOn != "high" || p.Verify != respond.VerifyWatch || !reflect.DeepEqual(p.Issues.Labels, []string{"a", "b"}) || p.Issues.Repository != "acme/security" {
		t.Errorf("%+v", p)
	}
}
