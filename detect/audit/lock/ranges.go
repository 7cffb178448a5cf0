package lock

import (
	"strings"

	"golang.org/x/mod/semver"
)

// Range is a range of versions: from From, or from the first if it is empty, to before Below.
type Range struct{ From, Below string }

// Affected reports whether a version is in one of the ranges. It isn't known of a version that is none of three numbers: a
// prerelease, snapshot or canary may have a fix already or have lost it, whatever its number says.
func Affected(version string, ranges ...Range) (in, known bool) {
	core, _, _ := strings.Cut(version, "+")
	if !isVersion(version) || strings.Contains(core, "-") {
		return false, false
	}
	for _, r := range ranges {
		if (r.From == "" || semver.Compare("v"+version, "v"+r.From) >= 0) && semver.Compare("v"+version, "v"+r.Below) < 0 {
			return true, true
		}
	}
	return false, true
}
