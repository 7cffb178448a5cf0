package audit

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// unverifiedScripts is unverifiedIn for JavaScript: a token that a request brings is decoded by a function that verifies nothing, its subject
// is used, others are turned away, and nothing in the file verifies one.
func unverifiedScripts(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"jwt-decode|jsonwebtoken|jose", "lerk|LERK", "sub|org_"}, func(f *js.File) {
		if f.Browser || slices.Contains(f.Directives, "use client") {
			return
		}
		w := watched{file: f}
		f.Root.Walk(w.see)
		if !w.clerk || !w.request || !w.subject || !w.refuses || w.verifies {
			return
		}
		for _, n := range w.decoded {
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, n), Seen: unverifiedSeen})
		}
	})
	return found
}

// watched is what a file shows of how it handles tokens.
type watched struct {
	file                                       *js.File
	clerk, request, subject, refuses, verifies bool
	decoded                                    []*js.Node
}

// verifiers are functions that check a token, or say whose a request is.
var verifiers = []string{
	"verify", "jwtVerify", "verifyToken", "verifyJwt", "authenticateRequest", "createRemoteJWKSet", "auth", "getAuth", "currentUser", "clerkMiddleware", "requireAuth",
	"expressjwt", "getToken", // in code for browsers: the token is their own
}

func (w *watched) see(n *js.Node) bool {
	w.refuses = w.refuses || n.Kind != js.Template && isRefusal(n.Text)
	switch n.Kind {
	case js.Ident, js.Import, js.String, js.Function:
		w.clerk = w.clerk || strings.Contains(strings.ToLower(n.Text), "clerk")
	case js.Member, js.Property:
		w.clerk = w.clerk || strings.Contains(strings.ToLower(n.Text), "clerk")
		w.subject = w.subject || slices.Contains([]string{"sub", "org_id", "org_role"}, n.Text)
		w.request = w.request || isRequestToken(n)
	case js.Index:
		w.request = w.request || isRequestToken(n)
	case js.Call:
		w.call(n)
	}
	return true
}

func (w *watched) call(n *js.Node) {
	callee := n.Kids[0]
	o, ok := w.file.Origin(callee)
	name := o.Name
	switch {
	case ok:
	case callee.Kind == js.Member:
		o, ok = w.file.Origin(callee.Kids[0])
		name = callee.Text
		if argument := n.Kid(1); argument != nil && argument.Kind == js.String && (name == "get" || name == "header") {
			w.request = w.request || strings.EqualFold(argument.Text, "authorization") || argument.Text == "__session"
		}
	default:
		name = callee.Text
	}
	w.verifies = w.verifies || slices.Contains(verifiers, name)
	switch {
	case !ok:
	case o.Module == "jwt-decode" && (name == "default" || name == "jwtDecode" || name == "*"), o.Module == "jsonwebtoken" && name == "decode",
		o.Module == "jose" && name == "decodeJwt":
		w.decoded = append(w.decoded, n)
	}
}

// isRequestToken reports whether an expression reads the token of a request: headers.authorization, or the cookie __session.
func isRequestToken(n *js.Node) bool {
	path := n.Path()
	return strings.HasSuffix(path, "headers.authorization") || strings.HasSuffix(path, "headers.Authorization") || strings.HasSuffix(path, "cookies.__session")
}
