package token

import "strings"

// PHP returns the tokens of a PHP program; what stands outside of its tags is left out. Semicolons and braces end statements.
func PHP(text string) []Token {
	s := &scanner{text: text}
	for s.at < len(s.text) {
		s.skipTo("<?")
		s.at = min(len(s.text), s.at+len("php")*b2i(strings.HasPrefix(strings.ToLower(s.rest()), "php")))
		s.php()
		s.end()
	}
	return s.tokens
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// php reads up to the closing tag.
func (s *scanner) php() {
	for s.at < len(s.text) {
		rest := s.rest()
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "?>"):
			s.at += 2
			return
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			s.at++
		case strings.HasPrefix(rest, "/*"):
			s.at += 2
			s.skipTo("*/")
		case strings.HasPrefix(rest, "//"), c == '#' && !strings.HasPrefix(rest, "#["):
			s.phpComment()
		case c == ';' || c == '{' || c == '}':
			s.end()
			s.at++
		case c == '"' || c == '\'' || c == '`':
			s.at++
			s.quoted(s.at-1, rest[:1], false)
		case strings.HasPrefix(rest, "<<<"):
			s.heredoc(strings.TrimLeft(rest[3:], " \t"))
		case c == '$' && len(rest) > 1 && isWord(rest[1]):
			from := s.at
			s.at++
			s.word()
			last := &s.tokens[len(s.tokens)-1]
			last.Kind, last.Text, last.Start = Name, s.text[from:s.at], from
		default:
			if !s.word() {
				s.operator()
			}
		}
	}
}

// phpComment goes to the end of a comment of one line, which a closing tag ends too.
func (s *scanner) phpComment() {
	from := s.at
	s.lineEnd()
	if i := strings.Index(s.text[from:s.at], "?>"); i >= 0 {
		s.at = from + i
	}
}

// heredoc takes a text up to the line that begins with its label. opening is what follows <<<, or Ruby's <<.
func (s *scanner) heredoc(opening string) {
	from := s.at
	label := strings.TrimLeft(opening, `"'`+"`")
	n := 0
	for n < len(label) && isWord(label[n]) {
		n++
	}
	label = label[:n]
	s.skipTo("\n")
	start := s.at
	for s.at < len(s.text) {
		line := strings.TrimLeft(s.rest(), " \t")
		if strings.HasPrefix(line, label) && (len(line) == n || !isWord(line[n])) {
			content := s.text[start:s.at]
			s.at += len(s.rest()) - len(line) + n
			s.add(String, from, content)
			return
		}
		s.skipTo("\n")
	}
	s.add(String, from, s.text[start:])
}
