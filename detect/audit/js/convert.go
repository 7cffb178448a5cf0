package js

import (
	"bytes"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// The names that JSX becomes.
const (
	element  = "__jsx"
	fragment = "__fragment"
)

// converter turns the parser's tree into nodes.
type converter struct {
	file    *File
	changed changes
}

func (c *converter) node(kind Kind, at file.Idx, text string, kids ...*Node) *Node {
	n := &Node{Kind: kind, Text: text, Kids: kids, at: int(at) - 1}
	for _, kid := range kids {
		if kid != nil {
			kid.Parent = n
		}
	}
	return n
}

// module converts a program's statements. What lowering added in front is left out. The body of a function is one, and the default export.
func (c *converter) module(program *ast.Program, function bool) {
	var kids []*Node
	inHead := true
	for _, s := range program.Body {
		if c.isHelper(s) {
			continue
		}
		n := c.statement(s)
		if inHead = inHead && n != nil && n.Kind == Statement && n.Kids[0].Kind == String; inHead {
			c.file.Directives = append(c.file.Directives, n.Kids[0].Text)
		}
		if n != nil && !c.isExport(n) {
			kids = append(kids, n)
		}
	}
	if function {
		body := c.node(Function, 1, "", c.node(Block, 1, "", kids...))
		body.Async = true
		c.file.Exports["default"] = body
		kids = []*Node{body}
	}
	c.file.Root = c.node(Module, 1, "", kids...)
}

// isHelper reports whether a statement declares what lowered code calls: a name that begins with __ and isn't in the file.
func (c *converter) isHelper(s ast.Statement) bool {
	v, ok := s.(*ast.VariableStatement)
	if !ok || len(v.List) == 0 {
		return false
	}
	id, ok := v.List[0].Target.(*ast.Identifier)
	return ok && c.isAdded(id.Name.String())
}

// isAdded reports whether lowering has added a name.
func (c *converter) isAdded(name string) bool {
	return strings.HasPrefix(name, "__") && !bytes.Contains(c.file.Text, []byte(name))
}

// isExport takes what a lowered statement exports: __export(all, { name: function() { return value } }), and what says so to node.
func (c *converter) isExport(n *Node) bool {
	if n.Kind != Statement {
		return false
	}
	call := n.Kids[0]
	if call.Kind == Call && call.Kids[0].Kind == Ident && c.isAdded(call.Kids[0].Text) {
		switch call.Kids[0].Text {
		case "__export":
			if len(call.Kids) == 3 {
				for _, p := range call.Kids[2].Kids {
					if returned := p.Kid(0).Kid(0).Kid(0); returned != nil && returned.Kind == Return {
						c.file.Exports[p.Text] = returned.Kids[0]
					}
				}
				return false // it stays: what it exports is found by its parents
			}
		case "__reExport":
			if len(call.Kids) >= 3 {
				c.file.Exports["*"] = call.Kids[2]
			}
			return false
		}
	}
	if call.Kind == Assign && call.Kids[0].Path() == "module.exports" {
		value := call.Kids[1]
		if value.Kind == Call && value.Kids[0].Kind == Ident && value.Kids[0].Text == "__toCommonJS" {
			return true
		}
	}
	return false
}

func (c *converter) exprs(list []ast.Expression) []*Node {
	nodes := make([]*Node, len(list))
	for i, e := range list {
		nodes[i] = c.expr(e)
	}
	return nodes
}

// expr converts an expression. nil stays nil.
func (c *converter) expr(e ast.Expression) *Node {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.Identifier:
		if e == nil {
			return nil
		}
		return c.node(Ident, e.Idx, e.Name.String())
	case *ast.DotExpression:
		left := c.expr(e.Left)
		return c.after(left, c.node(Member, 1, e.Identifier.Name.String(), left))
	case *ast.BracketExpression:
		left := c.expr(e.Left)
		return c.after(left, c.node(Index, 1, "", left, c.expr(e.Member)))
	case *ast.OptionalChain:
		return c.expr(e.Expression)
	case *ast.Optional:
		return c.expr(e.Expression)
	case *ast.CallExpression:
		return c.call(e)
	case *ast.NewExpression:
		return c.node(New, e.New, "", append([]*Node{c.expr(e.Callee)}, c.exprs(e.ArgumentList)...)...)
	case *ast.SequenceExpression:
		return c.sequence(e)
	case *ast.StringLiteral:
		return c.node(String, e.Idx, e.Value.String())
	case *ast.TemplateLiteral:
		return c.template(e)
	case *ast.NumberLiteral:
		return c.node(Literal, e.Idx, e.Literal)
	case *ast.BooleanLiteral:
		return c.node(Literal, e.Idx, e.Literal)
	case *ast.NullLiteral:
		return c.node(Literal, e.Idx, "null")
	case *ast.RegExpLiteral:
		return c.node(Literal, e.Idx, e.Literal)
	case *ast.ThisExpression:
		return c.node(Ident, e.Idx, "this")
	case *ast.SuperExpression:
		return c.node(Ident, e.Idx, "super")
	case *ast.MetaProperty:
		return c.node(Other, e.Idx, "")
	case *ast.UnaryExpression:
		return c.unary(e)
	case *ast.BinaryExpression:
		left := c.expr(e.Left)
		return c.after(left, c.node(Binary, 1, e.Operator.String(), left, c.expr(e.Right)))
	case *ast.AssignExpression:
		left := c.expr(e.Left)
		operator := "="
		if e.Operator != token.ASSIGN {
			operator = e.Operator.String() + "="
		}
		return c.after(left, c.node(Assign, 1, operator, left, c.expr(e.Right)))
	case *ast.ConditionalExpression:
		test := c.expr(e.Test)
		return c.after(test, c.node(Conditional, 1, "", test, c.expr(e.Consequent), c.expr(e.Alternate)))
	case *ast.AwaitExpression:
		return c.node(Await, e.Await, "", c.expr(e.Argument))
	case *ast.YieldExpression:
		if n, ok := e.Argument.(*ast.NewExpression); ok && len(n.ArgumentList) == 1 {
			if id, ok := n.Callee.(*ast.Identifier); ok && id.Name == "__await" { // in a lowered async generator
				return c.node(Await, e.Yield, "", c.expr(n.ArgumentList[0]))
			}
		}
		return c.node(Yield, e.Yield, "", c.expr(e.Argument))
	case *ast.SpreadElement:
		return c.node(Spread, e.Idx0(), "", c.expr(e.Expression))
	case *ast.ArrayLiteral:
		return c.node(Array, e.LeftBracket, "", c.exprs(e.Value)...)
	case *ast.ObjectLiteral:
		return c.node(Object, e.LeftBrace, "", c.properties(e.Value, nil)...)
	case *ast.ObjectPattern:
		return c.node(ObjectPattern, e.LeftBrace, "", c.properties(e.Properties, e.Rest)...)
	case *ast.ArrayPattern:
		kids := c.exprs(e.Elements)
		if e.Rest != nil {
			kids = append(kids, c.node(Spread, e.Rest.Idx0(), "", c.expr(e.Rest)))
		}
		return c.node(ArrayPattern, e.LeftBracket, "", kids...)
	case *ast.Binding:
		target := c.expr(e.Target)
		if e.Initializer == nil {
			return target
		}
		return c.after(target, c.node(Default, 1, "", target, c.expr(e.Initializer)))
	case *ast.FunctionLiteral:
		return c.function(e)
	case *ast.ClassLiteral:
		return c.class(e)
	case ast.Property:
		return c.property(e)
	}
	return c.node(Other, e.Idx0(), "")
}

// after gives a node the place of its first part.
func (c *converter) after(first, n *Node) *Node {
	if first != nil {
		n.at = first.at
	}
	return n
}

// call converts a call, and what lowering made of imports, JSX and generators.
func (c *converter) call(e *ast.CallExpression) *Node {
	if id, ok := e.Callee.(*ast.Identifier); ok {
		args := e.ArgumentList
		switch name := id.Name.String(); {
		case name == "require" && len(args) == 1:
			if module, ok := args[0].(*ast.StringLiteral); ok {
				n := c.node(Import, id.Idx, module.Value.String())
				c.file.Modules = append(c.file.Modules, n)
				return n
			}
		case name == "__toESM" && len(args) >= 1:
			if n := c.expr(args[0]); n.Kind == Import {
				n.at = int(id.Idx) - 1
				return n
			}
		case name == "__asyncGenerator" && len(args) == 3:
			n := c.expr(args[2])
			n.Async = true
			return n
		case name == element && len(args) >= 2:
			return c.node(Element, id.Idx, "", c.exprs(args)...)
		}
	}
	if n := c.dynamicImport(e); n != nil {
		return n
	}
	callee := c.expr(e.Callee)
	return c.after(callee, c.node(Call, 1, "", append([]*Node{callee}, c.exprs(e.ArgumentList)...)...))
}

// dynamicImport converts what import("module") was lowered to: Promise.resolve().then(function() { return require("module") }).
func (c *converter) dynamicImport(e *ast.CallExpression) *Node {
	then, ok := e.Callee.(*ast.DotExpression)
	if !ok || then.Identifier.Name != "then" || len(e.ArgumentList) != 1 {
		return nil
	}
	resolve, ok := then.Left.(*ast.CallExpression)
	if !ok || len(resolve.ArgumentList) > 0 {
		return nil
	}
	member, ok := resolve.Callee.(*ast.DotExpression)
	if !ok || member.Identifier.Name != "resolve" {
		return nil
	}
	function, ok := e.ArgumentList[0].(*ast.FunctionLiteral)
	if !ok || len(function.Body.List) != 1 {
		return nil
	}
	returned, ok := function.Body.List[0].(*ast.ReturnStatement)
	if !ok {
		return nil
	}
	call, ok := returned.Argument.(*ast.CallExpression)
	if !ok {
		return nil
	}
	n := c.call(call)
	if n.Kind != Import {
		return nil
	}
	n.Async = true
	n.at = int(member.Idx0()) - 1
	return n
}

// sequence converts expressions with commas. (0, name) is how lowered code calls what is imported.
func (c *converter) sequence(e *ast.SequenceExpression) *Node {
	if zero, ok := e.Sequence[0].(*ast.NumberLiteral); ok && zero.Literal == "0" && len(e.Sequence) == 2 {
		return c.expr(e.Sequence[1])
	}
	return c.node(Sequence, e.Idx0(), "", c.exprs(e.Sequence)...)
}

func (c *converter) unary(e *ast.UnaryExpression) *Node {
	n := c.node(Unary, e.Idx0(), e.Operator.String(), c.expr(e.Operand))
	if e.Operator == token.VOID && slices.Contains(c.changed.awaited, c.file.places.at(n.at)) {
		n.Kind, n.Text = Await, ""
	}
	return n
}

func (c *converter) template(e *ast.TemplateLiteral) *Node {
	texts := make([]string, len(e.Elements))
	for i, element := range e.Elements {
		texts[i] = element.Parsed.String()
	}
	if len(texts) == 1 && e.Tag == nil {
		return c.node(String, e.OpenQuote, texts[0])
	}
	n := c.node(Template, e.OpenQuote, strings.Join(texts, "\x00"), c.exprs(e.Expressions)...)
	if e.Tag == nil {
		return n
	}
	tag := c.expr(e.Tag)
	return c.after(tag, c.node(Call, 1, "", tag, n))
}

func (c *converter) properties(list []ast.Property, rest ast.Expression) []*Node {
	var nodes []*Node
	for _, p := range list {
		nodes = append(nodes, c.expr(p))
	}
	if rest != nil {
		nodes = append(nodes, c.node(Spread, rest.Idx0(), "", c.expr(rest)))
	}
	return nodes
}

func (c *converter) property(p ast.Property) *Node {
	switch p := p.(type) {
	case *ast.PropertyShort:
		value := c.expr(&p.Name)
		if p.Initializer != nil {
			value = c.after(value, c.node(Default, 1, "", value, c.expr(p.Initializer)))
		}
		return c.node(Property, p.Name.Idx, p.Name.Name.String(), value)
	case *ast.PropertyKeyed:
		return c.keyed(p.Idx0(), p.Key, p.Computed, c.expr(p.Value))
	case *ast.SpreadElement:
		return c.node(Spread, p.Idx0(), "", c.expr(p.Expression))
	}
	return c.node(Other, p.Idx0(), "")
}
