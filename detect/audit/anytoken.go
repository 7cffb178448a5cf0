package audit

import (
	"slices"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// anyToken finds code that accepts tokens of machines, and asks no more than whether there is somebody.
func anyToken() Check {
	return Check{
		ID: "C29", Title: "Tokens of any kind are accepted, and their kind isn't looked at", Severity: detect.MediumSeverity, Tier: All,
		Fix:  "Name the kinds of tokens that are meant in acceptsToken, or look at tokenType, and at the scopes of what isn't a session.",
		Link: "https://clerk.com/docs/reference/nextjs/app-router/auth",
		Why: "With `acceptsToken: \"any\"`, an API key, an OAuth token or a machine's token passes as well as a session. What an app checks of a session, such as a role, none of these has, and what they may do is " +
			"in their scopes. `isAuthenticated` is true for all of them.\n\n" +
			"Reported where the answer is only asked for `userId`, `isAuthenticated` and the like, in code that mentions neither `tokenType` nor `scopes`.",
		Before: []Example{{"app/api/items/route.ts", `import { auth } from "@clerk/nextjs/server";

export async function DELETE() {
  const { isAuthenticated } = await auth({ acceptsToken: "any" });
  if (!isAuthenticated) return new Response(null, { status: 401 });
  return Response.json({ deleted: true });
}
`}},
		After: []Example{{"app/api/items/route.ts", `import { auth } from "@clerk/nextjs/server";

export async function DELETE() {
  const { isAuthenticated } = await auth({ acceptsToken: "session_token" });
  if (!isAuthenticated) return new Response(null, { status: 401 });
  return Response.json({ deleted: true });
}
`}},
		wants: isScript,
		find:  findAnyToken,
	}
}

// ofAnyKind are the parts of an answer that say nothing of what kind of token it was.
var ofAnyKind = []string{"userId", "isAuthenticated", "orgId", "subject", "sessionId"}

func findAnyToken(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"@clerk/", "'any'|\"any\"|`any`", "acceptsToken|token"}, func(f *js.File) {
		calls := append(callsOf(f, "auth", "getAuth"), methodsOf(f, "authenticateRequest")...)
		for _, u := range append(calls, methodsOf(f, "protect")...) {
			option := optionOf(f, u.node, "acceptsToken")
			if option == nil && u.node.Kids[0].Kind == js.Member && u.node.Kids[0].Text == "protect" {
				option = optionOf(f, u.node, "token")
			}
			if option == nil || f.Value(option).Kind != js.String || f.Value(option).Text != "any" || !asksOnly(f, u.node, ofAnyKind) || looksAtKind(f, u.node) {
				continue
			}
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, option.Parent), Seen: "API keys and machines' tokens pass here as sessions do: the kind of token isn't looked at"})
		}
	})
	return found
}

// asksOnly reports whether no more than some properties are taken of what a call gives, and one of these at least.
func asksOnly(f *js.File, call *js.Node, names []string) bool {
	n := call
	for n.Parent.Kind == js.Await {
		n = n.Parent
	}
	isOne := func(n *js.Node) bool { return n.Kind == js.Member && slices.Contains(names, n.Text) }
	switch parent := n.Parent; parent.Kind {
	case js.Member:
		return isOne(parent)
	case js.Declarator:
		target := parent.Kids[0]
		if target.Kind == js.ObjectPattern {
			return len(target.Kids) > 0 && !slices.ContainsFunc(target.Kids, func(p *js.Node) bool { return p.Kind != js.Property || !slices.Contains(names, p.Text) })
		}
		b := f.Binding(target)
		if b == nil || b.Assigned {
			return false
		}
		uses := usesOf(f, b)
		return len(uses) > 0 && !slices.ContainsFunc(uses, func(n *js.Node) bool { return !isOne(n.Parent) })
	}
	return false
}

// looksAtKind reports whether the function around, or the module, mentions the kind of a token or its scopes.
func looksAtKind(f *js.File, call *js.Node) bool {
	around := call.Function()
	if around == nil {
		around = f.Root
	}
	return has(around, func(n *js.Node) bool {
		switch n.Kind {
		case js.Ident, js.Member, js.Property, js.String:
			return slices.Contains([]string{"tokenType", "scopes", "token_type", "startsWith"}, n.Text)
		}
		return false
	})
}
