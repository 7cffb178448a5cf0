package encoding

import (
	"bytes"
	"html"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// Forms are the ways in which characters were written other than as themselves.
type Forms uint16

// The forms. Joined and Continued are for values that go over a [Seam].
const (
	Percent Forms = 1 << iota
	UnicodeEscape
	HexEscape
	OctalEscape
	Entity
	Markdown
	Quoted // quoted-printable
	Joined
	Continued
)

// formNames are in the order of the bits.
var formNames = [...]string{
	"percent", "unicode-escape", "hex-escape", "octal-escape", "html-entity", "markdown", "quoted-printable", "concatenation",
	"line-continuation",
}

// Names are what the forms are called, in a fixed order.
func (f Forms) Names() []string {
	var names []string
	for i, name := range formNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Unescape reads the escaped character at text[i:]: \u005f, \x5f, \137, \_, %5F, &#95; and their kin, and those that
// were escaped twice. It returns the character (0xff for one beyond ASCII), the bytes it takes, and how it is written. It returns
// no bytes where no escape stands. Quoted-printable is not read: =5F may as well be an assignment.
func Unescape(text []byte, i int) (c byte, n int, form Forms) {
	if len(text)-i < 2 {
		return 0, 0, 0
	}
	s := text[i:min(len(text), i+budget.Escape)]
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
				return narrow(v), n + 5, Percent
			}
			return 0, 0, 0
		}
		if v, ok := hexValue(s[n:], 2); ok {
			return byte(v), n + 2, Percent
		}
		if n > 1 {
			return '%', n, Percent
		}
	case '&':
		return unescapeEntity(s)
	}
	return 0, 0, 0
}

func unescapeBackslash(s []byte) (c byte, n int, form Forms) {
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
		form = UnicodeEscape
		digits := 4
		switch c {
		case 'x':
			form, digits = HexEscape, 2
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
		return (c-'0')<<6 | (rest[0]-'0')<<3 | (rest[1] - '0'), n + 3, OctalEscape
	case strings.IndexByte("nrtbfvae0", c) >= 0:
		return '\n', n + 1, 0
	case c == '_' || c == '-' || c == '+':
		return c, n + 1, Markdown
	case c > ' ' && c < 0x7f && !IsBase62(c):
		return c, n + 1, 0
	}
	return 0, 0, 0
}

func unescapeEntity(s []byte) (c byte, n int, form Forms) {
	n = 1
	for bytes.HasPrefix(s[n:], []byte("amp;")) {
		n += 4
	}
	end := bytes.IndexByte(s[n:], ';')
	if end < 1 {
		if n > 1 {
			return '&', n, Entity
		}
		return 0, 0, 0
	}
	if c := s[n]; c != '#' && !IsBase62(c) && n == 1 {
		return 0, 0, 0 // such as && and & between words, in much of all source
	}
	end += n + 1
	plain := html.UnescapeString("&" + string(s[n:end]))
	if len(plain) == 1 {
		return plain[0], end, Entity
	}
	if plain[0] == '&' {
		if n > 1 {
			return '&', n, Entity
		}
		return 0, 0, 0
	}
	return 0xff, end, Entity
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
	case '0' <= c && c <= '9':
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
