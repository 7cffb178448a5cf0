package routes

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

const nextName = "Next.js"

// next are the routes of an app of Next.js: files of its App Router and its Pages Router, and Server Functions.
func (a *app) next() []Route {
	if !a.has("next") {
		return nil
	}
	var all []Route
	for _, base := range []string{"", "src"} {
		gate := a.nextMiddleware(base)
		a.static = a.staticIn(base)
		for _, name := range a.files {
			if rest, ok := strings.CutPrefix(name, path.Join(base, "app")+"/"); ok {
				all = append(all, a.appRoutes(gate, base, name, rest)...)
			}
			if rest, ok := strings.CutPrefix(name, path.Join(base, "pages")+"/"); ok {
				all = append(all, a.pagesRoutes(gate, name, rest)...)
			}
		}
	}
	for _, name := range a.files {
		all = append(all, a.serverFunctions(name)...)
	}
	return all
}

// staticIn are the paths of the App Router's routes without parameters.
func (a *app) staticIn(base string) map[string]bool {
	all := map[string]bool{}
	for _, name := range a.files {
		rest, ok := strings.CutPrefix(name, path.Join(base, "app")+"/")
		if file, _, _ := strings.Cut(path.Base(name), "."); !ok || file != "page" && file != "route" {
			continue
		}
		at, ok := appPath(path.Dir(rest))
		if below, last := path.Split(at); strings.HasPrefix(last, "[[...") { // it answers without the parameter, too
			at = path.Clean(below)
		}
		if ok && !strings.Contains(at, "[") {
			all[at] = true
		}
	}
	return all
}

// appRoutes are those of a file of the App Router: a page, or a handler for each method. rest is its path below app.
func (a *app) appRoutes(gate *gate, base, name, rest string) []Route {
	file, _, _ := strings.Cut(path.Base(rest), ".")
	if file != "page" && file != "route" {
		return nil
	}
	at, ok := appPath(path.Dir(rest))
	if !ok {
		return nil
	}
	full := path.Join(a.dir, name)
	f := a.file(full)
	if f == nil {
		return []Route{{
			Framework: nextName, App: a.dir, Kind: map[string]Kind{"page": Page, "route": Handler}[file], Path: at, File: full, Line: 1, State: Unknown, Unread: true,
			Evidence: []Evidence{{What: "the file can't be read as code", File: full}},
		}}
	}
	if file == "page" {
		r := a.route(gate, Route{Framework: nextName, Kind: Page, Path: at, File: full}, f, "default")
		r.Evidence = append(r.Evidence, a.layouts(base, path.Dir(rest))...)
		return []Route{r}
	}
	var all []Route
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		if f.Exports[method] != nil {
			all = append(all, a.route(gate, Route{Framework: nextName, Kind: Handler, Method: method, Path: at, File: full}, f, method))
		}
	}
	return all
}

// appPath is the path that a directory of the App Router stands for. ok is false for one that isn't a route of its own.
func appPath(dir string) (at string, ok bool) {
	for part := range strings.SplitSeq(dir, "/") {
		switch {
		case part == "." || strings.HasPrefix(part, "@"), strings.HasPrefix(part, "(") && strings.HasSuffix(part, ")"):
		case strings.HasPrefix(part, "("), strings.HasPrefix(part, "_"): // shown in the place of another route; private
			return "", false
		default:
			at += "/" + strings.ReplaceAll(part, "%5F", "_")
		}
	}
	if at == "" {
		at = "/"
	}
	return at, true
}

// layouts says which layouts above a page refuse. They aren't run again when one navigates between the pages below, so that they don't
// protect these.
func (a *app) layouts(base, dir string) []Evidence {
	var all []Evidence
	for ; ; dir = path.Dir(dir) {
		name := a.fileAt(path.Join(a.dir, base, "app", dir, "layout"))
		if f := a.file(name); f != nil && f.Exports["default"] != nil {
			if own := a.own(request{}, place{f, f.Exports["default"]}); own.refuses {
				e := own.evidence[0]
				e.What = "a layout refuses, but isn't run again on navigation below it: " + e.What
				all = append(all, e)
			}
		}
		if dir == "." {
			return all
		}
	}
}

// pagesRoutes are those of a file of the Pages Router: a page, or a handler below api.
func (a *app) pagesRoutes(gate *gate, name, rest string) []Route {
	at := strings.TrimSuffix(rest, path.Ext(rest))
	if base := path.Base(at); strings.HasPrefix(base, "_") || slices.Contains([]string{"404", "500"}, at) {
		return nil
	}
	at = "/" + at
	if path.Base(at) == "index" {
		at = path.Dir(at)
	}
	full := path.Join(a.dir, name)
	r := Route{Framework: nextName, App: a.dir, Kind: Page, Path: at, File: full}
	if strings.HasPrefix(rest, "api/") {
		r.Kind = Handler
	}
	f := a.file(full)
	if f == nil {
		r.Line, r.State, r.Unread, r.Evidence = 1, Unknown, true, []Evidence{{What: "the file can't be read as code", File: full}}
		return []Route{r}
	}
	if r.Kind == Page && f.Exports["getServerSideProps"] != nil {
		r = a.route(gate, r, f, "getServerSideProps")
		r.Line = a.lineIn(f, place{f, f.Exports["default"]})
		return []Route{r}
	}
	if f.Exports["default"] == nil {
		return nil
	}
	return []Route{a.route(gate, r, f, "default")}
}

// serverFunctions are what a file with 'use server' exports, and functions with that inside of others.
func (a *app) serverFunctions(name string) []Route {
	full := path.Join(a.dir, name)
	text, ok := a.tree.Read(full)
	if !ok || !strings.Contains(string(text), "use server") {
		return nil
	}
	f := a.file(full)
	if f == nil {
		return nil
	}
	var all []Route
	add := func(name string, n *js.Node) {
		r := Route{Framework: nextName, Kind: Function, Path: name, File: full, Line: a.lineIn(f, place{f, n})}
		all = append(all, a.judge(r, a.own(request{}, place{f, n}), passage{}))
	}
	if slices.Contains(f.Directives, "use server") {
		for name, n := range f.Exports {
			if at := a.value(place{f, n}); at.node != nil && (at.node.Kind == js.Function || at.node.Kind == js.Call) {
				add(name, n)
			}
		}
		return all
	}
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Function && hasDirective(n, "use server") {
			name := n.Text
			if d := n.Parent; name == "" && d != nil && d.Kind == js.Declarator && d.Kids[0] != nil {
				name = d.Kids[0].Text
			}
			if name == "" {
				name = "(inline)"
			}
			add(name, n)
		}
		return true
	})
	return all
}

func hasDirective(function *js.Node, directive string) bool {
	body := function.Kid(0)
	if body == nil {
		return false
	}
	for _, n := range body.Kids {
		if n.Kind != js.Statement || n.Kid(0) == nil || n.Kids[0].Kind != js.String {
			return false
		}
		if n.Kids[0].Text == directive {
			return true
		}
	}
	return false
}
