package detect

import (
	"bytes"
	"slices"
	"strings"
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
func (s *stretch) add(run digitsRun, at, align, size, until int) {
	i := run.anch
	if at >= s.until {
		*s = stretch{at: run.at, until: until}
	} else {
		i, _ = slices.BinarySearch(s.at, int32(at))
	}
	s.done[(i-align)&(size-1)] = true
}

// base64 decodes the text around an anchor: first on its line, then over line ends.
func (r *run) base64(w *viewScan, at int, a *anchor) {
	text := w.v.text
	way := base64Decoder + (at-a.align)&3
	for _, wrap := range []bool{false, true} {
		until := w.until[way]
		if wrap {
			until = w.base64.until
		}
		if wrap && w.base64.has(at, a.align, 4) || !wrap && at < until {
			continue
		}
		run := collect(text, at, isBase64, leftReach, reachBehind(at, until), wrap)
		child := decodeBase64(w.v, run, a.align)
		if child == nil || !r.step(child, digitSteps*run.taken()) {
			return
		}
		until = bound(child, run)
		if wrap {
			w.base64.add(run, at, a.align, 4, until)
		} else {
			w.until[way] = until
		}
		if !wrap && run.wraps && wrapsAt(text, run) {
			// A credential that ends with the line might go on in the next.
			child.to = min(child.to, len(child.text)-1)
		}
		child.truncated = !wrap && run.wraps && goesOn(text, run) || w.v.truncated && reachesEnd(text, run.end)
		r.deeper(child)
		if !wrap && run.anch > 0 && a.align == 0 && strings.IndexByte("/+-_", text[at-1]) >= 0 {
			// Base64 behind a path or a name, which look like more of it.
			run.at, run.anch = run.at[run.anch:], 0
			if !r.step(child, digitSteps*run.taken()) {
				return
			}
			r.deeper(decodeBase64(w.v, run, 0))
		}
		if !wrap && !run.wraps && (run.anch == 0 && wrapBefore(text, at) < 0 || run.anch > 0 && wrapBefore(text, int(run.at[0])) < 0) {
			return
		}
	}
}

// reachBehind returns how far to the right of an anchor is decoded, where the last stretch ended at until.
func reachBehind(at, until int) int {
	if until > 0 && at-until < rightReach {
		return denseReach
	}
	return rightReach
}

// bound sets the limits of a decoded stretch, and returns how far it was decoded.
func bound(child *view, run digitsRun) (until int) {
	if run.cut[0] {
		child.from = 8
	}
	if run.cut[1] {
		child.to = len(child.text) - cutMargin/4
		return run.end - cutMargin
	}
	return run.end
}

// wrapsAt reports whether the line that a stretch of base64 ends with looks broken at a width that encoders use.
func wrapsAt(text []byte, run digitsRun) bool {
	if len(run.at) == 0 {
		return false
	}
	first := int(run.at[0])
	start := first + bytes.LastIndexByte(text[first:run.end], '\n') + 1
	n := 0
	for i := len(run.at) - 1; i >= 0 && int(run.at[i]) >= start; i-- {
		n++
	}
	return n >= 60 && n%4 == 0
}

// goesOn reports whether the line behind a stretch of base64 looks like more of it: no longer, and no name with a value.
func goesOn(text []byte, run digitsRun) bool {
	first := wrapAfter(text, run.end)
	i := first
	for i >= 0 && i < len(text) && i-first <= len(run.at) && isBase64(text[i]) {
		i++
	}
	if first < 0 || i-first > len(run.at) {
		return false
	}
	if wrapAfter(text, i) >= 0 {
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
		if k >= longestSeam || !isSpace(c) && !escaped && strings.IndexByte("\"'`+.\\", c) < 0 {
			return false
		}
	}
	return true
}

// hex decodes the hexadecimal text around an anchor.
func (r *run) hex(w *viewScan, at int) {
	way := hexDecoder + at%2
	for _, wrap := range []bool{false, true} {
		until := w.until[way]
		if wrap {
			until = w.hex.until
		}
		if wrap && w.hex.has(at, 0, 2) || !wrap && at < until {
			continue
		}
		run := collect(w.v.text, at, isHexDigit, leftReach, reachBehind(at, until), wrap)
		child := decodeHex(w.v, run)
		if !r.step(child, digitSteps*run.taken()) {
			return
		}
		until = bound(child, run)
		if wrap {
			w.hex.add(run, at, 0, 2, until)
		} else {
			w.until[way] = until
		}
		if !wrap && run.wraps {
			child.to = min(child.to, len(child.text)-1)
		}
		r.deeper(child)
		if !wrap && !run.wraps {
			return
		}
	}
}

// utf16 reads the UTF-16 text around an anchor.
func (r *run) utf16(w *viewScan, at int) {
	way := utf16Decoder + at%2
	if at < w.until[way] {
		return
	}
	child, until := narrowed(w.v, at)
	w.until[way] = until
	if r.step(child, wideSteps*len(child.text)) {
		r.deeper(child)
	}
}
