package openapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// router finds the path of the description that an address belongs to. Literal segments go before parameters, so that
// GitHub's overlapping paths are distinguished; some parameters take several segments.
type router struct{ root node }

type node struct {
	literal    map[string]*node
	parameters []*parameter
	template   string          // of the path that ends here
	methods    map[string]bool // that it has, in upper case
}

type parameter struct {
	name string
	next *node
}

// wide reports whether a parameter may hold slashes.
func wide(name string) bool { return slices.Contains([]string{"path", "ref", "basehead"}, name) }

func newRouter(paths map[string]json.RawMessage) (*router, error) {
	r := &router{}
	for template, item := range paths {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(item, &members); err != nil {
			return nil, fmt.Errorf("path %s: %w", template, err)
		}
		at := &r.root
		for _, segment := range split(template) {
			at = at.child(segment)
		}
		at.template, at.methods = template, map[string]bool{}
		for name := range members {
			at.methods[strings.ToUpper(name)] = true
		}
	}
	return r, nil
}

func split(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

// child returns the node below for a template's segment, made at the first call.
func (n *node) child(segment string) *node {
	if !strings.HasPrefix(segment, "{") || !strings.HasSuffix(segment, "}") {
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		if n.literal[segment] == nil {
			n.literal[segment] = &node{}
		}
		return n.literal[segment]
	}
	name := strings.Trim(segment, "{}")
	for _, p := range n.parameters {
		if p.name == name {
			return p.next
		}
	}
	p := &parameter{name: name, next: &node{}}
	n.parameters = append(n.parameters, p)
	slices.SortFunc(n.parameters, func(a, b *parameter) int { return strings.Compare(a.name, b.name) })
	return p.next
}

// find returns the path's template and the values of its parameters; "" if there is no operation of that method.
func (r *router) find(method, path string) (template string, values map[string]string) {
	values = map[string]string{}
	return r.root.match(method, split(path), values), values
}

func (n *node) match(method string, segments []string, values map[string]string) string {
	if len(segments) == 0 {
		if n.methods[method] {
			return n.template
		}
		for _, p := range n.parameters {
			if p.name == "path" && p.next.methods[method] {
				values[p.name] = "/" // the root directory, which the description knows no address for
				return p.next.template
			}
		}
		return ""
	}
	if next := n.literal[segments[0]]; next != nil {
		if found := next.match(method, segments[1:], values); found != "" {
			return found
		}
	}
	for _, p := range n.parameters {
		most := 1
		if wide(p.name) {
			most = len(segments)
		}
		for taken := 1; taken <= most; taken++ {
			if found := p.next.match(method, segments[taken:], values); found != "" {
				values[p.name] = unescape(strings.Join(segments[:taken], "/"))
				return found
			}
		}
	}
	return ""
}

func unescape(s string) string {
	if text, err := url.PathUnescape(s); err == nil {
		return text
	}
	return s
}
