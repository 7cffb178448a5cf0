package scan

import (
	"encoding/json"
	"io"
	"time"
	"unicode/utf8"
)

// hitJSON is one line of `--format json`. Its names are a promise to scripts.
type hitJSON struct {
	Kind        string   `json:"kind"`
	Environment string   `json:"environment"`
	Severity    string   `json:"severity"`
	Confidence  string   `json:"confidence"`
	Encoding    string   `json:"encoding"`
	Path        string   `json:"path"`
	Line        int      `json:"line"`
	Column      int      `json:"column"`
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
}

// WriteJSON writes one object a line.
func WriteJSON(w io.Writer, r Result) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, h := range r.Hits {
		if err := encoder.Encode(jsonOf(h)); err != nil {
			return err
		}
	}
	return nil
}

func jsonOf(h Hit) hitJSON {
	j := hitJSON{
		Kind: string(h.Kind), Environment: string(h.Environment), Severity: string(h.Severity), Confidence: string(h.Confidence),
		Encoding: h.Encoding, Path: validPath(h.Path), Line: h.Place.Line, Column: h.Place.Column,
		EndLine: h.Place.EndLine, EndColumn: h.Place.EndColumn, Commit: h.Commit, Blob: h.Blob,
		Fingerprint: h.Secret.Fingerprint(), Redacted: h.Secret.Redacted(), Instance: h.Instance, Reasons: h.Reasons,
	}
	if h.Author.Name != "" || h.Author.Email != "" {
		j.Author = h.Author.Name + " <" + h.Author.Email + ">"
	}
	if !h.Author.When.IsZero() {
		j.Date = h.Author.When.Format(time.RFC3339)
	}
	return j
}

// validPath keeps a path that is no UTF-8 readable: its odd bytes become U+FFFD, as JSON demands.
func validPath(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
