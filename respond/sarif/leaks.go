package sarif

import (
	"fmt"
	"net/url"
	"path"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// LeakPlace is where an open leak is, or was, on the branch that a log is about.
type LeakPlace struct {
	Leak   respond.Leak // as severe as it is in its repository
	Path   string
	Member string // inside an archive
	Line   int    // 0: not known
	Gone   bool   // the file does not hold it any more
}

// OfLeaks is the log of a repository's open leaks, at most [MaxResults] of their places. hidden leaves out what says more of a credential
// than its kind. Logs of the same places are the same.
func OfLeaks(places []LeakPlace, hidden bool) Log {
	run := Run{
		Tool: NewTool(""), Details: &Details{ID: "rekey/"}, ColumnKind: "unicodeCodePoints", Results: []Result{},
		Invocations: []Invocation{{Successful: true}}, Properties: map[string]any{},
	}
	rules, seen := map[string]int{}, map[string]int{}
	for _, p := range places[:min(len(places), MaxResults)] {
		id := RuleID(p.Leak.Kind, p.Leak.Environment)
		if _, known := rules[id]; !known {
			rules[id] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, RuleOf(p.Leak.Kind, p.Leak.Environment))
		}
		fingerprint := PlaceFingerprint(p.Leak.Fingerprint, "", p.file())
		seen[fingerprint]++
		run.Results = append(run.Results, Result{
			RuleID: id, RuleIndex: rules[id], Level: LevelOf(p.Leak.Severity), Message: Text{Text: p.message(hidden)},
			Locations: []Location{{Place{
				ArtifactLocation: Artifact{URI: (&url.URL{Path: path.Clean(p.Path)}).String(), BaseID: "%SRCROOT%"},
				Region:           &Region{StartLine: max(p.line(), 1)}, // code scanning shows no result without
			}}},
			PartialFingerprints: map[string]string{"credentialAndPlace/v1": fmt.Sprintf("%s:%d", fingerprint, seen[fingerprint])},
			Properties:          map[string]any{},
		})
	}
	return NewLog(run)
}

func (p LeakPlace) file() string {
	if p.Member != "" {
		return p.Path + "!" + p.Member
	}
	return p.Path
}

// line is the line of the file itself.
func (p LeakPlace) line() int {
	if p.Member != "" {
		return 1
	}
	return p.Line
}

func (p LeakPlace) message(hidden bool) string {
	s := "Clerk " + respond.Describe(p.Leak.Kind, p.Leak.Environment)
	if !hidden {
		s += " " + p.Leak.Redacted
	}
	if p.Member != "" {
		s += " in " + p.Member
	}
	if p.Leak.Instance != "" && !hidden {
		s += ", probably of " + p.Leak.Instance
	}
	if p.Gone {
		s += ". It was removed from this file, but removing a line doesn't revoke it"
	} else {
		s += ". Removing the line isn't enough: rotate it in Clerk"
	}
	if p.Leak.IssueNumber != 0 && p.Leak.IssueRepository == p.Leak.Repository {
		return s + fmt.Sprintf(". Issue #%d has the steps.", p.Leak.IssueNumber)
	}
	return s + "."
}

// LevelOf is the level of a result of that severity.
func LevelOf(s detect.Severity) string {
	if s == detect.CriticalSeverity || s == detect.HighSeverity {
		return "error"
	}
	return "warning"
}
