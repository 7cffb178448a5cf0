package terminal

import (
	"strings"
	"unicode/utf8"
)

// Prose writes a sentence behind its indent, broken between words where the terminal ends. What is no sentence, a path or
// a command, is not written with it: people copy these.
func (s Style) Prose(b *strings.Builder, codes, indent, text string) {
	hanging := strings.Repeat(" ", utf8.RuneCountInString(indent))
	for i, line := range Wrapped(text, s.Width-len(hanging)) {
		if i == 0 {
			b.WriteString(indent)
		} else {
			b.WriteString(hanging)
		}
		b.WriteString(s.Paint(codes, line))
		b.WriteByte('\n')
	}
}

// narrowest is the width below which nothing is broken.
const narrowest = 20

// Wrapped breaks a text between words into lines of at most width characters. A longer word has a line of its own.
func Wrapped(text string, width int) []string {
	if width < narrowest {
		return []string{text}
	}
	var lines []string
	line, length := "", 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if line != "" && length+1+n > width {
			lines = append(lines, line)
			line, length = "", 0
		}
		if line != "" {
			line += " "
			length++
		}
		line += word
		length += n
	}
	return append(lines, line)
}
