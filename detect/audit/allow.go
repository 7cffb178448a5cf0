package audit

import (
	"bytes"
	"slices"
	"strings"
)

// marker begins a comment that accepts a finding, in whatever syntax the file has for comments: "rekey:allow C3 this page is public".
// Without a reason it accepts nothing.
const marker = "rekey:allow "

// allowed returns the comment that accepts a finding, in its first line or alone in the one above. One that is about the file itself is
// accepted in the first two lines.
func (p *project) allowed(f Finding) (Allowed, bool) {
	text, ok := p.read(f.Path)
	if !ok || !bytes.Contains(text, []byte(marker)) {
		return Allowed{}, false
	}
	last := f.Range.Line
	if last == 0 {
		last = 2
	}
	n, allowed, found := 0, Allowed{Finding: f}, false
	for line := range bytes.Lines(text) {
		if n++; n > last {
			break
		}
		reason, alone, ok := reasonFor(string(line), f.ID)
		if ok && (n == last || n == last-1 && (alone || f.Range.Line == 0)) {
			allowed.Line, allowed.Reason, found = n, reason, true
		}
	}
	return allowed, found
}

// reasonFor returns the reason that a comment on the line gives for accepting what the check of that ID has found, and whether the line
// holds nothing but the comment.
func reasonFor(line, id string) (reason string, alone, ok bool) {
	before, after, ok := strings.Cut(line, marker)
	if !ok || !beginsComment(before) {
		return "", false, false
	}
	fields := strings.Fields(after)
	if len(fields) < 2 || !strings.EqualFold(fields[0], id) {
		return "", false, false
	}
	reason = strings.Join(fields[1:], " ")
	for _, end := range []string{"*/}", "*/", "-->"} {
		reason = strings.TrimSpace(strings.TrimSuffix(reason, end))
	}
	return reason, strings.Trim(before, " \t{/*#<!-;") == "", reason != ""
}

// beginsComment reports whether what precedes the marker ends in the sign that begins a comment.
func beginsComment(before string) bool {
	before = strings.TrimRight(before, " \t")
	return slices.ContainsFunc([]string{"//", "#", "*", "<!--", "--", ";"}, func(sign string) bool { return strings.HasSuffix(before, sign) })
}
