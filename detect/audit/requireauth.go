package audit

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// redirecting finds routes of an API that answer with a redirect who isn't signed in.
func redirecting() Check {
	return Check{
		ID: "C25", Title: "requireAuth() redirects where an API should answer 401", Severity: detect.LowSeverity, Tier: All, Frameworks: []string{"Express"},
		Fix:  "Use clerkMiddleware() for the app, and in the route const { userId } = getAuth(req); if (!userId) return res.status(401).json({ error: \"Unauthorized\" }).",
		Link: "https://clerk.com/docs/reference/express/require-auth",
		Why: "`requireAuth()` sends whoever isn't signed in to the sign-in page, or to `/`. A program that calls the API follows the redirect, gets a page with the status 200, " +
			"and takes it for the answer. Clerk says not to use it for API routes, and will remove it.\n\n" +
			"A route is reported whose path has the part `api`, or whose handler answers with `res.json()`.",
		Before: []Example{{"server.js", `import { clerkMiddleware, getAuth, requireAuth } from "@clerk/express";
import express from "express";

const app = express();

app.use(clerkMiddleware());
app.get("/api/orders", requireAuth(), (req, res) => res.json(orders(getAuth(req).userId)));
`}},
		After: []Example{{"server.js", `import { clerkMiddleware, getAuth } from "@clerk/express";
import express from "express";

const app = express();

app.use(clerkMiddleware());
app.get("/api/orders", (req, res) => {
  const { userId } = getAuth(req);
  if (!userId) return res.status(401).json({ error: "Unauthorized" });
  res.json(orders(userId));
});
`}},
		wants: isScript,
		find:  findRedirecting,
	}
}

func findRedirecting(p *project) []Finding {
	var found []Finding
	p.scripts([]string{clerkExpress, "requireAuth"}, func(f *js.File) {
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind != js.Call || n.Kids[0].Kind != js.Member || !slices.Contains([]string{"get", "post", "put", "patch", "delete", "all", "use"}, n.Kids[0].Text) {
				return true
			}
			at := n.Kid(1)
			if at == nil || at.Kind != js.String || !strings.HasPrefix(at.Text, "/") {
				return true
			}
			for _, argument := range n.Args() {
				if isCallOf(f, f.Value(argument), "requireAuth") && (hasPart(at.Text, "api") || slices.ContainsFunc(n.Args(), func(a *js.Node) bool { return p.answersJSON(f, a) })) {
					found = append(found, Finding{Path: f.Path, Range: placeOf(f, argument), Seen: "requireAuth() redirects whoever isn't signed in, at " + at.Text + " of an API"})
					break
				}
			}
			return true
		})
	})
	return found
}

// hasPart reports whether one of the parts of a path is that word.
func hasPart(path, part string) bool {
	return slices.Contains(strings.Split(strings.ToLower(path), "/"), part)
}

// answersJSON reports whether an argument is a handler, of this file or of one that is imported, that calls json() of its answer.
func (p *project) answersJSON(f *js.File, argument *js.Node) bool {
	handler := f.Value(argument)
	if o, ok := f.Origin(argument); ok {
		if f = p.script(p.imported(f.Path, o.Module)); f == nil || f.Exports[o.Name] == nil {
			return false
		}
		handler = f.Value(f.Exports[o.Name])
	}
	if handler.Kind == js.Call && len(handler.Kids) == 2 { // what catches its errors, around it
		handler = f.Value(handler.Kids[1])
	}
	if handler.Kind != js.Function {
		return false
	}
	answers := false
	handler.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call && n.Kids[0].Kind == js.Member && n.Kids[0].Text == "json" {
			of := n.Kids[0].Kids[0]
			for of.Kind == js.Call && of.Kids[0].Kind == js.Member { // res.status(200).json()
				of = of.Kids[0].Kids[0]
			}
			answers = answers || parameterOf(f, of, 1) == handler
		}
		return !answers
	})
	return answers
}
