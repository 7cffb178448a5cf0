package audit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// reserialized finds signatures of webhooks that are compared with something else than what was signed.
func reserialized() Check {
	return Check{
		ID: "C15", Title: "A webhook's signature is compared with a body that was parsed", Severity: detect.LowSeverity, Tier: All,
		Fix:  "Verify the body as it came: with verifyWebhook(request), or with await request.text() or express.raw() and svix.",
		Link: "https://clerk.com/docs/guides/development/webhooks/syncing",
		Why: "The signature is one of the bytes that were sent. What `JSON.stringify` makes of a parsed body is another text as soon as a space, an escaped letter or the order of numbers differs: then " +
			"requests of Clerk's are refused, and users aren't created or deleted in your database. Nobody gets in by it.\n\n" +
			"Also reported is `express.json()` for all routes, before a webhook's route with `express.raw()`: the body is parsed by then, and `raw` leaves it as it is.",
		Before: []Example{{"app/api/webhooks/clerk/route.ts", `import { headers } from "next/headers";
import { Webhook } from "svix";

export async function POST(request: Request) {
  const body = JSON.stringify(await request.json());
  const sent = await headers();
  const webhook = new Webhook(process.env.CLERK_WEBHOOK_SIGNING_SECRET);
  const event = webhook.verify(body, { "svix-id": sent.get("svix-id"), "svix-timestamp": sent.get("svix-timestamp"), "svix-signature": sent.get("svix-signature") });
  return Response.json({ type: event.type });
}
`}},
		After: []Example{{"app/api/webhooks/clerk/route.ts", `import { verifyWebhook } from "@clerk/nextjs/webhooks";

export async function POST(request: Request) {
  const event = await verifyWebhook(request);
  return Response.json({ type: event.type });
}
`}},
		wants: isScript,
		find:  findReserialized,
	}
}

func findReserialized(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"svix|standardwebhooks", "JSON.stringify", "verify"}, func(f *js.File) {
		if !namesClerk(f) {
			return
		}
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind == js.Call && n.Kids[0].Kind == js.Member && n.Kids[0].Text == "verify" && len(n.Kids) > 1 && isWebhook(f, n.Kids[0].Kids[0]) {
				if body := f.Value(n.Kids[1]); body.Kind == js.Call && body.Kids[0].Path() == "JSON.stringify" {
					found = append(found, Finding{Path: f.Path, Range: placeOf(f, body), Seen: "the signature is compared with what JSON.stringify makes of the body, not with what was signed"})
				}
			}
			return true
		})
	})
	p.scripts([]string{"express", ".json(", ".raw(", "svix|verifyWebhook"}, func(f *js.File) {
		if namesClerk(f) {
			f.Root.Walk(func(n *js.Node) bool {
				if n.Kind == js.Module || n.Kind == js.Block {
					found = append(found, parsedBefore(f, n.Kids)...)
				}
				return true
			})
		}
	})
	return found
}

// namesClerk reports whether a file, or its path, names Clerk.
func namesClerk(f *js.File) bool {
	return bytes.Contains(bytes.ToLower(f.Text), []byte("clerk")) || strings.Contains(strings.ToLower(f.Path), "clerk")
}

// isWebhook reports whether a value is a Webhook of svix or standardwebhooks.
func isWebhook(f *js.File, n *js.Node) bool {
	made := f.Value(n)
	if made.Kind != js.New {
		return false
	}
	o, ok := f.Origin(made.Kids[0])
	return ok && o.Name == "Webhook" && (o.Module == "svix" || o.Module == "standardwebhooks")
}

// parsedBefore finds routes of webhooks in a block that ask for the raw body, where an earlier statement has all bodies parsed.
func parsedBefore(f *js.File, statements []*js.Node) []Finding {
	parsed := map[*js.Binding]bool{}
	var found []Finding
	for _, s := range statements {
		if s.Kind != js.Statement || s.Kids[0].Kind != js.Call || s.Kids[0].Kids[0].Kind != js.Member {
			continue
		}
		call := s.Kids[0]
		app := f.Binding(call.Kids[0].Kids[0])
		if app == nil || !isMade(f, app.Value, "default", "*") || len(call.Kids) < 2 {
			continue
		}
		switch method := call.Kids[0].Text; {
		case method == "use" && slices.ContainsFunc(call.Args(), func(a *js.Node) bool { return parsesAll(f, a) }) && call.Kids[1].Kind != js.String:
			parsed[app] = true
		case (method == "post" || method == "use") && parsed[app] && isWebhookPath(call.Kids[1]) && namesClerkOrOnly(f, call.Kids[1]) &&
			slices.ContainsFunc(call.Args()[1:], func(a *js.Node) bool { return isBodyReader(f, a, "raw") }):
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, call), Seen: "express.raw() gets no raw body here: express.json() has parsed it before"})
		}
	}
	return found
}

// namesClerkOrOnly reports whether a path is that of Clerk's webhook, or at least of no other service's.
func namesClerkOrOnly(f *js.File, route *js.Node) bool {
	lower := strings.ToLower(route.Text)
	return strings.Contains(lower, "clerk") || !bytes.Contains(bytes.ToLower(f.Text), []byte("stripe"))
}

// parsesAll reports whether a handler is express.json() that parses whatever has its type of content: verify, which may keep the raw body,
// isn't set, nor a type.
func parsesAll(f *js.File, n *js.Node) bool {
	if !isBodyReader(f, n, "json") {
		return false
	}
	call := f.Value(n)
	if len(call.Kids) == 1 {
		return true
	}
	options := f.Value(call.Kids[1])
	for _, name := range []string{"verify", "type"} {
		if value, sure := options.Property(name); value != nil || !sure {
			return false
		}
	}
	return true
}

// isBodyReader reports whether an expression is express.json(), or another reader of express or body-parser.
func isBodyReader(f *js.File, n *js.Node, name string) bool {
	call := f.Value(n)
	if call.Kind != js.Call {
		return false
	}
	if o, ok := f.Origin(call.Kids[0]); ok {
		return (o.Module == "express" || o.Module == "body-parser") && o.Name == name
	}
	callee := call.Kids[0]
	if callee.Kind != js.Member || callee.Text != name {
		return false
	}
	o, ok := f.Origin(callee.Kids[0])
	return ok && (o.Module == "express" || o.Module == "body-parser") && (o.Name == "default" || o.Name == "*")
}
