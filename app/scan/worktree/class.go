package worktree

import "strings"

// class matches the bracket expression that begins at p, and returns where it ends.
func (m *matcher) class(p int, t byte) (end int, ok bool) { //nolint:gocognit // one loop with git's cases
	at := func(i int) byte {
		if i < len(m.pattern) {
			return m.pattern[i]
		}
		return 0
	}
	p++
	negated := at(p) == '!' || at(p) == '^'
	if negated {
		p++
	}
	matched := false
	last := byte(0) // what a range may begin with
	for first := true; first || at(p) != ']'; first = false {
		c := at(p)
		switch {
		case c == 0:
			return 0, false
		case c == '\\':
			p++
			if c = at(p); c == 0 {
				return 0, false
			}
			matched = matched || t == c
		case c == '-' && last != 0 && at(p+1) != 0 && at(p+1) != ']':
			p++
			if c = at(p); c == '\\' {
				p++
				if c = at(p); c == 0 {
					return 0, false
				}
			}
			upper := t
			if m.fold && 'a' <= t && t <= 'z' {
				upper = t - 'a' + 'A'
			}
			matched = matched || last <= t && t <= c || last <= upper && upper <= c
			c = 0
		case c == '[' && at(p+1) == ':':
			closing := strings.IndexByte(m.pattern[p+2:], ']')
			if closing < 0 {
				return 0, false
			}
			name, isClass := strings.CutSuffix(m.pattern[p+2:p+2+closing], ":")
			if !isClass {
				matched = matched || t == c
				break
			}
			is, known := inClass(name, t, m.fold)
			if !known {
				return 0, false
			}
			matched = matched || is
			p += 2 + closing
			c = 0
		default:
			matched = matched || t == c
		}
		last = c
		p++
	}
	return p, matched != negated
}

// inClass reports whether a byte is in a POSIX character class.
func inClass(name string, c byte, fold bool) (is, known bool) {
	isUpper, isLower, digit := 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9'
	alpha, graph := isUpper || isLower, c > ' ' && c < 0x7f
	switch name {
	case "alnum":
		return alpha || digit, true
	case "alpha":
		return alpha, true
	case "blank":
		return c == ' ' || c == '\t', true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "digit":
		return digit, true
	case "graph":
		return graph, true
	case "lower":
		return isLower, true
	case "print":
		return graph || c == ' ', true
	case "punct":
		return graph && !alpha && !digit, true
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r', true
	case "upper":
		return isUpper || fold && isLower, true
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F', true
	}
	return false, false
}
