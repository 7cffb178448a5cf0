package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable replaces what is no text, and what would move the cursor, change colours or the direction of writing.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError, harmful(r):
			return '·'
		}
		return r
	}, s)
}

// harmful reports whether a character could do something to a terminal, or is not seen.
func harmful(r rune) bool { return !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) }

// EscapeHarmful writes the harmful characters of a JSON text as escapes. They stand within strings only.
func EscapeHarmful(text []byte) []byte {
	const digits = "0123456789abcdef"
	var out []byte
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRune(text[at:])
		if r < utf8.RuneSelf && r != 0x7f || !harmful(r) {
			if out != nil {
				out = append(out, text[at:at+n]...)
			}
			at += n
			continue
		}
		if out == nil {
			out = append(make([]byte, 0, len(text)+64), text[:at]...)
		}
		units := []rune{r}
		if r > 0xffff {
			r -= 0x10000
			units = []rune{0xd800 + r>>10, 0xdc00 + r&0x3ff}
		}
		for _, u := range units {
			out = append(out, '\\', 'u', digits[u>>12&15], digits[u>>8&15], digits[u>>4&15], digits[u&15])
		}
		at += n
	}
	if out == nil {
		return text
	}
	return out
}
