package markdown

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxForeign is how many characters of one foreign text are shown. Git allows paths of any length.
const maxForeign = 200

// Code shows s as inline code on one line. It may stand anywhere that inline Markdown may: in paragraphs, lists, table
// cells and link texts. What is not printable is written as an escape (\n, \u202e, \xff), as [Plain] does.
func Code(s string) string {
	s = Plain(s)
	if s == "" {
		s = " "
	}
	if isTame(s) {
		return "`" + s + "`"
	}
	// Character references are never structure in CommonMark, and need no fence that fits and no exception for tables.
	// Dots, colons and @ go the same way: GitHub looks for web addresses in the text of HTML elements too.
	var b strings.Builder
	b.WriteString("<code>")
	for _, r := range s {
		if r >= utf8.RuneSelf || isAlphanumeric(r) || r == ' ' && s[0] != ' ' && s[len(s)-1] != ' ' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	b.WriteString("</code>")
	return b.String()
}

// isTame reports whether s can stand between backticks without more ado, also in a table.
func isTame(s string) bool {
	if s[0] == ' ' || s[len(s)-1] == ' ' { // Markdown would strip them
		return false
	}
	for _, r := range s {
		if !isTameRune(r) {
			return false
		}
	}
	return true
}

func isTameRune(r rune) bool {
	// Outside ASCII there is no structure, and Plain saw to it that the character is printable.
	return r >= utf8.RuneSelf || isAlphanumeric(r) || strings.ContainsRune(" ./-_:,=+%#!(){}$@", r)
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// Plain makes s fit for a place where GitHub shows plain text (titles, annotations): one line of printable characters.
// Controls, format characters (so all that changes the direction of writing), private use, line separators and bytes
// that are no UTF-8 are written as escapes; what is longer than 200 characters loses its middle.
func Plain(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r) && !invisible(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return shorten(b.String(), maxForeign)
}

// invisible names characters that Unicode calls letters or marks and fonts show as nothing.
func invisible(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0:
		return true
	}
	return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef || r >= 0x180b && r <= 0x180f
}

// shorten leaves out the middle of s where it has more than limit characters: beginning and end of a path say most.
func shorten(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	head := limit / 2
	tail := limit - head - 1
	return string(runes[:head]) + "…" + string(runes[len(runes)-tail:])
}

// Text shows s as running text on one line: words of our own that may hold a foreign one. What could be structure is
// written as a character reference, and what GitHub would make a mention, reference or link of is broken up by a
// character of no width.
func Text(s string) string {
	var b strings.Builder
	for _, r := range Plain(s) {
		switch {
		case r >= utf8.RuneSelf || isAlphanumeric(r) || strings.ContainsRune(" ,;'", r):
			b.WriteRune(r)
		case strings.ContainsRune("@#/:-", r):
			fmt.Fprintf(&b, "&#%d;\u2060", r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}
