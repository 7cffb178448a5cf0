package audit

import (
	"slices"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// requestAuths are the packages that give Express handlers which put what they know of a request's sender into req.auth, and the functions
// that do. passport sets req.user, and express-openid-connect req.oidc; they aren't among them.
var requestAuths = map[string][]string{
	"express-jwt":               {"expressjwt"}, // since version 7; before, the default export set req.user
	"express-oauth2-jwt-bearer": {"auth"},
	"express-basic-auth":        {"default", "*"},
}

// setsRequestAuth reports whether a package is one of them.
func setsRequestAuth(name string) bool { return requestAuths[name] != nil }

// overtaken finds an Express app on which another package sets req.auth before clerkMiddleware, which then believes that it ran already.
func overtaken(f *js.File) []use {
	type mounted struct {
		call *js.Node
		by   string
	}
	first := map[*js.Binding]mounted{}
	var all []use
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind != js.Call || n.Kids[0].Kind != js.Member || n.Kids[0].Text != "use" {
			return true
		}
		app := f.Binding(n.Kids[0].Kids[0])
		if app == nil {
			return true
		}
		for i, argument := range n.Args() {
			handler := f.Value(argument)
			if handler == nil || handler.Kind != js.Call {
				continue
			}
			o, ok := f.Origin(handler.Kids[0])
			switch {
			case !ok:
			case i == 0 && slices.Contains(requestAuths[o.Module], o.Name) && setsAuth(f, handler):
				if _, before := first[app]; !before {
					first[app] = mounted{call: n, by: o.Module}
				}
			case o.Is("@clerk/express", "clerkMiddleware", "requireAuth"):
				if before, ok := first[app]; ok && before.call.Function() == n.Function() {
					all = append(all, use{node: handler, entry: "@clerk/express", seen: before.by + " sets req.auth before " + o.Name + " runs"})
				}
			}
		}
		return true
	})
	return all
}

// setsAuth reports whether the options leave the property at auth, as far as express-jwt has a choice.
func setsAuth(f *js.File, handler *js.Node) bool {
	if len(handler.Args()) == 0 {
		return true
	}
	options := f.Value(handler.Args()[0])
	if options.Kind != js.Object {
		return false
	}
	property, sure := options.Property("requestProperty")
	return property == nil && sure
}
