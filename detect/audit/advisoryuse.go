package audit

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// packageOf returns the package of a module: @clerk/nextjs of @clerk/nextjs/server.
func packageOf(module string) string {
	parts := strings.SplitN(module, "/", 3)
	if strings.HasPrefix(module, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// callsOf returns the calls of functions of these names that come from Clerk's packages, and their packages.
func callsOf(f *js.File, names ...string) []use {
	var all []use
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call {
			if o, ok := f.Origin(n.Kids[0]); ok && strings.HasPrefix(o.Module, "@clerk/") && slices.Contains(names, o.Name) {
				all = append(all, use{node: n, entry: packageOf(o.Module)})
			}
		}
		return true
	})
	return all
}

// methodsOf returns the calls of a method of what comes from Clerk's packages, as clerkClient, and their packages.
func methodsOf(f *js.File, name string) []use {
	var all []use
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind != js.Call || n.Kids[0].Kind != js.Member || n.Kids[0].Text != name {
			return true
		}
		object := n.Kids[0].Kids[0]
		o, ok := f.Origin(object)
		if made := unawaitedValue(f, object); !ok && made.Kind == js.Call {
			o, ok = f.Origin(made.Kids[0])
		}
		if ok && strings.HasPrefix(o.Module, "@clerk/") {
			all = append(all, use{node: n, entry: packageOf(o.Module)})
		}
		return true
	})
	return all
}

// unawaitedValue returns the expression that a name stands for, without await.
func unawaitedValue(f *js.File, n *js.Node) *js.Node {
	n = f.Value(n)
	for n.Kind == js.Await {
		n = f.Value(n.Kids[0])
	}
	return n
}

// optionOf returns the value of an option of a call, in the order of its arguments: of an object, or one that a function returns. nil
// where there is none.
func optionOf(f *js.File, call *js.Node, name string) *js.Node {
	for _, argument := range call.Args() {
		options := f.Value(argument)
		if options.Kind == js.Function {
			options = f.Value(returned(options))
		}
		if value, _ := options.Property(name); value != nil {
			return value
		}
	}
	return nil
}

// proxied finds Clerk's Frontend API proxied by the app: the option that turns it on, or the function that does it.
func proxied(f *js.File) []use {
	var all []use
	for _, u := range callsOf(f, "clerkFrontendApiProxy") {
		u.seen = "clerkFrontendApiProxy is called"
		all = append(all, u)
	}
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind != js.Call {
			return true
		}
		// app.use(clerkMiddleware({…})), fastify.register(clerkPlugin, {…})
		for _, callee := range n.Kids[:min(2, len(n.Kids))] {
			o, ok := f.Origin(callee)
			if !ok || !strings.HasPrefix(o.Module, "@clerk/") || o.Name != "clerkMiddleware" && o.Name != "clerkPlugin" {
				continue
			}
			if option := optionOf(f, n, "frontendApiProxy"); option != nil && isOn(f, option) {
				all = append(all, use{node: option.Parent, entry: packageOf(o.Module), seen: "the Frontend API proxy is on"})
			}
		}
		return true
	})
	return all
}

// isOn reports whether the value of frontendApiProxy turns it on.
func isOn(f *js.File, option *js.Node) bool {
	enabled, sure := f.Value(option).Property("enabled")
	return enabled != nil && sure && !(enabled.Kind == js.Literal && enabled.Text == "false") && !isNegated(enabled)
}

// isNegated reports whether an expression is !1, as false is written where code was made smaller.
func isNegated(n *js.Node) bool {
	return n.Kind == js.Unary && n.Text == "!" && n.Kids[0].Kind == js.Literal && n.Kids[0].Text == "1"
}

// webhooks finds calls of verifyWebhook.
func webhooks(f *js.File) []use {
	all := callsOf(f, "verifyWebhook")
	for i := range all {
		all[i].seen = "verifyWebhook is called"
	}
	return all
}

// parties finds a list of authorized parties that is passed to what authenticates a request.
func parties(f *js.File) []use {
	var all []use
	calls := callsOf(f, "clerkMiddleware", "clerkPlugin", "verifyToken", "requireAuth", "withAuth", "rootAuthLoader")
	for _, u := range append(calls, methodsOf(f, "authenticateRequest")...) {
		if option := optionOf(f, u.node, "authorizedParties"); option != nil {
			if list := f.Value(option); list.Kind == js.Array && len(list.Kids) > 0 {
				all = append(all, use{node: option.Parent, entry: u.entry, seen: "authorizedParties limits who may have issued a token"})
			}
		}
	}
	return all
}

// serialized finds users and organizations, with what is private of them, that are put into a page.
func serialized(f *js.File) []use {
	var all []use
	for _, u := range callsOf(f, "buildClerkProps") {
		for _, name := range []string{"user", "organization"} {
			if len(u.node.Args()) > 1 {
				if value, _ := f.Value(u.node.Args()[1]).Property(name); value != nil {
					all = append(all, use{node: u.node, entry: u.entry, seen: "buildClerkProps is given the whole " + name})
					break
				}
			}
		}
	}
	return all
}

// Each dimension of an authorization is a group of its conditions.
var dimensions = [][]string{{"reverification"}, {"role", "permission"}, {"feature", "plan"}}

// combined finds has() and protect() with conditions of more than one dimension.
func combined(f *js.File) []use {
	var all []use
	for _, u := range authorizations(f) {
		conditions := f.Value(u.node.Kid(1))
		n := 0
		for _, names := range dimensions {
			if slices.ContainsFunc(names, func(name string) bool { value, _ := conditions.Property(name); return value != nil }) {
				n++
			}
		}
		if n > 1 {
			u.seen = "one call combines conditions on organization, billing or reverification"
			all = append(all, u)
		}
	}
	return all
}

// discarded finds protect() with conditions that older versions of @clerk/nextjs throw away, as options stand in the same object.
func discarded(f *js.File) []use {
	var all []use
	for _, u := range authorizations(f) {
		argument := f.Value(u.node.Kid(1))
		has := func(names ...string) bool {
			return slices.ContainsFunc(names, func(name string) bool { value, _ := argument.Property(name); return value != nil })
		}
		if u.entry == "@clerk/nextjs" && u.node.Kids[0].Text == "protect" && has("role", "permission", "feature", "plan", "reverification") &&
			has("unauthenticatedUrl", "unauthorizedUrl", "token") {
			u.seen = "conditions and options of protect() are in one object"
			all = append(all, u)
		}
	}
	return all
}

// authorizations returns the calls of has() and protect() of Clerk's.
func authorizations(f *js.File) []use {
	var all []use
	callbacks := middlewareCallbacks(f)
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind != js.Call || len(n.Kids) < 2 {
			return true
		}
		callee := n.Kids[0]
		if callee.Kind == js.Ident { // const { has } = await auth()
			if b := f.Binding(callee); b != nil && b.Property == "has" && b.Value != nil && !b.Assigned {
				if entry := sessionFrom(f, b.Value); entry != "" {
					all = append(all, use{node: n, entry: entry})
				}
			}
			return true
		}
		if callee.Kind != js.Member || callee.Text != "has" && callee.Text != "protect" {
			return true
		}
		object := callee.Kids[0]
		switch o, ok := f.Origin(object); {
		case ok && o.Is(nextServer, "auth"), callbacks[parameterOf(f, object, 0)]:
			all = append(all, use{node: n, entry: "@clerk/nextjs"})
		default:
			if entry := sessionFrom(f, object); entry != "" {
				all = append(all, use{node: n, entry: entry})
			}
		}
		return true
	})
	return all
}

// sessionFrom returns the package of Clerk's whose function gives an expression's value, as auth() or useAuth(), or "".
func sessionFrom(f *js.File, n *js.Node) string {
	n = unawaitedValue(f, n)
	if n.Kind != js.Call {
		return ""
	}
	o, ok := f.Origin(n.Kids[0])
	if !ok || !strings.HasPrefix(o.Module, "@clerk/") || !slices.Contains([]string{"auth", "getAuth", "useAuth"}, o.Name) {
		return ""
	}
	return packageOf(o.Module)
}
