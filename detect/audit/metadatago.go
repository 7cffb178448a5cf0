package audit

import (
	"go/ast"
	gotoken "go/token"
	"regexp"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/token"
)

// tainted follows unsafe metadata through the variables of a Go function.
type tainted struct {
	metadata  map[string]bool      // hold all of it
	privilege map[string]goReading // hold a privilege from it
}

// goReading is where a Go program reads a privilege, and which.
type goReading struct {
	at   ast.Node
	word string
}

// unsafeGuardsGo is unsafeGuardsIn for Go.
func unsafeGuardsGo(text []byte) []token.Token {
	f, ok := readGo(text)
	if !ok {
		return nil
	}
	var found []token.Token
	for _, d := range f.tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		t := tainted{metadata: map[string]bool{}, privilege: map[string]goReading{}}
		seen := map[ast.Node]bool{}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			var read ast.Node
			switch n := n.(type) {
			case *ast.AssignStmt:
				t.assign(n)
			case *ast.CallExpr:
				t.decode(n)
			case *ast.BinaryExpr:
				if n.Op == gotoken.EQL || n.Op == gotoken.NEQ {
					read = t.compared(n)
				}
			case *ast.IfStmt:
				if a, ok := n.Init.(*ast.AssignStmt); ok {
					t.assign(a)
				}
				if r, word := t.privilegeIn(condition(n.Cond)); isFlag(word) {
					read = r
				}
			}
			if read != nil && !seen[read] {
				seen[read] = true
				found = append(found, goPlace(read))
			}
			return true
		})
	}
	return found
}

// compared returns what reads a privilege that a comparison decides by: see decides.
func (t tainted) compared(n *ast.BinaryExpr) ast.Node {
	read, word := t.privilegeIn(n.X)
	other := n.Y
	if read == nil {
		read, word = t.privilegeIn(n.Y)
		other = n.X
	}
	switch {
	case read == nil, isFlag(word), strings.HasPrefix(word, "permission"):
		return read
	case word == "plan" || word == "tier":
		if n.Op == gotoken.NEQ && namesGo(other, paid) {
			return read
		}
	case namesGo(other, privileged):
		return read
	}
	return nil
}

// namesGo is names for Go: a string, or a constant's name.
func namesGo(e ast.Expr, kind *regexp.Regexp) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return kind.MatchString(e.Value)
	case *ast.Ident:
		return kind.MatchString(e.Name)
	case *ast.SelectorExpr:
		return kind.MatchString(e.Sel.Name)
	}
	return false
}

// condition returns what an if tests where that is a value, without its negation. Comparisons are looked at themselves.
func condition(e ast.Expr) ast.Node {
	if not, ok := e.(*ast.UnaryExpr); ok && not.Op == gotoken.NOT {
		e = not.X
	}
	switch e.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.TypeAssertExpr:
		return e
	}
	return nil
}

func (t tainted) assign(a *ast.AssignStmt) {
	if len(a.Rhs) != 1 || len(a.Lhs) == 0 {
		return
	}
	name, ok := a.Lhs[0].(*ast.Ident)
	if !ok {
		return
	}
	read, word := t.privilegeIn(a.Rhs[0])
	all := read == nil && t.holds(a.Rhs[0])
	delete(t.privilege, name.Name)
	if t.metadata[name.Name] = all; read != nil {
		t.privilege[name.Name] = goReading{read, word}
	}
}

// decode taints what json.Unmarshal(user.UnsafeMetadata, &meta) fills.
func (t tainted) decode(call *ast.CallExpr) {
	if len(call.Args) != 2 || !t.holds(call.Args[0]) {
		return
	}
	if to, ok := call.Args[1].(*ast.UnaryExpr); ok && to.Op == gotoken.AND {
		if name, ok := to.X.(*ast.Ident); ok {
			t.metadata[name.Name] = true
		}
	}
}

// holds reports whether an expression has unsafe metadata in it.
func (t tainted) holds(n ast.Node) bool {
	has := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			has = has || t.metadata[n.Name] || isUnsafeMetadata(n.Name)
		case *ast.BasicLit:
			word, err := strconv.Unquote(n.Value)
			has = has || err == nil && isUnsafeMetadata(word)
		case *ast.KeyValueExpr: // sets it
			return false
		}
		return !has
	})
	return has
}

// privilegeIn returns what reads a privilege from unsafe metadata in an expression, or nil, and the privilege.
func (t tainted) privilegeIn(n ast.Node) (read ast.Node, privilege string) {
	if n == nil {
		return nil, ""
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if held := t.privilege[n.Name]; held.at != nil && read == nil {
				read, privilege = held.at, held.word
			}
		case *ast.SelectorExpr:
			if isPrivilege(n.Sel.Name) && t.holds(n.X) && read == nil {
				read, privilege = n, strings.ToLower(n.Sel.Name)
			}
		case *ast.IndexExpr:
			if key, ok := n.Index.(*ast.BasicLit); ok && read == nil {
				if word, err := strconv.Unquote(key.Value); err == nil && isPrivilege(word) && t.holds(n.X) {
					read, privilege = n, strings.ToLower(word)
				}
			}
		}
		return read == nil
	})
	return read, privilege
}
