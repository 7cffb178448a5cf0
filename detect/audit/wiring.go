package audit

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// wiring is what a framework's functions need in order to know who is signed in.
type wiring struct {
	framework string
	entry     string   // the package
	modules   []string // those of it that the functions come from
	functions []string
	least     int      // the major version of the package since which they need it
	words     []string // of which a script has one where it is there
	likely    []string // where it mostly is, from the package's directory, without extension
	missing   string   // what isn't there
}

var nextWiring = wiring{
	framework: "Next.js", entry: "@clerk/nextjs", modules: []string{nextServer, "@clerk/nextjs"}, functions: []string{"auth", "currentUser", "getAuth"}, least: 5,
	words:   []string{"clerkMiddleware", "authMiddleware", "withClerkMiddleware"},
	likely:  []string{"middleware", "src/middleware", "proxy", "src/proxy"},
	missing: "clerkMiddleware",
}

var otherWirings = []wiring{
	{
		framework: "Express", entry: "@clerk/express", modules: []string{clerkExpress}, functions: []string{"getAuth"},
		words: []string{"clerkMiddleware", "requireAuth"}, likely: []string{"src/index", "src/app", "src/server", "index", "server", "app"}, missing: "clerkMiddleware",
	},
	{
		framework: "Fastify", entry: "@clerk/fastify", modules: []string{"@clerk/fastify"}, functions: []string{"getAuth"},
		words: []string{"clerkPlugin"}, likely: []string{"src/index", "src/app", "src/server", "index", "server", "app"}, missing: "clerkPlugin",
	},
	{
		framework: "Hono", entry: "@clerk/hono", modules: []string{"@clerk/hono"}, functions: []string{"getAuth"},
		words: []string{"clerkMiddleware"}, likely: []string{"src/index", "index"}, missing: "clerkMiddleware",
	},
	{
		framework: "React Router", entry: "@clerk/react-router", modules: []string{"@clerk/react-router/server", "@clerk/react-router/ssr.server"},
		functions: []string{"getAuth", "rootAuthLoader"}, least: 3,
		words: []string{"clerkMiddleware"}, likely: []string{"app/root", "src/root"}, missing: "clerkMiddleware",
	},
	{
		framework: "TanStack Start", entry: "@clerk/tanstack-react-start", modules: []string{"@clerk/tanstack-react-start/server"}, functions: []string{"auth"}, least: 1,
		words: []string{"clerkMiddleware"}, likely: []string{"src/start", "app/start"}, missing: "clerkMiddleware",
	},
}

// unwired finds apps of Next.js that ask who is signed in, and nowhere set up what knows it.
func unwired() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "next": "^15.0.0" } }` + "\n"}
	page := Example{"app/page.tsx", `import { auth } from "@clerk/nextjs/server";

export default async function Page() {
  const { userId } = await auth();
  return <p>{userId}</p>;
}
`}
	return Check{
		ID: "C7", Title: "auth() is used without clerkMiddleware()", Severity: detect.MediumSeverity, Tier: All, Frameworks: []string{"Next.js"},
		Fix: "Create proxy.ts (middleware.ts up to Next.js 15) beside app or pages, and export clerkMiddleware() from it by default, with the matcher of Clerk's " +
			"documentation.",
		Link: "https://clerk.com/docs/reference/nextjs/clerk-middleware",
		Why: "`auth()`, `currentUser()` and `getAuth()` read what `clerkMiddleware()` found out about a request. Where it doesn't run, they throw: pages fail, and nobody gets in.\n\n" +
			"Reported where a file below `app` or `pages` calls one of them, and no script of the whole repository names `clerkMiddleware`, or what older versions had for it; once for each app.",
		Before: []Example{manifest, page},
		After:  []Example{manifest, page, {"middleware.ts", "import { clerkMiddleware } from \"@clerk/nextjs/server\";\n\nexport default clerkMiddleware();\n"}},
		wants:  isScript,
		find:   func(p *project) []Finding { return findUnwired(p, nextWiring) },
	}
}

// unwiredElsewhere is the same for other frameworks.
func unwiredElsewhere() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/express": "^2.0.0", "express": "^5.0.0" } }` + "\n"}
	return Check{
		ID: "C31", Title: "Clerk is asked who is signed in, and isn't set up", Severity: detect.MediumSeverity, Tier: All,
		Frameworks: []string{"Express", "Fastify", "Hono", "Astro", "React Router", "TanStack Start"},
		Fix:        "Set up Clerk's middleware for all requests, as the reference of its SDK says.",
		Link:       "https://clerk.com/docs/reference/express/clerk-middleware",
		Why: "`getAuth()` and its like read what Clerk's middleware found out about a request, and throw where it didn't run. It is `clerkMiddleware()` with Express, Hono, " +
			"React Router (`export const middleware` of the root route, since version 3), TanStack Start (`requestMiddleware` in `src/start.ts`, since version 1) and Astro " +
			"(`export const onRequest` of `src/middleware`), and `clerkPlugin` with Fastify.\n\n" +
			"Reported where no script of the whole repository names it, once for each package; and in Astro where the file of the middleware exports it under another name.",
		Before: []Example{manifest, {"server.ts", `import { getAuth } from "@clerk/express";
import express from "express";

const app = express();
app.get("/me", (request, response) => response.json(getAuth(request).userId));
`}},
		After: []Example{manifest, {"server.ts", `import { clerkMiddleware, getAuth } from "@clerk/express";
import express from "express";

const app = express();
app.use(clerkMiddleware());
app.get("/me", (request, response) => response.json(getAuth(request).userId));
`}},
		wants: isScript,
		find: func(p *project) []Finding {
			var found []Finding
			for _, w := range otherWirings {
				found = append(found, findUnwired(p, w)...)
			}
			return append(found, astroUnwired(p)...)
		},
	}
}

func findUnwired(p *project, w wiring) []Finding {
	if !p.tree.Whole() {
		return nil
	}
	var found []Finding
	done := map[string]bool{} // by directory
	p.scripts([]string{w.entry, strings.Join(w.functions, "(|") + "("}, func(f *js.File) {
		root, ok := p.root(f.Path)
		if !ok || done[root] || !p.isWithin(f.Path, w) {
			return
		}
		use := firstUse(f, w)
		if use == nil {
			return
		}
		done[root] = true
		likely := make([]string, len(w.likely))
		for i, name := range w.likely {
			likely[i] = path.Join(root, name)
		}
		if p.nowhere(likely, w.words...) {
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, use), Seen: fmt.Sprintf("%s() is called, and no file of the repository has %s", calledName(f, use), w.missing)})
		}
	})
	return found
}

// nextDirectory is where Next.js looks for routes, from the directory of an app.
var nextDirectory = regexp.MustCompile(`^(src/)?(app|pages)/`)

// isWithin reports whether a file's package is of the framework, with a version that needs the wiring.
func (p *project) isWithin(name string, w wiring) bool {
	if !p.dependsOn(name, w.entry) {
		return false
	}
	if w.framework == "Next.js" {
		root, _ := p.root(name)
		if rest, _ := below(root, name); !p.dependsOn(name, "next") || !nextDirectory.MatchString(rest) {
			return false
		}
	}
	v, ok := p.version(name, w.entry)
	return w.least == 0 || ok && v.major >= w.least
}

// firstUse returns the first call of what needs the wiring.
func firstUse(f *js.File, w wiring) *js.Node {
	var use *js.Node
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call && use == nil {
			if o, ok := f.Origin(n.Kids[0]); ok && slices.Contains(w.modules, o.Module) && slices.Contains(w.functions, o.Name) {
				use = n
			}
		}
		return use == nil
	})
	return use
}

// calledName is the name of the function that is called, where it comes from.
func calledName(f *js.File, call *js.Node) string {
	o, _ := f.Origin(call.Kids[0])
	return o.Name
}

// astroUnwired finds endpoints of Astro that ask who is signed in without the middleware, and middleware under a name that Astro doesn't run.
func astroUnwired(p *project) []Finding {
	if !p.tree.Whole() {
		return nil
	}
	var found []Finding
	done := map[string]bool{}
	p.scripts([]string{"locals"}, func(f *js.File) {
		root, ok := p.root(f.Path)
		if !ok || done[root] || !p.dependsOn(f.Path, "@clerk/astro") || !p.dependsOn(f.Path, "astro") {
			return
		}
		var use *js.Node
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind == js.Call && use == nil && isLocalsAuth(n) {
				use = n
			}
			return use == nil
		})
		if use == nil {
			return
		}
		done[root] = true
		if p.nowhere([]string{path.Join(root, "src/middleware"), path.Join(root, "src/middleware/index")}, "clerkMiddleware") {
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, use), Seen: "locals.auth() is called, and no file of the repository has clerkMiddleware"})
		}
	})
	p.scriptsAt(isAstroMiddleware, []string{"@clerk/astro", "clerkMiddleware"}, func(f *js.File) {
		if !p.dependsOn(f.Path, "astro") || f.Exports["onRequest"] != nil || f.Exports["*"] != nil {
			return
		}
		if calls := callsOf(f, "clerkMiddleware"); len(calls) > 0 {
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, calls[0].node), Seen: "Astro runs what this file exports as onRequest, and it exports nothing of that name"})
		}
	})
	return found
}

func isAstroMiddleware(name string) bool {
	stem := strings.TrimSuffix(name, path.Ext(name))
	return stem == "src/middleware" || stem == "src/middleware/index" || strings.HasSuffix(stem, "/src/middleware") || strings.HasSuffix(stem, "/src/middleware/index")
}

// isLocalsAuth reports whether a call is locals.auth(), of whatever object.
func isLocalsAuth(call *js.Node) bool {
	p := call.Kids[0].Path()
	return p == "locals.auth" || strings.HasSuffix(p, ".locals.auth")
}
