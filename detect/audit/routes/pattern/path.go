package pattern

import (
	"errors"
	"fmt"
	"strings"
)

// Path is the expression that path-to-regexp 6 makes of a path with parameters, such as /users/:id, /docs/:path* and /admin(.*), with its
// defaults. sensitive reports whether case matters: not to createRouteMatcher, but to the matcher of Next.js' middleware.
func Path(path string, sensitive bool) (*Regexp, error) {
	source, err := Source(path)
	if err != nil {
		return nil, err
	}
	flags := "i"
	if sensitive {
		flags = ""
	}
	return Compile(source, flags)
}

// Source is the text of the expression.
func Source(path string) (string, error) {
	tokens, err := tokensOf(path)
	if err != nil {
		return "", err
	}
	parts, err := partsOf(tokens)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteByte('^')
	for _, p := range parts {
		if err := p.write(&b); err != nil {
			return "", err
		}
	}
	b.WriteString(`[\/#\?]?$`)
	return b.String(), nil
}

type kind int

const (
	char kind = iota
	escaped
	name
	group
	opens
	closes
	modifier
	end
)

type token struct {
	kind  kind
	value string
}

func tokensOf(path string) ([]token, error) {
	var all []token
	for at := 0; at < len(path); {
		c := path[at]
		switch c {
		case '*', '+', '?':
			all = append(all, token{modifier, path[at : at+1]})
		case '\\':
			at++
			if at == len(path) {
				return nil, errors.New("it ends in a backslash")
			}
			all = append(all, token{escaped, path[at : at+1]})
		case '{':
			all = append(all, token{opens, "{"})
		case '}':
			all = append(all, token{closes, "}"})
		case ':':
			last := at + 1
			for last < len(path) && isWord(rune(path[last])) {
				last++
			}
			if last == at+1 {
				return nil, errors.New("a parameter has no name")
			}
			all = append(all, token{name, path[at+1 : last]})
			at = last
			continue
		case '(':
			text, last, err := groupAt(path, at)
			if err != nil {
				return nil, err
			}
			all = append(all, token{group, text})
			at = last
			continue
		default:
			all = append(all, token{char, path[at : at+1]})
		}
		at++
	}
	return append(all, token{kind: end}), nil
}

// groupAt reads the expression in brackets that begins at from.
func groupAt(path string, from int) (text string, last int, err error) {
	at, depth := from+1, 1
	if strings.HasPrefix(path[at:], "?") {
		return "", 0, errors.New("an expression begins with ?")
	}
	for at < len(path) {
		switch path[at] {
		case '\\':
			at++
		case ')':
			if depth--; depth == 0 {
				if at == from+1 {
					return "", 0, errors.New("an expression is empty")
				}
				return path[from+1 : at], at + 1, nil
			}
		case '(':
			if depth++; at+1 >= len(path) || path[at+1] != '?' {
				return "", 0, errors.New("an expression has a group that captures")
			}
		}
		at++
	}
	return "", 0, errors.New("a bracket isn't closed")
}

// part is text, or a parameter with what is before and behind it.
type part struct {
	text              string
	parameter         bool
	prefix, suffix    string
	pattern, modifier string
}

// partsReader puts tokens together.
type partsReader struct {
	tokens []token
	parts  []part
	text   string // that is no part yet
}

func (r *partsReader) take(k kind) (string, bool) {
	if r.tokens[0].kind != k {
		return "", false
	}
	value := r.tokens[0].value
	r.tokens = r.tokens[1:]
	return value, true
}

func (r *partsReader) flush() {
	if r.text != "" {
		r.parts = append(r.parts, part{text: r.text})
		r.text = ""
	}
}

func partsOf(tokens []token) ([]part, error) {
	r := &partsReader{tokens: tokens}
	for {
		c, _ := r.take(char)
		_, named := r.take(name)
		pattern, grouped := r.take(group)
		if named || grouped {
			if err := r.parameter(c, pattern); err != nil {
				return nil, err
			}
			continue
		}
		if c == "" {
			c, _ = r.take(escaped)
		}
		if c != "" {
			r.text += c
			continue
		}
		r.flush()
		if _, ok := r.take(opens); ok {
			if err := r.braces(); err != nil {
				return nil, err
			}
			continue
		}
		if _, ok := r.take(end); !ok {
			return nil, fmt.Errorf("%q is not expected", r.tokens[0].value)
		}
		return r.parts, nil
	}
}

func (r *partsReader) parameter(prefix, pattern string) error {
	if prefix != "" && prefix != "." && prefix != "/" {
		r.text += prefix
		prefix = ""
	}
	r.flush()
	return r.add(prefix, pattern, "")
}

func (r *partsReader) braces() error {
	prefix := r.characters()
	_, named := r.take(name)
	pattern, _ := r.take(group)
	suffix := r.characters()
	if _, ok := r.take(closes); !ok {
		return fmt.Errorf("%q is not expected within braces", r.tokens[0].value)
	}
	if !named && pattern == "" {
		m, _ := r.take(modifier)
		r.parts = append(r.parts, part{parameter: true, prefix: prefix, suffix: suffix, modifier: m})
		return nil
	}
	return r.add(prefix, pattern, suffix)
}

func (r *partsReader) characters() string {
	text := ""
	for {
		c, ok := r.take(char)
		if !ok {
			if c, ok = r.take(escaped); !ok {
				return text
			}
		}
		text += c
	}
}

// add adds a parameter. One without an expression takes all up to the next delimiter, or to what was before it.
func (r *partsReader) add(prefix, pattern, suffix string) error {
	if pattern == "" {
		before := prefix
		if n := len(r.parts); n > 0 && before == "" {
			if r.parts[n-1].parameter {
				return errors.New("there is no text between two parameters")
			}
			before = r.parts[n-1].text
		}
		pattern = `[^\/#\?]+?`
		if before != "" && !strings.ContainsAny(before, "/#?") {
			pattern = `(?:(?!` + quoted(before) + `)[^\/#\?])+?`
		}
	}
	m, _ := r.take(modifier)
	r.parts = append(r.parts, part{parameter: true, prefix: prefix, suffix: suffix, pattern: pattern, modifier: m})
	return nil
}

func (p part) write(b *strings.Builder) error {
	prefix, suffix := quoted(p.prefix), quoted(p.suffix)
	repeats := p.modifier == "*" || p.modifier == "+"
	switch {
	case !p.parameter:
		b.WriteString(quoted(p.text))
	case p.pattern == "":
		b.WriteString("(?:" + prefix + suffix + ")" + p.modifier)
	case prefix == "" && suffix == "":
		if repeats {
			return errors.New("a parameter is repeated that has nothing before or behind it")
		}
		b.WriteString("(" + p.pattern + ")" + p.modifier)
	case repeats:
		b.WriteString("(?:" + prefix + "((?:" + p.pattern + ")(?:" + suffix + prefix + "(?:" + p.pattern + "))*)" + suffix + ")")
		if p.modifier == "*" {
			b.WriteByte('?')
		}
	default:
		b.WriteString("(?:" + prefix + "(" + p.pattern + ")" + suffix + ")" + p.modifier)
	}
	return nil
}

// quoted is a text as an expression that matches it.
func quoted(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(`.+*?=^!:${}()[]|/\`, text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
