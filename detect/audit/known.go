package audit

import (
	"slices"

	"github.com/rekey-app/rekey/detect"
)

// Fixed is a mistake in a version of a package that a later one doesn't have.
type Fixed struct {
	ID, Title string // of the check that looks whether it matters
	Severity  detect.Severity
	In        string // the first version above without it
}

// FixedSince lists what later versions of a package have fixed, the worst first, of which a check looks whether it matters in a repository. The
// version must be one, and no range; of another nothing is known.
func FixedSince(name, version string) (list []Fixed) {
	for _, a := range slices.Concat(advisories(), moreAdvisories(), nextAdvisories()) {
		if ranges := a.entries[name]; in(version, ranges) {
			list = append(list, Fixed{ID: a.id, Title: a.title, Severity: a.severity, In: fixedIn(version, ranges)})
		}
	}
	slices.SortStableFunc(list, func(a, b Fixed) int { return a.Severity.Compare(b.Severity) })
	return list
}
