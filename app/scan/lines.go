package scan

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rekey-app/rekey/detect"
)

// maxLine is how many bytes of a line are shown on each side of a credential.
const maxLine = 60

// maskedLines returns for each finding the line on which it begins, with every credential on it masked, cut around the
// finding, and without what would disturb a terminal. Findings inside archives have no line to show.
func maskedLines(text []byte, found []detect.Finding) []string {
	lines := make([]string, len(found))
	for i, f := range found {
		at, end := f.Place.Offset, f.Place.End
		if f.Member != "" || at < 0 || end > int64(len(text)) || at >= end {
			continue
		}
		from := bytes.LastIndexByte(text[:at], '\n') + 1
		to := len(text)
		if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
			to = int(at) + n
		}
		before := masked(text, max(from, int(at)-maxLine), int(at), found)
		after := ""
		if int(end) < to {
			after = masked(text, int(end), min(to, int(end)+maxLine), found)
		}
		lines[i] = printable(before) + f.Secret.Redacted() + printable(after)
	}
	return lines
}

// masked returns text[from:to] with what of it belongs to a finding left out.
func masked(text []byte, from, to int, found []detect.Finding) string {
	var b strings.Builder
	at := from
	for _, f := range found {
		start, end := int(f.Place.Offset), int(f.Place.End)
		if f.Member != "" || start < 0 || end <= at || start >= to {
			continue
		}
		b.Write(text[at:max(at, start)])
		b.WriteString(f.Secret.Redacted())
		at = min(end, to)
	}
	b.Write(text[at:to])
	return b.String()
}

// printable replaces what is no text and what would move the cursor, change colours or the direction of writing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError, !unicode.IsGraphic(r), unicode.Is(unicode.Bidi_Control, r):
			return '·'
		}
		return r
	}, s)
}
