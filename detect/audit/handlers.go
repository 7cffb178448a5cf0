package audit

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// Where frameworks take handlers from: files by their paths.
var (
	routeFile   = regexp.MustCompile(`(^|/)app/(.+/)?route\.[jt]sx?$`)              // Next.js, App Router
	serverFile  = regexp.MustCompile(`(^|/)routes/(.+/)?\+server\.[jt]s$`)          // SvelteKit
	pagesFile   = regexp.MustCompile(`(^|/)pages/api/.+\.[cm]?[jt]s$`)              // Next.js, Pages Router, and Astro
	nitroFile   = regexp.MustCompile(`(^|/)server/(api|routes)/.+\.[jt]s$`)         // Nuxt
	actionFile  = regexp.MustCompile(`(^|/)app/routes/.+\.[jt]sx?$`)                // Remix, React Router
	supabaseJob = regexp.MustCompile(`(^|/)supabase/functions/[^/]+/index\.[jt]s$`) // Supabase
	convexFile  = regexp.MustCompile(`(^|/)convex/(.+/)?http\.[jt]s$`)              // Convex
)

// isClerksRoute reports whether a file holds the handler of a path that names Clerk.
func isClerksRoute(name string) bool {
	return strings.Contains(strings.ToLower(urlPart(name)), "clerk") &&
		slices.ContainsFunc([]*regexp.Regexp{routeFile, serverFile, pagesFile, nitroFile, actionFile, supabaseJob}, func(r *regexp.Regexp) bool { return r.MatchString(name) })
}

// webhookHandlers returns the functions that a framework calls for requests to a path that names a webhook or Clerk.
func webhookHandlers(f *js.File) []*js.Node {
	var handlers []*js.Node
	add := func(n *js.Node) {
		if n == nil {
			return
		}
		if n = f.Value(n); n.Kind == js.Function {
			handlers = append(handlers, n)
		}
	}
	if webhookPath.MatchString(urlPart(f.Path)) {
		switch {
		case routeFile.MatchString(f.Path), serverFile.MatchString(f.Path):
			add(f.Exports["POST"])
		case pagesFile.MatchString(f.Path):
			add(f.Exports["POST"])
			add(f.Exports["default"])
		case nitroFile.MatchString(f.Path):
			if made := f.Exports["default"]; made != nil {
				if made = f.Value(made); made.Kind == js.Call && strings.HasSuffix(strings.ToLower(made.Kids[0].Path()), "eventhandler") {
					add(made.Kid(1))
				}
			}
		case actionFile.MatchString(f.Path):
			add(f.Exports["action"])
		case supabaseJob.MatchString(f.Path):
			f.Root.Walk(func(n *js.Node) bool {
				if n.Kind == js.Call && (n.Kids[0].Path() == "Deno.serve" || isDenoServe(f, n.Kids[0])) {
					add(n.Kids[len(n.Kids)-1])
				}
				return true
			})
		}
	}
	guarded := false
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call && n.Kids[0].Kind == js.Member && len(n.Kids) > 1 {
			registered(f, n, add)
			guarded = guarded || n.Kids[0].Text == "use" && isWebhookPath(n.Kids[1]) && !slices.ContainsFunc(n.Kids[2:], readsBodies)
		}
		return true
	})
	if guarded {
		return nil
	}
	return handlers
}

// isWebhookPath reports whether an argument is the path of a webhook.
func isWebhookPath(n *js.Node) bool {
	return n.Kind == js.String && strings.HasPrefix(n.Text, "/") && webhookPath.MatchString(n.Text)
}

// readsBodies reports whether an argument is middleware that does no more than to read bodies: express.json(), bodyParser.raw().
func readsBodies(n *js.Node) bool {
	return n.Kind == js.Call && n.Kids[0].Kind == js.Member && slices.Contains([]string{"json", "raw", "text", "urlencoded"}, n.Kids[0].Text)
}

// urlPart is what of a file's path becomes the path of a request: not the directories above the routes.
func urlPart(name string) string {
	for _, mark := range []string{"/app/", "/pages/", "/routes/", "/server/", "/functions/"} {
		if i := strings.LastIndex("/"+name, mark); i >= 0 {
			return name[i:]
		}
	}
	return path.Base(name)
}

// registered adds what a call such as app.post("/webhooks/clerk", handler) sets: of Express and its like, or of Convex.
func registered(f *js.File, call *js.Node, add func(*js.Node)) {
	first := call.Kids[1]
	switch call.Kids[0].Text {
	case "post", "all":
		last := len(call.Kids) - 1
		if isWebhookPath(first) && !slices.ContainsFunc(call.Kids[2:max(last, 2)], func(a *js.Node) bool { return !readsBodies(a) }) {
			add(call.Kids[last])
		}
	case "route":
		where, _ := first.Property("path")
		handler, _ := first.Property("handler")
		if !convexFile.MatchString(f.Path) || where == nil || handler == nil || where.Kind != js.String || !webhookPath.MatchString(where.Text) {
			return
		}
		if made := f.Value(handler); made.Kind == js.Call && made.Kids[0].Path() != "" && strings.HasSuffix(made.Kids[0].Path(), "httpAction") || made.Kind == js.Call && isHTTPAction(f, made.Kids[0]) {
			add(made.Kid(1))
		}
	}
}

func isHTTPAction(f *js.File, n *js.Node) bool {
	o, ok := f.Origin(n)
	return ok && o.Name == "httpAction"
}

func isDenoServe(f *js.File, n *js.Node) bool {
	o, ok := f.Origin(n)
	return ok && o.Name == "serve" && strings.HasPrefix(o.Module, "https://deno.land/std")
}
