package routes

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// astro are the pages and endpoints of an app of Astro: files below src/pages.
func (a *app) astro() []Route {
	if !a.has("astro") {
		return nil
	}
	gate := a.exportedGate("src/middleware", "onRequest")
	builds := a.astroBuilds()
	var all []Route
	for _, full := range a.paths {
		rest, ok := strings.CutPrefix(full, path.Join(a.dir, "src/pages")+"/")
		at := pagePath(rest)
		if !ok || at == "" {
			continue
		}
		switch path.Ext(rest) {
		case ".astro", ".md", ".mdx":
			r := Route{Framework: "Astro", Kind: Page, Path: at, File: full, Line: 1}
			if evidence := a.builtWith(full, builds); evidence != nil {
				all = append(all, a.judge(r, finding{evidence: evidence}, passage{}))
			} else {
				all = append(all, a.judge(r, a.frontmatter(full), gate.passes(a, r)))
			}
		default:
			all = append(all, a.endpoints(gate, at, full, builds)...)
		}
	}
	return all
}

// astroBuilds reports whether pages are written when the app is built, unless they say otherwise: the app's settings have no output, or
// another one than server.
func (a *app) astroBuilds() bool {
	f := a.file(a.fileAt(path.Join(a.dir, "astro.config")))
	if f == nil || f.Exports["default"] == nil {
		return false
	}
	at := a.value(place{f, f.Exports["default"]})
	if at.node.Kind == js.Call && len(at.node.Kids) == 2 { // defineConfig({…})
		at = a.value(place{at.file, at.node.Kids[1]})
	}
	output, sure := at.node.Property("output")
	if output == nil {
		return sure
	}
	at = a.value(place{at.file, output})
	return at.node.Kind == js.String && at.node.Text != "server"
}

// builtWith says that a file is written when the app is built: nobody's request gets to its code, and clerkMiddleware does nothing for it. It
// is nil where that isn't so. A file says so itself, or it is what the app does.
func (a *app) builtWith(full string, builds bool) []Evidence {
	const what = "it is written when the app is built, and no middleware protects it"
	var f *js.File
	if path.Ext(full) == ".astro" || js.Handles(full) {
		f = a.file(full)
	}
	if f != nil && f.Exports["prerender"] != nil {
		switch at := a.value(place{f, f.Exports["prerender"]}); at.node.Text {
		case "true":
			return []Evidence{at.evidence(what)}
		case "false":
			return nil
		}
	}
	if builds {
		return []Evidence{{What: what, File: full}}
	}
	return nil
}

// frontmatter is what the code of a page says that runs before it is written.
func (a *app) frontmatter(full string) finding {
	if path.Ext(full) != ".astro" {
		return finding{}
	}
	f := a.file(full)
	if f == nil {
		return finding{}
	}
	return a.own(request{}, place{f, f.Exports["default"]})
}

// endpoints are those that a file exports, one for each method.
func (a *app) endpoints(gate *gate, at, full string, builds bool) []Route {
	if !js.Handles(full) || isTest(full) {
		return nil
	}
	f := a.file(full)
	if f == nil {
		return nil
	}
	var all []Route
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ALL"} {
		n := f.Exports[method]
		if n == nil {
			continue
		}
		r := Route{
			Framework: "Astro", Kind: Handler, Method: strings.TrimPrefix(method, "ALL"), Path: at, File: full, Line: a.lineIn(f, place{f, n}),
		}
		if evidence := a.builtWith(full, builds); evidence != nil {
			all = append(all, a.judge(r, finding{evidence: evidence}, passage{}))
			continue
		}
		all = append(all, a.judge(r, a.own(request{method: r.Method}, place{f, n}, value{sort: incoming, truth: yes}), gate.passes(a, r)))
	}
	return all
}

// pagePath is the path of a file whose name is one: "" for what begins with an underscore, as parts of pages do.
func pagePath(rest string) string {
	at := strings.TrimSuffix(rest, path.Ext(rest))
	for part := range strings.SplitSeq(at, "/") {
		if part == "" || strings.HasPrefix(part, "_") {
			return ""
		}
	}
	if path.Base(at) == "index" {
		at = path.Dir(at)
	}
	return path.Join("/", at)
}

// exportedGate is the middleware that a file exports under a name, and that runs for every path. In Astro it may be one of several.
func (a *app) exportedGate(base, export string) *gate {
	name := a.fileAt(path.Join(a.dir, base))
	if name == "" {
		return nil
	}
	g := &gate{file: name, always: true}
	f := a.file(name)
	switch {
	case f == nil:
		g.doubt = "the middleware can't be read as code"
		return g
	case f.Exports[export] == nil:
		g.doubt = "the middleware exports nothing that is known"
		return g
	}
	g.at = a.value(place{f, f.Exports[export]})
	if n := g.at.node; n.Kind == js.Call {
		if origin, ok := g.at.file.Origin(n.Kids[0]); ok && origin.Is("astro:middleware", "sequence") {
			for _, arg := range n.Args() {
				if one := a.value(place{g.at.file, arg}); a.isClerkMiddleware(one) {
					g.at = one
					break
				}
			}
		}
	}
	g.words = wordsOf(append(a.patternsIn(f), pathsIn(f)...))
	return g
}

func (p *program) isClerkMiddleware(at place) bool {
	if at.node == nil || at.node.Kind != js.Call {
		return false
	}
	origin, ok := at.file.Origin(at.node.Kids[0])
	return ok && isClerk(origin.Module) && origin.Name == "clerkMiddleware"
}

// nuxt are the server routes of an app of Nuxt: files below server/api and server/routes.
func (a *app) nuxt() []Route {
	if !a.has("nuxt") {
		return nil
	}
	var gates []*gate
	for _, name := range a.files {
		if path.Dir(name) == "server/middleware" {
			if g := a.exportedGate(strings.TrimSuffix(name, path.Ext(name)), "default"); g.doubt != "" || a.isClerkMiddleware(g.at) {
				g.given = []value{{sort: incoming, truth: yes}}
				gates = append(gates, g)
			}
		}
	}
	var all []Route
	for _, name := range a.files {
		rest, ok := strings.CutPrefix(name, "server/api/")
		prefix := "/api"
		if !ok {
			if rest, ok = strings.CutPrefix(name, "server/routes/"); !ok {
				continue
			}
			prefix = ""
		}
		full := path.Join(a.dir, name)
		at, method := nuxtPath(prefix, rest)
		r := Route{Framework: "Nuxt", App: a.dir, Kind: Handler, Method: method, Path: at, File: full, Line: 1}
		f := a.file(full)
		if f == nil || f.Exports["default"] == nil {
			r.State = Unknown
			all = append(all, r)
			continue
		}
		handler := a.value(place{f, f.Exports["default"]})
		if n := handler.node; n.Kind == js.Call && n.Kid(1) != nil && strings.HasSuffix(strings.ToLower(n.Kids[0].Path()), "eventhandler") {
			handler.node = n.Kids[1]
		}
		r.Line = a.lineIn(f, handler)
		by := passage{}
		for _, g := range gates {
			if by = g.passes(a, r); by.refuses || by.declared {
				break
			}
		}
		all = append(all, a.judge(r, a.own(request{method: method}, handler, value{sort: incoming, truth: yes}), by))
	}
	return all
}

// nuxtPath is the path of a file, and the method that its name ends in: users/[id].get.ts.
func nuxtPath(prefix, rest string) (at, method string) {
	name := strings.TrimSuffix(rest, path.Ext(rest))
	if ext := path.Ext(name); slices.Contains([]string{".get", ".head", ".post", ".put", ".patch", ".delete", ".options"}, ext) {
		name, method = strings.TrimSuffix(name, ext), strings.ToUpper(ext[1:])
	}
	if path.Base(name) == "index" {
		name = path.Dir(name)
	}
	return path.Join("/", prefix, name), method
}
