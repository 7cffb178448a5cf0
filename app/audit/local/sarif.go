package local

import (
	"fmt"
	"io"

	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/sarif"
)

// SARIFOptions say what a log needs to know beyond the result.
type SARIFOptions struct {
	Version string // rekey's
	Dir     string // the current directory, absolute
}

// WriteSARIF writes the result as one SARIF 2.1.0 log, for code scanning.
func WriteSARIF(w io.Writer, r Result, o SARIFOptions) error {
	run := sarif.Run{
		ColumnKind: "unicodeCodePoints", Tool: sarif.NewTool(o.Version), Results: []sarif.Result{},
		// Beside the log of a scan for keys, which has a category of its own.
		Details:     &sarif.Details{ID: "rekey-audit/"},
		Invocations: []sarif.Invocation{invocation(r)},
		Properties:  map[string]any{"allowed": len(r.Allowed), "files": r.Files, "level": levelName(r.Level)},
	}
	rules, seen := map[string]int{}, map[string]int{}
	for _, f := range r.Findings[:min(len(r.Findings), sarif.MaxResults)] {
		id := sarif.CheckRuleID(f.Check, f.Severity)
		if _, known := rules[id]; !known {
			rules[id] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarif.CheckRule(f.Check, f.Severity))
		}
		// The line is no part of the fingerprint: lines move.
		fingerprint := sarif.PlaceFingerprint(f.ID, f.Seen, f.Name)
		seen[fingerprint]++
		result := resultOf(f, o.Dir)
		result.RuleID, result.RuleIndex = id, rules[id]
		result.PartialFingerprints = map[string]string{"checkAndPlace/v1": fmt.Sprintf("%s:%d", fingerprint, seen[fingerprint])}
		run.Results = append(run.Results, result)
	}
	return writeJSON(w, sarif.NewLog(run))
}

// invocation says what could not be read.
func invocation(r Result) sarif.Invocation {
	const most = 1000
	unread, _ := Unread(r.Problems)
	i := sarif.Invocation{Successful: unread == 0}
	for _, p := range r.Problems[:min(len(r.Problems), most)] {
		level := "error"
		if p.Part {
			level = "warning"
		}
		i.Notifications = append(i.Notifications, sarif.Notification{Level: level, Message: sarif.Text{Text: p.Name + ": " + p.Reason}})
	}
	if n := len(r.Findings) - sarif.MaxResults; n > 0 {
		i.Notifications = append(i.Notifications, sarif.Notification{Level: "warning", Message: sarif.Text{
			Text: format.Count(n, "more finding is", "more findings are") + " not in this log: code scanning accepts no more than " + format.Number(sarif.MaxResults),
		}})
	}
	return i
}

func resultOf(f Finding, dir string) sarif.Result {
	place := sarif.Place{ArtifactLocation: sarif.ArtifactOf(dir, f.Name), Region: &sarif.Region{StartLine: 1}} // none is shown without
	if f.Range.Line > 0 {
		place.Region = &sarif.Region{StartLine: f.Range.Line, StartColumn: f.Column, EndLine: f.Range.EndLine, EndColumn: f.EndColumn}
	}
	result := sarif.Result{
		Level: sarif.LevelOf(f.Severity), Message: sarif.Text{Text: f.Seen + ". " + f.Fix},
		Locations:  []sarif.Location{{PhysicalLocation: place}},
		Properties: map[string]any{"severity": f.Severity},
	}
	if f.Edit != nil && f.Edit.Rename != "" {
		result.Properties["rename"] = f.Edit.Rename
	}
	if f.Edit != nil && len(f.Edit.Replacements) > 0 {
		change := sarif.Change{ArtifactLocation: sarif.ArtifactOf(dir, f.EditName)}
		for _, r := range f.Edit.Replacements {
			line, column := position(f.EditText, r.Start)
			endLine, endColumn := position(f.EditText, r.End)
			change.Replacements = append(change.Replacements, sarif.Replacement{
				Deleted:  sarif.Region{StartLine: line, StartColumn: column, EndLine: endLine, EndColumn: endColumn},
				Inserted: &sarif.Text{Text: r.Text},
			})
		}
		result.Fixes = []sarif.Fix{{Description: sarif.Text{Text: f.Fix}, Changes: []sarif.Change{change}}}
	}
	return result
}
