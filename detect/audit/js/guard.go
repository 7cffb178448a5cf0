package js

import (
	"bytes"
	"strings"
)

// What the parsers are spared. They call themselves for what is nested, with up to 8 KB of stack for each level, and take time that grows
// with the cube of it for functions; and TypeScript has conditions that can only be told from arrow functions by reading them twice, so
// that each level doubles the time. Go ends a process whose stack is full, and no parse can be stopped.
const (
	maxDepth     = 100   // of brackets; what people write has 40
	maxChain     = 1_000 // of signs by which one expression goes on inside of itself
	maxAmbiguous = 6     // conditions whose first value may be the parameters of an arrow function, each followed by an arrow
	maxNamespace = 16    // parts of a namespace's name, each of which becomes a function
)

// isDeep reports whether a text may take the parsers more than it is worth. No lexer tells strings, comments and JSX apart without being a
// parser: the text is looked at once as it is, where a bracket in a string counts, and once without what looks like strings and comments.
// What hides brackets from both takes so many bytes for each that [MaxSize] leaves no more than some seconds' worth.
func isDeep(text []byte) bool {
	return isNested(text) || isNested(withoutQuoted(text)) || isAmbiguous(text) || hasLongNamespace(text)
}

// withoutQuoted returns a text without comments, and without strings that end in their line.
func withoutQuoted(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for {
		i := bytes.IndexAny(text, "/\"'")
		if i < 0 {
			return append(out, text...)
		}
		rest, length := text[i:], 1
		switch {
		case bytes.HasPrefix(rest, []byte("//")):
			length = max(bytes.IndexByte(rest, '\n'), 1)
		case bytes.HasPrefix(rest, []byte("/*")):
			if end := bytes.Index(rest[2:], []byte("*/")); end >= 0 {
				length = end + 4
			}
		case rest[0] != '/':
			length = quoted(rest)
		}
		out = append(out, text[:i]...)
		if length == 1 { // no comment and no string, or one that doesn't end
			out = append(out, rest[0])
		}
		text = rest[length:]
	}
}

// quoted returns how long the string is that a text begins with, 1 where it doesn't end in its line.
func quoted(text []byte) int {
	for i := 1; i < len(text) && text[i] != '\n'; i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		}
	}
	return 1
}

func isNested(text []byte) bool {
	depth, chain := 0, 0
	for i, b := range text {
		switch b {
		case '(', '[', '{':
			depth++
			chain++
		case ')', ']', '}':
			depth = max(depth-1, 0)
		case '!', '~', '-', '+', '=', '*', '?', ':', '<', '.', '`':
			if i+1 == len(text) || text[i+1] != '.' && (text[i+1] < '0' || text[i+1] > '9') { // not the numbers of a picture's paths
				chain++
			}
		case ';', ',':
			chain = 0
		case '\n':
			if endsStatement(text[:i]) && beginsStatement(text[i:]) {
				chain = 0
			}
		}
		if depth > maxDepth || chain > maxChain {
			return true
		}
	}
	return false
}

// endsStatement reports whether a statement may end with the last line of a text.
func endsStatement(text []byte) bool {
	text = bytes.TrimRight(text, " \t\r")
	if bytes.HasSuffix(text, []byte("=>")) {
		return false
	}
	return len(text) > 0 && (isWord(text[len(text)-1]) || strings.IndexByte(")]}\"'`>/", text[len(text)-1]) >= 0)
}

// beginsStatement reports whether one may begin with the next line.
func beginsStatement(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && (isWord(text[0]) || strings.IndexByte("}\"'@#/<{", text[0]) >= 0)
}

// isAmbiguous counts "? (name": what follows may be a value in parentheses, or parameters with a result's type behind the colon.
func isAmbiguous(text []byte) bool {
	count := 0
	for {
		at := bytes.IndexByte(text, '?')
		if at < 0 {
			return false
		}
		if text = text[at+1:]; bytes.HasPrefix(text, []byte("?")) { // a ?? b
			text = text[1:]
			continue
		}
		text = skipBlank(text)
		inner, opens := bytes.CutPrefix(text, []byte("("))
		if !opens {
			continue
		}
		if inner = skipBlank(inner); len(inner) == 0 || inner[0] == '<' || inner[0] == '(' {
			continue // JSX, and what cannot be a parameter
		}
		arrow := bytes.Index(inner, []byte("=>"))
		if arrow < 0 {
			return false
		}
		if count++; count > maxAmbiguous {
			return true
		}
		text = inner[arrow:]
	}
}

// hasLongNamespace reports whether a namespace's name has many parts.
func hasLongNamespace(text []byte) bool {
	for _, word := range []string{"namespace", "module"} {
		rest := text
		for {
			_, after, ok := bytes.Cut(rest, []byte(word))
			if !ok {
				break
			}
			rest = after
			for dots := 0; ; dots++ {
				after = skipBlank(after)
				after = skipBlank(bytes.TrimLeftFunc(after, func(r rune) bool { return r >= 0x80 || isWord(byte(r)) }))
				if len(after) == 0 || after[0] != '.' {
					break
				}
				if after = after[1:]; dots == maxNamespace {
					return true
				}
			}
		}
	}
	return false
}

// skipBlank returns what follows spaces and comments.
func skipBlank(text []byte) []byte {
	for {
		text = bytes.TrimLeft(text, " \t\r\n")
		switch {
		case bytes.HasPrefix(text, []byte("//")):
			_, text, _ = bytes.Cut(text, []byte("\n"))
		case bytes.HasPrefix(text, []byte("/*")):
			_, text, _ = bytes.Cut(text[2:], []byte("*/"))
		default:
			return text
		}
	}
}
