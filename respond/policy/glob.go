package policy

import (
	"strings"
	"unicode/utf8"
)

// maxPattern is the longest pattern, in characters. A [glob] has at most two states more.
const maxPattern = 200

// A glob matches paths against one pattern: * and ? within an element, ** for any number of whole elements. It is a
// nondeterministic automaton whose states are bits: each character of a path moves all of them at once, so that the cost
// is the path's length times the pattern's length over 64, whatever both hold. A glob is safe for concurrent use.
type glob struct {
	words   int // of each set
	start   stateSet
	accept  stateSet
	stay    stateSet // * takes any character of an element
	all     stateSet // a trailing ** takes everything
	any     stateSet // ? takes one character of an element
	slash   stateSet // the separator of two elements
	folders stateSet // a leading or inner ** at the start of an element; the next state is within one
	ascii   [utf8.RuneSelf]stateSet
	other   map[rune]stateSet
}

// stateSet has a bit for each state. State i has taken the first i tokens.
type stateSet [4]uint64

func (s *stateSet) add(i int) { s[i/64] |= 1 << (i % 64) }

// compileGlob reads a pattern of at most [maxPattern] characters. ok is false for an empty or a longer one.
func compileGlob(pattern string) (g *glob, ok bool) {
	if pattern == "" || utf8.RuneCountInString(pattern) > maxPattern {
		return nil, false
	}
	pattern = strings.TrimPrefix(pattern, "/")
	if strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	if !strings.Contains(pattern, "/") {
		pattern = "**/" + pattern
	}
	g = &glob{other: map[rune]stateSet{}}
	g.start.add(0)
	n, tail := g.compileElements(elementsOf(pattern))
	if !tail {
		g.accept.add(n)
	}
	g.words = n/64 + 1
	g.start = g.closure(g.start)
	return g, true
}

// elementsOf splits a pattern. Several ** in a row are one.
func elementsOf(pattern string) []string {
	var elements []string
	for element := range strings.SplitSeq(pattern, "/") {
		if element != "**" || len(elements) == 0 || elements[len(elements)-1] != "**" {
			elements = append(elements, element)
		}
	}
	return elements
}

// compileElements returns the number of the last state; tail reports whether the pattern ends in **.
func (g *glob) compileElements(elements []string) (n int, tail bool) {
	for i, element := range elements {
		last := i == len(elements)-1
		switch {
		case element == "**" && last:
			if i == 0 {
				g.all.add(n)
				g.accept.add(n)
				return n, true
			}
			// What comes before may be all, or a folder.
			g.accept.add(n)
			g.slash.add(n)
			g.all.add(n + 1)
			g.accept.add(n + 1)
			return n + 1, true
		case element == "**":
			g.folders.add(n)
			n += 2
			continue
		}
		n = g.compileElement(element, n)
		if !last && !(elements[i+1] == "**" && i+1 == len(elements)-1) {
			g.slash.add(n)
			n++
		}
	}
	return n, false
}

func (g *glob) compileElement(element string, n int) int {
	star := false
	for _, r := range element {
		switch {
		case r == '*' && star: // ** within an element is one *
			continue
		case r == '*':
			g.stay.add(n)
		case r == '?':
			g.any.add(n)
		case r < utf8.RuneSelf:
			g.ascii[r].add(n)
		default:
			set := g.other[r]
			set.add(n)
			g.other[r] = set
		}
		star = r == '*'
		n++
	}
	return n
}

// closure adds the states that take nothing to reach: behind a ** at the start of an element, and behind a *.
func (g *glob) closure(s stateSet) stateSet {
	s = g.union(s, g.shift(g.and(s, g.folders), 2))
	return g.union(s, g.shift(g.and(s, g.stay), 1))
}

// match reports whether the pattern matches the whole path. steps is how many words of states it moved.
func (g *glob) match(path string) (ok bool, steps int) {
	if path == "" {
		return false, 0
	}
	now := g.start
	for i := 0; i < len(path); {
		r, size := utf8.DecodeRuneInString(path[i:])
		i += size
		steps += g.words
		now = g.closure(g.step(now, r, r == utf8.RuneError && size == 1))
		if now == (stateSet{}) {
			return false, steps
		}
	}
	return g.and(now, g.accept) != stateSet{}, steps
}

// step takes one character. An invalid byte is one that no character of a pattern equals.
func (g *glob) step(now stateSet, r rune, invalid bool) stateSet {
	within := g.shift(g.folders, 1)
	if r == '/' {
		next := g.union(g.and(now, g.all), g.shift(g.and(now, g.slash), 1))
		next = g.union(next, g.and(now, g.folders))
		return g.union(next, g.shiftBack(g.and(now, within)))
	}
	next := g.and(now, g.union(g.union(g.all, g.stay), within))
	next = g.union(next, g.shift(g.and(now, g.union(g.any, g.folders)), 1))
	if invalid {
		return next
	}
	return g.union(next, g.shift(g.and(now, g.literal(r)), 1))
}

func (g *glob) literal(r rune) stateSet {
	if r < utf8.RuneSelf {
		return g.ascii[r]
	}
	return g.other[r]
}

func (g *glob) and(a, b stateSet) stateSet {
	for i := range g.words {
		a[i] &= b[i]
	}
	return a
}

func (g *glob) union(a, b stateSet) stateSet {
	for i := range g.words {
		a[i] |= b[i]
	}
	return a
}

// shift moves each state on by n, which is below 64.
func (g *glob) shift(s stateSet, n int) stateSet {
	carry := uint64(0)
	for i := range g.words {
		s[i], carry = s[i]<<n|carry, s[i]>>(64-n)
	}
	return s
}

// shiftBack moves each state back by one.
func (g *glob) shiftBack(s stateSet) stateSet {
	for i := range g.words {
		s[i] >>= 1
		if i+1 < g.words {
			s[i] |= s[i+1] << 63
		}
	}
	return s
}
