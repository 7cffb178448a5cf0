package token

import "strings"

// Ruby returns the tokens of a Ruby program. A symbol is a string. A line end within brackets, behind an operator or before a dot ends
// nothing.
func Ruby(text string) []Token {
	s := &scanner{text: text}
	for s.at < len(s.text) {
		rest := s.rest()
		lineStart := s.at == 0 || s.text[s.at-1] == '\n'
		switch c := rest[0]; {
		case lineStart && strings.HasPrefix(rest, "=begin"):
			s.skipTo("\n=end")
			s.lineEnd()
		case lineStart && (strings.HasPrefix(rest, "__END__\n") || rest == "__END__"):
			s.at = len(s.text)
		case c == '\n':
			if s.depth == 0 && !s.rubyGoesOn() {
				s.end()
			}
			s.at++
		case c == ' ' || c == '\t' || c == '\r' || c == '\\':
			s.at++
		case c == '#':
			s.lineEnd()
		case c == ';':
			s.end()
			s.at++
		case c == '"' || c == '\'' || c == '`':
			s.at++
			s.quoted(s.at-1, rest[:1], false)
		case c == ':' && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\'') && s.beginsValue():
			s.at += 2
			s.quoted(s.at-2, rest[1:2], false)
		case c == ':' && len(rest) > 1 && isWord(rest[1]) && s.beginsValue():
			from := s.at
			s.at++
			s.word()
			last := &s.tokens[len(s.tokens)-1]
			last.Kind, last.Start = String, from
		case c == '/' && s.beginsValue():
			s.at++
			s.quoted(s.at-1, "/", false)
		case c == '%' && s.beginsValue() && s.percent(rest):
		case isHeredoc(rest) && s.beginsValue():
			s.rubyHeredoc(rest)
		default:
			if !s.word() {
				s.operator()
			} else if s.at < len(s.text) && (s.text[s.at] == '?' || s.text[s.at] == '!') && !strings.HasPrefix(s.rest()[1:], "=") {
				s.at++ // include?, save!
				last := &s.tokens[len(s.tokens)-1]
				last.Text, last.End = s.text[last.Start:s.at], s.at
			}
		}
	}
	s.end()
	return s.tokens
}

// rubyGoesOn reports whether a statement goes on behind the line end here.
func (s *scanner) rubyGoesOn() bool {
	last := s.after()
	if last.Kind == Op && last.Text != ")" && last.Text != "]" && last.Text != "}" && last.Text != "?" && last.Text != "|" {
		return true
	}
	next := strings.TrimLeft(s.rest(), " \t\r\n")
	return strings.HasPrefix(next, ".") && !strings.HasPrefix(next, "..") || strings.HasPrefix(next, "&.")
}

// beginsValue reports whether a value may begin here, so that a slash begins a regular expression and divides nothing.
func (s *scanner) beginsValue() bool {
	last := s.after()
	switch last.Kind {
	case Op:
		return last.Text != ")" && last.Text != "]" && last.Text != "}"
	case Name:
		switch last.Text {
		case "if", "unless", "and", "or", "not", "return", "when", "while", "until", "in", "elsif", "then", "puts":
			return true
		}
		// A name and a blank before what no blank follows: puts :a, raise <<~X.
		return s.at > 0 && s.text[s.at-1] == ' ' && s.at+1 < len(s.text) && s.text[s.at+1] != ' ' && s.text[s.at+1] != '='
	case End:
		return true
	}
	return false
}

// percent takes %w[…], %q(…) and the like, and reports whether there is one.
func (s *scanner) percent(rest string) bool {
	n := 1
	if len(rest) > 2 && strings.IndexByte("wWiIqQrsx", rest[1]) >= 0 {
		n = 2
	}
	if len(rest) <= n || isWord(rest[n]) || rest[n] == ' ' || rest[n] == '=' || rest[n] == '\n' {
		return false
	}
	closing := rest[n : n+1]
	if i := strings.IndexByte("([{<", rest[n]); i >= 0 {
		closing = ")]}>"[i : i+1]
	}
	from := s.at
	s.at += n + 1
	s.quoted(from, closing, false)
	return true
}

func isHeredoc(rest string) bool {
	if !strings.HasPrefix(rest, "<<~") && !strings.HasPrefix(rest, "<<-") {
		return false
	}
	label := strings.TrimLeft(rest[3:], `"'`+"`")
	return label != "" && label[0] >= 'A' && label[0] <= 'Z'
}

// rubyHeredoc takes the lines below as a string. What follows on the line, as .strip, is left out.
func (s *scanner) rubyHeredoc(rest string) { s.heredoc(rest[3:]) }
