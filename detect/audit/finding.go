package audit

import (
	"cmp"

	"github.com/rekey-app/rekey/detect"
)

// Finding is one mistake at one place.
type Finding struct {
	ID       string          // of its [Check]
	Severity detect.Severity // the check's, or worse or less bad by what was seen
	Path     string
	Range    Range  // zero where the finding is about the file itself, such as its name
	Seen     string // one sentence on what stands there, without a full stop; never the text of a key
	Fix      string // what to do here: the check's, or more exactly than that
	Edit     *Edit  // the change that mends it, where it is certain; otherwise nil
}

// Range is a part of a file. Lines and columns count from 1, columns in bytes; Start and End count bytes from 0, End exclusive, and
// EndColumn is the column behind the last byte, as in [detect.Place].
type Range struct {
	Line, Column       int
	EndLine, EndColumn int
	Start, End         int
}

// Edit changes one file: its name, or places in its text, from its start on and without overlaps.
type Edit struct {
	Path         string // the file, where it isn't the finding's
	Rename       string // the new path, or empty
	Replacements []Replacement
}

// Replacement puts Text in the place of the bytes from Start to End of the file as it is.
type Replacement struct {
	Start, End int
	Text       string
}

// Apply returns the text with its replacements.
func (e *Edit) Apply(text []byte) []byte {
	var out []byte
	at := 0
	for _, r := range e.Replacements {
		out = append(append(out, text[at:r.Start]...), r.Text...)
		at = r.End
	}
	return append(out, text[at:]...)
}

// compareFindings orders findings by place, then by check.
func compareFindings(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Range.Start, b.Range.Start), compareIDs(a.ID, b.ID), cmp.Compare(a.Seen, b.Seen))
}
