package js

import (
	"bytes"
	"strings"
)

// maxBraces is how deeply code may be nested that is skipped: templates in code in templates.
const maxBraces = 30

// skipBraces returns where what begins with a brace at an offset ends, or the text's end.
func skipBraces(text []byte, at, left int) int {
	if left == 0 {
		return len(text)
	}
	for depth := 0; at < len(text); {
		switch text[at] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return at + 1
			}
		}
		at = skipCode(text, at, left)
	}
	return len(text)
}

// skipCode returns where a string, a comment or a regular expression ends that begins at an offset of code; of anything else, it is the
// next offset. A string goes no further than its line.
func skipCode(text []byte, at, left int) int {
	rest := text[at:]
	switch c := rest[0]; {
	case c == '"' || c == '\'':
		return at + quotedEnd(rest)
	case c == '`':
		return skipTemplate(text, at, left)
	case bytes.HasPrefix(rest, []byte("//")):
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			return at + i
		}
		return len(text)
	case bytes.HasPrefix(rest, []byte("/*")):
		if i := bytes.Index(rest[2:], []byte("*/")); i >= 0 {
			return at + i + 4
		}
		return len(text)
	case c == '/' && beginsValue(text, at):
		return at + regexpEnd(rest)
	}
	return at + 1
}

// quotedEnd returns how long a string is with its quotation marks, up to the line's end where it isn't closed before.
func quotedEnd(rest []byte) int {
	for i := 1; i < len(rest) && rest[i] != '\n'; i++ {
		switch rest[i] {
		case '\\':
			i++
		case rest[0]:
			return i + 1
		}
	}
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		return i
	}
	return len(rest)
}

// regexpEnd returns how long a regular expression is, or 1 where it doesn't end in its line, or isn't one that people write.
func regexpEnd(rest []byte) int {
	rest = rest[:min(len(rest), 300)]
	inClass := false
	for i := 1; i < len(rest) && rest[i] != '\n'; i++ {
		switch rest[i] {
		case '\\':
			i++
		case '[':
			inClass = true
		case ']':
			inClass = false
		case '/':
			if !inClass {
				return i + 1
			}
		}
	}
	return 1
}

// skipTemplate returns where a template ends, with the code in it.
func skipTemplate(text []byte, at, left int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '`':
			return at + 1
		case '$':
			if at+1 < len(text) && text[at+1] == '{' {
				at = skipBraces(text, at+1, left-1) - 1
			}
		}
	}
	return len(text)
}

// beginsValue reports whether a value may begin at an offset of code, so that a slash there divides nothing and < compares nothing.
func beginsValue(text []byte, at int) bool {
	before := bytes.TrimRight(text[:at], " \t\r\n")
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	return strings.IndexByte("(,=:[!&|?{};~+-*%^>", last) >= 0 || bytes.HasSuffix(before, []byte("return"))
}
