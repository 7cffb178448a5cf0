package encoding

import (
	"bytes"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// Seam is how two pieces of a value hang together.
type Seam byte

// The seams.
const (
	NoSeam       Seam = iota
	Operator          // an operator: the language joins the pieces
	Adjacent          // two literals side by side: some languages join them
	Continuation      // a line continuation
	SoftBreak         // a line end of quoted-printable
)

// Join reports how the value that breaks off at text[i] goes on, and that it does so at text[j]: behind `" + "`, `" "`, a line
// continuation or a soft line break of quoted-printable. It looks at no more than [budget.Seam] bytes.
func Join(text []byte, i int) (j int, how Seam) {
	s := text[i:min(len(text), i+budget.Seam)]
	if len(s) < 2 {
		return 0, NoSeam
	}
	switch s[0] {
	case '\\', '^', '`', '=':
		if n := continuation(s); n > 0 {
			if s[0] == '=' {
				if !isSoftBreak(text, i, i+n) {
					return 0, NoSeam
				}
				return i + n, SoftBreak
			}
			return i + n, Continuation
		}
	}
	n := quote(s)
	if n == 0 {
		return 0, NoSeam
	}
	how = Adjacent
	n += blank(s[n:])
	for _, operator := range []string{"+", "..", ".", "||", "&", "<>", "~"} {
		if bytes.HasPrefix(s[n:], []byte(operator)) {
			n += len(operator)
			how = Operator
			break
		}
	}
	n += blank(s[n:])
	for k := 0; k < 2 && n < len(s) && strings.IndexByte("fFrRbBuUL@$", s[n]) >= 0; k++ {
		n++
	}
	open := quote(s[n:])
	if open == 0 {
		return 0, NoSeam
	}
	return i + n + open, how
}

// The lines that quoted-printable breaks have 76 columns at most, the = included, and most come close: no escape is parted.
const (
	softBreakUsual = 70
	softBreakLast  = 78
)

// isSoftBreak reports whether the = at text[i:], behind which the next line starts at text[next:], may be where quoted-printable
// breaks a line: at any width where the text close by shows it, else at the usual one. Most often it is the padding of base64, and the
// next line assigns to another name.
func isSoftBreak(text []byte, i, next int) bool {
	low := max(0, i-softBreakLast)
	line := text[low+bytes.LastIndexByte(text[low:i], '\n')+1 : i]
	if len(line) >= softBreakLast {
		return false
	}
	behind, _, _ := bytes.Cut(text[next:min(len(text), next+softBreakLast)], []byte{'\n'})
	if quotesSign(text[max(0, i-2*softBreakLast):i], behind) {
		return true
	}
	end := next
	for end < len(text) && end-next < budget.ReachName && (IsBase62(text[end]) || strings.IndexByte("_-.$", text[end]) >= 0) {
		end++
	}
	return len(line)+1 >= softBreakUsual && (end == len(text) || text[end] != '=' && text[end] != ':')
}

// quotesSign reports whether the texts write an = as quoted-printable has to, as =3D, and have no other = but of its escapes and of
// what breaks a line.
func quotesSign(texts ...[]byte) bool {
	quoted := false
	for _, text := range texts {
		for i, c := range text {
			switch rest := text[i+1:]; {
			case c != '=' || isBreak(rest):
			case len(rest) < 2 || !isUpperHex(rest[0]) || !isUpperHex(rest[1]):
				return false
			default:
				quoted = quoted || string(rest[:2]) == "3D"
			}
		}
	}
	return quoted
}

// isBreak reports whether a line ends before s.
func isBreak(s []byte) bool { return len(s) == 0 || s[0] == '\n' || s[0] == '\r' }

func isUpperHex(c byte) bool { return IsHexDigit(c) && c < 'a' }

// quote returns the length of the quotation mark at the start of s, which may be escaped or an entity.
func quote(s []byte) int {
	n := 0
	for n < len(s) && s[n] == '\\' {
		n++
	}
	if n < len(s) && (s[n] == '"' || s[n] == '\'' || s[n] == '`') {
		return n + 1
	}
	for _, entity := range []string{"&quot;", "&#34;", "&#39;", "&apos;"} {
		if n == 0 && bytes.HasPrefix(s, []byte(entity)) {
			return len(entity)
		}
	}
	return 0
}

// blank returns the length of the space at the start of s: line ends, escaped ones and continuations included.
func blank(s []byte) int {
	n := 0
	for n < len(s) {
		if IsSpace(s[n]) {
			n++
			continue
		}
		if s[n] == '_' && n > 0 && n+1 < len(s) && (s[n+1] == '\n' || s[n+1] == '\r') { // Visual Basic
			n++
			continue
		}
		if s[n] != '\\' {
			break
		}
		k := n
		for k < len(s) && s[k] == '\\' {
			k++
		}
		if k == len(s) || strings.IndexByte("nrt\n\r", s[k]) < 0 {
			break
		}
		n = k + 1
	}
	return n
}

// continuation returns the length of the line continuation at the start of s, with the indentation behind it.
func continuation(s []byte) int {
	n := 0
	for n < len(s) && s[n] == s[0] {
		n++
	}
	slashes := n
	if s[0] != '=' {
		for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
			n++
		}
	}
	switch {
	case n < len(s) && s[n] == '\n':
		n++
	case n+1 < len(s) && s[n] == '\r' && s[n+1] == '\n':
		n += 2
	case s[0] == '\\' && slashes >= 3 && n < len(s) && s[n] == 'n': // within a string: \\\n
		n++
	default:
		return 0
	}
	if s[0] != '=' {
		for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
			n++
		}
	}
	return n
}
