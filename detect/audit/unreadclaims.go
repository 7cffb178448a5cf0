package audit

import (
	"bytes"
	"go/ast"
	"slices"

	"github.com/rekey-app/rekey/detect"
)

// unreadClaims finds Go programs that verify tokens, and never look at what came of it.
func unreadClaims() Check {
	return Check{
		ID: "C26", Title: "Nothing asks whether a request has a session", Severity: detect.HighSeverity, Tier: All, Frameworks: []string{"Go"},
		Fix:  "Use RequireHeaderAuthorization, which answers 403 without a session, or test the second value of clerk.SessionClaimsFromContext in each handler.",
		Link: "https://clerk.com/docs/guides/sessions/verifying",
		Why: "`WithHeaderAuthorization` puts the claims of a session into the request's context where a request has a valid token. A request without a token gets through all the same: " +
			"that the handler asks for the claims is what protects it.\n\n" +
			"It is reported where a program uses it, and no file of the repository asks for claims: then no handler behind it knows who is signed in.",
		Before: []Example{{"main.go", goServer("WithHeaderAuthorization")}},
		After:  []Example{{"main.go", goServer("RequireHeaderAuthorization")}},
		wants:  func(name string) bool { return languageOf(name) == "Go" && isOurs(name) },
		find:   findUnreadClaims,
	}
}

func goServer(middleware string) string {
	return `package main

import (
	"net/http"

	clerkhttp "github.com/clerk/clerk-sdk-go/v2/http"
)

func main() {
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("all orders"))
	})
	http.Handle("/orders", clerkhttp.` + middleware + `()(orders))
	http.ListenAndServe(":8080", nil)
}
`
}

const clerkGoHTTP = "github.com/clerk/clerk-sdk-go/v2/http"

func findUnreadClaims(p *project) []Finding {
	if !p.tree.Whole() {
		return nil
	}
	var found []Finding
	p.each(unreadClaims().wants, func(name string, text []byte) {
		if len(text) > maxProgram || !bytes.Contains(text, []byte("WithHeaderAuthorization")) || !bytes.Contains(text, []byte(clerkGoHTTP)) {
			return
		}
		f, ok := readGo(text)
		if !ok {
			return
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if from, called := f.packageOf(call); from == clerkGoHTTP && called == "WithHeaderAuthorization" {
				at := goPlace(call.Fun)
				found = append(found, Finding{
					Path: name, Range: rangeOf(text, at.Start, at.End), Seen: "requests without a session pass WithHeaderAuthorization, and no file asks for the claims",
				})
			}
			return true
		})
	})
	if len(found) > 0 && !p.neverAsksForClaims() {
		return nil
	}
	return found
}

// neverAsksForClaims reports whether the repository is a program of its own in which no file asks for the claims of a session. A file that
// isn't known may.
func (p *project) neverAsksForClaims() bool {
	program := false
	for _, name := range p.paths {
		if languageOf(name) != "Go" {
			continue
		}
		text, ok := p.read(name)
		if !ok || bytes.Contains(text, []byte("SessionClaims")) || bytes.Contains(text, []byte("RequireHeaderAuthorization")) {
			return false
		}
		program = program || slices.ContainsFunc(bytes.Split(text[:min(len(text), 4<<10)], []byte("\n")), func(line []byte) bool { return bytes.HasPrefix(line, []byte("package main")) })
	}
	return program
}
