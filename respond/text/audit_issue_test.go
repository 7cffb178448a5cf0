package text

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond"
)

// TestAuditIssues shows each as GitHub gets it.
func TestAuditIssues(t *testing.T) {
	t.Parallel()
	three := []respond.AuditFinding{unawaited(12, false), unawaited(40, false), unawaited(41, false)}
	three[2].Severity, three[2].Check, three[2].Path = "high", "C6", "middleware.ts"
	var b strings.Builder
	for _, c := range []struct {
		name string
		of   func(*AuditIssueFacts)
	}{
		{"three mistakes", func(f *AuditIssueFacts) { f.Audit.Findings, f.Audit.AllowedBefore = three, 1 }},
		{"one, of another repository", func(f *AuditIssueFacts) { f.Audit.Findings, f.Elsewhere = three[:1], true }},
		{"none is left", func(*AuditIssueFacts) {}},
		{"not everything was read", func(f *AuditIssueFacts) { f.Audit.Gaps = []string{"web/bundle.js: over a limit of what is read"} }},
		{"strangers read it", func(f *AuditIssueFacts) { f.Audit.Findings, f.Private = three, false }},
		{"strangers read that none is left", func(f *AuditIssueFacts) { f.Private = false }},
	} {
		f := AuditIssueFacts{Audit: auditFacts(func(f *AuditFacts) { f.Pull, f.Changes = 0, 0 }), Private: true}
		c.of(&f)
		issue := AuditIssue(f)
		fmt.Fprintf(&b, "# %s\n\n**%s**\n\n%s\nlabels: %s\n\n", c.name, issue.Title, issue.Body, strings.Join(issue.Labels, ", "))
		if !f.Private && strings.Contains(issue.Title+issue.Body, "Clerk") {
			t.Errorf("%s: a stranger can search for it:\n%s", c.name, issue.Body)
		}
		if _, _, leak := ParseMarker(issue.Body); leak || !strings.HasPrefix(issue.Body, AuditMarker(shop.ID)) {
			t.Errorf("%s: the marker is a leak's, or is not there", c.name)
		}
	}
	golden(t, "audit_issue.md", b.String())
}

// TestAnAuditIssueKnowsWhatChanged: another commit is no reason for an edit, other lines are one, and other mistakes open it again.
func TestAnAuditIssueKnowsWhatChanged(t *testing.T) {
	t.Parallel()
	facts := func(head string, lines ...int) AuditIssueFacts {
		f := AuditIssueFacts{Audit: auditFacts(func(f *AuditFacts) { f.Pull, f.Head = 0, head }), Private: true}
		for _, line := range lines {
			f.Audit.Findings = append(f.Audit.Findings, unawaited(line, false))
		}
		return f
	}
	one, another := strings.Repeat("0a", 20), strings.Repeat("0b", 20)
	digest := AuditIssueDigest
	found := func(f AuditIssueFacts) string { return AuditFound(f.Audit.Findings) }
	if digest(facts(one, 3)) != digest(facts(another, 3)) {
		t.Error("another commit is another text")
	}
	if digest(facts(one, 3)) == digest(facts(one, 4)) || found(facts(one, 3)) != found(facts(one, 4)) {
		t.Error("another line is to be another text about the same mistakes")
	}
	if found(facts(one, 3)) == found(facts(one, 3, 4)) || found(facts(one, 3)) == found(facts(one)) {
		t.Error("other mistakes are the same")
	}
}
