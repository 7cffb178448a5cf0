// Package token cuts programs in Python, Ruby and PHP into tokens, so that a check sees code where there is code: what stands in comments
// is left out, and what stands in strings is a string. It is no parser, and refuses nothing: an unfinished string ends with the text.
// Start with [Python], [Ruby] or [PHP], and [Statements].
package token

import "strings"

// Kind is what a token is.
type Kind byte

// The kinds of tokens.
const (
	Name   Kind = iota // a name or a keyword; PHP's variables with their $
	String             // its text without quotes, escapes as they are written
	Number
	Op  // an operator or a bracket
	End // of a statement: a line end, or what ends one in the language
)

// Token is a token at bytes Start to End of the text.
type Token struct {
	Kind       Kind
	Text       string
	Start, End int
}

// Is reports whether the token is code and this.
func (t Token) Is(text string) bool { return t.Kind != String && t.Text == text }

// Statements cuts tokens where statements end. None is empty.
func Statements(tokens []Token) [][]Token {
	var all [][]Token
	from := 0
	for i, t := range tokens {
		if t.Kind == End {
			if i > from {
				all = append(all, tokens[from:i])
			}
			from = i + 1
		}
	}
	if from < len(tokens) {
		all = append(all, tokens[from:])
	}
	return all
}

// Closing returns the index of the bracket that closes the one at tokens[open], or the last index.
func Closing(tokens []Token, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		if tokens[i].Kind != Op {
			continue
		}
		switch tokens[i].Text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens) - 1
}

// scanner goes through a text.
type scanner struct {
	text   string
	at     int
	depth  int // of brackets
	tokens []Token
}

// operators are those of more than one character that checks look at. The longest come first.
var operators = []string{"===", "!==", "<=>", "==", "!=", "<=", ">=", "->", "=>", "::", "&&", "||", "//", "**", ":=", "??", "?->"}

func (s *scanner) add(kind Kind, from int, text string) {
	s.tokens = append(s.tokens, Token{Kind: kind, Text: text, Start: from, End: s.at})
}

// end adds the end of a statement, unless there is one.
func (s *scanner) end() {
	if n := len(s.tokens); n > 0 && s.tokens[n-1].Kind != End {
		s.add(End, s.at, "")
	}
}

// rest returns what hasn't been read.
func (s *scanner) rest() string { return s.text[s.at:] }

// skipTo goes behind the next occurrence of what, or to the text's end.
func (s *scanner) skipTo(what string) {
	if i := strings.Index(s.rest(), what); i >= 0 {
		s.at += i + len(what)
	} else {
		s.at = len(s.text)
	}
}

// lineEnd goes to the line's end.
func (s *scanner) lineEnd() {
	if i := strings.IndexByte(s.rest(), '\n'); i >= 0 {
		s.at += i
	} else {
		s.at = len(s.text)
	}
}

// quoted takes a string that begins at from, whose text begins here and goes to the closing quotation, or to the line's end if it can't go
// over that. A backslash escapes.
func (s *scanner) quoted(from int, closing string, oneLine bool) {
	start := s.at
	for s.at < len(s.text) {
		switch {
		case oneLine && s.text[s.at] == '\n':
			s.add(String, from, s.text[start:s.at])
			return
		case s.text[s.at] == '\\':
			s.at = min(s.at+2, len(s.text))
			continue
		case strings.HasPrefix(s.rest(), closing):
			content := s.text[start:s.at]
			s.at += len(closing)
			s.add(String, from, content)
			return
		}
		s.at++
	}
	s.add(String, from, s.text[start:])
}

// word takes a name or a number, and reports whether there is one.
func (s *scanner) word() bool {
	from := s.at
	for s.at < len(s.text) && isWord(s.text[s.at]) {
		s.at++
	}
	if s.at == from {
		return false
	}
	kind := Name
	if c := s.text[from]; c >= '0' && c <= '9' {
		kind = Number
	}
	s.add(kind, from, s.text[from:s.at])
	return true
}

// operator takes an operator, or a single character.
func (s *scanner) operator() {
	from := s.at
	for _, op := range operators {
		if strings.HasPrefix(s.rest(), op) {
			s.at += len(op)
			s.add(Op, from, op)
			return
		}
	}
	switch s.text[s.at] {
	case '(', '[', '{':
		s.depth++
	case ')', ']', '}':
		s.depth = max(0, s.depth-1)
	}
	s.at++
	s.add(Op, from, s.text[from:s.at])
}

// isWord reports whether names and numbers have this byte. Those of other alphabets count.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// after returns the last token, or an end.
func (s *scanner) after() Token {
	if n := len(s.tokens); n > 0 {
		return s.tokens[n-1]
	}
	return Token{Kind: End}
}
