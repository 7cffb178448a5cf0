package detect

import (
	"bytes"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// surroundings is what is around a credential, in the text that it was decoded to and in those around that.
type surroundings struct {
	variable string
	line     string // the lines it stands on
	near     string // with three lines to either side
	evidence []located
	allowed  bool
	removed  bool // it stands in a line that a diff takes away
}

// located is evidence and the place of the credential in the text that it is about.
type located struct {
	*evidence
	at int
}

const (
	// nearReach and nearLines bound what is near, to either side.
	nearReach = budget.ReachNear
	nearLines = 3
	allowWord = "rekey:allow"
	// allowReach is how far from a credential the word may stand on its line.
	allowReach = budget.ReachAllow
)

// surroundingsOf reads what is around v.text[start:end].
func (r *run) surroundingsOf(v *view, start, end int) surroundings {
	var s surroundings
	for ; v != nil && r.step(v, contextSteps); v = v.parent {
		before := unescapedBefore(v.text, start)
		behind := unescaped(v.text[end:min(len(v.text), end+nearReach)])
		if s.variable == "" {
			s.variable = variable(before)
		}
		s.line += string(lastLines(before, 1)) + " " + string(firstLines(behind, 1)) + "\n"
		s.near += string(lastLines(before, 1+nearLines)) + " " + string(firstLines(behind, 1+nearLines)) + "\n"
		s.allowed = s.allowed || bytes.Contains(lineAround(v.text, start, end, allowReach), []byte(allowWord))
		s.removed = s.removed || isRemoved(v.text, start)
		s.evidence = append(s.evidence, located{r.evidenceNear(v, start), start})
		if v.parent == nil {
			break
		}
		start, end = v.up(start, end)
	}
	return s
}

// first returns what the innermost of the texts says that says anything.
func (s *surroundings) first(ask func(e located) string) string {
	for _, e := range s.evidence {
		if said := ask(e); said != "" {
			return said
		}
	}
	return ""
}

// instance returns the host of the nearest publishable key of the environment.
func (s *surroundings) instance(env Environment) string {
	return s.first(func(e located) string { return e.instance(e.at, env) })
}

// page returns the nearest API-keys page.
func (s *surroundings) page() string { return s.first(func(e located) string { return e.page(e.at) }) }

// forClerk are the reasons to take the credential for Clerk's, strongest first. None: nothing speaks for it.
func (s *surroundings) forClerk() Reasons {
	var reasons Reasons
	if namesClerk(s.variable) {
		reasons = append(reasons, Reason{AssignedTo, s.variable})
	}
	if host := s.first(func(e located) string { return e.any(e.at) }); host != "" {
		reasons = append(reasons, Reason{PublishableKeyInFile, host})
	}
	if w := s.first(func(e located) string { return e.word }); w != "" {
		reasons = append(reasons, Reason{ClerkInFile, w})
	}
	if len(reasons) == 0 {
		switch {
		case namesClerk(s.line):
			reasons = append(reasons, Reason{Code: ClerkOnLine})
		case namesClerk(s.near):
			reasons = append(reasons, Reason{Code: ClerkNearby})
		}
	}
	return reasons
}

// isOthers reports whether the variable names a vendor other than Clerk.
func (s *surroundings) isOthers() bool {
	return !namesClerk(s.variable) && namesVendor(s.variable, otherVendors)
}

// unescaped returns text with its escapes read.
func unescaped(text []byte) []byte {
	out, _ := unescapedAt(text)
	return out
}

// unescapedBefore returns what stands before text[at:] with its escapes read. Whether some are escapes depends on what
// follows.
func unescapedBefore(text []byte, at int) []byte {
	const lookahead = 8
	from := max(0, at-nearReach)
	out, places := unescapedAt(text[from:min(len(text), at+lookahead)])
	if places == nil {
		return text[from:at]
	}
	n := 0
	for places[n] < at-from {
		n++
	}
	return out[:n]
}

// unescapedAt returns text with its escapes read, and the place of each character. Text without any is returned itself,
// with nil.
func unescapedAt(text []byte) (out []byte, at []int) {
	if bytes.IndexByte(text, '\\') < 0 && bytes.IndexByte(text, '%') < 0 && bytes.IndexByte(text, '&') < 0 &&
		bytes.IndexByte(text, '=') < 0 {
		return text, nil
	}
	out = make([]byte, 0, len(text))
	at = make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		c, n, _ := charAt(text, i)
		out = append(out, c)
		at = append(at, i)
		i += n
	}
	return out, append(at, len(text))
}

func lastLines(s []byte, n int) []byte {
	end := len(s)
	for ; n > 0; n-- {
		i := bytes.LastIndexByte(s[:end], '\n')
		if i < 0 {
			return s
		}
		end = i
	}
	return s[end+1:]
}

func firstLines(s []byte, n int) []byte {
	at := 0
	for ; n > 0; n-- {
		i := bytes.IndexByte(s[at:], '\n')
		if i < 0 {
			return s
		}
		at += i + 1
	}
	return s[:at-1]
}

// lineAround returns the line or lines of text[at:end], of very long ones as much as reach to either side.
func lineAround(text []byte, at, end, reach int) []byte {
	from, to := max(0, at-reach), min(len(text), end+reach)
	if i := bytes.LastIndexByte(text[from:at], '\n'); i >= 0 {
		from += i + 1
	}
	if i := bytes.IndexByte(text[end:to], '\n'); i >= 0 {
		to = end + i
	}
	return text[from:to]
}

// isRemoved reports whether text[at:] stands in a line that a unified diff takes away.
func isRemoved(text []byte, at int) bool {
	const reach = budget.ReachDiff
	s := text[max(0, at-reach):at]
	for first := true; ; first = false {
		i := bytes.LastIndexByte(s, '\n')
		line := s[i+1:]
		if len(line) == 0 {
			return false
		}
		switch {
		case first && (line[0] != '-' || bytes.HasPrefix(line, []byte("--- "))):
			return false
		case bytes.HasPrefix(line, []byte("@@ -")):
			return true
		case line[0] != ' ' && line[0] != '+' && line[0] != '-' && line[0] != '\\':
			return false
		}
		if i < 0 {
			return false
		}
		s = s[:i]
	}
}

// namesClerk reports whether s mentions Clerk: as a word, or at the start of one. At the end of another word it is another
// name (OpenClerk, SchoolClerk, MoonClerk); Clerk.io is another company, and a clerkship something else.
func namesClerk(s string) bool {
	const n = len("clerk")
	for at := 0; at+n <= len(s); at++ {
		if s[at]|0x20 == 'c' && strings.EqualFold(s[at:at+n], "clerk") && !endsWord(s, at) && !isOtherClerk(s[:at], s[at+n:]) {
			return true
		}
	}
	return false
}

// endsWord reports whether what is at s[at:] goes on with the word before it: not at a hump, as in useClerk.
func endsWord(s string, at int) bool {
	if at == 0 || !isLetter(s[at-1]) {
		return false
	}
	hump := isUpper(s[at]) && (isLower(s[at-1]) || at+1 < len(s) && isLower(s[at+1]))
	return !hump
}

// isOtherClerk reports whether the word clerk between before and behind is part of another's name.
func isOtherClerk(before, behind string) bool {
	for _, other := range []string{"moon", "open", "school"} {
		b := strings.TrimRight(before, "_-")
		if len(b) >= len(other) && strings.EqualFold(b[len(b)-len(other):], other) {
			return true
		}
	}
	for _, other := range []string{".io", "_io", "io", "ship"} {
		if len(behind) >= len(other) && strings.EqualFold(behind[:len(other)], other) {
			return true
		}
	}
	return false
}
