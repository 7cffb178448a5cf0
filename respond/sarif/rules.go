package sarif

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/guide"
)

// MaxResults is what code scanning takes of one run: a log with more results is refused whole.
const MaxResults = 25_000

// NewLog is a log of one run.
func NewLog(run Run) Log {
	return Log{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []Run{run}}
}

// NewTool is rekey, without rules; version may be "".
func NewTool(version string) Tool {
	return Tool{Driver{Name: "rekey", InformationURI: "https://github.com/rekey-app/rekey", Version: version, Rules: []Rule{}}}
}

// PlaceFingerprint stands for a credential in a file, whatever its line. fingerprint is the credential's; repository is "" where there
// is one only.
func PlaceFingerprint(fingerprint, repository, path string) string {
	sum := sha256.Sum256([]byte(fingerprint + "\x00" + repository + "\x00" + path))
	return hex.EncodeToString(sum[:16])
}

// RuleID names the rule for a kind of credential and its environment: code scanning knows one severity for each rule.
func RuleID(kind detect.Kind, env detect.Environment) string {
	id := "clerk/" + strings.ReplaceAll(string(kind), "_", "-")
	if env != "" {
		id += "-" + respond.EnvironmentName(env)
	}
	return id
}

// RuleOf is the rule for a kind of credential and its environment.
func RuleOf(kind detect.Kind, env detect.Environment) Rule {
	name, camelName := respond.Describe(kind, env), "Clerk"+camel(string(kind))
	if env != "" {
		camelName += camel(respond.EnvironmentName(env))
	}
	help := Text{Text: "What to do:", Markdown: "**What to do**\n"}
	for n, step := range guide.Brief(kind) {
		help.Text += fmt.Sprintf(" (%d) %s;", n+1, step)
		help.Markdown += fmt.Sprintf("\n%d. %s", n+1, step)
	}
	help.Text = strings.TrimSuffix(help.Text, ";") + "."
	page := "https://clerk.com/docs/guides/secure/rotate-api-keys"
	if at := guide.Page(kind); at != "" {
		help.Markdown += "\n\n[Clerk's dashboard](" + at + ")"
		if kind != detect.SecretKey && kind != detect.LegacyAPIKey {
			page = at
		}
	}
	severity, level := securitySeverity(kind, env)
	return Rule{
		ID: RuleID(kind, env), Name: camelName,
		ShortDescription:     Text{Text: "Leaked Clerk " + name},
		FullDescription:      Text{Text: "A Clerk " + name + " is in this file. Removing the line isn't enough: it works until it is revoked in Clerk."},
		DefaultConfiguration: Level{level},
		HelpURI:              page, Help: help,
		Properties: map[string]any{"tags": []string{"security", "external/cwe/cwe-798"}, "security-severity": severity, "precision": "very-high"},
	}
}

// securitySeverity is GitHub's number for a rule: from 9.0 critical, from 7.0 high, from 4.0 medium. What opens nothing
// but a development instance is medium.
func securitySeverity(kind detect.Kind, env detect.Environment) (severity, level string) {
	switch {
	case env == detect.Test, kind == detect.ClaimURL, kind == detect.EncryptionKey:
		return "5.5", "warning"
	case kind == detect.SecretKey, kind == detect.LegacyAPIKey, kind == detect.PlatformAPIKey:
		return "9.5", "error"
	}
	return "7.5", "error"
}

func camel(s string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(s, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
