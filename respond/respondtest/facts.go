// Package respondtest has leaks, scans and decisions for tests: one repository, one moment.
package respondtest

import (
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond"
)

// The facts of most tests: one repository, one moment.
var (
	Shop       = respond.Repository{ID: 7, Owner: "acme", Name: "shop", URL: "https://github.com/acme/shop", Private: true}
	Monday     = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	Head       = strings.Repeat("a1b2c3d4", 5)
	Introduced = strings.Repeat("0f1e2d3c", 5)
)

// Secret returns a credential of the kind, made at run time.
func Secret(kind detect.Kind, env detect.Environment, seed int64) detect.Secret {
	switch kind {
	case detect.LegacyAPIKey:
		return detect.NewSecret(detecttest.LegacyKey(seed, env))
	case detect.WebhookSecret:
		return detect.NewSecret(detecttest.WebhookSecret(seed))
	case detect.MachineSecretKey:
		return detect.NewSecret(detecttest.MachineSecretKey(seed))
	case detect.PlatformAPIKey:
		return detect.NewSecret(detecttest.PlatformAPIKey(seed))
	case detect.APIKey:
		return detect.NewSecret(detecttest.APIKey(seed))
	case detect.OAuthClientSecret:
		return detect.NewSecret(detecttest.OAuthClientSecret(seed))
	case detect.EncryptionKey:
		return detect.NewSecret(detecttest.EncryptionKey(seed))
	case detect.ClaimURL:
		return detect.NewSecret(detecttest.ClaimURL(seed))
	}
	return detect.NewSecret(detecttest.Key(seed, env))
}

// Leak returns an open leak of high confidence.
func Leak(kind detect.Kind, env detect.Environment, seed int64) respond.Leak {
	s := Secret(kind, env, seed)
	l := respond.Leak{
		ID: seed, Repository: Shop.ID, Fingerprint: s.Fingerprint(), Redacted: s.Redacted(),
		Kind: kind, Environment: env, Severity: detect.MediumSeverity, Confidence: detect.HighConfidence,
		Reasons: []string{"assigned to CLERK_SECRET_KEY", "only Clerk's secret keys have 42 characters after the prefix"},
		State:   respond.Open, Introduced: Monday.Add(-time.Hour), Detected: Monday, Pusher: "ada",
	}
	switch env {
	case detect.Live:
		l.Severity, l.Instance = detect.CriticalSeverity, "clerk.acme.example"
	case detect.Test:
		l.Instance = "happy-otter-12.clerk.accounts.dev"
	}
	return l
}

// Sighting is a place of a leak in a blob of the commit [Introduced].
func Sighting(id int64, path string, line int) respond.Sighting {
	return respond.Sighting{
		ID: id, Source: "blob", Blob: strings.Repeat("b", 40), Path: path, Commit: Introduced, Encoding: "plain",
		Line: line, Column: 18, EndLine: line, EndColumn: 68,
		AuthorName: "Ada Lovelace", AuthorEmail: "ada@acme.example", Authored: Monday.Add(-time.Hour), Ref: "refs/heads/main",
	}
}

// At is a sighting of the leak in the history of a head; atHead where the head itself still has it.
func At(l respond.Leak, s respond.Sighting, atHead bool) respond.HeadSighting {
	s.Leak = l.ID
	return respond.HeadSighting{Leak: l, Sighting: s, AtHead: atHead}
}

// PushScan is a scan of a push to the default branch that read everything.
func PushScan() respond.Scan {
	return respond.Scan{
		Repository: Shop.ID, Head: Head, Base: strings.Repeat("9", 40), Ref: "refs/heads/main", Trigger: respond.TriggerPush, Pusher: "ada",
		Commits: 3, Blobs: 7, Bytes: 12_345, PackBytes: 4_567, Duration: 41 * time.Millisecond, Finished: Monday,
	}
}

// With returns a copy of the leak with the change made.
func With(l respond.Leak, change func(*respond.Leak)) respond.Leak {
	change(&l)
	return l
}

// Filed gives the leak an open issue.
func Filed(l *respond.Leak) {
	l.IssueRepository, l.IssueNumber, l.IssueURL = Shop.ID, 12, "https://github.com/acme/shop/issues/12"
}

// Revoked closes the leak, and its issue, as revoked.
func Revoked(l *respond.Leak) {
	Filed(l)
	l.State, l.Closed, l.ClosedBy, l.Reason = respond.Revoked, Monday.Add(25*time.Minute), "Clerk", "Clerk no longer accepts the key"
}

// Lines writes a decision as one line for each change and action.
func Lines(d respond.Decision) []string {
	var out []string
	for _, c := range d.Changes {
		out = append(out, string(c.From)+" > "+string(c.To)+" by "+c.By)
	}
	for _, a := range d.Actions {
		s := string(a.Do)
		if a.Notice != "" {
			s += " " + string(a.Notice)
		}
		if a.Do == respond.AskClerk {
			s += " " + string(a.Verification.Why)
		}
		out = append(out, s)
	}
	return out
}
