package respond

import (
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// Severity returns how bad the leak is where it is: in a public repository one step worse than the kind of credential
// alone, as strangers read public pushes for keys.
func Severity(l ledger.Leak, private bool) detect.Severity {
	s := detect.Severity(l.Severity)
	if private {
		return s
	}
	switch s {
	case detect.LowSeverity:
		return detect.MediumSeverity
	case detect.MediumSeverity:
		return detect.HighSeverity
	case detect.HighSeverity:
		return detect.CriticalSeverity
	}
	return s
}

// Publicized says what to do when a private repository was made public, beside reading it whole once more: every open
// leak is worse from now on. leaks are those of the repository.
func Publicized(p policy.Policy, leaks []ledger.Leak, now time.Time) Decision {
	var d Decision
	for _, l := range leaks {
		if (l.State != ledger.Open && l.State != "") || !sure(l) {
			continue
		}
		d.issue(EditIssue, l, now)
		d.comment(l, "publicized", now, "**This repository has become public**, and with it the credential. Whoever reads public code for keys finds it within minutes: "+
			"delete it in Clerk first, and mend what fails afterwards.")
		d.notify(p, l, "reopened", now)
	}
	return d
}
