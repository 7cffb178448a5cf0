package pattern

import (
	"errors"
	"fmt"
	"strconv"
	"unicode"
)

// set says which characters belong.
type set func(c rune) bool

// character reads one character, a class, or the dot.
func (p *parser) character() (set, error) {
	switch {
	case p.take("."):
		if p.dotAll {
			return func(rune) bool { return true }, nil
		}
		return func(c rune) bool { return !isLineEnd(c) }, nil
	case p.take("["):
		return p.class()
	case p.peek() == '\\':
		in, _, err := p.escape()
		return in, err
	}
	c := p.peek()
	p.at++
	return p.one(c), nil
}

// one is the set of one character.
func (p *parser) one(c rune) set {
	if p.fold {
		c = unicode.ToUpper(c)
		return func(other rune) bool { return unicode.ToUpper(other) == c }
	}
	return func(other rune) bool { return other == c }
}

// escape reads what a backslash begins. c is the character, or -1 for a class.
func (p *parser) escape() (in set, c rune, err error) {
	p.at++
	c = p.peek()
	p.at++
	switch c {
	case -1:
		return nil, 0, errors.New("it ends in a backslash")
	case 'd':
		return isDigit, -1, nil
	case 'D':
		return func(c rune) bool { return !isDigit(c) }, -1, nil
	case 'w':
		return isWord, -1, nil
	case 'W':
		return func(c rune) bool { return !isWord(c) }, -1, nil
	case 's':
		return isSpace, -1, nil
	case 'S':
		return func(c rune) bool { return !isSpace(c) }, -1, nil
	case 'n', 'r', 't', 'v', 'f', '0':
		c = map[rune]rune{'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', 'f': '\f', '0': 0}[c]
	case 'x':
		c, err = p.hexadecimal(2)
	case 'u':
		c, err = p.hexadecimal(4)
	case 'k', 'p', 'P', 'c':
		err = fmt.Errorf("%w: \\%c", ErrUnsupported, c)
	default:
		if c >= '1' && c <= '9' {
			err = fmt.Errorf("%w: a reference back", ErrUnsupported)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	return p.one(c), c, nil
}

func (p *parser) hexadecimal(digits int) (rune, error) {
	if p.at+digits > len(p.source) {
		return 0, fmt.Errorf("%w: a short escape", ErrUnsupported)
	}
	n, err := strconv.ParseUint(string(p.source[p.at:p.at+digits]), 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%w: an escape without digits", ErrUnsupported)
	}
	p.at += digits
	return rune(n), nil
}

// class reads what is in brackets, behind the first.
func (p *parser) class() (set, error) {
	negative := p.take("^")
	var sets []set
	for !p.take("]") {
		if p.peek() == -1 {
			return nil, errors.New("a class isn't closed")
		}
		in, first, err := p.member()
		if err != nil {
			return nil, err
		}
		if first >= 0 && p.peek() == '-' && p.at+1 < len(p.source) && p.source[p.at+1] != ']' {
			p.at++
			_, last, err := p.member()
			if err != nil {
				return nil, err
			}
			if last < 0 {
				return nil, fmt.Errorf("%w: a range that ends in a class", ErrUnsupported)
			}
			if last < first {
				return nil, errors.New("a range is out of order")
			}
			in = p.between(first, last)
		}
		sets = append(sets, in)
	}
	return func(c rune) bool {
		for _, in := range sets {
			if in(c) {
				return !negative
			}
		}
		return negative
	}, nil
}

// member reads one character or class within brackets.
func (p *parser) member() (set, rune, error) {
	if p.take(`\b`) {
		return p.one('\b'), '\b', nil
	}
	if p.peek() == '\\' {
		return p.escape()
	}
	c := p.peek()
	p.at++
	return p.one(c), c, nil
}

func (p *parser) between(first, last rune) set {
	if !p.fold {
		return func(c rune) bool { return first <= c && c <= last }
	}
	return func(c rune) bool {
		for _, other := range []rune{c, unicode.ToUpper(c), unicode.ToLower(c)} {
			if first <= other && other <= last {
				return true
			}
		}
		return false
	}
}
