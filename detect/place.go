package detect

import "bytes"

// locator works out lines and columns of findings, in the order of their places.
type locator struct {
	text  []byte
	base  int64 // offset of text in the whole
	order int   // of UTF-16, as byteOrder gives it; -1 for bytes

	at        int   // up to where lines were counted
	line      int   // of text[at]
	lineStart int64 // offset in the whole where it starts

	last, lastLocated Place // as given and as located
}

// locate fills in the lines and columns of a finding in text, and makes its offsets those of the whole.
func (l *locator) locate(f *Finding) {
	p := &f.Place
	if l.last == *p && l.last.End > 0 {
		*p = l.lastLocated
		return
	}
	l.last = *p
	start, end := int(p.Offset), int(p.End)
	l.advance(start)
	p.Line, p.Column = l.line, int(l.base+int64(start)-l.lineStart)+1
	tail := *l
	tail.advance(end)
	p.EndLine, p.EndColumn = tail.line, int(l.base+int64(end)-tail.lineStart)+1
	p.Offset += l.base
	p.End += l.base
	l.lastLocated = *p
}

// advance counts lines up to to.
func (l *locator) advance(to int) {
	if to <= l.at {
		return
	}
	part := l.text[l.at:to]
	if l.order >= 0 {
		for i := l.at + l.at&1; i+1 < to; i += 2 {
			if l.text[i+l.order] == '\n' && l.text[i+1-l.order] == 0 {
				l.line++
				l.lineStart = l.base + int64(i) + 2
			}
		}
	} else if n := bytes.Count(part, []byte{'\n'}); n > 0 {
		l.line += n
		next := l.at + bytes.LastIndexByte(part, '\n') + 1
		l.lineStart = l.base + int64(next)
		// The line end of UTF-16 LE within other text has a second byte.
		if next+1 < len(l.text) && l.text[next] == 0 && l.text[next+1] != 0 {
			l.lineStart++
		}
	}
	l.at = to
}
