package detect

import (
	"slices"
	"strings"
)

// At judges the finding again now that its path is known, for git objects, whose paths are looked up only once
// something was found. It returns false where the path shows that the finding is none, or where nothing but the path
// could have shown that it is one. Where there is no path, as for a commit's message, give "".
func (f Finding) At(path string) (Finding, bool) {
	p := strings.ReplaceAll("/"+path, "\\", "/")
	reason, tells := pathReason(p)
	if f.lacks != lacksNothing {
		return f.whoseAt(p, reason, tells)
	}
	if !tells || f.Confidence == LowConfidence || f.Reasons.has(reason.Code) {
		return f, true
	}
	f.Reasons = f.Reasons.after(reason)
	if f.Kind == SecretKey || f.Kind == ClaimURL {
		f.Confidence = HighConfidence
	}
	return f, true
}

// pathReason returns what the path, slashes between its parts and before them, says for Clerk, if it does.
func pathReason(path string) (reason Reason, tells bool) {
	switch {
	case strings.Contains(path, "/.clerk/"):
		return Reason{Code: ClerkFolder}, true
	case namesClerk(path):
		return Reason{Code: ClerkPath}, true
	}
	return Reason{}, false
}

// whoseAt is At for a webhook secret whose text does not tell whose it is. reason is what the path p says for Clerk, if it tells.
// Test data most often is made up.
func (f Finding) whoseAt(p string, reason Reason, tells bool) (Finding, bool) {
	if !tells || f.lacks == lacksPath && !strings.Contains(strings.ToLower(p), "webhook") {
		return f, f.lacks != lacksPath
	}
	f.Reasons = f.Reasons.without(OwnerUnknown).after(reason)
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
	return slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(testWords, part) })
}

// testWords are what tests and their data are in.
var testWords = []string{"test", "tests", "spec", "specs", "fixture", "fixtures", "testdata", "mock", "mocks", "e2e"}
