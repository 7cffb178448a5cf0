package guide

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestPatterns: what is compiled at its first use only must be right before.
func TestPatterns(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	patterns := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			if made, ok := call.Fun.(*ast.Ident); !ok || made.Name != "newPattern" {
				return true
			}
			if literal, ok := call.Args[0].(*ast.BasicLit); ok {
				patterns++
				text, err := strconv.Unquote(literal.Value)
				if err == nil {
					_, err = regexp.Compile(text)
				}
				if err != nil {
					t.Errorf("%s: %s: %v", name, literal.Value, err)
				}
			}
			return true
		})
	}
	if patterns < 50 {
		t.Errorf("%d patterns: where are the others?", patterns)
	}
}
