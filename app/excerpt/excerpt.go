// Package excerpt shows what is around a finding: a line of a text, with no credential in it, and nothing else that looks like a secret.
package excerpt

import (
	"cmp"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
)

const (
	// around is how many bytes of a line are read to each side of a credential, and shown how many characters are shown.
	around = 512
	shown  = 60
	// longestCounted is how long the part of a line before a credential may be whose characters are counted.
	longestCounted = 16 << 10
)

// Excerpt is what of a text is shown around a finding.
type Excerpt struct {
	// Line is the line on which the finding begins, cut around it, with every credential in it masked, and whatever else
	// looks random. "" where there is none to show, as in archives.
	Line string
	// Column and EndColumn are the finding's columns in characters, from 1; 0 where they were not counted.
	Column, EndColumn int
}

// All reads what is around each of the findings of one text, which is no archive. What cannot be read again is
// left empty.
func All(text io.ReaderAt, found []detect.Finding) []Excerpt {
	all := make([]Excerpt, len(found))
	masks := masksOf(found)
	for i, f := range found {
		all[i] = excerpt(text, f, masks)
	}
	return all
}

func excerpt(text io.ReaderAt, f detect.Finding, masks []mask) Excerpt {
	at, end := f.Place.Offset, f.Place.End
	if at < 0 || end <= at || f.Place.Column < 1 {
		return Excerpt{}
	}
	wide := byteOrder(f.Encoding)
	start := at - int64(f.Place.Column) + 1 // of the line
	if start < 0 {
		return Excerpt{}
	}
	from := max(start, at-around)
	before, _, err := masked(text, masks, from, at, wide)
	if err != nil {
		return Excerpt{}
	}
	after := ""
	if f.Place.EndLine == f.Place.Line {
		var whole bool
		if after, whole, err = masked(text, masks, end, end+around, wide); err != nil {
			return Excerpt{}
		}
		if n := strings.IndexAny(after, "\r\n"); n >= 0 {
			after = after[:n]
		} else if whole {
			after = cutEnd(after)
		}
	}
	if from > start {
		before = cutStart(before)
	}
	before = strings.TrimPrefix(before, "\ufeff")
	before, after = lastOf(maskRandom(maskSecrets(before), looksRandom), shown), firstOf(maskRandom(maskSecrets(after), looksRandom), shown)
	e := Excerpt{Line: strings.TrimSpace(terminal.Printable(before) + f.Secret.Redacted() + terminal.Printable(after))}
	if n, ok := characters(text, start, at, wide); ok {
		e.Column = n + 1
		if f.Place.EndLine == f.Place.Line {
			n, ok = characters(text, at, end, wide)
			e.EndColumn = e.Column + n
		} else {
			n, ok = characters(text, end-int64(f.Place.EndColumn)+1, end, wide)
			e.EndColumn = n + 1
		}
		if !ok {
			e.Column, e.EndColumn = 0, 0
		}
	}
	return e
}

// mask is a range of the text that no one may see, and what is shown instead.
type mask struct {
	from, to int64
	instead  string
}

// masksOf returns the ranges of all findings, those that overlap as one.
func masksOf(found []detect.Finding) []mask {
	masks := make([]mask, 0, len(found))
	for _, f := range found {
		if f.Place.Offset >= 0 && f.Place.End > f.Place.Offset {
			masks = append(masks, mask{f.Place.Offset, f.Place.End, f.Secret.Redacted()})
		}
	}
	slices.SortStableFunc(masks, func(a, b mask) int { return cmp.Compare(a.from, b.from) })
	merged := masks[:0]
	for _, m := range masks {
		if n := len(merged); n > 0 && m.from < merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, m.to)
			continue
		}
		merged = append(merged, m)
	}
	return merged
}

// masked returns text[from:to], or as much as there is of it, as UTF-8, with what is masked left out; and whether that
// was all.
func masked(text io.ReaderAt, masks []mask, from, to int64, wide order) (string, bool, error) {
	part := make([]byte, to-from)
	n, err := text.ReadAt(part, from)
	if err != nil && err != io.EOF {
		return "", false, err
	}
	whole := n == len(part)
	part, to = part[:n], from+int64(n)
	var b strings.Builder
	at := from
	for i := sort.Search(len(masks), func(i int) bool { return masks[i].to > from }); i < len(masks) && masks[i].from < to; i++ {
		m := masks[i]
		b.WriteString(wide.decode(part[at-from : max(at, m.from)-from]))
		b.WriteString(m.instead)
		at = min(m.to, to)
	}
	b.WriteString(wide.decode(part[at-from:]))
	return b.String(), whole, nil
}

// maskRandom replaces every long word that is random: credentials of other kinds, and encoded ones that go on.
func maskRandom(s string, random func(word string) bool) string {
	const longest = 16
	var b strings.Builder
	for at := 0; at < len(s); {
		end := at
		for end < len(s) && isTokenByte(s[end]) {
			end++
		}
		if end == at {
			b.WriteByte(s[at])
			at++
			continue
		}
		if word := s[at:end]; len(word) >= longest && random(word) {
			b.WriteString("…")
		} else {
			b.WriteString(word)
		}
		at = end
	}
	return b.String()
}

func isTokenByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("+/_-%", c) >= 0
}

// looksRandom reports whether digits, capitals and small letters take turns as often as they do in random text: in one of
// four places or more. In words and paths they do far less. In hexadecimal text they may, too: it has many digits.
func looksRandom(word string) bool {
	const many = 4
	changes, digits, last := 0, 0, 0
	for i := range len(word) {
		sort := sortOf(word[i])
		if sort != last && sort != 0 && last != 0 {
			changes++
		}
		if sort == 1 {
			digits++
		}
		if sort != 0 {
			last = sort
		}
	}
	return 4*changes >= len(word) || digits >= many && len(word) >= 20
}

func sortOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return 1
	case c >= 'A' && c <= 'Z':
		return 2
	case c >= 'a' && c <= 'z':
		return 3
	}
	return 0
}

// cutStart drops the word that s starts in the middle of, and cutEnd the one that it ends in.
func cutStart(s string) string {
	at := 0
	for at < len(s) && isTokenByte(s[at]) {
		at++
	}
	return "…" + s[at:]
}

func cutEnd(s string) string {
	end := len(s)
	for end > 0 && isTokenByte(s[end-1]) {
		end--
	}
	return s[:end] + "…"
}

// lastOf and firstOf shorten s to n characters.
func lastOf(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return "…" + string(r[len(r)-n:])
	}
	return s
}

func firstOf(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// order is how the characters of a text are stored.
type order int

const (
	bytewise order = iota
	littleEndian
	bigEndian
)

// byteOrder is that of the text that a finding of this encoding stands in.
func byteOrder(encoding string) order {
	switch first, _, _ := strings.Cut(encoding, "+"); first {
	case "utf-16le":
		return littleEndian
	case "utf-16be":
		return bigEndian
	}
	return bytewise
}

func (o order) decode(part []byte) string {
	if o == bytewise {
		return string(part)
	}
	units := make([]uint16, len(part)/2)
	for i := range units {
		low, high := part[2*i], part[2*i+1]
		if o == bigEndian {
			low, high = high, low
		}
		units[i] = uint16(high)<<8 | uint16(low)
	}
	return string(utf16.Decode(units))
}

// characters counts those of text[from:to].
func characters(text io.ReaderAt, from, to int64, wide order) (int, bool) {
	if to-from > longestCounted || from < 0 {
		return 0, false
	}
	part := make([]byte, to-from)
	if n, err := text.ReadAt(part, from); n < len(part) || err != nil && err != io.EOF {
		return 0, false
	}
	if wide == bytewise {
		return utf8.RuneCount(part), true
	}
	return utf8.RuneCountInString(wide.decode(part)), true
}
