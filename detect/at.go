package detect

import (
	"slices"
	"strings"
)

// The reasons that a path gives.
const (
	becauseClerkFolder = "the file is in .clerk/, where Clerk's SDKs keep the keys of keyless applications: it should not be tracked"
	becauseClerkPath   = "the path speaks of Clerk"
)

// At judges the finding again now that its path is known, for git objects, whose paths are looked up only once
// something was found. It returns false where the path shows that the finding is none, or where nothing but the path
// could have shown that it is one. Where there is no path, as for a commit's message, give "".
func (f Finding) At(path string) (Finding, bool) {
	pending := len(f.Reasons) > 0 && f.Reasons[0] == becauseNeedsPath
	p := strings.ReplaceAll("/"+path, "\\", "/")
	reason := ""
	switch {
	case strings.Contains(p, "/.clerk/"):
		reason = becauseClerkFolder
	case namesClerk(p):
		reason = becauseClerkPath
	}
	if pending {
		if reason == "" || !strings.Contains(strings.ToLower(p), "webhook") {
			return f, false
		}
		f.Confidence = HighConfidence
		f.Reasons = append([]string{reason}, f.Reasons[1:]...)
		return f, true
	}
	if reason == "" || f.Confidence == LowConfidence || slices.Contains(f.Reasons, reason) {
		return f, true
	}
	f.Reasons = append([]string{reason}, f.Reasons...)
	if f.Kind == SecretKey || f.Kind == ClaimURL {
		f.Confidence = HighConfidence
	}
	return f, true
}
