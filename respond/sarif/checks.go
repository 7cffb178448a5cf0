package sarif

import (
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit"
)

// CheckRuleID names the rule for a check and a severity: code scanning knows one severity for each rule, and a check may have found
// something worse than it usually does.
func CheckRuleID(check audit.Check, severity detect.Severity) string {
	id := "clerk-audit/" + check.ID
	if severity != check.Severity {
		id += "-" + string(severity)
	}
	return id
}

// CheckRule is the rule for what a check has found with that severity.
func CheckRule(check audit.Check, severity detect.Severity) Rule {
	number := map[detect.Severity]string{
		detect.CriticalSeverity: "9.5", detect.HighSeverity: "7.5", detect.MediumSeverity: "5.5", detect.LowSeverity: "3.0",
	}[severity]
	precision := "very-high"
	if check.Tier == audit.All {
		precision = "medium"
	}
	help := Text{Text: check.Fix, Markdown: check.Why + "\n\n**Fix:** " + check.Fix}
	for _, example := range []struct {
		heading string
		files   []audit.Example
	}{{"The mistake", check.Before}, {"Fixed", check.After}} {
		for _, file := range example.files {
			help.Markdown += "\n\n" + example.heading + ", `" + file.Path + "`:\n\n" + fenced(file.Text)
		}
	}
	if check.Link != "" {
		help.Markdown += "\n\n[More](" + check.Link + ")"
	}
	return Rule{
		ID: CheckRuleID(check, severity), Name: "Clerk" + strings.NewReplacer("-", "", "_", "").Replace(check.ID),
		ShortDescription: Text{Text: check.Title}, FullDescription: Text{Text: check.Title + ". " + check.Fix},
		DefaultConfiguration: Level{LevelOf(severity)},
		HelpURI:              check.Link, Help: help,
		Properties: map[string]any{"tags": []string{"security", "clerk"}, "security-severity": number, "precision": precision},
	}
}

// fenced is a text as a block of code, whatever it holds.
func fenced(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + strings.TrimSuffix(text, "\n") + "\n" + fence
}
