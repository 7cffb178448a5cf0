package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestExpressionsAreCompiledOnce: outside of tests, a regular expression is compiled by a variable of its package, or at its first
// use by what such a variable holds: sync.OnceValue. Nothing compiles one each time it is called.
func TestExpressionsAreCompiledOnce(t *testing.T) {
	t.Parallel()
	const root = ".."
	files := token.NewFileSet()
	seen := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		seen++
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok {
				for _, at := range compiling(f) {
					t.Errorf("%s: %s compiles a regular expression each time it is called", files.Position(at), f.Name.Name)
				}
			}
		}
		return nil
	})
	if err != nil || seen < 300 {
		t.Errorf("%d files were read: %v", seen, err)
	}
}

// onceForms are functions whose result compiles at its first use: they may be called where variables of a package are declared.
const onceForms = " newPattern newForm "

// compiling returns where f compiles expressions, or makes what does, but for the argument of sync.OnceValue in those functions.
func compiling(f *ast.FuncDecl) (at []token.Pos) {
	makes := strings.Contains(onceForms, " "+f.Name.Name+" ")
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch called := call.Fun.(type) {
		case *ast.Ident:
			if strings.Contains(onceForms, " "+called.Name+" ") {
				at = append(at, call.Pos())
			}
		case *ast.SelectorExpr:
			from, _ := called.X.(*ast.Ident)
			switch {
			case from == nil:
			case from.Name == "sync" && called.Sel.Name == "OnceValue":
				return !makes
			case from.Name == "regexp" && called.Sel.Name == "Compile" && !isLiteral(call.Args[0]): // known when it is called only
			case from.Name == "regexp" && strings.Contains(called.Sel.Name, "Compile"):
				at = append(at, call.Pos())
			}
		}
		return true
	})
	return at
}

func isLiteral(e ast.Expr) bool {
	_, is := e.(*ast.BasicLit)
	return is
}
