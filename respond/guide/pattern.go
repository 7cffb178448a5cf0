package guide

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled at its first use. There are a hundred, and the commands that need none, a
// scan above all, start twice as fast without them. It is safe for concurrent use.
type pattern struct {
	text    string
	compile func() *regexp.Regexp
}

// newPattern panics at its first use if text is no regular expression; TestPatterns uses all.
func newPattern(text string) *pattern {
	return &pattern{text, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
}

func (p *pattern) MatchString(s string) bool { return p.compile().MatchString(s) }

func (p *pattern) FindStringSubmatch(s string) []string { return p.compile().FindStringSubmatch(s) }

func (p *pattern) FindAllStringSubmatch(s string, n int) [][]string {
	return p.compile().FindAllStringSubmatch(s, n)
}

func (p *pattern) ReplaceAllString(s, by string) string {
	return p.compile().ReplaceAllString(s, by)
}
