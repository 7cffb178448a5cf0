package markdown

import (
	"strings"
	"unicode/utf8"
)

// Limits of GitHub's texts, in characters. We count UTF-16 units, the largest of the ways to count characters that
// GitHub may mean.
const (
	MaxIssueBody    = 65536 // issues and comments
	MaxCheckSummary = 65535 // a check run's summary, and its text
	MaxTitle        = 255   // a check run's title, and an issue's
)

// Cut returns s with at most limit characters. What is too long ends at the end of a line, followed by note, a
// paragraph of its own that says what is missing. An open code fence is closed.
func Cut(s string, limit int, note string) string {
	if length(s) <= limit {
		return s
	}
	const fence = "\n```"
	room := limit - length(note) - len("\n\n") - len(fence)
	var b strings.Builder
	open, used := false, 0
	for line := range strings.SplitAfterSeq(s, "\n") {
		n := length(line)
		if used+n > room {
			break
		}
		b.WriteString(line)
		used += n
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			open = !open
		}
	}
	out := strings.TrimRight(b.String(), "\n")
	if open {
		out += fence
	}
	return out + "\n\n" + note
}

// Title returns s with at most 255 characters on one line, for titles, which GitHub shows as plain text.
func Title(s string) string {
	if length(s) <= MaxTitle {
		return s
	}
	return shorten(s, MaxTitle/2) // a character may count twice
}

// length counts UTF-16 units.
func length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// Valid returns s without bytes that are no UTF-8, which GitHub would refuse.
func Valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "�")
}
