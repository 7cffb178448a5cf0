package excerpt

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
)

// Marked is the part of a line that a range of a text is on, in three parts: what is before the range, in it, and behind it. Every
// credential in them is masked, and whatever else looks like a secret.
type Marked struct{ Before, Inside, After string }

// Mark returns the line on which text[from:to] begins, cut around it. found are the credentials of the whole text. Where what is masked
// reaches over an end of the range, Inside has all of it.
func Mark(text []byte, found []detect.Finding, from, to int) Marked {
	if from < 0 || from > len(text) || to < from {
		return Marked{}
	}
	start := bytes.LastIndexByte(text[:from], '\n') + 1
	end := len(text)
	if n := bytes.IndexByte(text[from:], '\n'); n >= 0 {
		end = from + n
	}
	for end > from && text[end-1] == '\r' {
		end--
	}
	first, last := max(start, from-around), min(end, from+around)
	to = min(to, last)
	line, _, err := masked(bytes.NewReader(text), masksOf(found), int64(first), int64(last), bytewise)
	if err != nil {
		return Marked{}
	}
	line = maskRandom(maskSecrets(line), func(word string) bool { return looksRandom(word) && !isName(word) })
	before, inside, after := split(string(text[first:last]), line, from-first, to-first)
	if first > start {
		before = cutStart(before)
	}
	if last < end {
		after = cutEnd(after)
	}
	before = strings.TrimLeft(strings.TrimPrefix(before, "\ufeff"), " \t")
	return Marked{
		Before: lastOf(terminal.Printable(before), shown),
		Inside: firstOf(terminal.Printable(inside), 2*shown),
		After:  strings.TrimRight(firstOf(terminal.Printable(after), shown), " "),
	}
}

// isName reports whether a word is one of code, such as createRouteMatcher: letters alone, and few words in it for its length. What is
// random has digits, or a capital after every third letter or so.
func isName(word string) bool {
	const shortest = 6 // of words, on average
	words, last := 1, 0
	for i := range len(word) {
		sort := sortOf(word[i])
		switch {
		case sort == 1:
			return false
		case sort == 2 && last == 3:
			words++
		}
		last = sort
	}
	return shortest*(words-1) <= len(word)
}

// split cuts a masked line where line[from:to] was before. An end that was masked is moved outwards to where both lines agree.
func split(line, masked string, from, to int) (before, inside, after string) {
	same := 0 // bytes at the start that agree
	for same < min(len(line), len(masked)) && line[same] == masked[same] {
		same++
	}
	for same > 0 && same < len(masked) && !utf8.RuneStart(masked[same]) {
		same--
	}
	behind := 0 // bytes at the end that agree
	for behind < min(len(line), len(masked))-same && line[len(line)-1-behind] == masked[len(masked)-1-behind] {
		behind++
	}
	for behind > 0 && !utf8.RuneStart(masked[len(masked)-behind]) {
		behind--
	}
	at := func(offset, otherwise int) int {
		switch {
		case offset <= same:
			return offset
		case offset >= len(line)-behind:
			return len(masked) - (len(line) - offset)
		}
		return otherwise
	}
	from, to = at(from, same), at(to, len(masked)-behind)
	return masked[:from], masked[from:to], masked[to:]
}
