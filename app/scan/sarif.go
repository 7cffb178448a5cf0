package scan

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// The parts of SARIF 2.1.0 that code scanning reads (OASIS, Static Analysis Results Interchange Format, 2.1.0; GitHub,
// "SARIF support for code scanning").
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string         `json:"id"`
		Name             string         `json:"name"`
		ShortDescription sarifText      `json:"shortDescription"`
		FullDescription  sarifText      `json:"fullDescription"`
		HelpURI          string         `json:"helpUri"`
		Help             sarifText      `json:"help"`
		Properties       map[string]any `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
		Properties          map[string]any    `json:"properties,omitempty"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPlace `json:"physicalLocation"`
	}
	sarifPlace struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
)

// WriteSARIF writes the result as one SARIF 2.1.0 log, for code scanning.
func WriteSARIF(w io.Writer, r Result, version string) error {
	run := sarifRun{
		// Columns count bytes; of SARIF's two kinds this is the one that is equal for ASCII.
		ColumnKind: "unicodeCodePoints",
		Tool: sarifTool{sarifDriver{
			Name: "rekey", InformationURI: "https://github.com/rekey-app/rekey", Version: version, Rules: []sarifRule{},
		}},
		Results: []sarifResult{},
	}
	rules := map[string]int{}
	for _, h := range r.Hits {
		id := ruleID(h.Kind)
		index, known := rules[id]
		if !known {
			index = len(run.Tool.Driver.Rules)
			rules[id] = index
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleOf(h.Kind))
		}
		run.Results = append(run.Results, resultOf(h, id, index))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

func ruleID(k detect.Kind) string { return "clerk/" + strings.ReplaceAll(string(k), "_", "-") }

func ruleOf(k detect.Kind) sarifRule {
	name := kindWords(k)
	return sarifRule{
		ID: ruleID(k), Name: "Clerk" + camel(string(k)),
		ShortDescription: sarifText{"Leaked Clerk " + name},
		FullDescription:  sarifText{"A Clerk " + name + " stands in the text. Removing it does not help: it works until it is deleted in Clerk."},
		HelpURI:          "https://clerk.com/docs/guides/secure/rotate-api-keys",
		Help:             sarifText{"Add a new key in Clerk's dashboard, put it everywhere the old one is used, deploy, and delete the old one."},
		Properties:       map[string]any{"tags": []string{"security", "secret"}, "security-severity": securitySeverity(k)},
	}
}

// securitySeverity is GitHub's number for a rule: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium.
func securitySeverity(k detect.Kind) string {
	switch k {
	case detect.SecretKey, detect.PlatformAPIKey:
		return "9.5"
	case detect.ClaimURL, detect.EncryptionKey:
		return "5.5"
	}
	return "7.5"
}

func resultOf(h Hit, id string, index int) sarifResult {
	place := sarifPlace{ArtifactLocation: sarifArtifact{artifactURI(h.Path)}}
	if h.Member == "" && h.Place.Line > 0 {
		place.Region = &sarifRegion{h.Place.Line, h.Place.Column, h.Place.EndLine, h.Place.EndColumn}
	}
	result := sarifResult{
		RuleID: id, RuleIndex: index, Level: level(h), Message: sarifText{sentence(h)},
		Locations:           []sarifLocation{{place}},
		PartialFingerprints: map[string]string{"rekey/v1": h.Secret.Fingerprint()},
		Properties:          map[string]any{"confidence": h.Confidence, "encoding": h.Encoding, "reasons": slices.Clone(h.Reasons)},
	}
	if h.Member != "" {
		result.Properties["member"] = h.Member
	}
	if h.Commit != "" {
		result.Properties["commit"] = h.Commit
	}
	return result
}

func level(h Hit) string {
	switch {
	case h.Confidence == detect.LowConfidence:
		return "note"
	case h.Severity == detect.CriticalSeverity, h.Severity == detect.HighSeverity:
		return "error"
	}
	return "warning"
}

// artifactURI is the path as a relative URI reference, of archives the archive's.
func artifactURI(path string) string {
	file, _, _ := strings.Cut(path, "!")
	u := url.URL{Path: filepath.ToSlash(validPath(file))}
	return strings.TrimPrefix(u.String(), "./")
}

func sentence(h Hit) string {
	s := "Clerk " + kindWords(h.Kind) + " " + h.Secret.Redacted()
	if h.Environment != "" {
		s = fmt.Sprintf("Clerk %s (%s) %s", kindWords(h.Kind), environmentWords(h.Environment), h.Secret.Redacted())
	}
	if h.Instance != "" {
		s += ", probably of " + h.Instance
	}
	return s + ". Rotate it in Clerk; removing it from the file does not help."
}

func camel(s string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(s, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
