package detect

import (
	"slices"
	"strings"
)

// The reasons that a path gives.
const (
	becauseClerkFolder = "the file is in .clerk/, where Clerk's SDKs keep the keys of keyless applications: it should not be tracked"
	becauseClerkPath   = "the path mentions Clerk"
)

// At judges the finding again now that its path is known, for git objects, whose paths are looked up only once
// something was found. It returns false where the path shows that the finding is none, or where nothing but the path
// could have shown that it is one. Where there is no path, as for a commit's message, give "".
func (f Finding) At(path string) (Finding, bool) {
	p := strings.ReplaceAll("/"+path, "\\", "/")
	reason := ""
	switch {
	case strings.Contains(p, "/.clerk/"):
		reason = becauseClerkFolder
	case namesClerk(p):
		reason = becauseClerkPath
	}
	if f.lacks != lacksNothing {
		return f.whoseAt(p, reason)
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

// whoseAt is At for a webhook secret whose text does not tell whose it is. reason is what the path p says for Clerk. Test data
// most often is made up.
func (f Finding) whoseAt(p, reason string) (Finding, bool) {
	if reason == "" || f.lacks == lacksPath && !strings.Contains(strings.ToLower(p), "webhook") {
		return f, f.lacks != lacksPath
	}
	others := f.Reasons
	if f.lacks == lacksPath { // which says that the path is missing
		others = others[1:]
	}
	f.Reasons = append([]string{reason}, others...)
	f.lacks = lacksNothing
	f.Confidence = MediumConfidence
	if isTestPath(p) {
		f.Confidence = LowConfidence
	}
	return f, true
}

// isTestPath reports whether the file at the path, slashes between its parts, is a test or its data.
func isTestPath(path string) bool {
	parts := strings.FieldsFunc(strings.ToLower(path), func(c rune) bool { return strings.ContainsRune("/._-", c) })
	for _, part := range parts {
		switch part {
		case "test", "tests", "spec", "specs", "fixture", "fixtures", "testdata", "mock", "mocks", "e2e":
			return true
		}
	}
	return false
}
