package audit

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/routes"
)

// leftOut finds routes that the middleware of Next.js doesn't run for, although they need it.
func leftOut() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "next": "^15.0.0" } }` + "\n"}
	route := Example{"app/api/items/route.ts", `import { auth } from "@clerk/nextjs/server";

export async function GET() {
  const { userId } = await auth();
  return Response.json({ userId });
}
`}
	text := "import { clerkMiddleware } from \"@clerk/nextjs/server\";\n\nexport default clerkMiddleware();\n\nexport const config = {\n  matcher: [%s],\n};\n"
	return Check{
		ID: "C8", Title: "The middleware's matcher leaves out routes that need it", Severity: detect.MediumSeverity, Tier: All, Frameworks: []string{"Next.js"},
		Fix:  "Take the matcher of Clerk's documentation, which has '/(api|trpc)(.*)' for the API routes, or add the paths.",
		Link: "https://clerk.com/docs/reference/nextjs/clerk-middleware",
		Why: "`config.matcher` says for which paths the middleware runs. `auth()` throws in a route that it leaves out, so that the route always fails; and where a list of `createRouteMatcher` protects a path " +
			"that the matcher leaves out, nothing protects it.\n\n" +
			"Only a matcher that is written out is reported, and only routes that call Clerk themselves or that a list names. A route that the middleware doesn't run for and that needs none is fine.",
		Before: []Example{manifest, route, {"middleware.ts", fmt.Sprintf(text, `"/dashboard/:path*"`)}},
		After:  []Example{manifest, route, {"middleware.ts", fmt.Sprintf(text, `"/dashboard/:path*", "/(api|trpc)(.*)"`)}},
		wants:  isScript,
		find:   findLeftOut,
	}
}

// middlewares calls do with each file of middleware for Next.js that uses Clerk and whose findings are wanted, and with the routes of its app.
func (p *project) middlewares(do func(*js.File, []routes.Route)) {
	p.scriptsAt(func(name string) bool { return middlewareName.MatchString(path.Base(name)) }, []string{"@clerk/nextjs", "clerkMiddleware|authMiddleware"}, func(f *js.File) {
		if definesMiddleware(f) {
			do(f, p.routesIn("Next.js", f.Path))
		}
	})
}

func findLeftOut(p *project) []Finding {
	var found []Finding
	p.middlewares(func(f *js.File, all []routes.Route) {
		config := f.Value(f.Exports["config"])
		list, _ := config.Property("matcher")
		if list == nil {
			return
		}
		var fail, open []string
		pattern := ""
		for _, r := range all {
			switch {
			case !r.Gate.LeftOut:
			case r.Gate.Named != routes.Evidence{} && r.State != routes.Protected:
				open, pattern = append(open, pathOf(r)), cmp.Or(pattern, r.Gate.Named.What)
			case p.callsAuth(r):
				fail = append(fail, pathOf(r))
			}
		}
		if len(open) > 0 {
			found = append(found, Finding{
				Path: f.Path, Range: placeOf(f, list.Parent), Severity: detect.HighSeverity,
				Seen: fmt.Sprintf("the matcher leaves out %s, which %s is there to protect", someOf(open), pattern),
			})
		}
		if len(fail) > 0 {
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, list.Parent), Seen: fmt.Sprintf("the matcher leaves out %s, where auth() throws without the middleware", someOf(fail))})
		}
	})
	return found
}

// callsAuth reports whether the code of a route itself asks Clerk who is signed in.
func (p *project) callsAuth(r routes.Route) bool {
	f, n := p.handlerOf(r)
	if n == nil || r.Kind == routes.Function || slices.Contains(f.Directives, "use client") {
		return false
	}
	return has(n, func(n *js.Node) bool {
		if n.Kind != js.Call {
			return false
		}
		callee := n.Kids[0]
		if callee.Kind == js.Member && callee.Text == "protect" {
			callee = callee.Kids[0]
		}
		o, ok := f.Origin(callee)
		return ok && (o.Is(nextServer, "auth", "currentUser", "getAuth") || o.Is("@clerk/nextjs", "auth", "currentUser"))
	})
}

func pathOf(r routes.Route) string {
	if r.Method != "" {
		return r.Method + " " + r.Path
	}
	return r.Path
}

// someOf names the first of several paths, and counts the rest.
func someOf(paths []string) string {
	paths = slices.Compact(paths)
	const most = 3
	if len(paths) <= most {
		return strings.Join(paths, ", ")
	}
	return strings.Join(paths[:most], ", ") + " and " + counted(len(paths)-most, "more route", "more routes")
}

// listAlone finds lists of createRouteMatcher that are all that protects the routes that they name.
func listAlone() Check {
	files := func(page string) []Example {
		return []Example{
			{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "next": "^15.0.0" } }` + "\n"},
			{"middleware.ts", `import { clerkMiddleware, createRouteMatcher } from "@clerk/nextjs/server";

const isProtected = createRouteMatcher(["/dashboard(.*)"]);

export default clerkMiddleware(async (auth, request) => {
  if (isProtected(request)) await auth.protect();
});
`},
			{"app/dashboard/page.tsx", page},
			{"lib/orders.ts", "export async function load() {\n  return (await fetch(\"https://orders.example.com\")).text();\n}\n"},
		}
	}
	return Check{
		ID: "C9", Title: "createRouteMatcher is all that protects these routes", Severity: detect.MediumSeverity, Tier: All, Frameworks: []string{"Next.js", "Astro", "Nuxt"},
		Fix:  "Put the check into the routes too: await auth.protect() first in each page and route handler. Clerk's guide shows how to move.",
		Link: "https://clerk.com/docs/guides/development/upgrading/upgrade-guides/migrate-from-create-route-matcher",
		Why: "A list of paths in the middleware protects what it was written for. A route that is added or moved, a rewrite, or a path that is written in another way passes it, and nothing else asks. Clerk has deprecated " +
			"`createRouteMatcher` for protecting routes, and asks to check in each of them.\n\n" +
			"Reported where a list says what is protected, and none of the routes that the middleware protects is seen to check anything itself. Only handlers count, and pages that wait " +
			"for something that they show. A list that says what is public is not reported: what it doesn't know is stopped.",
		Before: files("import { load } from \"@/lib/orders\";\n\nexport default async function Page() {\n  return <p>{await load()}</p>;\n}\n"),
		After:  files("import { load } from \"@/lib/orders\";\nimport { auth } from \"@clerk/nextjs/server\";\n\nexport default async function Page() {\n  await auth.protect();\n  return <p>{await load()}</p>;\n}\n"),
		wants:  isScript,
		find:   findListAlone,
	}
}

func findListAlone(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"@clerk/", "createRouteMatcher", "clerkMiddleware"}, func(f *js.File) {
		lists := gates(f)
		root, ok := p.root(f.Path)
		if len(lists) == 0 || !ok {
			return
		}
		var alone []string
		for _, r := range p.routes() {
			switch {
			case r.App != root:
			case r.Unread, r.Gate.Refuses && (r.State == routes.Protected || hasEvidence(r, "a layout refuses")):
				return
			case r.Gate.Refuses && p.works(r) && p.isSilent(r):
				alone = append(alone, pathOf(r))
			}
		}
		if len(alone) == 0 {
			return
		}
		found = append(found, Finding{
			Path: f.Path, Range: placeOf(f, lists[0].node),
			Seen: fmt.Sprintf("the list is all that is seen to protect %s", someOf(alone)),
		})
	})
	return found
}

// works reports whether a route does something on the server: it is a handler, or a page that waits for something else than its parameters and its
// language.
func (p *project) works(r routes.Route) bool {
	f, function := p.handlerOf(r)
	if function == nil || slices.Contains(f.Directives, "use client") || r.Kind == routes.Function {
		return false
	}
	return r.Kind == routes.Handler || has(function, func(n *js.Node) bool {
		if n.Kind != js.Await || n.Kids[0].Kind != js.Call {
			return false
		}
		o, ok := f.Origin(n.Kids[0].Kids[0])
		return !ok || !strings.Contains(o.Module, "intl") && !strings.Contains(o.Module, "i18n")
	})
}

func hasEvidence(r routes.Route, what string) bool {
	return slices.ContainsFunc(r.Evidence, func(e routes.Evidence) bool { return strings.HasPrefix(e.What, what) })
}
