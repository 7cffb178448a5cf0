// Package data reads JSON and YAML as checks need them: values with what leads to them, at their places in the text. Start with [Strings]
// and [YAML].
package data

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the size of a text in bytes from which it isn't read: settings that people write are shorter.
const MaxSize = 256 << 10

// Node is a part of a YAML document. The zero Node is none, and has nothing in it.
type Node struct{ of *yaml.Node }

// YAML returns the documents in a text. Aliases are left as they are until they are asked for, so that what they stand for is there once.
// It returns none where there is a mistake in the text.
func YAML(text []byte) []Node {
	if len(text) > MaxSize {
		return nil
	}
	var all []Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		switch err := d.Decode(&n); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			return nil
		case len(n.Content) == 1:
			all = append(all, target(n.Content[0]))
		}
	}
}

// target returns what an alias stands for, or the node itself.
func target(n *yaml.Node) Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return Node{n}
}

// Exists reports whether there is such a part.
func (n Node) Exists() bool { return n.of != nil }

// Text returns the value of a scalar, or "".
func (n Node) Text() string {
	if n.of == nil || n.of.Kind != yaml.ScalarNode {
		return ""
	}
	return n.of.Value
}

// Get returns what a mapping has under a key.
func (n Node) Get(key string) (value Node) {
	n.Pairs(func(k string, v Node) {
		if k == key {
			value = v
		}
	})
	return value
}

// Pairs calls do with each key and value of a mapping.
func (n Node) Pairs(do func(key string, value Node)) {
	if n.of == nil || n.of.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.of.Content); i += 2 {
		do(n.of.Content[i].Value, target(n.of.Content[i+1]))
	}
}

// Items returns the elements of a list.
func (n Node) Items() []Node {
	if n.of == nil || n.of.Kind != yaml.SequenceNode {
		return nil
	}
	all := make([]Node, len(n.of.Content))
	for i, item := range n.of.Content {
		all[i] = target(item)
	}
	return all
}

// Names returns what a node lists: a word, the words of a list, or the keys of a mapping.
func (n Node) Names() []string {
	var all []string
	if word := n.Text(); word != "" {
		all = append(all, word)
	}
	for _, item := range n.Items() {
		all = append(all, item.Text())
	}
	n.Pairs(func(key string, _ Node) { all = append(all, key) })
	return all
}

// Scalars calls do with each scalar at or below a node that is a value, but for those of aliases, which are elsewhere in the document.
func (n Node) Scalars(do func(Node)) {
	if n.of == nil {
		return
	}
	if n.of.Kind == yaml.ScalarNode {
		do(n)
		return
	}
	for i, kid := range n.of.Content {
		if n.of.Kind != yaml.MappingNode || i%2 == 1 {
			Node{kid}.Scalars(do)
		}
	}
}

// Place returns the place of what in a node of a text, but for comments; or of the node's first word where it isn't there as it is.
func (n Node) Place(text []byte, what string) (start, end int) {
	start = n.start(text)
	for at := start; what != ""; {
		i := bytes.Index(text[at:], []byte(what))
		if i < 0 {
			break
		}
		at += i
		if line := text[bytes.LastIndexByte(text[:at], '\n')+1 : at]; !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			return at, at + len(what)
		}
		at += len(what)
	}
	for end = start; end < len(text) && strings.IndexByte(" \t\r\n", text[end]) < 0; end++ {
	}
	return start, end
}

// start is where a node begins.
func (n Node) start(text []byte) int {
	rest := text
	for line := 1; line < n.of.Line; line++ {
		next := bytes.IndexByte(rest, '\n')
		if next < 0 {
			break
		}
		rest = rest[next+1:]
	}
	for column := 1; column < n.of.Column && len(rest) > 0; column++ { // columns count characters
		size := 1
		for size < len(rest) && rest[size]&0xC0 == 0x80 {
			size++
		}
		rest = rest[size:]
	}
	return len(text) - len(rest)
}
