package encoding

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

// IsBase64 reports whether c is a digit of base64, in either alphabet.
func IsBase64(c byte) bool { return base64Values[c] != 0xff }

// WrapAfter returns where an encoded text that breaks off at text[i:] goes on: behind a line end with indentation or a
// comment mark, an escaped one, or a seam of string literals. It returns -1 if it does not.
func WrapAfter(text []byte, i int) int {
	if i >= len(text) {
		return -1
	}
	k := i
	for k < len(text) && k-i < budget.Seam && (text[k] == ' ' || text[k] == '\t') {
		k++
	}
	lines := 0
	for k < len(text) && k-i < budget.Seam {
		switch {
		case text[k] == '\n' || text[k] == '\r':
			k++
		case text[k] == '\\':
			n := k
			for n < len(text) && n-i < budget.Seam && text[n] == '\\' {
				n++
			}
			if n < len(text) && (text[n] == 'n' || text[n] == 'r' || text[n] == '\n' || text[n] == '\r') {
				k = n + 1
				break
			}
			return joined(text, i, lines)
		case text[k] == '&' && lineEntity(text[k:], bytes.HasPrefix) > 0:
			k += lineEntity(text[k:], bytes.HasPrefix)
		case text[k] == '%' && (bytes.HasPrefix(text[k:], []byte("%0A")) || bytes.HasPrefix(text[k:], []byte("%0D"))):
			k += 3
		case lines > 0 && (IsSpace(text[k]) || strings.IndexByte("#>*;|", text[k]) >= 0):
			k++
		default:
			if lines > 0 && IsBase64(text[k]) {
				return k
			}
			return joined(text, i, lines)
		}
		lines++
	}
	return -1
}

// joined is WrapAfter where no line end stands: a seam may.
func joined(text []byte, i, lines int) int {
	if lines > 0 {
		return -1
	}
	if j, how := Join(text, i); how != NoSeam && j < len(text) && IsBase64(text[j]) {
		return j
	}
	return -1
}

// lineEntities are line ends as XML has them in attributes; Word writes images so.
var lineEntities = bytes.Fields([]byte("&#10; &#13; &#xA; &#xD; &#xa; &#xd;"))

// lineEntity returns the length of the line end as an entity that s has by that test, [bytes.HasPrefix] or [bytes.HasSuffix], or 0.
func lineEntity(s []byte, has func(s, entity []byte) bool) int {
	for _, e := range lineEntities {
		if has(s, e) {
			return len(e)
		}
	}
	return 0
}

// WrapBefore is WrapAfter towards the left: it returns the offset behind the encoded text that breaks off before
// text[i], or -1.
func WrapBefore(text []byte, i int) int {
	k := i
	lines := false
	for k > 0 && i-k < budget.Seam {
		c := text[k-1]
		switch {
		case IsBase64(c) && (c == 'n' || c == 'r') && k > 1 && text[k-2] == '\\':
			k -= 2
			for k > 0 && i-k < budget.Seam && text[k-1] == '\\' {
				k--
			}
			lines = true
		case IsBase64(c) && (c != '+' || k > 1 && IsBase64(text[k-2])): // a + behind no digit joins literals
			if !lines {
				return -1
			}
			return k
		case c == '\n':
			lines = true
			k--
		case c == ';' && lineEntity(text[:k], bytes.HasSuffix) > 0:
			lines = true
			k -= lineEntity(text[:k], bytes.HasSuffix)
		case IsSpace(c) || strings.IndexByte("\"'`+#>*;|\\", c) >= 0:
			lines = lines || c == '"' || c == '\''
			k--
		default:
			return -1
		}
	}
	return -1
}

// StandsWrapped reports whether one of texts stands at text[i:], line ends aside.
func StandsWrapped(text []byte, i int, texts []string) bool {
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
			if j = WrapAfter(text, j); j < 0 {
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
