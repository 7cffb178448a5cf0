package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
)

// maskTexts returns the JSON body with what redact masks in its texts: messages, titles, bodies, names of branches and
// people. What identifies an account or a repository stays as it is, whatever it looks like, since it could not be
// found by a masked name. A body without anything to mask is returned as it is.
//
// Texts are masked as they read, not as JSON writes them: an escaped character hides nothing.
func maskTexts(ctx context.Context, body []byte, redact func(context.Context, []byte) []byte) []byte {
	if !bytes.Contains(body, []byte(`\u`)) {
		if masked := redact(ctx, body); bytes.Equal(masked, body) {
			return body
		}
	}
	m := masker{body: body, mask: func(text []byte) []byte { return redact(ctx, text) }}
	return m.run()
}

// masker walks a valid JSON text once, and copies it but for the strings that it masks.
type masker struct {
	body []byte
	mask func([]byte) []byte

	out    []byte
	copied int     // of body
	open   []frame // objects and arrays around the place
	key    string  // of the value that comes next
}

type frame struct {
	key   string // what the object or array is the value of; that of the array for its elements
	array bool
	value bool // in an object: the next string is a value
}

func (m *masker) run() []byte {
	for i := 0; i < len(m.body); i++ {
		switch m.body[i] {
		case '{', '[':
			m.open = append(m.open, frame{key: m.name(), array: m.body[i] == '['})
		case '}', ']':
			if len(m.open) > 0 {
				m.open = m.open[:len(m.open)-1]
			}
		case ':':
			m.top().value = true
		case ',':
			m.top().value = false
		case '"':
			end := endOfString(m.body, i)
			m.text(i, end)
			i = end - 1
		}
	}
	if m.out == nil {
		return m.body
	}
	return append(m.out, m.body[m.copied:]...)
}

func (m *masker) top() *frame {
	if len(m.open) == 0 {
		return &frame{}
	}
	return &m.open[len(m.open)-1]
}

// name returns the name of the value that begins: its key, or that of the array which holds it.
func (m *masker) name() string {
	if top := m.top(); top.array {
		return top.key
	}
	return m.key
}

// text looks at the string literal between start and end, quotes included.
func (m *masker) text(start, end int) {
	literal := m.body[start:end]
	if top := m.top(); !top.array && !top.value {
		m.key = string(bytes.Trim(literal, `"`))
		return
	}
	if identifies(m.name(), m.top().key) {
		return
	}
	text := literal[1 : len(literal)-1]
	if bytes.IndexByte(text, '\\') >= 0 {
		var decoded string
		if json.Unmarshal(literal, &decoded) != nil {
			return // the body is valid JSON
		}
		text = []byte(decoded)
	}
	masked := m.mask(text)
	if bytes.Equal(masked, text) {
		return
	}
	written, err := json.Marshal(string(masked))
	if err != nil {
		return // strings can be written
	}
	m.out = append(append(m.out, m.body[m.copied:start]...), written...)
	m.copied = end
}

// identifies reports whether the value of key in an object called parent is what GitHub knows an account or a repository
// by.
func identifies(key, parent string) bool {
	switch key {
	case "login", "slug", "full_name", "node_id":
		return true
	case "name":
		return slices.Contains([]string{"repository", "repo", "repositories", "repositories_added", "repositories_removed"}, parent)
	}
	return false
}

// endOfString returns the place behind the closing quote of the string literal that begins at start.
func endOfString(body []byte, start int) int {
	for i := start + 1; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(body)
}
