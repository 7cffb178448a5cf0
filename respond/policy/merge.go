package policy

import (
	"slices"

	"github.com/rekey-app/rekey/respond"
)

// Merge returns the policy that the files make, each over those before it: the server's, the organisation's, the
// repository's. What a file says replaces what those before it said; allowed things add up.
func Merge(files ...File) respond.Policy {
	p := respond.DefaultPolicy()
	for _, f := range files {
		set(&p.FailOn, f.FailOn)
		set(&p.Verify, f.Verify)
		set(&p.Unread, f.Unread)
		set(&p.Issues.Off, f.IssuesOff)
		if f.IssuesRepository != nil {
			p.Issues.Repository, p.Issues.Refused = *f.IssuesRepository, f.IssuesRefused
		}
		set(&p.Issues.MaxPerHour, f.IssuesMaxPerHour)
		set(&p.Public.Details, f.PublicDetails)
		if f.PublicAnnotations != nil {
			p.Public.HideLines = !*f.PublicAnnotations
		}
		if f.IssuesLabels != nil {
			p.Issues.Labels = slices.Clone(f.IssuesLabels)
		}
		if f.IssuesAssignees != nil {
			p.Issues.Assignees = slices.Clone(f.IssuesAssignees)
		}
		if f.Notify != nil {
			p.Notify = slices.Clone(f.Notify)
		}
		p.Allow.Fingerprints = append(p.Allow.Fingerprints, f.Allow.Fingerprints...)
		p.Allow.Paths = append(p.Allow.Paths, f.Allow.Paths...)
	}
	return p
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}
