package js

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/unistring"
)

// keyed makes a property of an object or a class.
func (c *converter) keyed(at file.Idx, key ast.Expression, computed bool, value *Node) *Node {
	switch k := key.(type) {
	case *ast.StringLiteral:
		return c.node(Property, at, k.Value.String(), value)
	case *ast.Identifier:
		if !computed {
			return c.node(Property, at, k.Name.String(), value)
		}
	case *ast.NumberLiteral:
		return c.node(Property, at, k.Literal, value)
	}
	return c.node(Property, at, "", value, c.expr(key))
}

func (c *converter) function(f *ast.FunctionLiteral) *Node {
	if f == nil {
		return nil
	}
	name := unistring.String("")
	if f.Name != nil {
		name = f.Name.Name
	}
	kids := []*Node{c.block(f.Body)}
	if f.ParameterList != nil {
		for _, p := range f.ParameterList.List {
			target := c.expr(p.Target)
			kids = append(kids, c.after(target, c.node(Parameter, 1, "", target, c.expr(p.Initializer))))
		}
		if rest := f.ParameterList.Rest; rest != nil {
			kids = append(kids, c.node(Parameter, rest.Idx0(), "...", c.expr(rest), nil))
		}
	}
	n := c.node(Function, f.Function, name.String(), kids...)
	n.Async = f.Async
	return n
}

func (c *converter) class(e *ast.ClassLiteral) *Node {
	name := ""
	if e.Name != nil {
		name = e.Name.Name.String()
	}
	kids := []*Node{c.expr(e.SuperClass)}
	for _, member := range e.Body {
		if m, ok := member.(*ast.MethodDefinition); ok { // fields are assigned in the constructor
			kids = append(kids, c.keyed(m.Idx, m.Key, m.Computed, c.function(m.Body)))
		}
	}
	return c.node(Class, e.Class, name, kids...)
}
