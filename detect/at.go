package detect

import (
	"slices"
	"strings"
)

const inClerkFolder = "the file is in .clerk/, where Clerk's SDKs keep the keys of keyless applications: it should not be tracked"

// At judges the finding again now that its path is known, for git objects, whose paths are looked up only once
// something was found. It returns false where the path shows that the finding is none.
func (f Finding) At(path string) (Finding, bool) {
	reason := ""
	switch p := "/" + strings.ReplaceAll(path, "\\", "/"); {
	case strings.Contains(p, "/.clerk/"):
		reason = inClerkFolder
	case namesClerk(p):
		reason = "the path speaks of Clerk"
	}
	if reason != "" && f.Confidence != LowConfidence && !slices.Contains(f.Reasons, reason) {
		f.Reasons = append([]string{reason}, f.Reasons...)
		f.Confidence = HighConfidence
	}
	return f, true
}
