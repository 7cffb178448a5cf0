package audit

import (
	"bytes"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

const nextServer = "@clerk/nextjs/server"

// unawaited finds checks whose answer nobody waits for.
func unawaited() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "next": "^15.0.0" } }` + "\n"}
	return Check{
		ID: "C3", Title: "auth.protect() is not awaited", Severity: detect.CriticalSeverity, Tier: Default, Frameworks: []string{"Next.js"},
		Fix:  "Write await auth.protect(). Without it the request goes on while the check is still under way, and whoever isn't signed in gets what follows.",
		Link: "https://clerk.com/docs/reference/nextjs/app-router/auth",
		Why: "Since version 6 of `@clerk/nextjs`, `auth.protect()` returns a promise. It stops a request by throwing: a redirect to the sign-in page, a 404 or a 401. " +
			"Where nobody awaits it, it throws when the handler has gone on already. The server's log shows an unhandled rejection (`NEXT_REDIRECT`), " +
			"and the visitor sees the page.\n\n" +
			"Only an `auth` that comes from `@clerk/nextjs/server` counts, or the first parameter of what is passed to `clerkMiddleware`, with version 6 or later. " +
			"A promise that is returned, stored, passed on or handled by `.then` or `.catch` is not reported, nor one that `void` drops on purpose.",
		Before: []Example{manifest, {"middleware.ts", `import { clerkMiddleware, createRouteMatcher } from "@clerk/nextjs/server";

const isProtected = createRouteMatcher(["/dashboard(.*)"]);

export default clerkMiddleware((auth, request) => {
  if (isProtected(request)) auth.protect();
});
`}},
		After: []Example{manifest, {"middleware.ts", `import { clerkMiddleware, createRouteMatcher } from "@clerk/nextjs/server";

const isProtected = createRouteMatcher(["/dashboard(.*)"]);

export default clerkMiddleware(async (auth, request) => {
  if (isProtected(request)) await auth.protect();
});
`}},
		wants: isScript,
		find:  findUnawaited,
	}
}

func findUnawaited(p *project) []Finding {
	var found []Finding
	p.scripts([]string{nextServer, "protect"}, func(f *js.File) {
		if v, ok := p.version(f.Path, "@clerk/nextjs"); !ok || v.major < 6 {
			return
		}
		callbacks := middlewareCallbacks(f)
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind != js.Call || n.Kids[0].Kind != js.Member || n.Kids[0].Text != "protect" || n.Fate() != js.Discarded {
				return true
			}
			auth := n.Kids[0].Kids[0]
			if o, ok := f.Origin(auth); ok && o.Is(nextServer, "auth") || callbacks[parameterOf(f, auth, 0)] {
				found = append(found, Finding{Path: f.Path, Range: placeOf(f, n), Seen: "auth.protect() is called without await", Edit: awaitEdit(f, n, callbacks)})
			}
			return true
		})
	})
	return found
}

// middlewareCallbacks returns the functions that are passed to clerkMiddleware.
func middlewareCallbacks(f *js.File) map[*js.Node]bool {
	callbacks := map[*js.Node]bool{}
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call && len(n.Kids) > 1 {
			if o, ok := f.Origin(n.Kids[0]); ok && o.Is(nextServer, "clerkMiddleware") {
				if callback := f.Value(n.Kids[1]); callback.Kind == js.Function {
					callbacks[callback] = true
				}
			}
		}
		return true
	})
	return callbacks
}

// parameterOf returns the function whose i-th parameter a name is, nil where it is none, or may have been given another value.
func parameterOf(f *js.File, n *js.Node, i int) *js.Node {
	b := f.Binding(n)
	if b == nil || b.Function == nil || b.Parameter != i || b.Property != "" || b.Assigned {
		return nil
	}
	return b.Function
}

// awaitEdit puts await before a call. It is certain in an async function, and in one that clerkMiddleware awaits once it is async.
func awaitEdit(f *js.File, call *js.Node, callbacks map[*js.Node]bool) *Edit {
	function := call.Function()
	if function == nil {
		return nil
	}
	start := f.Start(call)
	edit := &Edit{Replacements: []Replacement{{Start: start, End: start, Text: "await "}}}
	if function.Async {
		return edit
	}
	head := f.Start(function)
	if !callbacks[function] || head >= start || f.Text[head] != '(' && !bytes.HasPrefix(f.Text[head:], []byte("function")) {
		return nil
	}
	edit.Replacements = append([]Replacement{{Start: head, End: head, Text: "async "}}, edit.Replacements...)
	return edit
}
