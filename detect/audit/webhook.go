package audit

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// unsignedWebhook finds handlers of Clerk's webhooks that believe whoever calls them.
func unsignedWebhook() Check {
	return Check{
		ID: "C14", Title: "A webhook believes whoever calls it", Severity: detect.CriticalSeverity, Tier: Default,
		Fix:  "Verify each request with verifyWebhook, which the SDKs of Clerk have, before anything is done with its body.",
		Link: "https://clerk.com/docs/guides/development/webhooks/syncing",
		Why: "Clerk signs what it sends to a webhook. A handler that doesn't look at the signature does what anybody asks of it who knows its address: " +
			"a request with `{\"type\": \"user.deleted\", \"data\": {\"id\": \"...\"}}` deletes a user.\n\n" +
			"A handler is reported whose path names a webhook or Clerk, that reads the body of the request, and compares it with events of Clerk's or takes a user's `email_addresses` from it, where nothing in the file, " +
			"nor in the files that it hands the request to, has to do with a signature, a secret or a token. Where the request goes to code that isn't known, nothing is said.",
		Before: []Example{{"app/api/webhooks/clerk/route.ts", `import { db } from "@/lib/db";

export async function POST(request: Request) {
  const event = await request.json();
  if (event.type === "user.deleted") await db.user.delete({ where: { clerkId: event.data.id } });
  return Response.json({ ok: true });
}
`}},
		After: []Example{{"app/api/webhooks/clerk/route.ts", `import { verifyWebhook } from "@clerk/nextjs/webhooks";
import { db } from "@/lib/db";

export async function POST(request: Request) {
  const event = await verifyWebhook(request);
  if (event.type === "user.deleted") await db.user.delete({ where: { clerkId: event.data.id } });
  return Response.json({ ok: true });
}
`}},
		wants: isScript,
		find:  findUnsigned,
	}
}

var (
	// clerkEvent are the types of events that change what an app knows of people.
	clerkEvent = regexp.MustCompile(`^(user|organization|organizationMembership|organizationInvitation|session)\.(created|updated|deleted|ended|removed|revoked|accepted)$`)
	// webhookPath is what the path of a handler says.
	webhookPath = regexp.MustCompile(`(?i)web-?hook|clerk`)
	// verifying are the words of code that looks at who sends a request, by whatever means.
	verifying = regexp.MustCompile(`(?i)svix|verif|signature|signing|hmac|timing_?safe|secret|token|authenticat|authoriz|bearer|api_?key|standardwebhooks`)
	// others send events of the same names.
	others = regexp.MustCompile(`(?i)workos|stytch|auth0|kinde|descope|propelauth|frontegg|better-?auth|supertokens|hanko`)
)

// events are the words of which a file that compares events has one.
const events = "user.created|user.updated|user.deleted|organization.created|organization.updated|organization.deleted|" +
	"organizationMembership.|organizationInvitation.|session.created|session.ended|session.removed|session.revoked"

// reading are words of which a file that reads the body of a request has one.
const reading = "json|body|Body|text"

func findUnsigned(p *project) []Finding {
	var found []Finding
	seen := map[string]bool{}
	look := func(f *js.File) {
		handlers := webhookHandlers(f)
		if seen[f.Path] || len(handlers) == 0 || !isClerks(p, f) || !comparesEvents(f) && !readsUser(f) || mentions(f, verifying) || asksClerk(f) {
			return
		}
		seen[f.Path] = true
		for _, h := range handlers {
			if body := readBody(f, h); body != nil && !handsOn(p, f, h) {
				found = append(found, Finding{Path: f.Path, Range: placeOf(f, body), Seen: "the body of a webhook's request is believed without a look at its signature"})
			}
		}
	}
	p.scriptsAt(webhookPath.MatchString, []string{events, reading}, look)
	p.scriptsAt(isClerksRoute, []string{"email_addresses", reading}, look)
	p.scripts([]string{events, reading, "/webhook|/Webhook|/clerk|webhook\"|webhook'", ".post(|.all(|.route("}, look)
	return found
}

// isClerks reports whether it is Clerk that calls the handlers of a file: it, or its workspace, uses Clerk and no other service with such
// events.
func isClerks(p *project, f *js.File) bool {
	if others.Match(f.Text) {
		return false
	}
	if bytes.Contains(bytes.ToLower(f.Text), []byte("clerk")) || strings.Contains(strings.ToLower(f.Path), "clerk") {
		return true
	}
	m := p.manifest(f.Path)
	if m == nil {
		return false
	}
	for name := range m.dependencies {
		if strings.HasPrefix(name, "@clerk/") {
			return true
		}
	}
	return false
}

// comparesEvents reports whether a file compares something with a type of event.
func comparesEvents(f *js.File) bool {
	compares := false
	isEvent := func(n *js.Node) bool { return n != nil && n.Kind == js.String && clerkEvent.MatchString(n.Text) }
	f.Root.Walk(func(n *js.Node) bool {
		switch n.Kind {
		case js.Case:
			compares = compares || isEvent(n.Kids[0])
		case js.Binary:
			compares = compares || strings.HasPrefix(n.Text, "==") && (isEvent(n.Kids[0]) || isEvent(n.Kids[1]))
		}
		return !compares
	})
	return compares
}

// readsUser reports whether a file in a place that names Clerk reads what only Clerk calls so: the addresses of a user.
func readsUser(f *js.File) bool {
	reads := false
	f.Root.Walk(func(n *js.Node) bool {
		reads = reads || (n.Kind == js.Member || n.Kind == js.Property) && n.Text == "email_addresses"
		return !reads
	})
	return reads && isClerksRoute(f.Path)
}

// mentions reports whether the code of a file has a name or a string that matches.
func mentions(f *js.File, words *regexp.Regexp) bool {
	mentioned := false
	f.Root.Walk(func(n *js.Node) bool {
		switch n.Kind {
		case js.Ident, js.Member, js.Property, js.String, js.Template, js.Import, js.Function, js.Class:
			mentioned = mentioned || words.MatchString(n.Text)
		}
		return !mentioned
	})
	return mentioned
}

// asksClerk reports whether a file asks who is signed in.
func asksClerk(f *js.File) bool {
	asks := false
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call {
			o, ok := f.Origin(n.Kids[0])
			asks = asks || ok && strings.HasPrefix(o.Module, "@clerk/") && slices.Contains([]string{"auth", "getAuth", "currentUser", "requireAuth"}, o.Name)
		}
		return !asks
	})
	return asks
}

// readBody returns where a handler reads the body of a request: request.json(), request.body, readBody(event).
func readBody(f *js.File, handler *js.Node) *js.Node {
	var read *js.Node
	handler.Walk(func(n *js.Node) bool {
		switch {
		case read != nil:
		case n.Kind == js.Call && n.Kids[0].Kind == js.Member && len(n.Kids) == 1 && slices.Contains([]string{"json", "text"}, n.Kids[0].Text) && isGiven(f, n.Kids[0].Kids[0]),
			n.Kind == js.Call && n.Kids[0].Kind == js.Ident && (n.Kids[0].Text == "readBody" || n.Kids[0].Text == "readRawBody"),
			n.Kind == js.Member && n.Text == "body" && isGiven(f, n.Kids[0]):
			read = n
		case n.Kind == js.Declarator && n.Kids[1] != nil && isGiven(f, n.Kids[1]): // const { body } = request
			if body, _ := n.Kids[0].Property("body"); body != nil {
				read = n
			}
		}
		return read == nil
	})
	return read
}

// isGiven reports whether an expression begins with a parameter: request, context.req, request.clone().
func isGiven(f *js.File, n *js.Node) bool {
	for n.Kind == js.Member || n.Kind == js.Call {
		n = n.Kids[0]
	}
	b := f.Binding(n)
	return b != nil && b.Function != nil
}

// handsOn reports whether a handler gives the request, or its headers, to code that may look at the signature: another file's that isn't
// known, or that has such words.
func handsOn(p *project, f *js.File, handler *js.Node) bool {
	hands := false
	handler.Walk(func(n *js.Node) bool {
		if n.Kind != js.Call && n.Kind != js.New || !slices.ContainsFunc(n.Args(), func(a *js.Node) bool { return isRequest(f, handler, a) }) {
			return !hands
		}
		callee := n.Kids[0]
		switch path := callee.Path(); {
		case f.Value(callee).Kind == js.Function: // in this file, which has no such words
		case slices.Contains([]string{"readBody", "JSON.stringify", "JSON.parse", "String", "console.log", "console.error", "console.info", "console.debug", "console.warn"}, path):
		default:
			base := callee
			for base.Kind == js.Member {
				base = base.Kids[0]
			}
			o, ok := f.Origin(callee)
			if !ok {
				o, ok = f.Origin(base)
			}
			name := ""
			if ok {
				name = p.imported(f.Path, o.Module)
			}
			g := (*js.File)(nil)
			if name != "" {
				g = p.script(name)
			}
			hands = hands || g == nil || mentions(g, verifying)
		}
		return !hands
	})
	return hands
}

// isRequest reports whether an argument is the request, or what a signature is read from.
func isRequest(f *js.File, handler, n *js.Node) bool {
	switch {
	case n.Kind == js.Spread:
		return isRequest(f, handler, n.Kids[0])
	case n.Kind == js.Object:
		return slices.ContainsFunc(n.Kids, func(p *js.Node) bool { return p.Kid(0) != nil && isRequest(f, handler, p.Kids[0]) })
	case n.Kind == js.Member && (n.Text == "headers" || n.Text == "raw" || n.Text == "req" || n.Text == "request"):
		return true
	case n.Kind == js.Member && n.Text == "body" && n.Kids[0].Kind == js.Ident:
		return false // the parsed body: it doesn't hold the signature
	case n.Kind == js.Ident:
		if b := f.Binding(n); b != nil {
			if b.Function == handler && b.Property == "" && (b.Parameter == 0 || b.Parameter == 1 && strings.HasPrefix(n.Text, "req")) {
				return true
			}
			return b.Property == "headers" || b.Property == "req" || b.Property == "request" || b.Value != nil && b.Value.Kind == js.Call && strings.Contains(strings.ToLower(b.Value.Kids[0].Path()), "header") ||
				b.Value != nil && b.Value.Kind == js.Member && b.Value.Text == "headers"
		}
	case n.Kind == js.Call:
		return strings.Contains(strings.ToLower(n.Kids[0].Path()), "header")
	case n.Kind == js.Await:
		return isRequest(f, handler, n.Kids[0])
	}
	return false
}
