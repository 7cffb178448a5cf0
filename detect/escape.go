package detect

import (
	"bytes"
	"html"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// forms are the ways in which characters were written other than as themselves.
type forms uint16

const (
	percentForm forms = 1 << iota
	unicodeForm
	hexForm
	octalForm
	entityForm
	markdownForm
	quotedForm // quoted-printable
	joinedForm
	continuedForm
)

// formNames are what Finding.Encoding says, in the order of the bits.
var formNames = [...]string{
	"percent", "unicode-escape", "hex-escape", "octal-escape", "html-entity", "markdown", "quoted-printable", "concatenation",
	"line-continuation",
}

// longestEscape is how many bytes an escape may have.
const longestEscape = budget.Escape

// unescape reads the escaped character at text[i:]: \u005f, \x5f, \137, \_, %5F, &#95;, =5F and their kin, and those that
// were escaped twice. It returns the character (0xff for one beyond ASCII), the bytes it takes, and how it is written. It
// returns no bytes where no escape stands.
func unescape(text []byte, i int) (c byte, n int, form forms) {
	if len(text)-i < 2 {
		return 0, 0, 0
	}
	s := text[i:min(len(text), i+longestEscape)]
	switch s[0] {
	case '\\':
		return unescapeBackslash(s)
	case '%':
		n = 1
		for len(s) >= n+2 && s[n] == '2' && s[n+1] == '5' {
			n += 2
		}
		if len(s) > n && (s[n] == 'u' || s[n] == 'U') {
			if v, ok := hexValue(s[n+1:], 4); ok {
				return narrow(v), n + 5, percentForm
			}
			return 0, 0, 0
		}
		if v, ok := hexValue(s[n:], 2); ok {
			return byte(v), n + 2, percentForm
		}
		if n > 1 {
			return '%', n, percentForm
		}
	case '&':
		return unescapeEntity(s)
	case '=':
		return unescapeQuoted(text, i)
	}
	return 0, 0, 0
}

// unescapeQuoted reads quoted-printable, and of that only what cannot be an assignment: "=3D" and "=22" before a prefix,
// "=5F" within one. A value may start with any two digits.
func unescapeQuoted(text []byte, i int) (c byte, n int, form forms) {
	s := text[i:]
	if len(s) < 3 {
		return 0, 0, 0
	}
	switch string(s[:3]) {
	case "=5F":
		for _, word := range []string{"sk", "ak", "whsec", "live", "test"} {
			if bytes.HasSuffix(text[:i], []byte(word)) {
				return '_', 3, quotedForm
			}
		}
	case "=3D", "=22":
		for _, prefix := range []string{"sk_", "sk=5F", "pk_", "ak_", "ak=5F", "whsec"} {
			if bytes.HasPrefix(s[3:], []byte(prefix)) {
				c = '='
				if s[1] == '2' {
					c = '"'
				}
				return c, 3, quotedForm
			}
		}
	}
	return 0, 0, 0
}

func unescapeBackslash(s []byte) (c byte, n int, form forms) {
	n = 1
	for n < len(s) && s[n] == '\\' {
		n++
	}
	if n == len(s) {
		return '\\', n, 0
	}
	c = s[n]
	rest := s[n+1:]
	switch {
	case c == 'u' || c == 'x' || c == 'U':
		form = unicodeForm
		digits := 4
		switch c {
		case 'x':
			form, digits = hexForm, 2
		case 'U':
			digits = 8
		}
		if len(rest) > 2 && rest[0] == '{' {
			end := bytes.IndexByte(rest, '}')
			if end < 2 {
				return 0, 0, 0
			}
			if v, ok := hexValue(rest[1:], end-1); ok {
				return narrow(v), n + end + 2, form
			}
			return 0, 0, 0
		}
		if v, ok := hexValue(rest, digits); ok {
			return narrow(v), n + 1 + digits, form
		}
		return 0, 0, 0
	case '0' <= c && c <= '3' && len(rest) >= 2 && isOctal(rest[0]) && isOctal(rest[1]):
		return (c-'0')<<6 | (rest[0]-'0')<<3 | (rest[1] - '0'), n + 3, octalForm
	case strings.IndexByte("nrtbfvae0", c) >= 0:
		return '\n', n + 1, 0
	case c == '_' || c == '-' || c == '+':
		return c, n + 1, markdownForm
	case c > ' ' && c < 0x7f && !isBase62(c):
		return c, n + 1, 0
	}
	return 0, 0, 0
}

func unescapeEntity(s []byte) (c byte, n int, form forms) {
	n = 1
	for bytes.HasPrefix(s[n:], []byte("amp;")) {
		n += 4
	}
	end := bytes.IndexByte(s[n:], ';')
	if end < 1 {
		if n > 1 {
			return '&', n, entityForm
		}
		return 0, 0, 0
	}
	if c := s[n]; c != '#' && !isLetter(c) && n == 1 {
		return 0, 0, 0 // such as && and & between words, in much of all source
	}
	end += n + 1
	plain := html.UnescapeString("&" + string(s[n:end]))
	if len(plain) == 1 {
		return plain[0], end, entityForm
	}
	if plain[0] == '&' {
		if n > 1 {
			return '&', n, entityForm
		}
		return 0, 0, 0
	}
	return 0xff, end, entityForm
}

// narrow returns v where it is ASCII, else 0xff, which stands for any other character.
func narrow(v uint32) byte {
	if v < 0x80 {
		return byte(v)
	}
	return 0xff
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }

func hexDigit(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// hexValue reads exactly digits hexadecimal digits, eight at most.
func hexValue(s []byte, digits int) (v uint32, ok bool) {
	if len(s) < digits || digits < 1 || digits > 8 {
		return 0, false
	}
	for _, c := range s[:digits] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		v = v<<4 | uint32(d)
	}
	return v, true
}

// seam is how two pieces of a value hang together.
type seam byte

const (
	noSeam       seam = iota
	plusSeam          // an operator: the language joins the pieces
	adjacentSeam      // two literals side by side: some languages join them
	lineSeam          // a line continuation
	quotedSeam        // a line end of quoted-printable
)

// longestSeam is how many bytes may stand between two pieces.
const longestSeam = budget.Seam

// join reports whether the value that breaks off at text[i] goes on at text[j]: behind `" + "`, `" "` or a line
// continuation.
func join(text []byte, i int) (j int, how seam) {
	s := text[i:min(len(text), i+longestSeam)]
	if len(s) < 2 {
		return 0, noSeam
	}
	switch s[0] {
	case '\\', '^', '`', '=':
		if n := continuation(s); n > 0 {
			if s[0] == '=' {
				if !isSoftBreak(text, i, i+n) {
					return 0, noSeam
				}
				return i + n, quotedSeam
			}
			return i + n, lineSeam
		}
	}
	n := quote(s)
	if n == 0 {
		return 0, noSeam
	}
	how = adjacentSeam
	n += blank(s[n:])
	for _, operator := range []string{"+", "..", ".", "||", "&", "<>", "~"} {
		if bytes.HasPrefix(s[n:], []byte(operator)) {
			n += len(operator)
			how = plusSeam
			break
		}
	}
	n += blank(s[n:])
	for k := 0; k < 2 && n < len(s) && strings.IndexByte("fFrRbBuUL@$", s[n]) >= 0; k++ {
		n++
	}
	open := quote(s[n:])
	if open == 0 {
		return 0, noSeam
	}
	return i + n + open, how
}

// The lines that quoted-printable breaks end within these columns, the = included: at most 76, and no escape is parted.
const (
	softBreakFirst = 70
	softBreakLast  = 78
)

// isSoftBreak reports whether the = at text[i:], behind which the next line starts at text[next:], may be where quoted-printable
// breaks a line. Most often it is the padding of base64, and the next line assigns to another name.
func isSoftBreak(text []byte, i, next int) bool {
	low := max(0, i-softBreakLast)
	if width := i - low - bytes.LastIndexByte(text[low:i], '\n'); width < softBreakFirst || width > softBreakLast {
		return false
	}
	end := next
	for end < len(text) && end-next < nameReach && isName(text[end]) && text[end] != ':' {
		end++
	}
	return end == len(text) || text[end] != '=' && text[end] != ':'
}

// quote returns the length of the quotation mark at the start of s, which may be escaped or an entity.
func quote(s []byte) int {
	n := 0
	for n < len(s) && s[n] == '\\' {
		n++
	}
	if n < len(s) && (s[n] == '"' || s[n] == '\'' || s[n] == '`') {
		return n + 1
	}
	for _, entity := range []string{"&quot;", "&#34;", "&#39;", "&apos;"} {
		if n == 0 && bytes.HasPrefix(s, []byte(entity)) {
			return len(entity)
		}
	}
	return 0
}

// blank returns the length of the space at the start of s: line ends, escaped ones and continuations included.
func blank(s []byte) int {
	n := 0
	for n < len(s) {
		if isSpace(s[n]) {
			n++
			continue
		}
		if s[n] == '_' && n > 0 && n+1 < len(s) && (s[n+1] == '\n' || s[n+1] == '\r') { // Visual Basic
			n++
			continue
		}
		if s[n] != '\\' {
			break
		}
		k := n
		for k < len(s) && s[k] == '\\' {
			k++
		}
		if k == len(s) || strings.IndexByte("nrt\n\r", s[k]) < 0 {
			break
		}
		n = k + 1
	}
	return n
}

// continuation returns the length of the line continuation at the start of s, with the indentation behind it.
func continuation(s []byte) int {
	n := 0
	for n < len(s) && s[n] == s[0] {
		n++
	}
	slashes := n
	if s[0] != '=' {
		for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
			n++
		}
	}
	switch {
	case n < len(s) && s[n] == '\n':
		n++
	case n+1 < len(s) && s[n] == '\r' && s[n+1] == '\n':
		n += 2
	case s[0] == '\\' && slashes >= 3 && n < len(s) && s[n] == 'n': // within a string: \\\n
		n++
	default:
		return 0
	}
	if s[0] != '=' {
		for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
			n++
		}
	}
	return n
}
