package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

const clerkExpress = "@clerk/express"

// tooLate finds middleware that comes after what needs it.
func tooLate() Check {
	return Check{
		ID: "C24", Title: "clerkMiddleware() comes after routes that need it", Severity: detect.MediumSeverity, Tier: Default, Frameworks: []string{"Express"},
		Fix:  "Call app.use(clerkMiddleware()) before the routes and the routers that call getAuth().",
		Link: "https://clerk.com/docs/reference/express/clerk-middleware",
		Why: "Express runs middleware and routes in the order in which they are set. A route that is set before `clerkMiddleware()` never sees who is signed in: " +
			"`getAuth()` throws there, and every request to it fails.\n\n" +
			"Only routes of the same `express()` are looked at that call `getAuth()` themselves, or through a router in the same file or one that it imports. " +
			"A webhook or a health check that comes first on purpose is not reported.",
		Before: []Example{{"server.js", `import { clerkMiddleware, getAuth } from "@clerk/express";
import express from "express";

const app = express();

app.get("/me", (request, response) => response.json(getAuth(request).userId));

app.use(clerkMiddleware());
`}},
		After: []Example{{"server.js", `import { clerkMiddleware, getAuth } from "@clerk/express";
import express from "express";

const app = express();

app.use(clerkMiddleware());

app.get("/me", (request, response) => response.json(getAuth(request).userId));
`}},
		wants: isScript,
		find:  findTooLate,
	}
}

func findTooLate(p *project) []Finding {
	var found []Finding
	p.scripts([]string{clerkExpress, "clerkMiddleware"}, func(f *js.File) {
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind == js.Module || n.Kind == js.Block {
				found = append(found, lateIn(p, f, n.Kids)...)
			}
			return true
		})
	})
	return found
}

// lateIn looks at the statements of one block.
func lateIn(p *project, f *js.File, statements []*js.Node) []Finding {
	early := map[*js.Binding]*js.Node{} // the first route of each app that needs the middleware
	done := map[*js.Binding]bool{}
	var found []Finding
	for _, s := range statements {
		if s.Kind != js.Statement || s.Kids[0].Kind != js.Call || s.Kids[0].Kids[0].Kind != js.Member {
			continue
		}
		call := s.Kids[0]
		app := f.Binding(call.Kids[0].Kids[0])
		if app == nil || done[app] || !isMade(f, app.Value, "default", "*") {
			continue
		}
		switch {
		case slices.ContainsFunc(call.Args(), func(a *js.Node) bool { return isCallOf(f, a, "clerkMiddleware") }):
			done[app] = true
			if route := early[app]; route != nil {
				found = append(found, Finding{Path: f.Path, Range: placeOf(f, call), Seen: fmt.Sprintf("clerkMiddleware() comes after %s, which needs it", named(f, route))})
			}
		case early[app] == nil && needsMiddleware(p, f, call):
			early[app] = call
		}
	}
	return found
}

// named is how a route is told from others: by its method and path.
func named(f *js.File, route *js.Node) string {
	start, end := f.Range(route)
	name := string(f.Text[start:end])
	if path := route.Kid(1); path != nil && path.Kind == js.String {
		return name + `("` + path.Text + `")`
	}
	return fmt.Sprintf("%s() in line %d", name, placeOf(f, route).Line)
}

// isMade reports whether a value is what calling one of the names of express gives.
func isMade(f *js.File, value *js.Node, names ...string) bool {
	if value == nil || value.Kind != js.Call {
		return false
	}
	o, ok := f.Origin(value.Kids[0])
	return ok && o.Is("express", names...)
}

// isCallOf reports whether an expression calls a function of @clerk/express.
func isCallOf(f *js.File, n *js.Node, names ...string) bool {
	if n == nil || n.Kind != js.Call {
		return false
	}
	o, ok := f.Origin(n.Kids[0])
	return ok && o.Is(clerkExpress, names...)
}

// needsMiddleware reports whether a handler of a route, or of a router that is mounted, calls getAuth() with no middleware of its own
// in front.
func needsMiddleware(p *project, f *js.File, route *js.Node) bool {
	if !slices.Contains([]string{"get", "post", "put", "patch", "delete", "all", "use"}, route.Kids[0].Text) {
		return false
	}
	needs := false
	for _, argument := range route.Args() {
		if own := f.Value(argument); isCallOf(f, own, "clerkMiddleware", "requireAuth") {
			return false
		}
		if o, ok := f.Origin(argument); ok && o.Is(clerkExpress, "requireAuth") {
			return false
		}
		needs = needs || asksWho(p, f, argument)
	}
	return needs
}

func asksWho(p *project, f *js.File, argument *js.Node) bool {
	value := f.Value(argument)
	switch {
	case value.Kind == js.Function:
		return calls(f, value, "getAuth")
	case isMade(f, value, "Router"):
		router := f.Binding(argument)
		asks, own := false, false
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind == js.Call && n.Kids[0].Kind == js.Member && router != nil && f.Binding(n.Kids[0].Kids[0]) == router {
				asks = asks || calls(f, n, "getAuth")
				own = own || calls(f, n, "clerkMiddleware", "requireAuth") || passes(f, n, "requireAuth")
			}
			return true
		})
		return asks && !own
	}
	o, ok := f.Origin(argument)
	if !ok || !strings.HasPrefix(o.Module, ".") {
		return false
	}
	name := p.imported(f.Path, o.Module)
	if name == "" {
		return false
	}
	g := p.script(name)
	return g != nil && len(g.Exports) == 1 && calls(g, g.Root, "getAuth") && !calls(g, g.Root, "clerkMiddleware", "requireAuth") && !passes(g, g.Root, "requireAuth")
}

// calls reports whether functions of @clerk/express are called at or below a node.
func calls(f *js.File, n *js.Node, names ...string) bool {
	called := false
	n.Walk(func(n *js.Node) bool {
		called = called || isCallOf(f, n, names...)
		return !called
	})
	return called
}

// passes reports whether a function of @clerk/express is an argument at or below a node.
func passes(f *js.File, n *js.Node, name string) bool {
	passed := false
	n.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call {
			passed = passed || slices.ContainsFunc(n.Args(), func(a *js.Node) bool {
				o, ok := f.Origin(a)
				return ok && o.Is(clerkExpress, name)
			})
		}
		return !passed
	})
	return passed
}
