package js

import (
	"slices"
	"strings"
)

// File is a file that was read.
type File struct {
	Path string
	Text []byte
	Root *Node
	// Browser reports whether it is a script in a component that browsers run, too.
	Browser bool
	// Directives stand at its top: "use client".
	Directives []string
	// Exports are the values of what it exports, by name: expressions, or what is imported where it is passed on.
	Exports map[string]*Node
	// Modules are those that it requires or imports in code, in order, each once for each statement. Imports of types, and imports that
	// nothing uses in TypeScript, are left out, as compilers leave them out.
	Modules []*Node

	scopes map[*Node]map[string]*Binding
	places places
}

// Origin is what a name stands for that comes from another module.
type Origin struct {
	Module string
	Name   string // as exported there; "default", or "*" for all of it
}

// Is reports whether the origin is one of the names of a module.
func (o Origin) Is(module string, names ...string) bool {
	return o.Module == module && slices.Contains(names, o.Name)
}

// Binding is a name in its scope.
type Binding struct {
	// Value is what it is bound to where it is declared: an expression, a function or a class. nil where it has none or it isn't known.
	Value *Node
	// Property is the property of Value that it is bound to, by a pattern such as { a: name }.
	Property string
	// Function is the function whose parameter it is, and Parameter which one, from 0.
	Function  *Node
	Parameter int
	// Assigned reports whether it is given a value elsewhere, too.
	Assigned bool
}

// Binding returns what a name is bound to where it is used, or nil where the file doesn't declare it.
func (f *File) Binding(n *Node) *Binding {
	if n == nil || n.Kind != Ident {
		return nil
	}
	for scope := n.Parent; scope != nil; scope = scope.Parent {
		if b := f.scopes[scope][n.Text]; b != nil {
			return b
		}
	}
	return nil
}

// hops bounds how many names are followed from one to the next.
const hops = 8

// Value returns the expression that a name stands for, or the node itself where it is no name, or one whose value isn't certain.
func (f *File) Value(n *Node) *Node {
	for range hops {
		b := f.Binding(n)
		if b == nil || b.Value == nil || b.Assigned {
			return n
		}
		if n = b.Value; b.Property != "" {
			value, sure := n.Property(b.Property)
			if value == nil || !sure {
				return n
			}
			n = value
		}
	}
	return n
}

// Origin returns what an expression stands for in another module.
func (f *File) Origin(n *Node) (Origin, bool) { return f.origin(n, hops) }

func (f *File) origin(n *Node, left int) (Origin, bool) {
	if n == nil || left == 0 {
		return Origin{}, false
	}
	switch n.Kind {
	case Import:
		if n.Async { // a promise of it
			return Origin{}, false
		}
		return Origin{Module: n.Text, Name: "*"}, true
	case Await:
		if kid := n.Kids[0]; kid.Kind == Import && kid.Async {
			return Origin{Module: kid.Text, Name: "*"}, true
		}
	case Member:
		if o, ok := f.origin(n.Kids[0], left-1); ok && o.Name == "*" {
			return Origin{Module: o.Module, Name: n.Text}, true
		}
	case Ident:
		b := f.Binding(n)
		if b == nil || b.Value == nil || b.Assigned {
			return Origin{}, false
		}
		o, ok := f.origin(b.Value, left-1)
		if b.Property == "" || !ok {
			return o, ok
		}
		return Origin{Module: o.Module, Name: b.Property}, o.Name == "*"
	}
	return Origin{}, false
}

// Start returns where a node begins in the file, in bytes.
func (f *File) Start(n *Node) int { return f.places.at(n.at) }

// Range returns the part of the file at which a node begins: a string, or a name with its properties. Start and end are in bytes.
func (f *File) Range(n *Node) (start, end int) {
	start = f.Start(n)
	end = start
	if end < len(f.Text) && strings.IndexByte("\"'`", f.Text[end]) >= 0 {
		for end++; end < len(f.Text) && f.Text[end] != f.Text[start] && f.Text[end] != '\n'; end++ {
			if f.Text[end] == '\\' {
				end++
			}
		}
		return start, min(end+1, len(f.Text))
	}
	for end < len(f.Text) && (isWord(f.Text[end]) || f.Text[end] == '.' && end > start && end+1 < len(f.Text) && isWord(f.Text[end+1])) {
		end++
	}
	return start, end
}

func isWord(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_' || b == '$' || b >= 0x80
}
