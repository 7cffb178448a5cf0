package detecttest

import (
	"regexp"
	"slices"

	"github.com/rekey-app/rekey/detect/pattern"
)

// Matcher finds a pattern's secrets in texts as GitHub does. It is safe for concurrent use.
type Matcher struct {
	secret, start, end *regexp.Regexp
	must, mustNot      []*regexp.Regexp
}

// Compile returns a pattern's matcher. The error says which expression is not one of Go's.
func Compile(p pattern.Pattern) (*Matcher, error) {
	var m Matcher
	var err error
	compile := func(expression string) *regexp.Regexp {
		if err != nil {
			return nil
		}
		var re *regexp.Regexp
		re, err = regexp.Compile(expression)
		return re
	}
	m.secret, m.start, m.end = compile(p.Pattern), compile(`(?:`+p.StartDelimiter+`)\z`), compile(`\A(?:`+p.EndDelimiter+`)`)
	for _, expression := range p.MustMatch {
		m.must = append(m.must, compile(expression))
	}
	for _, expression := range p.MustNotMatch {
		m.mustNot = append(m.mustNot, compile(expression))
	}
	return &m, err
}

// reach is how far a start delimiter may begin before its secret, in bytes.
const reach = 200

// Find returns where the secrets are that the pattern finds: their first byte, and the byte behind their last.
func (m *Matcher) Find(text string) [][2]int {
	var found [][2]int
	for from := 0; from < len(text); {
		at := m.secret.FindStringIndex(text[from:])
		if at == nil {
			break
		}
		start, end := from+at[0], from+at[1]
		if m.takes(text, start, end) {
			found = append(found, [2]int{start, end})
			from = end
		} else {
			from = start + 1
		}
	}
	return found
}

// takes reports whether text[start:end] is delimited as it must be, and meets the further conditions.
func (m *Matcher) takes(text string, start, end int) bool {
	if !m.start.MatchString(text[max(0, start-reach):start]) || !m.end.MatchString(text[end:]) {
		return false
	}
	holds := func(re *regexp.Regexp) bool { return re.MatchString(text[start:end]) }
	return !slices.ContainsFunc(m.must, func(re *regexp.Regexp) bool { return !holds(re) }) && !slices.ContainsFunc(m.mustNot, holds)
}
