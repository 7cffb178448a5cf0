package audit

import (
	"bytes"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// prefixedInScripts finds code that reads or asks for a secret of Clerk's under a name for the browser. What only asks whether it is set,
// as a guard against the mistake does, and names in strings are none.
func prefixedInScripts(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"CLERK", "SECRET", "PUBLIC|VITE_|REACT_APP_|GATSBY_|VUE_APP_"}, func(f *js.File) {
		if !prefixedName.Match(f.Text) {
			return
		}
		line := 0
		f.Root.Walk(func(n *js.Node) bool {
			name := environmentName(n)
			if !isPrefixed(name) || isTested(n) {
				return true
			}
			r := placeOf(f, n)
			if i := bytes.Index(f.Text[r.Start:], []byte(name)); i >= 0 { // at the name, not at process.env
				r = rangeOf(f.Text, r.Start+i, r.Start+i+len(name))
			}
			if r.Line != line {
				found = append(found, Finding{Path: f.Path, Range: r, Seen: name + handedOut, Fix: renamed(name)})
			}
			line = r.Line
			return true
		})
	})
	return found
}

// environmentName returns the variable of the environment that a node is about: it reads it, or declares it for a library that checks
// the environment. Otherwise it is empty.
func environmentName(n *js.Node) string {
	switch n.Kind {
	case js.Member, js.Index:
		if isEnvironment(n.Kids[0]) {
			return n.Path()[strings.LastIndexByte(n.Path(), '.')+1:]
		}
	case js.Property:
		switch n.Parent.Kind {
		case js.ObjectPattern: // const { NAME } = process.env
			if d := n.Parent.Parent; d.Kind == js.Declarator && isEnvironment(d.Kid(1)) {
				return n.Text
			}
		case js.Object: // NAME: z.string()
			if value := n.Kid(0); value != nil && value.Kind == js.Call {
				return n.Text
			}
		}
	}
	return ""
}

// isEnvironment reports whether an expression is the environment: process.env, import.meta.env, or a name for it.
func isEnvironment(n *js.Node) bool {
	path := n.Path()
	return path == "env" || strings.HasSuffix(path, ".env")
}
