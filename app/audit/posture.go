package audit

import (
	"slices"

	"github.com/rekey-app/rekey/detect/audit"
)

// development is the check for development instances in production files, which the dashboard counts whatever the policy's level is.
const development = "C21"

// countDevelopment counts what the check has found, and takes that out of what a policy of this level wants to see.
func countDevelopment(r *audit.Result, level audit.Tier) (n int) {
	is := func(f audit.Finding) bool { return f.ID == development }
	for _, f := range r.Findings {
		if is(f) {
			n++
		}
	}
	if check, _ := audit.Lookup(development); check.Tier > level {
		r.Findings = slices.DeleteFunc(r.Findings, is)
		r.Allowed = slices.DeleteFunc(r.Allowed, func(a audit.Allowed) bool { return is(a.Finding) })
	}
	return n
}
