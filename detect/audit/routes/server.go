package routes

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// servers are the frameworks whose routes are calls: app.get("/path", handler).
func servers() []serverFramework {
	return []serverFramework{
		{name: "Express", module: "express", makers: []string{"default", "*", "Router", "express"}, nested: "Router"},
		{name: "Hono", module: "hono", makers: []string{"Hono"}},
		{name: "Fastify", module: "fastify", makers: []string{"default", "*", "fastify", "Fastify"}, plugins: true},
	}
}

type serverFramework struct {
	name, module string
	makers       []string
	nested       string // the method of the module that makes a router
	plugins      bool   // an instance is handed to functions, too
}

// router is an app, or a part of one, by the node that makes it: a call, or the function that is handed it.
type router struct {
	calls   []step  // in the order of the text
	mounts  []mount // where it is part of another
	made    place
	isParam bool
}

// step is a call on a router: of a route, or of what runs before those behind it.
type step struct {
	method   string // "" for what runs before
	path     string
	handlers []place
	at       place
	sure     bool // whether the path is known
}

// mount is where a router is part of another one.
type mount struct {
	parent *router
	prefix string
	before []step // of the parent, that run first
	sure   bool
}

var methods = map[string]string{
	"get": "GET", "head": "HEAD", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE", "options": "OPTIONS", "all": "",
}

// served are the routes of the app that one of these frameworks serves.
func (a *app) served(framework serverFramework) []Route {
	if !a.has(framework.module) {
		return nil
	}
	s := &server{app: a, framework: framework, routers: map[*js.Node]*router{}}
	for _, name := range a.files {
		full := path.Join(a.dir, name)
		text, ok := a.tree.Read(full)
		if !ok || !mentionsRoutes(string(text)) {
			continue
		}
		if f := a.file(full); f != nil {
			s.collect(f)
		}
	}
	var all []Route
	for _, r := range s.order {
		for i, one := range r.calls {
			if one.method != "" {
				all = append(all, s.routes(r, i)...)
			}
		}
	}
	return all
}

func mentionsRoutes(text string) bool {
	for name := range methods {
		if strings.Contains(text, "."+name+"(") || strings.Contains(text, "."+name+"<") {
			return true
		}
	}
	return strings.Contains(text, ".use(") || strings.Contains(text, ".route(") || strings.Contains(text, ".register(")
}

// server collects the routers of an app.
type server struct {
	*app

	framework serverFramework
	routers   map[*js.Node]*router
	order     []*router
}

// collect reads the calls on routers of a file.
func (s *server) collect(f *js.File) {
	var calls []*js.Node
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call && n.Kids[0].Kind == js.Member {
			calls = append(calls, n)
		}
		return true
	})
	// A chain is one call in another, the last outermost; the text has them from the first on.
	slices.SortStableFunc(calls, func(a, b *js.Node) int {
		return cmp.Or(cmp.Compare(f.Start(a), f.Start(b)), cmp.Compare(chainLength(a), chainLength(b)))
	})
	for _, n := range calls {
		if r, prefix := s.routerOf(f, n.Kids[0].Kids[0]); r != nil {
			s.add(r, prefix, place{f, n})
		}
	}
}

func chainLength(n *js.Node) (length int) {
	for n != nil && n.Kind == js.Call && n.Kids[0].Kind == js.Member {
		n = n.Kids[0].Kids[0]
		length++
	}
	return length
}

// routerOf is the router that an expression is, with the prefix that a chain of calls has given it.
func (s *server) routerOf(f *js.File, object *js.Node) (*router, string) {
	prefix := ""
	for range hops {
		switch {
		case object == nil:
			return nil, ""
		case object.Kind == js.Call && object.Kids[0].Kind == js.Member && !s.makes(f, object):
			if path := object.Kid(1); s.narrows(object.Kids[0].Text) && path != nil && path.Kind == js.String {
				prefix = path.Text + prefix
			}
			object = object.Kids[0].Kids[0]
		case object.Kind == js.Ident:
			if r := s.handed(f, object); r != nil {
				return r, prefix
			}
			at := s.value(place{f, object})
			if at.node == nil || at.node == object {
				return nil, ""
			}
			f, object = at.file, at.node
		case s.makes(f, object):
			return s.router(place{f, object}), prefix
		default:
			return nil, ""
		}
	}
	return nil, ""
}

// narrows reports whether what a method returns is for a path: Hono's app.basePath(path), Express' router.route(path).
func (s *server) narrows(method string) bool {
	return method == "basePath" || method == "route" && s.framework.name == "Express"
}

// makes reports whether an expression makes a router.
func (s *server) makes(f *js.File, n *js.Node) bool {
	if n.Kind != js.Call && n.Kind != js.New {
		return false
	}
	origin, ok := f.Origin(n.Kids[0])
	if ok && origin.Module == s.framework.module && slices.Contains(s.framework.makers, origin.Name) {
		return true
	}
	if s.framework.nested == "" || n.Kids[0].Kind != js.Member || n.Kids[0].Text != s.framework.nested {
		return false
	}
	origin, ok = f.Origin(n.Kids[0].Kids[0])
	return ok && origin.Module == s.framework.module
}

// handed is the router that a function is given as its first parameter, as plugins of Fastify are.
func (s *server) handed(f *js.File, n *js.Node) *router {
	b := f.Binding(n)
	if !s.framework.plugins || b == nil || b.Function == nil || b.Parameter != 0 || b.Property != "" || b.Assigned {
		return nil
	}
	if !slices.Contains([]string{"fastify", "app", "server", "instance"}, n.Text) {
		return nil
	}
	r := s.router(place{f, b.Function})
	r.isParam = true
	return r
}

func (s *server) router(at place) *router {
	r := s.routers[at.node]
	if r == nil {
		r = &router{made: at}
		s.routers[at.node] = r
		s.order = append(s.order, r)
	}
	return r
}

// add adds what a call does to a router.
func (s *server) add(r *router, prefix string, at place) {
	name, args := at.node.Kids[0].Text, at.node.Args()
	one := step{at: at, path: prefix, sure: true}
	if len(args) > 0 { // where a chain goes on, not where it begins
		one.at.node = args[0]
	}
	if name == "addHook" {
		args = args[min(1, len(args)):]
	} else if len(args) > 0 && args[0].Kind == js.String {
		one.path += args[0].Text
		args = args[1:]
	} else if _, is := methods[name]; is && len(args) > 1 {
		one.sure = false
		args = args[1:]
	}
	for _, arg := range args {
		one.handlers = append(one.handlers, s.listed(place{at.file, arg}, hops)...)
	}
	method, is := methods[name]
	switch {
	case is:
		if len(args) == 0 { // a setting is asked for
			return
		}
		if one.method = method; method == "" {
			one.method = "ALL"
		}
		one.handlers = s.unfold(one.handlers)
	case (name == "use" || name == "addHook") && isConditional(at.node):
		return // it may not be there
	case name == "addHook":
	case name == "route" && len(args) == 1 && args[0].Kind == js.Object:
		s.object(r, one, place{at.file, args[0]})
		return
	case name == "use", name == "route", name == "register":
		if s.mounted(r, one, args) {
			return
		}
		if name != "use" {
			return
		}
	default:
		return
	}
	r.calls = append(r.calls, one)
}

// isConditional reports whether a call is made in some cases only.
func isConditional(n *js.Node) bool {
	for ; n != nil && n.Kind != js.Function; n = n.Parent {
		if n.Kind == js.If || n.Kind == js.Conditional || n.Kind == js.Loop || n.Kind == js.Case || n.Kind == js.Binary {
			return true
		}
	}
	return false
}

// unfold takes hooks out of the options of a route, before its handler.
func (s *server) unfold(handlers []place) []place {
	var all []place
	for _, h := range handlers {
		if h.node == nil || h.node.Kind != js.Object {
			all = append(all, h)
			continue
		}
		for _, name := range []string{"onRequest", "preValidation", "preHandler", "handler"} {
			if hook, _ := h.node.Property(name); hook != nil {
				all = append(all, s.listed(place{h.file, hook}, hops)...)
			}
		}
	}
	return all
}

// object adds the routes of fastify.route({ method, url, handler }).
func (s *server) object(r *router, one step, options place) {
	url, _ := options.node.Property("url")
	if url == nil || url.Kind != js.String {
		one.sure = false
	} else {
		one.path += url.Text
	}
	one.handlers = s.unfold([]place{options})
	method, _ := options.node.Property("method")
	for _, m := range s.listed(place{options.file, method}, hops) {
		one.method = "ALL"
		if m.node != nil && m.node.Kind == js.String {
			one.method = strings.ToUpper(m.node.Text)
		}
		r.calls = append(r.calls, one)
	}
}

// mounted makes routers part of another one, where a call does that.
func (s *server) mounted(parent *router, one step, args []*js.Node) bool {
	found := false
	prefix := one.path
	if last := len(args) - 1; last > 0 && args[last].Kind == js.Object { // register(plugin, { prefix })
		if p, _ := args[last].Property("prefix"); p != nil && p.Kind == js.String {
			prefix += p.Text
		}
	}
	for i, h := range one.handlers {
		if h.node == nil {
			continue
		}
		child, _ := s.routerOf(h.file, h.node)
		if child == nil && s.framework.plugins && h.node.Kind == js.Function {
			child = s.router(h)
		}
		if child == nil {
			continue
		}
		before := append(slices.Clone(parent.calls), step{handlers: one.handlers[:i], at: one.at, sure: true})
		child.mounts = append(child.mounts, mount{parent: parent, prefix: prefix, before: before, sure: one.sure})
		found = true
	}
	return found
}
