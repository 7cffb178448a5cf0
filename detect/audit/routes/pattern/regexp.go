// Package pattern matches paths as the patterns of JavaScript frameworks do: regular expressions of JavaScript, and the paths with
// parameters that path-to-regexp 6 turns into them, which Clerk's createRouteMatcher and Next.js' matchers are.
//
// Go's own regular expressions have no lookahead, which most matchers of Next.js need. What is matched here is short, and the steps are
// counted, so that no pattern takes long.
package pattern

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// ErrUnsupported is wrapped by errors about expressions that may be right, and aren't understood here: with references back,
// lookbehind or properties of characters.
var ErrUnsupported = errors.New("unsupported")

const (
	maxSource = 4 << 10   // bytes of an expression
	maxDepth  = 50        // of groups in one another
	maxRepeat = 1_000     // the largest count
	maxSteps  = 1_000_000 // of one match
)

// Regexp is a regular expression of JavaScript. It is safe for concurrent use.
type Regexp struct{ match matcher }

// matcher matches from a place on, and calls k with each place where that may end, until k returns true.
type matcher func(m *match, at int, k func(at int) bool) bool

// match is one text being matched.
type match struct {
	text  []rune
	steps int
}

// step reports whether there are steps left.
func (m *match) step() bool {
	m.steps++
	return m.steps <= maxSteps
}

// Compile reads an expression and its flags. Errors say what is wrong; those about what isn't understood wrap [ErrUnsupported].
func Compile(source, flags string) (*Regexp, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("%w: it is too long", ErrUnsupported)
	}
	if strings.Trim(flags, "gimsuy") != "" {
		return nil, fmt.Errorf("%w: flags %s", ErrUnsupported, flags)
	}
	has := func(flag string) bool { return strings.Contains(flags, flag) }
	if has("y") {
		return nil, fmt.Errorf("%w: flag y", ErrUnsupported)
	}
	p := &parser{source: []rune(source), fold: has("i"), lines: has("m"), dotAll: has("s")}
	matcher, err := p.alternatives(0)
	if err != nil {
		return nil, err
	}
	if p.at < len(p.source) {
		return nil, errors.New("a bracket is closed that wasn't opened")
	}
	return &Regexp{matcher}, nil
}

// Match reports whether the expression matches anywhere in the text. sure is false where that takes too many steps.
func (r *Regexp) Match(text string) (matched, sure bool) {
	m := &match{text: []rune(text)}
	for at := 0; at <= len(m.text); at++ {
		if r.match(m, at, func(int) bool { return true }) {
			return true, true
		}
		if m.steps > maxSteps {
			return false, false
		}
	}
	return false, true
}

// parser reads an expression from left to right.
type parser struct {
	source              []rune
	at                  int
	fold, lines, dotAll bool
}

func (p *parser) peek() rune {
	if p.at < len(p.source) {
		return p.source[p.at]
	}
	return -1
}

// take goes on behind text, if that is next.
func (p *parser) take(text string) bool {
	want := []rune(text)
	if len(p.source)-p.at < len(want) || string(p.source[p.at:p.at+len(want)]) != text {
		return false
	}
	p.at += len(want)
	return true
}

func (p *parser) alternatives(depth int) (matcher, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested too deeply", ErrUnsupported)
	}
	var all []matcher
	for {
		one, err := p.sequence(depth)
		if err != nil {
			return nil, err
		}
		if all = append(all, one); !p.take("|") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return func(m *match, at int, k func(int) bool) bool {
		for _, one := range all {
			if one(m, at, k) {
				return true
			}
		}
		return false
	}, nil
}

func (p *parser) sequence(depth int) (matcher, error) {
	all := func(_ *match, at int, k func(int) bool) bool { return k(at) }
	for p.peek() != -1 && p.peek() != '|' && p.peek() != ')' {
		one, fixed, err := p.term(depth)
		if err != nil {
			return nil, err
		}
		if !fixed {
			if one, err = p.quantified(one); err != nil {
				return nil, err
			}
		}
		first := all
		all = func(m *match, at int, k func(int) bool) bool {
			return first(m, at, func(at int) bool { return one(m, at, k) })
		}
	}
	return all, nil
}

// term reads what a quantifier can be behind; fixed reports that none can.
func (p *parser) term(depth int) (one matcher, fixed bool, err error) {
	switch c := p.peek(); {
	case p.take("^"):
		return p.assert(func(m *match, at int) bool { return at == 0 || p.lines && m.text[at-1] == '\n' }), true, nil
	case p.take("$"):
		return p.assert(func(m *match, at int) bool { return at == len(m.text) || p.lines && m.text[at] == '\n' }), true, nil
	case p.take(`\b`):
		return p.assert(boundary), true, nil
	case p.take(`\B`):
		return p.assert(func(m *match, at int) bool { return !boundary(m, at) }), true, nil
	case p.take("(?="), p.take("(?!"):
		negative := p.source[p.at-1] == '!'
		one, err = p.group(depth)
		if err != nil {
			return nil, false, err
		}
		inner := one
		return p.assert(func(m *match, at int) bool {
			return inner(m, at, func(int) bool { return true }) != negative && m.steps <= maxSteps
		}), true, nil
	case p.take("(?<="), p.take("(?<!"):
		return nil, false, fmt.Errorf("%w: lookbehind", ErrUnsupported)
	case p.take("(?:"):
		one, err = p.group(depth)
		return one, false, err
	case p.take("(?<"):
		for p.peek() != '>' {
			if p.peek() == -1 {
				return nil, false, errors.New("a group's name doesn't end")
			}
			p.at++
		}
		p.at++
		one, err = p.group(depth)
		return one, false, err
	case p.take("(?"):
		return nil, false, fmt.Errorf("%w: a group that begins with (?%c", ErrUnsupported, p.peek())
	case p.take("("):
		one, err = p.group(depth)
		return one, false, err
	case c == '*' || c == '+' || c == '?':
		return nil, false, errors.New("nothing to repeat")
	}
	is, err := p.character()
	if err != nil {
		return nil, false, err
	}
	return func(m *match, at int, k func(int) bool) bool {
		return m.step() && at < len(m.text) && is(m.text[at]) && k(at+1)
	}, false, nil
}

func (p *parser) assert(holds func(m *match, at int) bool) matcher {
	return func(m *match, at int, k func(int) bool) bool { return m.step() && holds(m, at) && k(at) }
}

func (p *parser) group(depth int) (matcher, error) {
	one, err := p.alternatives(depth + 1)
	if err == nil && !p.take(")") {
		err = errors.New("a bracket isn't closed")
	}
	return one, err
}

// quantified reads how often a term is repeated.
func (p *parser) quantified(one matcher) (matcher, error) {
	least, most := 1, 1
	switch {
	case p.take("*"):
		least, most = 0, -1
	case p.take("+"):
		least, most = 1, -1
	case p.take("?"):
		least = 0
	default:
		var ok bool
		if least, most, ok = p.counts(); !ok {
			return one, nil
		}
		if least > maxRepeat || most > maxRepeat {
			return nil, fmt.Errorf("%w: a large count", ErrUnsupported)
		}
		if most >= 0 && most < least {
			return nil, errors.New("counts are out of order")
		}
	}
	lazy := p.take("?")
	var from func(m *match, at, done int, k func(int) bool) bool
	from = func(m *match, at, done int, k func(int) bool) bool {
		if !m.step() {
			return false
		}
		more := func() bool {
			return (most < 0 || done < most) && one(m, at, func(next int) bool {
				if next == at && done >= least { // it would go on for ever
					return false
				}
				return from(m, next, done+1, k)
			})
		}
		if done < least {
			return more()
		}
		if lazy {
			return k(at) || more()
		}
		return more() || k(at)
	}
	return func(m *match, at int, k func(int) bool) bool { return from(m, at, 0, k) }, nil
}

// counts reads {2}, {2,} or {2,5}. What isn't one of these is text.
func (p *parser) counts() (least, most int, ok bool) {
	if p.peek() != '{' {
		return 0, 0, false
	}
	end := p.at
	for end < len(p.source) && p.source[end] != '}' {
		end++
	}
	if end == len(p.source) {
		return 0, 0, false
	}
	first, second, comma := strings.Cut(string(p.source[p.at+1:end]), ",")
	least, err := strconv.Atoi(first)
	if err != nil || least < 0 {
		return 0, 0, false
	}
	most = least
	if comma {
		most = -1
		if second != "" {
			if most, err = strconv.Atoi(second); err != nil || most < 0 {
				return 0, 0, false
			}
		}
	}
	p.at = end + 1
	return least, most, true
}

func boundary(m *match, at int) bool {
	return (at > 0 && isWord(m.text[at-1])) != (at < len(m.text) && isWord(m.text[at]))
}

func isWord(c rune) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isSpace(c rune) bool { return unicode.IsSpace(c) || c == 0xfeff }

func isLineEnd(c rune) bool { return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029 }
