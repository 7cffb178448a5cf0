package js

import (
	"bytes"
	"slices"
	"strings"
)

// block is a script of a component, at bytes start to end of its text.
type block struct {
	start, end int
	attributes map[string]string
}

// maxOpen is how many elements may be open at once while scripts are looked for. What is nested more deeply is left out.
const maxOpen = 500

// markup goes through the text of a component. It is no parser: what isn't closed goes to the end of the text.
type markup struct {
	text   []byte
	at     int
	braces bool // in tags and texts, braces hold code
}

// vueBlocks returns the scripts of a component of Vue's: those at its top. Blocks other than its template are raw text.
func vueBlocks(text []byte) []block {
	m := &markup{text: text}
	var found []block
	for m.next('<') {
		t, ok := m.tag()
		if !ok || t.closes || t.empty {
			continue
		}
		if t.name == "template" && (t.attributes["lang"] == "" || t.attributes["lang"] == "html") {
			m.template()
			continue
		}
		start := m.at
		if end, closed := m.raw(t.name); closed && t.name == "script" {
			found = append(found, block{start, end, t.attributes})
		}
	}
	return found
}

// template goes behind the end of a template of Vue's, in which there may be others.
func (m *markup) template() {
	for depth := 1; depth > 0 && m.at < len(m.text); {
		i := bytes.IndexAny(m.text[m.at:], "<{")
		if i < 0 {
			m.at = len(m.text)
			return
		}
		if m.at += i; m.text[m.at] == '{' {
			if m.has("{{") {
				m.skipTo("}}")
			} else {
				m.at++
			}
			continue
		}
		if t, ok := m.tag(); ok && t.name == "template" && !t.empty {
			if depth++; t.closes {
				depth -= 2
			}
		}
	}
}

// svelteBlocks returns the scripts of a component of Svelte's: those at its top. Others are part of the page, as any element is.
func svelteBlocks(text []byte) []block {
	m := &markup{text: text, braces: true}
	var found []block
	var open []string
	for m.at < len(m.text) && len(open) < maxOpen {
		switch m.text[m.at] {
		case '{':
			m.at = skipBraces(m.text, m.at, maxBraces)
		case '<':
			t, ok := m.tag()
			top := len(open) == 0
			open = enter(open, t)
			if start := m.at; ok && t.isRaw() {
				if end, closed := m.raw(t.name); closed && top && t.name == "script" {
					found = append(found, block{start, end, t.attributes})
				}
			}
		default:
			m.at++
		}
	}
	return found
}

// astroBlocks returns the scripts of the page below the frontmatter, which begins at from: those of all elements. Code in braces may have
// elements in it, and these code in turn.
func astroBlocks(text []byte, from int) []block {
	m := &markup{text: text, at: from, braces: true}
	var found []block
	var open []string
	for m.at < len(m.text) && len(open) < maxOpen {
		inCode := len(open) > 0 && open[len(open)-1] == "{"
		switch c := m.text[m.at]; {
		case c == '{':
			open = append(open, "{")
			m.at++
		case inCode && c == '}':
			open = open[:len(open)-1]
			m.at++
		case c == '<' && (!inCode || m.has("</") || beginsValue(m.text, m.at)):
			t, ok := m.tag()
			open = enter(open, t)
			if start := m.at; ok && t.isRaw() {
				if end, closed := m.raw(t.name); closed && t.name == "script" {
					found = append(found, block{start, end, t.attributes})
				}
			}
		case inCode:
			m.at = skipCode(m.text, m.at, maxBraces)
		default:
			m.at++
		}
	}
	return found
}

// frontmatter returns where the code between the fences of a page of Astro's begins and ends, and where what follows begins. ok is false
// where there is none.
func frontmatter(text []byte) (start, end, after int, ok bool) {
	start = len(text) - len(bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\ufeff")), " \t\r\n"))
	if !bytes.HasPrefix(text[start:], []byte("---")) {
		return 0, 0, 0, false
	}
	start += 3
	fence := func(at int) bool {
		return bytes.HasPrefix(bytes.TrimLeft(text[at:], " \t"), []byte("---"))
	}
	for at := start; at < len(text); {
		if text[at] == '\n' && fence(at+1) {
			return start, at + 1, at + 1 + bytes.Index(text[at+1:], []byte("---")) + 3, true
		}
		at = skipCode(text, at, maxBraces)
	}
	// A quotation mark that isn't one, as in a regular expression, hides the fence: then it is the first line that looks like one.
	for at := start; at < len(text); at++ {
		if text[at] == '\n' && fence(at+1) {
			return start, at + 1, at + 1 + bytes.Index(text[at+1:], []byte("---")) + 3, true
		}
	}
	return 0, 0, 0, false
}

// tag is a tag as written.
type tag struct {
	name       string
	attributes map[string]string
	closes     bool // </name>
	empty      bool // <name />
}

// isRaw reports whether what follows the tag is no markup.
func (t tag) isRaw() bool { return !t.closes && !t.empty && (t.name == "script" || t.name == "style") }

var voids = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "!"}

// enter returns which elements are open behind a tag. One that ends closes those within it that weren't closed.
func enter(open []string, t tag) []string {
	switch {
	case t.empty || t.isRaw() || slices.Contains(voids, t.name):
		return open
	case !t.closes:
		return append(open, t.name)
	}
	for i := len(open) - 1; i >= 0 && open[i] != "{"; i-- {
		if open[i] == t.name {
			return open[:i]
		}
	}
	return open
}

// tag reads the tag or comment that begins here. ok is false where there is no tag: then it goes on behind what there is.
func (m *markup) tag() (t tag, ok bool) {
	t.name = "!"
	switch {
	case m.has("<!--"):
		m.skipTo("-->")
		return t, false
	case m.has("<!"):
		m.skipTo(">")
		return t, false
	}
	m.at++
	if m.has("/") {
		t.closes = true
		m.at++
	}
	name := m.name()
	if name == "" && !m.has(">") {
		return t, false
	}
	t.name = name
	for m.at < len(m.text) {
		switch c := m.text[m.at]; {
		case c == '>':
			m.at++
			return t, true
		case m.has("/>"):
			m.at += 2
			t.empty = true
			return t, true
		case c == '{' && m.braces:
			m.at = skipBraces(m.text, m.at, maxBraces)
		case isSpace(c) || c == '/' || c == '=' || c == '"' || c == '\'':
			m.at++
		default:
			m.attribute(&t)
		}
	}
	return t, false
}

// attribute reads a name, and its value where there is one.
func (m *markup) attribute(t *tag) {
	start := m.at
	for m.at < len(m.text) && !isSpace(m.text[m.at]) && strings.IndexByte("=>/\"'{", m.text[m.at]) < 0 {
		m.at++
	}
	if m.at == start {
		m.at++
		return
	}
	name, value := string(m.text[start:m.at]), ""
	m.space()
	if m.has("=") {
		m.at++
		m.space()
		value = m.value()
	}
	if t.attributes == nil {
		t.attributes = map[string]string{}
	}
	t.attributes[name] = value
}

// value reads what an attribute is given.
func (m *markup) value() string {
	start := m.at
	switch {
	case m.at == len(m.text):
		return ""
	case m.has(`"`), m.has("'"):
		quote := string(m.text[m.at])
		m.at++
		m.skipTo(quote)
		return strings.TrimSuffix(string(m.text[start+1:m.at]), quote)
	case m.has("{") && m.braces:
		m.at = skipBraces(m.text, m.at, maxBraces)
	case m.has("`") && m.braces:
		m.at = skipCode(m.text, m.at, maxBraces)
	default:
		for m.at < len(m.text) && !isSpace(m.text[m.at]) && m.text[m.at] != '>' {
			m.at++
		}
	}
	return string(m.text[start:m.at])
}

// raw goes behind the tag that closes what begins here, and returns where that begins. closed is false where there is none.
func (m *markup) raw(name string) (end int, closed bool) {
	for {
		i := bytes.Index(m.text[m.at:], []byte("</"+name))
		if i < 0 {
			m.at = len(m.text)
			return 0, false
		}
		end = m.at + i
		m.at = end + 2 + len(name)
		if m.at < len(m.text) && (m.text[m.at] == '>' || isSpace(m.text[m.at])) {
			m.skipTo(">")
			return end, true
		}
	}
}

// name reads the name of a tag.
func (m *markup) name() string {
	start := m.at
	for m.at < len(m.text) && (isWord(m.text[m.at]) || m.at > start && strings.IndexByte("-.:", m.text[m.at]) >= 0) {
		m.at++
	}
	return string(m.text[start:m.at])
}

// next goes to the next of that byte, and reports whether there is one.
func (m *markup) next(b byte) bool {
	i := bytes.IndexByte(m.text[m.at:], b)
	if i < 0 {
		return false
	}
	m.at += i
	return true
}

func (m *markup) has(what string) bool { return bytes.HasPrefix(m.text[m.at:], []byte(what)) }

func (m *markup) space() {
	for m.at < len(m.text) && isSpace(m.text[m.at]) {
		m.at++
	}
}

// skipTo goes behind the next of those, or to the end.
func (m *markup) skipTo(what string) {
	if i := bytes.Index(m.text[m.at:], []byte(what)); i >= 0 {
		m.at += i + len(what)
	} else {
		m.at = len(m.text)
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' || b == '\f' }
