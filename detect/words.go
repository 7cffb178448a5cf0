package detect

import (
	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
)

// wordSet are words that stand before an underscore, each with the rule that it is for.
type wordSet struct {
	words []string
	rules []*rule
	// A word starts at one of its letters, an escape or a seam; goes on so behind its first letter; and ends so.
	starts, goesOn, ends [256]bool
}

// newWordSet returns the words of rules.
func newWordSet(rules ...*rule) *wordSet {
	s := new(wordSet)
	addBytes(&s.starts, "\\%&=")
	addBytes(&s.goesOn, "\\%&=\"'`^")
	addBytes(&s.ends, "\"'` \t\r\n")
	for _, c := range rules {
		for _, word := range c.words {
			s.words, s.rules = append(s.words, word), append(s.rules, c)
			addBytes(&s.starts, word[:1])
			addBytes(&s.goesOn, word[1:2])
			addBytes(&s.ends, word[len(word)-1:])
		}
	}
	return s
}

// addBytes adds the bytes of s to a set.
func addBytes(set *[256]bool, s string) {
	for i := range len(s) {
		set[s[i]] = true
	}
}

// beforeEscape returns the rule of the word that the escaped underscore at text[at:] stands behind, and where the word starts; nil
// if there is none.
func (s *wordSet) beforeEscape(text []byte, at int) (c *rule, start int) {
	const reach = 64
	at = escapeStart(text, at)
	if !s.ends[lastBefore(text, at)] {
		return nil, -1 // neither the end of a word nor a seam
	}
	return s.before(text, at, reach)
}

// mostStarts is how many places before looks at closely.
const mostStarts = 24

// before looks back from text[at:], where the underscore behind a word stands in some form or the rest of a word after a seam, for
// where the word starts: the place from which it reads up to at. It returns its rule; nil if there is none.
func (s *wordSet) before(text []byte, at, reach int) (c *rule, start int) {
	tries := 0
	for i := at - 1; i >= max(0, at-reach) && tries < mostStarts; i-- {
		c := text[i]
		if !s.starts[c] {
			continue
		}
		width := 1
		if c == '\\' || c == '%' || c == '&' || c == '=' {
			if i > 0 && c == '\\' && text[i-1] == '\\' {
				continue
			}
			tries++
			c, width, _ = charAt(text, i)
		}
		if i+width < len(text) && !s.goesOn[text[i+width]] {
			continue
		}
		for k, word := range s.words {
			if c != word[0] {
				continue
			}
			if tries++; reads(text, i, at, word) {
				return s.rules[k], i
			}
		}
	}
	return nil, -1
}

// reads reports whether text[i:at] reads as word, seams included.
func reads(text []byte, i, at int, word string) bool {
	for k := 0; k < len(word); {
		if i >= at {
			return false
		}
		if c, n, _ := charAt(text, i); c == word[k] {
			i += n
			k++
			continue
		}
		if k == 0 {
			return false
		}
		j, how := encoding.Join(text, i)
		if how == encoding.NoSeam {
			return false
		}
		i = j
	}
	if i == at {
		return true
	}
	j, how := encoding.Join(text, i)
	return how != encoding.NoSeam && j == at
}

// lastBefore returns the character before text[at:], escaped or not; 0 if there is none.
func lastBefore(text []byte, at int) byte {
	if at == 0 {
		return 0
	}
	if c, ok := escapedBefore(text, at); ok {
		return c
	}
	return text[at-1]
}

// escapeStart returns where the escape starts that the anchor at text[at:] is the end of: \\u{5f}, &amp;#95;. It looks no
// farther than twice as many bytes as an escape has.
func escapeStart(text []byte, at int) int {
	low := max(0, at-2*budget.Escape)
	switch text[at] {
	case '#', 'l':
		for at >= low+5 && string(text[at-5:at]) == "&amp;" {
			at -= 4
		}
		if at > 0 && text[at-1] == '&' {
			at--
		}
		for at >= low+4 && string(text[at-4:at]) == "&amp" {
			at -= 4
		}
	case '\\', 'u':
		for at > low && text[at-1] == '\\' {
			at--
		}
	}
	return at
}
