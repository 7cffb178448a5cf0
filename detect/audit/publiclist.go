package audit

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/routes"
)

// looseList finds patterns of public routes that name more than they seem to.
func looseList() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "next": "^15.0.0" } }` + "\n"}
	route := Example{"app/api/items/route.ts", "export async function POST(request: Request) {\n  return Response.json(await request.json());\n}\n"}
	text := `import { clerkMiddleware, createRouteMatcher } from "@clerk/nextjs/server";

const isPublic = createRouteMatcher(["/", "%s"]);

export default clerkMiddleware(async (auth, request) => {
  if (!isPublic(request)) await auth.protect();
});
`
	return Check{
		ID: "C10", Title: "A pattern makes more routes public than its words say", Severity: detect.MediumSeverity, Tier: All, Frameworks: []string{"Next.js", "Astro", "Nuxt"},
		Fix:  "Name the public routes one by one, and end a pattern with /:path* or /(.*), not with (.*) alone.",
		Link: "https://clerk.com/docs/reference/nextjs/clerk-middleware",
		Why: "`/api/:path*` in a list of public routes makes the whole API public, and `/` with `(.*)` everything. `/item(.*)` isn't only `/item` and what is below: it is `/items-of-others`, too.\n\n" +
			"A pattern is reported where routes of the repository hang on it: routes that it makes public, that the middleware would refuse otherwise, and in whose code nothing has to do with who asks.",
		Before: []Example{manifest, route, {"middleware.ts", fmt.Sprintf(text, "/api/:path*")}},
		After:  []Example{manifest, route, {"middleware.ts", fmt.Sprintf(text, "/api/health")}},
		wants:  isScript,
		find:   findLooseList,
	}
}

var (
	// wholeAPI are patterns of all that is below /api, and of everything.
	wholeAPI   = regexp.MustCompile(`^/(api|trpc|\(api\|trpc\))/?(\(\.\*\)\*?|:[a-zA-Z]+\*|\.\*)$`)
	everything = regexp.MustCompile(`^/?(\(\.\*\)\*?|:[a-zA-Z]+\*|\.\*)$`)
	// looseEnd is what ends a pattern that goes on within a word.
	looseEnd = regexp.MustCompile(`^(/.*[a-zA-Z0-9_-])\(\.\*\)$`)
)

func findLooseList(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"@clerk/", "createRouteMatcher|publicRoutes", "clerkMiddleware|authMiddleware"}, func(f *js.File) {
		root, ok := p.root(f.Path)
		if !ok || len(callsOf(f, "clerkMiddleware", "authMiddleware")) == 0 {
			return
		}
		opened := map[routes.Evidence][]routes.Route{} // by the pattern
		var order []routes.Evidence
		for _, r := range p.routes() {
			if r.App != root || r.State != routes.Public || r.Gate.Seen.File != f.Path || !p.isSilent(r) {
				continue
			}
			if opened[r.Gate.Seen] == nil {
				order = append(order, r.Gate.Seen)
			}
			opened[r.Gate.Seen] = append(opened[r.Gate.Seen], r)
		}
		for _, at := range order {
			if one, ok := looseIn(f, at, opened[at]); ok {
				found = append(found, one)
			}
		}
	})
	return found
}

// looseIn judges one pattern by the routes that it makes public.
func looseIn(f *js.File, at routes.Evidence, public []routes.Route) (Finding, bool) {
	pattern := public[0].Gate.Public
	node := patternAt(f, at.Line, pattern)
	if node == nil {
		return Finding{}, false
	}
	var paths []string
	one := Finding{Path: f.Path, Range: placeOf(f, node)}
	switch loose := looseEnd.FindStringSubmatch(pattern); {
	case wholeAPI.MatchString(pattern), everything.MatchString(pattern):
		for _, r := range public {
			if r.Kind == routes.Handler || everything.MatchString(pattern) {
				paths = append(paths, pathOf(r))
				if r.Kind == routes.Handler && r.Method != http.MethodGet {
					one.Severity = detect.HighSeverity
				}
			}
		}
		one.Seen = "it makes routes public that aren't seen to check who asks: "
	case loose != nil:
		for _, r := range public {
			if rest, ok := strings.CutPrefix(strings.ToLower(r.Path), strings.ToLower(loose[1])); ok && rest != "" && rest[0] != '/' {
				paths = append(paths, pathOf(r))
			}
		}
		one.Seen = fmt.Sprintf("it isn't only %s and what is below: it makes public ", loose[1])
	}
	if len(paths) == 0 {
		return Finding{}, false
	}
	one.Seen += someOf(paths)
	return one, true
}

// patternAt returns the string of a pattern in a line.
func patternAt(f *js.File, line int, pattern string) *js.Node {
	var at *js.Node
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.String && n.Text == pattern && at == nil && placeOf(f, n).Line == line {
			at = n
		}
		return at == nil
	})
	return at
}

// refusedWebhook finds webhooks that the middleware answers before they can look at the signature.
func refusedWebhook() Check {
	files := func(list string) []Example {
		return []Example{
			{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "next": "^15.0.0" } }` + "\n"},
			{"middleware.ts", fmt.Sprintf(`import { clerkMiddleware, createRouteMatcher } from "@clerk/nextjs/server";

const isPublic = createRouteMatcher([%s]);

export default clerkMiddleware(async (auth, request) => {
  if (!isPublic(request)) await auth.protect();
});
`, list)},
			{"app/api/webhooks/route.ts", `import { verifyWebhook } from "@clerk/nextjs/webhooks";

export async function POST(request: Request) {
  const event = await verifyWebhook(request);
  return Response.json({ type: event.type });
}
`},
		}
	}
	return Check{
		ID: "C16", Title: "The middleware refuses a webhook", Severity: detect.LowSeverity, Tier: All, Frameworks: []string{"Next.js", "Astro", "Nuxt"},
		Fix:  "Let the path of the webhook through the middleware: it is protected by the signature, which its handler verifies.",
		Link: "https://clerk.com/docs/guides/development/webhooks/syncing",
		Why: "Who sends a webhook isn't signed in. Middleware that asks for a session refuses all of them, and what happens in Clerk never reaches your database.\n\n" +
			"Reported where the handler of a route verifies a signature, and the middleware refuses requests without a session to its path.",
		Before: files(`"/"`), After: files(`"/", "/api/webhooks"`),
		wants: isScript,
		find:  findRefusedWebhooks,
	}
}

func findRefusedWebhooks(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"verifyWebhook|svix|standardwebhooks"}, func(f *js.File) {
		for _, r := range p.routes() {
			if r.File == f.Path && r.Gate.Refuses && slices.ContainsFunc(r.Evidence, func(e routes.Evidence) bool {
				return strings.HasPrefix(e.What, "verifyWebhook()") || strings.HasPrefix(e.What, "Webhook.verify")
			}) {
				found = append(found, Finding{Path: f.Path, Range: lineRange(f.Text, r.Line), Seen: fmt.Sprintf("%s in line %d of %s refuses what is sent to %s", r.Gate.Seen.What, r.Gate.Seen.Line, r.Gate.Seen.File, r.Path)})
			}
		}
	})
	return found
}

// lineRange is a line of a text, without what it is indented by.
func lineRange(text []byte, line int) Range {
	start := 0
	for range line - 1 {
		start += bytes.IndexByte(text[start:], '\n') + 1
	}
	written, _, _ := bytes.Cut(text[start:], []byte("\n"))
	written = bytes.TrimRight(written, " \t\r")
	end := start + len(written)
	return rangeOf(text, end-len(bytes.TrimLeft(written, " \t")), end)
}
