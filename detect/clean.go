package detect

import (
	"slices"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/unpack"
)

// AnchorNotes are what [Scanner.IsClean] noted in a text, for texts that were made of it. The zero value notes nothing. They are not
// safe for concurrent use.
type AnchorNotes struct {
	list  []mark // in the order of their places
	known bool   // whether list is complete, and the text is clean
	steps int    // of work on the text
}

// mark is a place where an anchor stands and no credential.
type mark struct{ at, anchor int }

// mostMarks is how many marks of a text are noted. Of texts with more, none are: those made of them are read as a whole.
const mostMarks = budget.AnchorNotes

// Reset makes m the marks of no text.
func (m *AnchorNotes) Reset() { m.list, m.known, m.steps = m.list[:0], false, 0 }

// add notes a mark.
func (m *AnchorNotes) add(at, anchor int) {
	if m.known = m.known && len(m.list) < mostMarks; m.known {
		m.list = append(m.list, mark{at, anchor})
	}
}

// in returns the marks in the stretch of the text from from to to.
func (m *AnchorNotes) in(from, to int) []mark {
	first := func(at int) int {
		i, _ := slices.BinarySearchFunc(m.list, at, func(m mark, at int) int { return m.at - at })
		return i
	}
	return m.list[first(from):max(first(from), first(to))]
}

// CopiedRange says that text[To:To+Len] of a text is the same as text[From:From+Len] of another.
type CopiedRange struct{ From, To, Len int }

// IsClean reports, without a path, whether [Scanner.Examine] would return nothing for text: no finding, nothing skipped. If it
// says so, that is so; it may be cautious where a closer look finds nothing after all. It allocates nothing but marks.
//
// A text that was made of another is read only where it differs: copied are the stretches that it has from there, in the order
// of To, and base is what Clean noted in the other; either may be empty. What it notes in text goes into marks, which may be
// nil, and is not base.
func (s *Scanner) IsClean(text []byte, base *AnchorNotes, copied []CopiedRange, marks *AnchorNotes) bool {
	if marks == nil {
		marks = new(AnchorNotes)
	}
	marks.Reset()
	if unpack.Format(text) != "" || encoding.ByteOrder(text) >= 0 {
		return false
	}
	if base == nil || !base.known {
		copied = nil
	}
	marks.known = true
	from := 0
	for _, c := range copied {
		// An anchor that starts so early in the stretch that all of it stands there, and what ends it, is where it was.
		same := c.Len - s.longest
		if same <= 0 {
			continue
		}
		if !s.cleanBetween(text, from, c.To, marks) || !s.cleanCopy(text, base, c, same, marks) {
			marks.Reset()
			return false
		}
		from = c.To + same
	}
	if !s.cleanBetween(text, from, len(text), marks) {
		marks.Reset()
		return false
	}
	return true
}

// cleanCopy looks at the anchors that base noted in the first same bytes of a stretch, and reports whether none deserves a
// closer look now. Where all that is looked at is in the stretch, the answer is the one that was given there.
func (s *Scanner) cleanCopy(text []byte, base *AnchorNotes, c CopiedRange, same int, marks *AnchorNotes) bool {
	for _, m := range base.in(c.From, c.From+same) {
		at := m.at - c.From + c.To
		begins := m.at-c.From < plausibleReach && c.From+c.To > 0
		if (begins || c.From+c.Len-m.at < plausibleReach) && s.deserves(text, at, m.anchor, marks) {
			return false
		}
		marks.add(at, m.anchor)
	}
	return true
}

// cleanBetween looks at the anchors that start in text[from:to], and reports whether none deserves a closer look.
func (s *Scanner) cleanBetween(text []byte, from, to int, marks *AnchorNotes) bool {
	c := s.search.Cursor(text[:min(len(text), to+s.longest)], from)
	for {
		at, i := c.Next()
		if at < 0 || at >= to {
			return true
		}
		if s.deserves(text, at, i, marks) {
			return false
		}
		marks.add(at, i)
	}
}

// deserves reports whether an anchor deserves a closer look. Where many were looked at, the next does: for those who count
// their steps, and can be stopped.
func (s *Scanner) deserves(text []byte, at, anchor int, marks *AnchorNotes) bool {
	a := &s.anchors[anchor]
	marks.steps += a.steps
	return marks.steps > budget.CleanSteps || a.plausible(text, at)
}
