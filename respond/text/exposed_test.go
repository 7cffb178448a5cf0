package text

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond"
)

// exposedCases are issues of a leak without a key.
func exposedCases() map[string]IssueFacts {
	const advisory = "GHSA-gjxx-92w9-8v8f"
	l := respond.Exposed(advisory, detect.CriticalSeverity, "the Frontend API proxy is on, and package-lock.json has @clerk/express 2.0.6 with @clerk/backend 3.2.2")
	l.ID, l.Repository, l.Detected = 12, shop.ID, monday
	open := issueFacts(l)
	check, _ := audit.Lookup(advisory)
	says := Advisory{Title: check.Title, Link: check.Link, Fix: check.Fix, Why: check.Why}
	for _, v := range check.Versions {
		says.Versions = append(says.Versions, Versions(v))
	}
	open.Exposed = Exposure{Advisory: says, Head: head, Findings: []respond.AuditFinding{{
		Check: advisory, Severity: detect.CriticalSeverity, Path: "src/server.ts", Line: 5, EndLine: 5,
		Fix: "Upgrade @clerk/express to 2.0.7 or later, and rotate the secret key: anyone who exploited it has the key.",
	}}}
	upgraded := open
	upgraded.Exposed = Exposure{Advisory: says, Head: head, Fixed: true}
	public := open
	public.Repository.Private, public.Private = false, false
	closed := func(f IssueFacts, state respond.State, reason string) IssueFacts {
		f.Leak.State, f.Leak.Closed, f.Leak.ClosedBy, f.Leak.Reason = state, monday.Add(time.Hour), "ada", reason
		return f
	}
	return map[string]IssueFacts{
		"exposed": open, "exposed-upgraded": upgraded, "exposed-public": public,
		"exposed-resolved":           closed(upgraded, respond.Resolved, "said that it is rotated; Clerk can't confirm this kind of credential"),
		"exposed-resolved-too-early": closed(open, respond.Resolved, "said that it is rotated; Clerk can't confirm this kind of credential"),
		"exposed-ignored":            closed(open, respond.Ignored, "it never ran anywhere"),
	}
}

// TestAnExposedKeyIsNeverSaidToBeFound: nobody found a key, and nobody can ask Clerk.
func TestAnExposedKeyIsNeverSaidToBeFound(t *testing.T) {
	t.Parallel()
	for name, f := range exposedCases() {
		issue := Issue(context.Background(), f)
		for _, wrong := range []string{"was pushed", "Leaked", "leaked key", "that leaked", "GET /v1/instance", "rekey asks Clerk", "git's history"} {
			if strings.Contains(issue.Title+issue.Body, wrong) {
				t.Errorf("%s says %q:\n%s\n%s", name, wrong, issue.Title, issue.Body)
			}
		}
		if name == "exposed-public" && strings.Contains(issue.Title+issue.Body, "GHSA") {
			t.Errorf("a public issue names the advisory:\n%s", issue.Body)
		}
	}
}
