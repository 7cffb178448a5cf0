package audit

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/token"
)

// goFile is a Go program: its tree, and where its imports come from by the name they have in it.
type goFile struct {
	tree    *ast.File
	imports map[string]string
}

// readGo parses a Go program. It returns false for one that has a mistake.
func readGo(text []byte) (goFile, bool) {
	tree, err := parser.ParseFile(gotoken.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil {
		return goFile{}, false
	}
	f := goFile{tree: tree, imports: map[string]string{}}
	for _, spec := range tree.Imports {
		from, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(from)
		if strings.HasPrefix(name, "v") && len(name) > 1 && strings.Trim(name[1:], "0123456789") == "" {
			name = path.Base(path.Dir(from))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		f.imports[name] = from
	}
	return f, true
}

// goPlace returns the place of a node as a token.
func goPlace(n ast.Node) token.Token {
	return token.Token{Start: int(n.Pos()) - 1, End: int(n.End()) - 1}
}

// packageOf returns the import path and the name of what a call calls, or for a method the empty path.
func (f goFile) packageOf(call *ast.CallExpr) (from, name string) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	if base, ok := selector.X.(*ast.Ident); ok {
		from = f.imports[base.Name]
	}
	return from, selector.Sel.Name
}

const clerkJWT = "github.com/clerk/clerk-sdk-go/v2/jwt"

// unverifiedGo is unverifiedIn for Go: Decode of Clerk's SDK, which says that it verifies nothing, and ParseUnverified of golang-jwt.
// Both are right before a token is verified, so a file that does so is well.
func unverifiedGo(text []byte) []token.Token {
	f, ok := readGo(text)
	if !ok {
		return nil
	}
	var found []token.Token
	var clerk, subject, request, refuses, verifies bool
	for _, from := range f.imports {
		clerk = clerk || strings.Contains(from, "clerk")
		verifies = verifies || strings.Contains(from, "keyfunc") || strings.Contains(from, "jwks")
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			clerk = clerk || strings.Contains(strings.ToLower(n.Value), "clerk")
			subject = subject || n.Value == `"sub"`
			refuses = refuses || isRefusal(strings.Trim(n.Value, "`\""))
			request = request || strings.EqualFold(n.Value, `"Authorization"`) || n.Value == `"__session"`
		case *ast.Ident:
			clerk = clerk || strings.Contains(strings.ToLower(n.Name), "clerk")
			subject = subject || n.Name == "Subject" || n.Name == "GetSubject"
			refuses = refuses || isRefusal(n.Name)
		case *ast.CallExpr:
			from, name := f.packageOf(n)
			switch {
			case from == clerkJWT && name == "Decode", name == "ParseUnverified":
				found = append(found, goPlace(n.Fun))
			case name == "Verify", name == "ParseWithClaims", name == "Parse" && strings.Contains(from, "jwt"), strings.HasSuffix(name, "HeaderAuthorization"),
				name == "ParseSigned", name == "VerifyToken":
				verifies = true
			}
		}
		return true
	})
	if !clerk || !subject || !request || !refuses || verifies {
		return nil
	}
	return found
}
