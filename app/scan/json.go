package scan

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/rekey-app/rekey/app/terminal"
)

// hitJSON is one line of `--format json`. Its names are a promise to scripts.
type hitJSON struct {
	Kind        string   `json:"kind"`
	Environment string   `json:"environment"`
	Severity    string   `json:"severity"`
	Confidence  string   `json:"confidence"`
	Encoding    string   `json:"encoding"`
	Path        string   `json:"path"` // from the current directory, or a repository's top; what of it is no UTF-8 is U+FFFD
	Line        int      `json:"line"`
	Column      int      `json:"column"` // in bytes, as EndColumn
	EndLine     int      `json:"end_line"`
	EndColumn   int      `json:"end_column"`
	Commit      string   `json:"commit"`
	Author      string   `json:"author"`
	Date        string   `json:"date"` // RFC 3339, "" outside a history
	Blob        string   `json:"blob"`
	Fingerprint string   `json:"fingerprint"`
	Redacted    string   `json:"redacted"`
	Instance    string   `json:"instance"`
	Reasons     []string `json:"reasons"`
	Repository  string   `json:"repository"` // where several are read
	InGit       bool     `json:"in_git"`     // false in a file that git ignores: it does not count for the exit status
	// Of scans of GitHub alone:
	Place  string `json:"place,omitempty"` // file, commit_message, issue_comment …
	Field  string `json:"field,omitempty"` // of a text
	URL    string `json:"url,omitempty"`
	Former bool   `json:"former,omitempty"` // in an earlier version of the text only
}

// WriteJSON writes one object a line.
func WriteJSON(w io.Writer, r Result) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	for i, hits := range [][]Hit{r.Hits, r.NotInGit} {
		for _, h := range hits {
			line.Reset()
			if err := encoder.Encode(jsonOf(h, i == 0)); err != nil {
				return err
			}
			if _, err := w.Write(terminal.EscapeHarmful(line.Bytes())); err != nil {
				return err
			}
		}
	}
	return nil
}

func jsonOf(h Hit, inGit bool) hitJSON {
	j := hitJSON{
		Kind: string(h.Kind), Environment: string(h.Environment), Severity: string(h.Severity), Confidence: string(h.Confidence),
		Encoding: h.Encoding, Path: pathOf(h), Line: h.Place.Line, Column: h.Place.Column,
		EndLine: h.Place.EndLine, EndColumn: h.Place.EndColumn, Commit: h.Commit, Blob: h.Blob,
		Fingerprint: h.fingerprint(), Redacted: h.redacted(), Instance: h.Instance,
		Reasons: h.why(), Repository: h.Repository, InGit: inGit,
		Place: h.Online.Kind, Field: h.Online.Field, URL: h.Online.URL, Former: h.Online.Former,
	}
	switch {
	case h.isText():
		j.Author = h.Author.Name // a login
	case h.Author.Name != "" || h.Author.Email != "":
		j.Author = h.Author.Name + " <" + h.Author.Email + ">"
	}
	if !h.Author.When.IsZero() {
		j.Date = h.Author.When.Format(time.RFC3339)
	}
	return j
}
