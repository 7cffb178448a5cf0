package audit

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// yamlDocuments returns the documents of a YAML file. Aliases are left as they are, so that what they stand for is there once. It returns
// none where there is a mistake in the text.
func yamlDocuments(text []byte) []*yaml.Node {
	if len(text) > maxSettings {
		return nil
	}
	var all []*yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		if err := d.Decode(&n); err != nil {
			if len(all) > 0 && err.Error() == "EOF" {
				return all
			}
			return nil
		}
		if len(n.Content) == 1 {
			all = append(all, n.Content[0])
		}
	}
}

// yamlValue returns what a mapping has under a key, or nil.
func yamlValue(n *yaml.Node, key string) *yaml.Node {
	if n = yamlTarget(n); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return yamlTarget(n.Content[i+1])
		}
	}
	return nil
}

// yamlText returns the scalar that a mapping has under a key, or "".
func yamlText(n *yaml.Node, key string) string {
	if v := yamlValue(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// yamlTarget returns what an alias stands for, or the node itself.
func yamlTarget(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// yamlPairs calls do with each key and value of a mapping.
func yamlPairs(n *yaml.Node, do func(key, value *yaml.Node)) {
	if n = yamlTarget(n); n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		do(n.Content[i], yamlTarget(n.Content[i+1]))
	}
}

// yamlRange returns the place of a text in a node, but for comments, or of the node's first word where it isn't there as it is.
func yamlRange(text []byte, n *yaml.Node, what string) Range {
	start := 0
	for line := 1; line < n.Line; line++ {
		next := bytes.IndexByte(text[start:], '\n')
		if next < 0 {
			break
		}
		start += next + 1
	}
	rest := text[start:]
	for column := 1; column < n.Column && len(rest) > 0; column++ { // columns count characters
		size := 1
		for size < len(rest) && rest[size]&0xC0 == 0x80 {
			size++
		}
		rest = rest[size:]
	}
	start = len(text) - len(rest)
	for at := start; what != ""; {
		i := bytes.Index(text[at:], []byte(what))
		if i < 0 {
			break
		}
		at += i
		if line := text[bytes.LastIndexByte(text[:at], '\n')+1 : at]; !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			return rangeOf(text, at, at+len(what))
		}
		at += len(what)
	}
	end := start
	for end < len(text) && bytes.IndexByte([]byte(" \t\r\n"), text[end]) < 0 {
		end++
	}
	return rangeOf(text, start, end)
}
