package local

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect/audit"
)

// The document of `--format json`. Its names are a promise to scripts; docs/audit.schema.json describes it.
type (
	resultJSON struct {
		Findings []findingJSON `json:"findings"`
		Allowed  []allowedJSON `json:"allowed"`
		Packages []packageJSON `json:"packages"`
		Unread   []problemJSON `json:"unread"`
		Level    string        `json:"level"`
		Files    int           `json:"files"` // that were read
	}
	findingJSON struct {
		ID        string    `json:"id"`
		Severity  string    `json:"severity"`
		Title     string    `json:"title"`
		Path      string    `json:"path"`   // from the current directory; what of it is no UTF-8 is U+FFFD
		Line      int       `json:"line"`   // 0 where the finding is about the file itself, as the next three
		Column    int       `json:"column"` // in bytes, as EndColumn
		EndLine   int       `json:"end_line"`
		EndColumn int       `json:"end_column"`
		Seen      string    `json:"seen"`
		Excerpt   string    `json:"excerpt"`
		Fix       string    `json:"fix"`
		Link      string    `json:"link"`
		Edit      *editJSON `json:"edit"` // null where no change is certain
	}
	allowedJSON struct {
		findingJSON

		AllowedOn int    `json:"allowed_on"` // the line of the comment
		Reason    string `json:"reason"`
	}
	editJSON struct {
		Path         string            `json:"path"`
		Rename       string            `json:"rename"` // "" where the file keeps its name
		Replacements []replacementJSON `json:"replacements"`
	}
	replacementJSON struct {
		Start int    `json:"start"` // in bytes, from 0
		End   int    `json:"end"`
		Text  string `json:"text"`
	}
	packageJSON struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Locked    bool   `json:"locked"`
		Path      string `json:"path"`
		Line      int    `json:"line"`
		Workspace string `json:"workspace"`
	}
	problemJSON struct {
		Path   string `json:"path"`
		Reason string `json:"reason"`
		Part   bool   `json:"part"`
	}
)

// WriteJSON writes the result as one object.
func WriteJSON(w io.Writer, r Result) error {
	out := resultJSON{
		Findings: []findingJSON{}, Allowed: []allowedJSON{}, Packages: []packageJSON{}, Unread: []problemJSON{},
		Level: levelName(r.Level), Files: r.Files,
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, jsonOf(f))
	}
	for _, a := range r.Allowed {
		out.Allowed = append(out.Allowed, allowedJSON{jsonOf(a.Finding), a.Line, a.Reason})
	}
	for _, p := range r.Packages {
		out.Packages = append(out.Packages, packageJSON{p.Name, p.Version, p.Locked, p.Path, p.Line, p.Root})
	}
	for _, p := range r.Problems {
		out.Unread = append(out.Unread, problemJSON{p.Name, p.Reason, p.Part})
	}
	return writeJSON(w, out)
}

// writeJSON writes an indented object in which nothing disturbs a terminal.
func writeJSON(w io.Writer, object any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return err
	}
	_, err := w.Write(terminal.EscapeHarmful(b.Bytes()))
	return err
}

func jsonOf(f Finding) findingJSON {
	j := findingJSON{
		ID: f.ID, Severity: string(f.Severity), Title: f.Check.Title, Path: f.Name,
		Line: f.Range.Line, Column: f.Range.Column, EndLine: f.Range.EndLine, EndColumn: f.Range.EndColumn,
		Seen: f.Seen, Excerpt: f.Excerpt.Before + f.Excerpt.Inside + f.Excerpt.After, Fix: f.Fix, Link: f.Check.Link,
	}
	if f.Edit != nil {
		j.Edit = &editJSON{Path: f.EditName, Rename: f.Edit.Rename, Replacements: []replacementJSON{}}
		for _, r := range f.Edit.Replacements {
			j.Edit.Replacements = append(j.Edit.Replacements, replacementJSON(r))
		}
	}
	return j
}

func levelName(level audit.Tier) string {
	if level == audit.All {
		return "all"
	}
	return "default"
}
