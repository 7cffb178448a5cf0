package audit

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// pagesInServer finds pages of Nuxt that are protected where only the first request comes by.
func pagesInServer() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/nuxt": "^2.0.0", "nuxt": "^4.0.0" } }` + "\n"}
	return Check{
		ID: "C30", Title: "Pages are protected in server middleware", Severity: detect.MediumSeverity, Tier: All, Frameworks: []string{"Nuxt"},
		Fix:  "Protect pages in route middleware, with useAuth(), and the data that they show in the API routes.",
		Link: "https://clerk.com/docs/reference/nuxt/clerk-middleware",
		Why: "Server middleware runs when the browser loads a page from the server. When one goes from page to page in the app, no request comes by, and so nobody is stopped. Clerk says to use " +
			"`clerkMiddleware()` for API routes only.\n\n" +
			"Reported where all that the middleware protects are paths outside of `/api` that no file of `server` answers to, and the app has no route middleware.",
		Before: []Example{manifest, {"server/middleware/clerk.ts", `import { clerkMiddleware, createRouteMatcher } from "@clerk/nuxt/server";

const isProtected = createRouteMatcher(["/dashboard(.*)"]);

export default clerkMiddleware((event) => {
  const { isAuthenticated } = event.context.auth();
  if (isProtected(event) && !isAuthenticated) return sendRedirect(event, "/sign-in");
});
`}},
		After: []Example{manifest, {"middleware/auth.ts", `export default defineNuxtRouteMiddleware(() => {
  const { isSignedIn } = useAuth();
  if (!isSignedIn.value) return navigateTo("/sign-in");
});
`}},
		wants: isScript,
		find:  findPagesInServer,
	}
}

var (
	nuxtMiddleware  = regexp.MustCompile(`(^|/)server/middleware/[^/]+\.[cm]?[jt]s$`)
	routeMiddleware = regexp.MustCompile(`^(app/|src/)?middleware/.+\.[cm]?[jt]s$`)
)

func findPagesInServer(p *project) []Finding {
	if !p.tree.Whole() {
		return nil
	}
	var found []Finding
	p.scriptsAt(nuxtMiddleware.MatchString, []string{"@clerk/nuxt", "clerkMiddleware", "createRouteMatcher"}, func(f *js.File) {
		root, ok := p.root(f.Path)
		if !ok || !p.dependsOn(f.Path, "nuxt") || slices.ContainsFunc(p.paths, func(name string) bool {
			rest, in := below(root, name)
			return in && (routeMiddleware.MatchString(rest) || strings.HasPrefix(rest, "layers/"))
		}) {
			return
		}
		for _, u := range callsOf(f, "clerkMiddleware") {
			if u.node.Kid(1) == nil || u.entry != "@clerk/nuxt" {
				continue
			}
			if first := pagesOnly(f, f.Value(u.node.Kids[1]), served(p, root)); first != nil {
				found = append(found, Finding{Path: f.Path, Range: placeOf(f, first), Seen: "pages are protected here alone, which one gets to without a request to the server"})
			}
		}
	})
	return found
}

// pagesOnly returns the first pattern of what a handler protects, nil where that isn't pages alone: where something else than the lists of
// createRouteMatcher decides, or a list says what is public, or has a path of the API.
func pagesOnly(f *js.File, handler *js.Node, served []string) *js.Node {
	var first *js.Node
	all := true
	handler.Walk(func(n *js.Node) bool {
		if n.Kind != js.Call || !isMatcher(f, n.Kids[0]) {
			return true
		}
		list := f.Value(f.Value(n.Kids[0]).Kid(1))
		all = all && list != nil && !(n.Parent.Kind == js.Unary && n.Parent.Text == "!") && list.Kind == js.Array && len(list.Kids) > 0
		if !all {
			return false
		}
		for _, pattern := range list.Kids {
			if pattern == nil || pattern.Kind != js.String || !isPagePattern(pattern.Text, served) {
				all = false
				return false
			}
			if first == nil {
				first = pattern
			}
		}
		return true
	})
	if !all {
		return nil
	}
	return first
}

// isPagePattern reports whether a pattern begins with the name of a page's path, and not of what the server's files answer to.
func isPagePattern(pattern string, served []string) bool {
	name := firstPart(pattern)
	return name != "" && !strings.ContainsAny(name, "(:*[") && !slices.Contains(served, name)
}

func firstPart(pattern string) string {
	rest, ok := strings.CutPrefix(pattern, "/")
	if !ok {
		return ""
	}
	return rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"))]
}

// served are the first parts of the paths that files of an app's server answer to.
func served(p *project, root string) []string {
	names := []string{"api", "_nuxt"}
	for _, name := range p.paths {
		if rest, ok := below(path.Join(root, "server/routes"), name); ok {
			part, _, _ := strings.Cut(rest, "/")
			part, _, _ = strings.Cut(part, ".")
			names = append(names, part)
		}
	}
	return names
}
