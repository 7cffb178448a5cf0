package audit

import (
	"slices"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// clientSecret finds what belongs on the server in files that browsers load.
func clientSecret() Check {
	return Check{
		ID: "C2", Title: "Code for the browser reads the secret key", Severity: detect.HighSeverity, Tier: Default, Frameworks: []string{"Next.js", "React", "Vue", "Svelte", "Astro"},
		Fix:  "Read the secret key in server code only, in a file without \"use client\", and pass on what the component needs.",
		Link: "https://clerk.com/docs/guides/development/clerk-environment-variables",
		Why: "A file that begins with `\"use client\"` is part of what browsers load, and so is what it imports from the repository, unless that begins with `\"use server\"` or imports `server-only`. " +
			"It is also rendered on the server, where the secret key is set: what it puts into " +
			"the page is sent to every visitor. `@clerk/nextjs/server` and `@clerk/backend` work with that key, and belong into server code only.\n\n" +
			"The same holds for the script of a component of Vue or Svelte, and for a `<script>` in a page of Astro.\n\n" +
			"Imports of types, which no bundle holds, are not reported, nor is code that only asks whether the variable is set.",
		Before: []Example{{"app/account/users.tsx", `"use client";
import { createClerkClient } from "@clerk/backend";

const clerk = createClerkClient({ secretKey: process.env.CLERK_SECRET_KEY });

export function Users() {
  return <button onClick={() => clerk.users.getUserList()}>Users</button>;
}
`}},
		After: []Example{
			{"app/account/actions.ts", `"use server";
import { auth, clerkClient } from "@clerk/nextjs/server";

export async function users() {
  await auth.protect({ role: "org:admin" });
  const clerk = await clerkClient();
  return (await clerk.users.getUserList()).data.map((user) => user.id);
}
`},
			{"app/account/users.tsx", `"use client";
import { users } from "./actions";

export function Users() {
  return <button onClick={() => users()}>Users</button>;
}
`},
		},
		wants: isScript,
		find:  findClientSecret,
	}
}

// serverModules work with the secret key.
var serverModules = []string{nextServer, "@clerk/backend"}

func findClientSecret(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"use client|<script", "CLERK_SECRET_KEY|" + nextServer + "|@clerk/backend"}, func(f *js.File) {
		if !slices.Contains(f.Directives, "use client") && (!f.Browser || asksWhereItRuns(f)) {
			return
		}
		for _, n := range f.Modules {
			if slices.Contains(serverModules, n.Text) {
				found = append(found, Finding{Path: f.Path, Range: importRange(f, n, n.Text), Seen: "a client component imports " + n.Text + ", which works with the secret key"})
			}
		}
		f.Root.Walk(func(n *js.Node) bool {
			if isSecretKey(f, n) && !isTested(n) {
				found = append(found, Finding{Path: f.Path, Range: placeOf(f, n), Seen: "a client component reads process.env.CLERK_SECRET_KEY"})
			}
			return true
		})
	})
	return append(found, clientImports(p)...)
}

// asksWhereItRuns reports whether a component has code for the server alone, which bundlers leave out of what browsers load: as in
// if (import.meta.server) of Nuxt.
func asksWhereItRuns(f *js.File) bool {
	asks := false
	f.Root.Walk(func(n *js.Node) bool {
		asks = asks || (n.Kind == js.Member || n.Kind == js.Index) && slices.Contains([]string{"server", "client", "SSR"}, propertyOf(n))
		return !asks
	})
	return asks
}

// isSecretKey reports whether an expression is process.env.CLERK_SECRET_KEY.
func isSecretKey(f *js.File, n *js.Node) bool {
	if n.Path() != "process.env.CLERK_SECRET_KEY" || n.Parent.Kind == js.Assign && n.Parent.Kids[0] == n {
		return false
	}
	for n.Kind != js.Ident {
		n = n.Kids[0]
	}
	return f.Binding(n) == nil
}

// isTested reports whether nothing but whether a value is set, or what it is, matters where it stands.
func isTested(n *js.Node) bool {
	for parent := n.Parent; parent != nil; n, parent = parent, parent.Parent {
		switch parent.Kind {
		case js.Unary:
			return true
		case js.If:
			return true
		case js.Conditional, js.Loop:
			return parent.Kids[0] == n
		case js.Binary:
			switch parent.Text {
			case "&&":
				if parent.Kids[0] == n {
					return true
				}
			case "||", "??":
			default:
				return parent.Text != "+"
			}
		case js.Call:
			return parent.Kids[0].Path() == "Boolean"
		default:
			return false
		}
	}
	return false
}
