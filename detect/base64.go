package detect

import (
	"bytes"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// base64Values are the values of the characters of both alphabets; 0xff for all others.
var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range 26 {
		t['A'+i], t['a'+i] = byte(i), byte(26+i)
	}
	for i := range 10 {
		t['0'+i] = byte(52 + i)
	}
	t['+'], t['-'], t['/'], t['_'] = 62, 62, 63, 63
	return t
}()

func isBase64(c byte) bool { return base64Values[c] != 0xff }

// How far an encoded text is decoded to either side of an anchor, in bytes as stored.
const (
	leftReach  = budget.ReachLeft
	rightReach = budget.ReachRight
	// denseReach is the reach to the right where anchors follow close upon each other.
	denseReach = budget.ReachDense
	// cutMargin is what is left to the next stretch where one is cut off.
	cutMargin = 2 << 10
)

// wrapAfter returns where an encoded text that breaks off at text[i:] goes on: behind a line end with indentation or a
// comment mark, an escaped one, or a seam of string literals. It returns -1 if it does not.
func wrapAfter(text []byte, i int) int {
	if i >= len(text) {
		return -1
	}
	k := i
	for k < len(text) && k-i < longestSeam && (text[k] == ' ' || text[k] == '\t') {
		k++
	}
	lines := 0
	for k < len(text) && k-i < longestSeam {
		switch {
		case text[k] == '\n' || text[k] == '\r':
			k++
		case text[k] == '\\':
			n := k
			for n < len(text) && n-i < longestSeam && text[n] == '\\' {
				n++
			}
			if n < len(text) && (text[n] == 'n' || text[n] == 'r' || text[n] == '\n' || text[n] == '\r') {
				k = n + 1
				break
			}
			if lines == 0 {
				goto seam
			}
			return -1
		case text[k] == '&' && lineEntity(text[k:]) > 0:
			k += lineEntity(text[k:])
		case text[k] == '%' && (bytes.HasPrefix(text[k:], []byte("%0A")) || bytes.HasPrefix(text[k:], []byte("%0D"))):
			k += 3
		case lines > 0 && (isSpace(text[k]) || strings.IndexByte("#>*;|", text[k]) >= 0):
			k++
		default:
			if lines > 0 && isBase64(text[k]) {
				return k
			}
			if lines == 0 {
				goto seam
			}
			return -1
		}
		lines++
	}
	return -1
seam:
	if j, how := join(text, i); how != noSeam && j < len(text) && isBase64(text[j]) {
		return j
	}
	return -1
}

// lineEntities are line ends as XML has them in attributes; Word writes images so.
var lineEntities = [...]string{"&#10;", "&#13;", "&#xA;", "&#xD;", "&#xa;", "&#xd;"}

// lineEntity returns the length of the line end that s begins with as an entity, or 0.
func lineEntity(s []byte) int {
	for _, e := range lineEntities {
		if len(s) >= len(e) && string(s[:len(e)]) == e {
			return len(e)
		}
	}
	return 0
}

// lineEntityBefore is lineEntity for the end of s.
func lineEntityBefore(s []byte) int {
	for _, e := range lineEntities {
		if len(s) >= len(e) && string(s[len(s)-len(e):]) == e {
			return len(e)
		}
	}
	return 0
}

// wrapBefore is wrapAfter towards the left: it returns the offset behind the encoded text that breaks off before
// text[i], or -1.
func wrapBefore(text []byte, i int) int {
	k := i
	lines := false
	for k > 0 && i-k < longestSeam {
		c := text[k-1]
		switch {
		case isBase64(c) && (c == 'n' || c == 'r') && k > 1 && text[k-2] == '\\':
			k -= 2
			for k > 0 && i-k < longestSeam && text[k-1] == '\\' {
				k--
			}
			lines = true
		case isBase64(c) && c != '+':
			if !lines {
				return -1
			}
			return k
		case c == '\n':
			lines = true
			k--
		case c == ';' && lineEntityBefore(text[:k]) > 0:
			lines = true
			k -= lineEntityBefore(text[:k])
		case isSpace(c) || strings.IndexByte("\"'`+#>*;|\\", c) >= 0:
			lines = lines || c == '"' || c == '\''
			k--
		default:
			return -1
		}
	}
	return -1
}

// digitsRun is a stretch of base64 or hexadecimal digits around an anchor.
type digitsRun struct {
	at    []int32 // of each digit
	anch  int     // index of the anchor's first digit
	cut   [2]bool // whether the stretch goes on to the left, to the right
	wraps bool    // whether it goes over line ends, or would if it could
	url   bool    // whether it holds - or _
	end   int     // offset behind the last digit
}

// taken is how many bytes were gone through to find the digits.
func (r *digitsRun) taken() int {
	if len(r.at) == 0 {
		return 1
	}
	return r.end - int(r.at[0]) + 1
}

// lineOf returns how many digits stand around text[at:] without anything between them, from low to high.
func lineOf(text []byte, at int, isDigit func(byte) bool, low, high int) int {
	from, to := at, at
	for from > low && isDigit(text[from-1]) {
		from--
	}
	for to < high && isDigit(text[to]) {
		to++
	}
	return to - from
}

// collect finds the digits around the anchor at text[at:], as far as left and right bytes away.
func collect(text []byte, at int, isDigit func(byte) bool, left, right int, wrap bool) digitsRun {
	low, high := max(0, at-left), min(len(text), at+right)
	r := digitsRun{at: make([]int32, 0, lineOf(text, at, isDigit, low, high))}
	// The digits before the anchor, last first.
	i := at
	for i > low {
		c := text[i-1]
		if isDigit(c) && !(i > 1 && text[i-2] == '\\' && (c == 'n' || c == 'r' || c == 't' || c == '/')) {
			i--
			r.at = append(r.at, int32(i))
			continue
		}
		if c == '/' && i > 1 && text[i-2] == '\\' { // as JSON may have it
			i -= 2
			r.at = append(r.at, int32(i+1))
			continue
		}
		if !wrap {
			break
		}
		k := wrapBefore(text, i)
		if k <= low {
			break
		}
		if !isDigit(text[k-1]) {
			break
		}
		i = k
	}
	r.cut[0] = i <= low && low > 0
	for a, b := 0, len(r.at)-1; a < b; a, b = a+1, b-1 {
		r.at[a], r.at[b] = r.at[b], r.at[a]
	}
	r.anch = len(r.at)
	for i = at; i < high; {
		c := text[i]
		if isDigit(c) {
			r.at = append(r.at, int32(i))
			i++
			continue
		}
		if c == '\\' && i+1 < len(text) && text[i+1] == '/' {
			i++
			continue
		}
		k := wrapAfter(text, i)
		if k < 0 || !isDigit(text[k]) {
			break
		}
		r.wraps = true
		if !wrap {
			break
		}
		i = k
	}
	r.cut[1] = i >= high && high < len(text)
	r.end = i
	for _, p := range r.at {
		// Dashes in a row are the rule around a block, no digits.
		if text[p] == '_' || text[p] == '-' && (p == 0 || text[p-1] != '-') && int(p)+1 < len(text) && text[p+1] != '-' {
			r.url = true
			break
		}
	}
	return r
}

// decodeBase64 returns the view that the digits of r decode to, where the anchor's first digit stands at align in its
// group of four.
func decodeBase64(v *view, r digitsRun, align int) *view {
	skip := (r.anch - align) % 4
	if skip < 0 {
		skip += 4
	}
	if skip > len(r.at) {
		return nil
	}
	at := r.at[skip:]
	out := make([]byte, 0, len(at)*6/8)
	var acc uint32
	bits := 0
	for _, p := range at {
		acc = acc<<6 | uint32(base64Values[v.text[p]])
		if bits += 6; bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	layer := "base64"
	if r.url {
		layer = "base64url"
	}
	return v.child(layer, out, func(i, j int) (int, int) {
		return int(at[i*8/6]), int(at[(j*8+5)/6-1]) + 1
	})
}

// isHexDigit reports whether c is a hexadecimal digit.
func isHexDigit(c byte) bool {
	_, ok := hexDigit(c)
	return ok
}

// decodeHex returns the view that the digits of r decode to.
func decodeHex(v *view, r digitsRun) *view {
	at := r.at[r.anch%2:]
	at = at[:len(at)&^1]
	out := make([]byte, len(at)/2)
	for i := range out {
		high, _ := hexDigit(v.text[at[2*i]])
		low, _ := hexDigit(v.text[at[2*i+1]])
		out[i] = high<<4 | low
	}
	return v.child("hex", out, func(i, j int) (int, int) { return int(at[2*i]), int(at[2*j-1]) + 1 })
}

// matchesWrapped reports whether one of texts stands at text[i:], line ends aside.
func matchesWrapped(text []byte, i int, texts []string) bool {
	for _, want := range texts {
		j := i
		k := 0
		for k < len(want) {
			if j < len(text) && text[j] == want[k] {
				j++
				k++
				continue
			}
			if k == 0 {
				break
			}
			if j = wrapAfter(text, j); j < 0 {
				break
			}
			if text[j] != want[k] {
				break
			}
		}
		if k == len(want) {
			return true
		}
	}
	return false
}

// matchesSplit reports whether a's former part stands before text[i:], split by a line end. Where it is whole, it is an anchor of
// its own.
func (a *anchor) matchesSplit(text []byte, i int) bool {
	if i >= len(a.former) && string(text[i-len(a.former):i]) == a.former {
		return false
	}
	if a.inner {
		return true
	}
	for k := len(a.former); k > 0; {
		if i > 0 && text[i-1] == a.former[k-1] {
			i--
			k--
			continue
		}
		if i = wrapBefore(text, i); i < 0 || text[i-1] != a.former[k-1] {
			return false
		}
	}
	return true
}
