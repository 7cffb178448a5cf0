package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/sarif"
)

const (
	mostResults       = sarif.MaxResults
	mostNotifications = 1000
)

// SARIFOptions say what a log needs to know beyond the result.
type SARIFOptions struct {
	Version string // rekey's
	// Dir is the current directory, absolute: what it holds is named relative to it, since code scanning wants addresses
	// relative to the repository.
	Dir string
}

// WriteSARIF writes the result as one SARIF 2.1.0 log, for code scanning.
func WriteSARIF(w io.Writer, r Result, o SARIFOptions) error {
	run := sarif.Run{
		ColumnKind: "unicodeCodePoints", Tool: sarif.NewTool(o.Version), Results: []sarif.Result{},
		Properties: map[string]any{
			"allowed": r.Allowed, "ignored": r.Ignored, "allowedByPolicy": r.ByPolicy, "inBaseline": r.Known, "notInGit": len(r.NotInGit),
			"files": r.Files, "bytes": r.Bytes,
		},
	}
	rules := map[string]int{}
	seen := map[string]int{}
	hits := slices.DeleteFunc(slices.Clone(r.Hits), func(h Hit) bool { return h.Online.Kind != "" && h.Online.Kind != OnlineFile })
	places := allPlaces(hits)
	for _, place := range places[:min(len(places), mostResults)] {
		h := shownOf(place)
		id := sarif.RuleID(h.Kind, h.Environment)
		index, known := rules[id]
		if !known {
			index = len(run.Tool.Driver.Rules)
			rules[id] = index
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarif.RuleOf(h.Kind, h.Environment))
		}
		result := resultOf(h, o.Dir)
		result.RuleID, result.RuleIndex = id, index
		if commits := commitsOf(place); commits > 1 {
			result.Properties["commits"] = commits
		}
		// The same credential twice in one file is two results. Its line is no part of the fingerprint: lines move.
		fingerprint := sarif.PlaceFingerprint(h.fingerprint(), h.Repository, pathOf(h))
		seen[fingerprint]++
		result.PartialFingerprints = map[string]string{"credentialAndPlace/v1": fmt.Sprintf("%s:%d", fingerprint, seen[fingerprint])}
		run.Results = append(run.Results, result)
	}
	run.Invocations = []sarif.Invocation{invocation(r, len(places), len(r.Hits)-len(hits))}
	var log bytes.Buffer
	encoder := json.NewEncoder(&log)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(sarif.NewLog(run))
	if err != nil {
		return err
	}
	_, err = w.Write(terminal.EscapeHarmful(log.Bytes()))
	return err
}

// allPlaces returns the hits of each credential and place together: one result each, however many commits brought it.
func allPlaces(hits []Hit) (places [][]Hit) {
	for _, credential := range grouped(hits) {
		places = append(places, placesOf(credential)...)
	}
	return places
}

// shownOf is the hit of a place whose line is shown: of the content that is there now, else of the first.
func shownOf(place []Hit) Hit {
	for _, h := range slices.Backward(place) {
		if len(h.Refs) > 0 {
			return h
		}
	}
	return place[0]
}

func commitsOf(place []Hit) int {
	commits := map[string]bool{}
	for _, h := range place {
		if h.Commit != "" {
			commits[h.Commit] = true
		}
	}
	return len(commits)
}

// invocation says what could not be read. places is how many results there would be, elsewhere how many hits are in no file.
func invocation(r Result, places, elsewhere int) sarif.Invocation {
	unread, _ := r.Unread()
	i := sarif.Invocation{Successful: unread == 0}
	say := func(level, text string) {
		i.Notifications = append(i.Notifications, sarif.Notification{Level: level, Message: sarif.Text{Text: text}})
	}
	for _, p := range r.Problems[:min(len(r.Problems), mostNotifications)] {
		level := "error"
		if p.Part {
			level = "warning"
		}
		say(level, p.String())
	}
	if n := len(r.Problems) - mostNotifications; n > 0 {
		say("warning", format.Count(n, "more was", "more were")+" not read, or only in part")
	}
	if elsewhere > 0 {
		say("warning", format.Count(elsewhere, "place is", "places are")+" not in this log, since they are no files: --format text and json have them")
	}
	if n := places - mostResults; n > 0 {
		say("warning", format.Count(n, "more finding is", "more findings are")+" not in this log: code scanning accepts no more than "+format.Number(mostResults))
	}
	return i
}

func resultOf(h Hit, dir string) sarif.Result {
	place := sarif.Place{ArtifactLocation: sarif.ArtifactOf(dir, nameOf(h, h.File))}
	switch {
	case h.Member != "" || h.Place.Line < 1:
	case h.Excerpt.Column > 0:
		place.Region = &sarif.Region{StartLine: h.Place.Line, StartColumn: h.Excerpt.Column, EndLine: h.Place.EndLine, EndColumn: h.Excerpt.EndColumn}
	default:
		place.Region = &sarif.Region{StartLine: h.Place.Line, EndLine: h.Place.EndLine}
	}
	if place.Region == nil {
		place.Region = &sarif.Region{StartLine: 1} // code scanning shows no result without
	}
	result := sarif.Result{
		Level: level(h), Message: sarif.Text{Text: sentence(h)},
		Locations: []sarif.Location{{PhysicalLocation: place}},
		Properties: map[string]any{
			"confidence": h.Confidence, "severity": h.Severity, "encoding": h.Encoding, "reasons": h.why(),
		},
	}
	more := map[string]string{"member": h.Member, "commit": h.Commit, "blob": h.Blob, "instance": h.Instance, "url": h.Online.URL}
	for name, value := range more {
		if value != "" {
			result.Properties[name] = value
		}
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

func sentence(h Hit) string {
	s := "Clerk " + kindName(h.Kind)
	if h.Environment != "" {
		s += " (" + respond.EnvironmentName(h.Environment) + ")"
	}
	s += " " + h.redacted()
	switch {
	case h.NoFile:
		s += " in the " + h.File
	case h.File == "":
		s += " in " + nameOf(h, "")
	}
	if h.Member != "" {
		s += fmt.Sprintf(" in %s, line %d", h.Member, h.Place.Line)
	}
	if h.Instance != "" {
		s += ", probably of " + h.Instance
	}
	if h.Unstage != "" {
		return s + ". It is not committed yet: take it out of the commit."
	}
	if allowedInVain(h) {
		s += "; rekey:allow counts for test keys only"
	}
	return s + ". Rotate it in Clerk: removing the line isn't enough."
}
