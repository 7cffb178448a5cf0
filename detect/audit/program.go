package audit

import (
	"strings"

	"github.com/rekey-app/rekey/detect/audit/token"
)

// maxProgram is the size of a program in bytes from which it isn't read: nobody writes such by hand.
const maxProgram = 512 << 10

// program is a file in Python, Ruby or PHP.
type program struct {
	language string
	tokens   []token.Token
}

// languageOf returns the language of a program other than JavaScript, or "".
func languageOf(name string) string {
	switch extension(name) {
	case ".py":
		return "Python"
	case ".rb":
		return "Ruby"
	case ".php":
		return "PHP"
	case ".go":
		return "Go"
	}
	return ""
}

func isProgram(name string) bool { return languageOf(name) != "" && isOurs(name) }

func readProgram(name string, text []byte) program {
	p := program{language: languageOf(name)}
	switch p.language {
	case "Python":
		p.tokens = token.Python(string(text))
	case "Ruby":
		p.tokens = token.Ruby(string(text))
	case "PHP":
		p.tokens = token.PHP(string(text))
	}
	return p
}

// mentions reports whether a name or a string has one of the words in it, whatever its case.
func (p program) mentions(words ...string) bool {
	for _, t := range p.tokens {
		if t.Kind != token.Name && t.Kind != token.String {
			continue
		}
		text := strings.ToLower(t.Text)
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
	}
	return false
}

// names reports whether one of the names is used.
func (p program) names(names ...string) bool {
	for _, t := range p.tokens {
		for _, n := range names {
			if t.Kind == token.Name && t.Text == n {
				return true
			}
		}
	}
	return false
}

// has reports whether a string is one of the texts.
func (p program) has(texts ...string) bool {
	for _, t := range p.tokens {
		for _, text := range texts {
			if t.Kind == token.String && t.Text == text {
				return true
			}
		}
	}
	return false
}

// sequence reports whether tokens begin with these, where "" is any one token.
func sequence(tokens []token.Token, texts ...string) bool {
	if len(tokens) < len(texts) {
		return false
	}
	for i, text := range texts {
		if text != "" && tokens[i].Text != text {
			return false
		}
	}
	return true
}
