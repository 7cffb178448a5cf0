package audit

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// gates finds middleware in which createRouteMatcher says what is protected, so that a path that it doesn't know is let through. Where it
// says what is public, such a path is stopped: then the file is well.
func gates(f *js.File) []use {
	var all []use
	denies := false
	f.Root.Walk(func(n *js.Node) bool {
		var test, then *js.Node
		switch {
		case n.Kind == js.If, n.Kind == js.Conditional, n.Kind == js.Binary && n.Text == "&&":
			test, then = n.Kids[0], n.Kids[1]
		default:
			return true
		}
		positive, negative := matchersIn(f, test, false)
		denies = denies || negative
		if positive != nil && !negative && protects(then) {
			o, _ := f.Origin(f.Value(positive.Kids[0]).Kids[0])
			all = append(all, use{node: positive, entry: packageOf(o.Module), seen: "createRouteMatcher says which routes are protected"})
		}
		return true
	})
	if denies {
		return nil
	}
	return all
}

// matchersIn returns a call of a route matcher that a condition asks for, and whether one stands in it that it asks not to match.
func matchersIn(f *js.File, test *js.Node, not bool) (positive *js.Node, negative bool) {
	switch {
	case test == nil:
	case test.Kind == js.Unary && test.Text == "!":
		return matchersIn(f, test.Kids[0], !not)
	case test.Kind == js.Binary && (test.Text == "&&" || test.Text == "||"):
		for _, side := range test.Kids {
			p, n := matchersIn(f, side, not)
			if positive == nil {
				positive = p
			}
			negative = negative || n
		}
	case test.Kind == js.Call && isMatcher(f, test.Kids[0]):
		if not {
			return nil, true
		}
		return test, false
	}
	return positive, negative
}

// isMatcher reports whether a function comes from createRouteMatcher.
func isMatcher(f *js.File, function *js.Node) bool {
	made := f.Value(function)
	if made == nil || made.Kind != js.Call {
		return false
	}
	o, ok := f.Origin(made.Kids[0])
	return ok && o.Name == "createRouteMatcher" && strings.HasPrefix(o.Module, "@clerk/")
}

// protects reports whether a statement stops who isn't signed in: it calls protect(), or redirects to the sign-in page.
func protects(n *js.Node) bool {
	stops := false
	n.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call {
			callee := n.Kids[0]
			stops = stops || callee.Kind == js.Member && slices.Contains([]string{"protect", "redirectToSignIn"}, callee.Text) ||
				callee.Kind == js.Ident && callee.Text == "redirectToSignIn"
		}
		return !stops
	})
	return stops
}

// guarded finds middleware that protects something: what relies on each request reaching it.
func guarded(f *js.File) []use {
	var all []use
	for _, u := range callsOf(f, "clerkMiddleware") {
		if u.entry == "@clerk/nextjs" && len(u.node.Kids) > 1 && protects(f.Value(u.node.Kids[1])) {
			all = append(all, use{node: u.node, entry: "next", seen: "routes are protected in middleware"})
		}
	}
	return all
}
