package token

import "strings"

// Python returns the tokens of a Python program. A line end within brackets, or behind a backslash, ends nothing.
func Python(text string) []Token {
	s := &scanner{text: text}
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '\n':
			if s.depth == 0 {
				s.end()
			}
			s.at++
		case c == '\\' && strings.HasPrefix(strings.TrimPrefix(s.rest()[1:], "\r"), "\n"):
			s.skipTo("\n")
		case c == ' ' || c == '\t' || c == '\r' || c == '\f':
			s.at++
		case c == '#':
			s.lineEnd()
		case c == ';':
			s.end()
			s.at++
		case c == '"' || c == '\'':
			s.pythonString(s.at)
		default:
			if !s.pythonPrefix() && !s.word() {
				s.operator()
			}
		}
	}
	s.end()
	return s.tokens
}

// pythonPrefix takes a string with a prefix, as f"…", and reports whether there is one. What an f-string computes stays text.
func (s *scanner) pythonPrefix() bool {
	n := 0
	for n < 2 && s.at+n < len(s.text) && strings.IndexByte("rRbBuUfFtT", s.text[s.at+n]) >= 0 {
		n++
	}
	if n == 0 || s.at+n >= len(s.text) || s.text[s.at+n] != '"' && s.text[s.at+n] != '\'' {
		return false
	}
	from := s.at
	s.at += n
	s.pythonString(from)
	return true
}

func (s *scanner) pythonString(from int) {
	quote := s.text[s.at : s.at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.rest(), triple) {
		quote = triple
	}
	s.at += len(quote)
	s.quoted(from, quote, len(quote) == 1)
}
