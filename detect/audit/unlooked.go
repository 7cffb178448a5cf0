package audit

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/routes"
)

// unlooked finds handlers that ask who sends a request, and do the same whatever the answer is.
func unlooked() Check {
	return Check{
		ID: "C4", Title: "The answer of auth() is never looked at", Severity: detect.HighSeverity, Tier: All, Frameworks: []string{"Next.js", "Express", "Astro", "Nuxt"},
		Fix:  "Look at isAuthenticated or userId, and answer 401 where there is none, before anything else is done. In Next.js, await auth.protect() does both.",
		Link: "https://clerk.com/docs/guides/secure/protect-content",
		Why: "`auth()` and `getAuth()` stop nobody: they say who is signed in, and that may be no one. A handler that calls them and goes on regardless does its work for everybody.\n\n" +
			"Reported in handlers of routes and in Server Functions that create, change or delete something, where the answer is thrown away or its parts are never used, nothing else in " +
			"them or in the functions that they call has to do with who asks, and no middleware is seen to refuse the request.",
		Before: []Example{
			{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "@prisma/client": "^6.0.0", "next": "^15.0.0" } }` + "\n"},
			{"app/api/items/route.ts", `import { auth } from "@clerk/nextjs/server";
import { PrismaClient } from "@prisma/client";

const db = new PrismaClient();

export async function DELETE(request: Request) {
  await auth();
  const { id } = await request.json();
  await db.item.delete({ where: { id } });
  return Response.json({ ok: true });
}
`},
		},
		After: []Example{
			{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "@prisma/client": "^6.0.0", "next": "^15.0.0" } }` + "\n"},
			{"app/api/items/route.ts", `import { auth } from "@clerk/nextjs/server";
import { PrismaClient } from "@prisma/client";

const db = new PrismaClient();

export async function DELETE(request: Request) {
  const { userId } = await auth();
  if (!userId) return new Response(null, { status: 401 });
  const { id } = await request.json();
  await db.item.delete({ where: { id, owner: userId } });
  return Response.json({ ok: true });
}
`},
		},
		wants: isScript,
		find:  findUnlooked,
	}
}

func findUnlooked(p *project) []Finding {
	if !p.tree.Whole() {
		return nil
	}
	var found []Finding
	p.scripts([]string{"auth(|getAuth(|currentUser("}, func(f *js.File) {
		var unused []*js.Node
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind == js.Call && asksClerkHere(p, f, n) && isUnused(f, n) {
				unused = append(unused, n)
			}
			return true
		})
		seen := map[*js.Node]bool{}
		for _, call := range unused {
			handler := outermostFunction(call)
			if seen[handler] {
				continue
			}
			seen[handler] = true
			q := newInquiry(p, func(n *js.Node) bool { return slices.Contains(unused, n) })
			if handler.Kind != js.Function || q.mayAsk(f, handler, hopsOfInquiry) || !q.changes || !isOpen(p, f, call) {
				continue
			}
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, call), Seen: "nothing looks at who is signed in: what follows is done for everybody"})
		}
	})
	return found
}

// asksClerkHere reports whether a call asks Clerk who is signed in.
func asksClerkHere(p *project, f *js.File, call *js.Node) bool {
	if o, ok := f.Origin(call.Kids[0]); ok {
		return strings.HasPrefix(o.Module, "@clerk/") && slices.Contains([]string{"auth", "getAuth", "currentUser"}, o.Name)
	}
	name := call.Kids[0].Path()
	return isLocalsAuth(call) && p.dependsOn(f.Path, "@clerk/astro") || strings.HasSuffix(name, ".context.auth") && p.dependsOn(f.Path, "@clerk/nuxt")
}

// isUnused reports whether nothing takes what a call gives, or uses what its parts are called.
func isUnused(f *js.File, call *js.Node) bool {
	n := call
	for n.Parent.Kind == js.Await {
		n = n.Parent
	}
	if n.Fate() == js.Discarded {
		return true
	}
	if n.Parent.Kind != js.Declarator {
		return false
	}
	target := n.Parent.Kids[0]
	names := []*js.Node{target}
	if target.Kind == js.ObjectPattern {
		names = nil
		for _, part := range target.Kids {
			if part.Kind != js.Property || part.Kid(0) == nil {
				return false
			}
			names = append(names, part.Kids[0])
		}
	}
	for _, name := range names {
		b := f.Binding(name)
		if b == nil || b.Assigned || len(usesOf(f, b)) > 0 {
			return false
		}
	}
	return true
}

// isOpen reports whether the route or Server Function around a call is one that nothing is seen to protect, and nothing that isn't known.
func isOpen(p *project, f *js.File, call *js.Node) bool {
	line := placeOf(f, call).Line
	var around *routes.Route
	for _, r := range p.routes() {
		if r.File == f.Path && r.Line <= line && (around == nil || r.Line > around.Line) {
			around = &r
		}
	}
	switch {
	case around == nil || around.Kind == routes.Page || around.Gate.Unsure || around.State != routes.Unknown && around.State != routes.Public:
		return false
	case around.Framework == "Astro" || around.Framework == "Nuxt":
		return !p.serverMiddlewareAsks(around.App)
	case around.Framework != "Next.js":
		return !registeredBehind(p, f, outermostFunction(call))
	}
	return true
}

// serverMiddlewareAsks reports whether middleware of an app of Astro or Nuxt may ask who sends a request.
func (p *project) serverMiddlewareAsks(root string) bool {
	for _, name := range p.paths {
		rest, ok := below(root, name)
		if !ok || !isCode(name) || !strings.HasPrefix(rest, "server/middleware/") && !isAstroMiddleware(rest) {
			continue
		}
		f := p.script(name)
		if f == nil {
			return true
		}
		q := newInquiry(p, func(n *js.Node) bool { return n.Kind == js.Call && isClerkMiddleware(f, n) })
		if q.mayAsk(f, f.Root, hopsOfInquiry) {
			return true
		}
	}
	return false
}

func isClerkMiddleware(f *js.File, call *js.Node) bool {
	o, ok := f.Origin(call.Kids[0])
	return ok && strings.HasPrefix(o.Module, "@clerk/") && o.Name == "clerkMiddleware"
}

// registeredBehind reports whether what runs before the handler of a route of Express may ask who sends the request: other handlers of the route, or what the
// app uses. It is true for routers, as what mounts them isn't looked at.
func registeredBehind(p *project, f *js.File, handler *js.Node) bool {
	route := handler.Parent
	if route.Kind != js.Call || route.Kids[0].Kind != js.Member {
		return true
	}
	app := f.Binding(route.Kids[0].Kids[0])
	if app == nil || !isMade(f, app.Value, "default", "*") {
		return true
	}
	q := newInquiry(p, func(n *js.Node) bool { return n.Kind == js.Call && isClerkMiddleware(f, n) })
	return has(f.Root, func(n *js.Node) bool {
		if n.Kind != js.Call || n.Kids[0].Kind != js.Member || n != route && n.Kids[0].Text != "use" || f.Binding(n.Kids[0].Kids[0]) != app {
			return false
		}
		return slices.ContainsFunc(n.Args(), func(a *js.Node) bool { return f.Value(a) != handler && q.mayRun(f, a) })
	})
}
