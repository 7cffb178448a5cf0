package audit

import (
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// removedAPI finds what older versions of @clerk/nextjs protected routes with, and later ones ignore.
func removedAPI() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "next": "^15.0.0" } }` + "\n"}
	return Check{
		ID: "C11", Title: "Options and functions of an older version are relied on", Severity: detect.HighSeverity, Tier: Default, Frameworks: []string{"Next.js"},
		Fix: "clerkMiddleware protects nothing by itself: call await auth.protect() in it for the routes that aren't public, or in each page, route handler and " +
			"Server Function that needs it.",
		Link: "https://clerk.com/docs/reference/nextjs/clerk-middleware",
		Why: "`authMiddleware` protected every route but those in `publicRoutes` and `ignoredRoutes`. `clerkMiddleware`, which took its place, protects none, and ignores options " +
			"that it doesn't know: with `clerkMiddleware({ publicRoutes: [...] })` every route is public. `authMiddleware` and `withClerkMiddleware` " +
			"themselves are gone since version 6 of `@clerk/nextjs`.",
		Before: []Example{manifest, {"middleware.ts", `import { clerkMiddleware } from "@clerk/nextjs/server";

export default clerkMiddleware({ publicRoutes: ["/"] });
`}},
		After: []Example{manifest, {"middleware.ts", `import { clerkMiddleware, createRouteMatcher } from "@clerk/nextjs/server";

const isPublic = createRouteMatcher(["/"]);

export default clerkMiddleware(async (auth, request) => {
  if (!isPublic(request)) await auth.protect();
});
`}},
		wants: isScript,
		find:  findRemoved,
	}
}

// ignoredOptions are those of authMiddleware that clerkMiddleware ignores.
var ignoredOptions = []string{"publicRoutes", "ignoredRoutes", "apiRoutes", "beforeAuth", "afterAuth"}

func findRemoved(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"@clerk/nextjs", "authMiddleware|withClerkMiddleware|clerkMiddleware"}, func(f *js.File) {
		v, known := p.version(f.Path, "@clerk/nextjs")
		gone := known && v.major >= 6
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind != js.Call {
				return true
			}
			o, ok := f.Origin(n.Kids[0])
			switch {
			case !ok:
			case o.Is(nextServer, "clerkMiddleware"):
				found = append(found, optionsIgnored(f, n)...)
			case gone && (o.Is(nextServer, "authMiddleware", "withClerkMiddleware") || o.Is("@clerk/nextjs", "authMiddleware", "withClerkMiddleware")):
				found = append(found, Finding{
					Path: f.Path, Range: placeOf(f, n),
					Seen: fmt.Sprintf("%s is gone since version 6 of @clerk/nextjs, and version %d is used here", o.Name, v.major),
				})
			}
			return true
		})
	})
	return found
}

// optionsIgnored finds the options of a call of clerkMiddleware that it ignores: it takes them as its only argument, or after a handler,
// where a function may return them, too.
func optionsIgnored(f *js.File, call *js.Node) []Finding {
	var found []Finding
	for i, argument := range call.Args() {
		options := f.Value(argument)
		if options.Kind == js.Function && i > 0 {
			options = f.Value(returned(options))
		}
		if options == nil || options.Kind != js.Object {
			continue
		}
		for _, p := range options.Kids {
			if p.Kind == js.Property && slices.Contains(ignoredOptions, p.Text) {
				found = append(found, Finding{Path: f.Path, Range: placeOf(f, p), Seen: "clerkMiddleware ignores " + p.Text})
			}
		}
	}
	return found
}

// returned returns what a function returns that does nothing else, nil for others.
func returned(function *js.Node) *js.Node {
	if body := function.Kids[0]; body != nil && len(body.Kids) == 1 && body.Kids[0].Kind == js.Return {
		return body.Kids[0].Kids[0]
	}
	return nil
}
