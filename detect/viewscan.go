package detect

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/encoding"
)

// viewScan is the state of reading one view.
type viewScan struct {
	v *view
	// until tells, for each way of decoding, up to where it was done already.
	until [12]int
	// What was last decoded over line ends.
	base64, hex stretch
}

// Ways of decoding, by alignment where it has several.
const (
	base64Decoder       = 0
	hexDecoder          = 4
	utf16Decoder        = 6
	packedBase64Decoder = 8
	packedHexDecoder    = 9
)

// stretch is what was decoded over line ends. Where in a group its digits stand is not known by their offsets.
type stretch struct {
	at    []int32 // of the digits
	until int
	done  [4]bool // by the place of the first digit in its group
}

// has reports whether the anchor at offset at, whose first digit stands at align in a group of size, was decoded.
func (s *stretch) has(at, align, size int) bool {
	if at >= s.until {
		return false
	}
	i, ok := slices.BinarySearch(s.at, int32(at))
	return !ok || s.done[(i-align)&(size-1)]
}

// add notes that run was decoded up to until for that anchor.
func (s *stretch) add(run encoding.Run, at, align, size, until int) {
	i := run.Anchor
	if at >= s.until {
		*s = stretch{at: run.At, until: until}
	} else {
		i, _ = slices.BinarySearch(s.at, int32(at))
	}
	s.done[(i-align)&(size-1)] = true
}

// digits decodes the text around an anchor: first on its line, then over line ends.
func (r *run) digits(w *viewScan, at int, a *anchor) {
	text := w.v.text
	known, isDigit, group, way := &w.base64, encoding.IsBase64, 4, base64Decoder
	if a.form == inHex {
		known, isDigit, group, way = &w.hex, encoding.IsHexDigit, 2, hexDecoder
	}
	way += (at - a.align) & (group - 1)
	for _, wrap := range []bool{false, true} {
		until := w.until[way]
		if wrap {
			until = known.until
		}
		if wrap && known.has(at, a.align, group) || !wrap && at < until {
			continue
		}
		run := encoding.Collect(text, at, isDigit, leftReach, reachBehind(at, until), wrap)
		child := w.v.child(decode(&run, text, a))
		if !r.step(child, digitSteps*run.Taken()) {
			return
		}
		until = bound(child, run)
		if wrap {
			known.add(run, at, a.align, group, until)
		} else {
			w.until[way] = until
		}
		if !wrap && run.Wraps && (a.form == inHex || wrapsAt(text, run)) {
			// A credential that ends with the line might go on in the next.
			child.to = min(child.to, len(child.text)-1)
		}
		if a.form == inBase64 {
			child.truncated = !wrap && run.Wraps && goesOn(text, run) || w.v.truncated && reachesEnd(text, run.End)
		}
		r.deeper(child)
		if !wrap && a.form == inBase64 && run.Anchor > 0 && a.align == 0 && strings.IndexByte("/+-_", text[at-1]) >= 0 {
			// Base64 behind a path or a name, which look like more of it.
			run.At, run.Anchor = run.At[run.Anchor:], 0
			if !r.step(child, digitSteps*run.Taken()) {
				return
			}
			r.deeper(w.v.child(run.Base64(text, 0)))
		}
		if !wrap && !run.Wraps && (a.form == inHex || encoding.WrapBefore(text, int(run.At[0])) < 0) {
			return
		}
	}
}

// decode returns what the digits around an anchor decode to.
func decode(run *encoding.Run, text []byte, a *anchor) encoding.Decoded {
	if a.form == inHex {
		return run.Hex(text)
	}
	return run.Base64(text, a.align)
}

// reachBehind returns how far to the right of an anchor is decoded, where the last stretch ended at until.
func reachBehind(at, until int) int {
	if until > 0 && at-until < rightReach {
		return denseReach
	}
	return rightReach
}

// bound sets the limits of a decoded stretch, and returns how far it was decoded.
func bound(child *view, run encoding.Run) (until int) {
	if run.Cut[0] {
		child.from = 8
	}
	if run.Cut[1] {
		child.to = len(child.text) - cutMargin/4
		return run.End - cutMargin
	}
	return run.End
}

// wrapsAt reports whether the line that a stretch of base64 ends with looks broken at a width that encoders use.
func wrapsAt(text []byte, run encoding.Run) bool {
	if len(run.At) == 0 {
		return false
	}
	first := int(run.At[0])
	start := first + bytes.LastIndexByte(text[first:run.End], '\n') + 1
	n := 0
	for i := len(run.At) - 1; i >= 0 && int(run.At[i]) >= start; i-- {
		n++
	}
	return n >= 60 && n%4 == 0
}

// goesOn reports whether the line behind a stretch of base64 looks like more of it: no longer, and no name with a value.
func goesOn(text []byte, run encoding.Run) bool {
	first := encoding.WrapAfter(text, run.End)
	i := first
	for i >= 0 && i < len(text) && i-first <= len(run.At) && encoding.IsBase64(text[i]) {
		i++
	}
	if first < 0 || i-first > len(run.At) {
		return false
	}
	if encoding.WrapAfter(text, i) >= 0 {
		return true // and a further one behind
	}
	i = skip(text, i, "= \"'`", 4)
	return i == len(text) || !isTail(text[i]) && text[i] != ':'
}

// reachesEnd reports whether nothing stands behind text[i:] but what may be between two lines of an encoded text, or the first
// part of that.
func reachesEnd(text []byte, i int) bool {
	for k, c := range text[i:] {
		escaped := k > 0 && text[i+k-1] == '\\' && (c == 'n' || c == 'r')
		if k >= budget.Seam || !encoding.IsSpace(c) && !escaped && strings.IndexByte("\"'`+.\\", c) < 0 {
			return false
		}
	}
	return true
}

// utf16 reads the UTF-16 text around an anchor.
func (r *run) utf16(w *viewScan, at int) {
	way := utf16Decoder + at%2
	if at < w.until[way] {
		return
	}
	text := w.v.text
	n := encoding.Narrow(text, at, leftReach, denseReach)
	child := w.v.child(n.Decoded)
	child.truncated = w.v.truncated && n.End+1 >= len(text)
	w.until[way] = n.End - 1
	if n.Cut[0] {
		child.from = 8
	}
	if n.Cut[1] {
		child.to = len(child.text) - cutMargin/4
		w.until[way] = min(len(text), at+denseReach) - cutMargin
	}
	if r.step(child, wideSteps*len(child.text)) {
		r.deeper(child)
	}
}
