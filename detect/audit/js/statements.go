package js

import (
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

func (c *converter) statements(list []ast.Statement) []*Node {
	var nodes []*Node
	for _, s := range list {
		if n := c.statement(s); n != nil {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (c *converter) block(b *ast.BlockStatement) *Node {
	if b == nil {
		return nil
	}
	return c.node(Block, b.LeftBrace, "", c.statements(b.List)...)
}

// statement converts a statement. It is nil for one that does nothing.
func (c *converter) statement(s ast.Statement) *Node {
	switch s := s.(type) {
	case nil, *ast.EmptyStatement, *ast.DebuggerStatement, *ast.BranchStatement, *ast.BadStatement:
		return nil
	case *ast.BlockStatement:
		return c.block(s)
	case *ast.ExpressionStatement:
		value := c.expr(s.Expression)
		if value.Kind == Ident && value.Text == bareReturn && c.isReturn(value) {
			return c.after(value, c.node(Return, 1, "", (*Node)(nil)))
		}
		return c.after(value, c.node(Statement, 1, "", value))
	case *ast.VariableStatement:
		return c.declaration(s.Var, "var", s.List)
	case *ast.LexicalDeclaration:
		return c.declaration(s.Idx, "", s.List)
	case *ast.FunctionDeclaration:
		return c.function(s.Function)
	case *ast.ClassDeclaration:
		return c.class(s.Class)
	case *ast.ReturnStatement:
		return c.node(Return, s.Return, "", c.expr(s.Argument))
	case *ast.ThrowStatement:
		n := c.node(Throw, s.Throw, "", c.expr(s.Argument))
		if c.isReturn(n) {
			n.Kind = Return
		}
		return n
	case *ast.IfStatement:
		return c.node(If, s.If, "", c.expr(s.Test), c.statement(s.Consequent), c.statement(s.Alternate))
	case *ast.LabelledStatement:
		return c.statement(s.Statement)
	case *ast.WhileStatement:
		return c.node(Loop, s.While, "", c.expr(s.Test), c.statement(s.Body))
	case *ast.DoWhileStatement:
		return c.node(Loop, s.Do, "", c.statement(s.Body), c.expr(s.Test))
	case *ast.WithStatement:
		return c.node(Loop, s.With, "", c.expr(s.Object), c.statement(s.Body))
	case *ast.ForStatement:
		return c.node(Loop, s.For, "", c.initializer(s.Initializer), c.expr(s.Test), c.expr(s.Update), c.statement(s.Body))
	case *ast.ForInStatement:
		return c.node(Loop, s.For, "", c.into(s.Into), c.expr(s.Source), c.statement(s.Body))
	case *ast.ForOfStatement:
		return c.node(Loop, s.For, "", c.into(s.Into), c.expr(s.Source), c.statement(s.Body))
	case *ast.SwitchStatement:
		kids := []*Node{c.expr(s.Discriminant)}
		for _, one := range s.Body {
			kids = append(kids, c.node(Case, one.Case, "", append([]*Node{c.expr(one.Test)}, c.statements(one.Consequent)...)...))
		}
		return c.node(Switch, s.Switch, "", kids...)
	case *ast.TryStatement:
		var caught *Node
		if s.Catch != nil {
			caught = c.node(Catch, s.Catch.Catch, "", c.target(s.Catch.Parameter), c.block(s.Catch.Body))
		}
		return c.node(Try, s.Try, "", c.block(s.Body), caught, c.block(s.Finally))
	}
	return c.node(Other, s.Idx0(), "")
}

// isReturn reports whether a return stood where a node is.
func (c *converter) isReturn(n *Node) bool {
	return len(c.changed.returned) > 0 && slices.Contains(c.changed.returned, c.file.places.at(n.at))
}

func (c *converter) declaration(at file.Idx, text string, list []*ast.Binding) *Node {
	kids := make([]*Node, len(list))
	for i, b := range list {
		target := c.expr(b.Target)
		kids[i] = c.after(target, c.node(Declarator, 1, "", target, c.expr(b.Initializer)))
	}
	return c.node(Declaration, at, text, kids...)
}

// target converts what a catch or a loop binds, nil where it binds nothing.
func (c *converter) target(t ast.BindingTarget) *Node {
	if t == nil {
		return nil
	}
	return c.expr(t)
}

func (c *converter) initializer(i ast.ForLoopInitializer) *Node {
	switch i := i.(type) {
	case *ast.ForLoopInitializerExpression:
		return c.expr(i.Expression)
	case *ast.ForLoopInitializerVarDeclList:
		return c.declaration(i.Var, "var", i.List)
	case *ast.ForLoopInitializerLexicalDecl:
		return c.declaration(i.LexicalDeclaration.Idx, "", i.LexicalDeclaration.List)
	}
	return nil
}

// into converts what a loop binds to each element. Its value is not known.
func (c *converter) into(i ast.ForInto) *Node {
	var target *Node
	switch i := i.(type) {
	case *ast.ForIntoVar:
		target = c.expr(i.Binding.Target)
	case *ast.ForDeclaration:
		target = c.target(i.Target)
	case *ast.ForIntoExpression:
		return c.expr(i.Expression)
	}
	return c.node(Declaration, i.Idx0(), "", c.after(target, c.node(Declarator, 1, "", target, nil)))
}
