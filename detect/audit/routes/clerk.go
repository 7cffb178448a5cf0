package routes

import (
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// clerkName is what a name stands for that comes from Clerk or a framework.
func (f *frame) clerkName(n *js.Node) (value, bool) {
	origin, ok := f.file.Origin(n)
	if !ok {
		return value{}, false
	}
	switch {
	case isClerk(origin.Module) && origin.Name == "auth":
		return value{sort: asks, truth: yes}, true
	case isClerk(origin.Module) && (origin.Name == "redirectToSignIn" || origin.Name == "redirectToSignUp"):
		return value{sort: signIn, truth: yes}, true
	case origin.Is("next/server", "NextResponse"):
		return value{sort: responses, truth: yes}, true
	}
	return value{}, false
}

func isClerk(module string) bool {
	return strings.HasPrefix(module, "@clerk/") || module == "@hono/clerk-auth"
}

// call is what a call returns, and follows what it does.
func (f *frame) call(n *js.Node) value {
	callee := n.Kids[0]
	if origin, ok := f.file.Origin(callee); ok {
		if v, ok := f.libraryCall(n, origin); ok {
			return v
		}
	}
	if path := callee.Path(); strings.HasSuffix(path, ".webhooks.constructEvent") || strings.HasSuffix(path, ".webhooks.constructEventAsync") {
		return f.verified(n, "stripe.webhooks.constructEvent()")
	}
	if callee.Kind == js.Member && callee.Text == "handler" && n.Kid(1) != nil && startsWith(f.file, callee.Kids[0], "createServerFn") {
		return f.expression(n.Kids[1]) // called as its handler is
	}
	if callee.Kind == js.Member {
		if object := f.expression(callee.Kids[0]); object.sort != anything {
			if v, ok := f.method(n, object, callee.Text); ok {
				return v
			}
		}
	}
	v := value{}
	if callee.Kind != js.Member {
		v = f.expression(callee)
	} else if _, imported := f.file.Origin(callee); imported {
		v = f.memberOf(callee)
	}
	args := f.arguments(n)
	for _, arg := range args {
		f.wentOn = f.wentOn || arg.sort == goesOn
	}
	switch v.sort {
	case goesOn:
		f.wentOn = true
	case asks:
		return value{sort: session, truth: yes}
	case has:
		return f.absentOr(n)
	case signIn:
		return f.toSignIn(n)
	case matcher:
		return f.matches(v.at)
	case middleware:
		return f.runMiddleware(v.at)
	case code:
		return f.callCode(v.at, args)
	}
	f.unfollowed = n
	return value{}
}

func (f *frame) absentOr(*js.Node) value {
	if f.request.signedIn {
		return value{} // by role
	}
	return value{truth: no, bySession: true}
}

// libraryCall is a call of what is imported from a package.
func (f *frame) libraryCall(n *js.Node, origin js.Origin) (value, bool) {
	switch {
	case isClerk(origin.Module):
		return f.clerkCall(n, origin.Name)
	case origin.Is("next/navigation", "redirect", "permanentRedirect", "notFound", "unauthorized", "forbidden"):
		f.leaves(n, origin.Name+"()")
		f.throw(outcome{throws: true})
		return value{}, true
	case origin.Name == "redirect" && (origin.Module == "react-router" || origin.Module == "@remix-run/node" || strings.HasPrefix(origin.Module, "@tanstack/")):
		return value{sort: refusal, truth: yes}, true
	}
	return value{}, false
}

func (f *frame) clerkCall(n *js.Node, name string) (value, bool) {
	switch name {
	case "auth", "getAuth":
		return value{sort: session, truth: yes}, true
	case "currentUser":
		return f.absent(), true
	case "createRouteMatcher":
		return value{sort: matcher, truth: yes, at: place{f.file, n}}, true
	case "clerkMiddleware":
		return value{sort: middleware, truth: yes, at: place{f.file, n}}, true
	case "authMiddleware":
		return value{sort: legacy, truth: yes, at: place{f.file, n}}, true
	case "verifyWebhook":
		return f.verified(n, "verifyWebhook()"), true
	case "redirectToSignIn", "redirectToSignUp":
		return f.toSignIn(n), true
	}
	return value{}, false
}

// toSignIn is a call of redirectToSignIn: it throws, or returns what is to be returned, by the framework.
func (f *frame) toSignIn(n *js.Node) value {
	f.refuse(n, "redirectToSignIn()", namedRefusal)
	if n.Fate() != js.Returned {
		f.throw(outcome{throws: true})
	}
	return value{sort: refusal, truth: yes}
}

// verified is a call that throws unless the request is signed: nobody without the secret gets past it.
func (f *frame) verified(n *js.Node, what string) value {
	f.arguments(n)
	if !f.request.signedIn {
		f.refuse(n, what, namedRefusal)
		f.throw(outcome{throws: true})
	}
	return value{}
}

// method is a call of a method of something that is known.
func (f *frame) method(n *js.Node, object value, name string) (value, bool) {
	switch object.sort {
	case asks:
		if name == "protect" {
			return f.protect(n, true), true
		}
	case session:
		switch name {
		case "protect":
			return f.protect(n, false), true
		case "has":
			return f.absentOr(n), true
		case "redirectToSignIn", "redirectToSignUp":
			return f.toSignIn(n), true
		}
	case incoming:
		switch name {
		case "auth":
			return value{sort: session, truth: yes}, true
		case "redirect": // Astro's
			f.arguments(n)
			return value{sort: refusal, truth: yes}, true
		}
	case text:
		return textMethod(object, name, f.arguments(n)), true
	case writer, honoContext:
		return f.write(n, name), true
	case responses:
		return f.respond(n, name), true
	case refusal:
		f.arguments(n)
		return object, true
	case verifier:
		if strings.HasPrefix(name, "verify") {
			return f.verified(n, "Webhook."+name+"()"), true
		}
	}
	return value{}, false
}

// protect is auth.protect(), which does nothing that counts unless it is awaited. auth().protect() never returns without a session: it
// throws in one version since there is none, and in the others since a promise has no such method.
func (f *frame) protect(n *js.Node, awaited bool) value {
	f.arguments(n)
	if f.request.signedIn {
		return value{sort: session, truth: yes}
	}
	if fate := n.Fate(); awaited && fate != js.Awaited && fate != js.Returned {
		f.seen = append(f.seen, place{f.file, n}.evidence("auth.protect() is not awaited"))
		return value{}
	}
	f.refuse(n, "auth.protect()", namedRefusal)
	f.throw(outcome{throws: true})
	return value{}
}

// write is a call that writes an answer: res.status(401), c.json(body, 401).
func (f *frame) write(n *js.Node, name string) value {
	args := f.arguments(n)
	at := func(i int) value {
		if i < len(args) {
			return args[i]
		}
		return value{}
	}
	switch name {
	case "status", "code", "sendStatus", "writeHead":
		if refuses(at(0)) {
			f.leaves(n, "answers with a redirect or an error")
			return value{sort: refusal, truth: yes}
		}
		return value{sort: writer, truth: yes}
	case "redirect", "notFound", "unauthorized", "forbidden":
		return value{sort: refusal, truth: yes}
	case "json", "text", "body", "html":
		if refuses(at(1)) {
			return value{sort: refusal, truth: yes}
		}
	case "get", "var":
		return value{}
	}
	return value{}
}

// respond is a call of a method of the class Response.
func (f *frame) respond(n *js.Node, name string) value {
	f.arguments(n)
	switch name {
	case "redirect", "error":
		return value{sort: refusal, truth: yes}
	case "json":
		if args := n.Args(); len(args) > 1 && refuses(f.statusIn(args[1])) {
			return value{sort: refusal, truth: yes}
		}
	}
	return value{truth: yes}
}

// construct is what new returns.
func (f *frame) construct(n *js.Node) value {
	class := n.Kids[0]
	if origin, ok := f.file.Origin(class); ok && origin.Name == "Webhook" && (origin.Module == "svix" || origin.Module == "standardwebhooks") {
		return value{sort: verifier, truth: yes}
	}
	v := f.expression(class)
	args := f.arguments(n)
	switch {
	case v.sort == responses && len(n.Args()) > 1 && refuses(f.statusIn(n.Args()[1])):
		return value{sort: refusal, truth: yes}
	case class.Path() == "URL" && len(args) > 0 && (args[0].sort == address || args[0].sort == incoming):
		return value{sort: address, truth: yes}
	}
	return value{truth: yes}
}

// runMiddleware follows the handler of clerkMiddleware.
func (f *frame) runMiddleware(at place) value {
	o := f.handler(at)
	switch {
	case o.refusesAlways():
		return value{sort: refusal, truth: yes}
	case o.passesAlways():
		return value{truth: yes}
	}
	// Both: what is returned is not known, so neither is what follows.
	f.throw(outcome{throws: true, falls: true})
	return value{}
}

// handler follows the handler of a call of clerkMiddleware.
func (f *frame) handler(at place) outcome {
	args := at.node.Args()
	if len(args) == 0 {
		return outcome{falls: true}
	}
	v := f.in(at.file).quiet(args[0])
	switch v.sort {
	case code:
		given := f.given
		if given == nil {
			given = []value{{sort: asks, truth: yes}, {sort: incoming, truth: yes}, {}}
		}
		o, _ := f.invoke(v.at, given)
		return o
	case object:
		return outcome{falls: true} // options alone
	}
	return anyway()
}
