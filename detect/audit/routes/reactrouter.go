package routes

import (
	"path"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// reactRouter are the routes of an app of React Router in framework mode, as app/routes.ts lists them: what their loaders and actions do.
func (a *app) reactRouter() []Route {
	if !a.has("react-router") {
		return nil
	}
	name := a.fileAt(path.Join(a.dir, "app/routes"))
	f := a.file(name)
	if f == nil || f.Exports["default"] == nil {
		return nil
	}
	return a.configured(place{f, f.Exports["default"]}, "/", hops)
}

// configured are the routes of a list in app/routes.ts.
func (a *app) configured(list place, prefix string, left int) []Route {
	if left == 0 {
		return nil
	}
	var all []Route
	for _, at := range a.listed(list, hops) {
		if at.node == nil || at.node.Kind != js.Call {
			continue
		}
		origin, ok := at.file.Origin(at.node.Kids[0])
		if !ok || origin.Module != "@react-router/dev/routes" {
			continue
		}
		args := at.node.Args()
		text := func(i int) string {
			if i < len(args) && args[i].Kind == js.String {
				return args[i].Text
			}
			return ""
		}
		below := place{at.file, args[max(0, len(args)-1)]}
		switch origin.Name {
		case "index":
			all = append(all, a.module(prefix, text(0))...)
		case "route":
			at := path.Join(prefix, text(0))
			all = append(all, a.module(at, text(1))...)
			all = append(all, a.configured(below, at, left-1)...)
		case "layout":
			all = append(all, a.configured(below, prefix, left-1)...)
		case "prefix":
			all = append(all, a.configured(below, path.Join(prefix, text(0)), left-1)...)
		}
	}
	return all
}

// module are the loader and the action of a route's module.
func (a *app) module(at, file string) []Route {
	full := path.Join(a.dir, "app", file)
	if file == "" || !a.exists[full] || !js.Handles(full) {
		return nil
	}
	f := a.file(full)
	if f == nil {
		return nil
	}
	page := Route{Framework: "React Router", Kind: Page, Path: at, File: full, Line: 1}
	var all []Route
	if loader := f.Exports["loader"]; loader != nil {
		page.Line = a.lineIn(f, place{f, loader})
		all = append(all, a.judge(page, a.own(request{}, place{f, loader}, value{sort: incoming, truth: yes}), passage{}))
	} else if f.Exports["default"] != nil {
		page.Line = a.lineIn(f, place{f, f.Exports["default"]})
		all = append(all, a.judge(page, finding{evidence: []Evidence{{What: "it has no loader: what it shows is asked for elsewhere", File: full, Line: page.Line}}}, passage{}))
	}
	if action := f.Exports["action"]; action != nil {
		r := Route{Framework: "React Router", Kind: Handler, Method: "POST", Path: at, File: full, Line: a.lineIn(f, place{f, action})}
		all = append(all, a.judge(r, a.own(request{}, place{f, action}, value{sort: incoming, truth: yes}), passage{}))
	}
	return all
}

// tanStack are the server functions and the handlers of an app of TanStack Start, and its pages.
func (a *app) tanStack() []Route {
	if !a.has("@tanstack/react-start") {
		return nil
	}
	var all []Route
	for _, name := range a.files {
		full := path.Join(a.dir, name)
		text, ok := a.tree.Read(full)
		if !ok || !strings.Contains(string(text), "createServerFn") && !strings.Contains(string(text), "createFileRoute") {
			continue
		}
		f := a.file(full)
		if f == nil {
			continue
		}
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind == js.Call {
				all = append(all, a.tanStackCall(place{f, n})...)
			}
			return true
		})
	}
	return all
}

// tanStackCall is what a call makes: createServerFn().handler(function), or createFileRoute("/path")({ … }).
func (a *app) tanStackCall(at place) []Route {
	callee, options := at.node.Kids[0], at.node.Kid(1)
	if options == nil {
		return nil
	}
	r := Route{Framework: "TanStack Start", File: at.file.Path, Line: at.line()}
	if callee.Kind == js.Member && callee.Text == "handler" && startsWith(at.file, callee.Kids[0], "createServerFn") {
		r.Kind, r.Path = Function, "(inline)"
		if d := at.node.Parent; d != nil && d.Kind == js.Declarator && d.Kids[0] != nil {
			r.Path = d.Kids[0].Text
		}
		return []Route{a.judge(r, a.own(request{}, place{at.file, options}, value{}), passage{})}
	}
	if callee.Kind != js.Call || !startsWith(at.file, callee, "createFileRoute") || callee.Kid(1) == nil || callee.Kids[1].Kind != js.String {
		return nil
	}
	r.Kind, r.Path = Page, callee.Kids[1].Text
	own := finding{}
	for _, name := range []string{"beforeLoad", "loader"} {
		if n, _ := options.Property(name); n != nil && !own.refuses {
			own = a.own(request{}, place{at.file, n}, value{})
		}
	}
	var all []Route
	if component, _ := options.Property("component"); component != nil {
		all = append(all, a.judge(r, own, passage{}))
	}
	server, _ := options.Property("server")
	handlers, _ := server.Property("handlers")
	if handlers = at.file.Value(handlers); handlers != nil && handlers.Kind == js.Object {
		for _, p := range handlers.Kids {
			if p.Kind == js.Property && p.Text != "" {
				one := Route{Framework: r.Framework, Kind: Handler, Method: strings.TrimPrefix(p.Text, "ANY"), Path: r.Path, File: r.File, Line: place{at.file, p}.line()}
				all = append(all, a.judge(one, a.own(request{method: one.Method}, place{at.file, p.Kids[0]}, value{sort: incoming, truth: yes}), passage{}))
			}
		}
	}
	return all
}

// startsWith reports whether a chain of calls starts with one of that function of TanStack.
func startsWith(f *js.File, n *js.Node, function string) bool {
	for n != nil && n.Kind == js.Call {
		if origin, ok := f.Origin(n.Kids[0]); ok {
			return strings.HasPrefix(origin.Module, "@tanstack/react-") && origin.Name == function
		}
		if n.Kids[0].Kind != js.Member {
			return false
		}
		n = n.Kids[0].Kids[0]
	}
	return false
}
