package routes

import (
	"path"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/routes/pattern"
)

// gate is the middleware that requests pass before routes. nil is none.
type gate struct {
	at       place // what handles a request
	matchers []place
	always   bool   // there is no list of matchers: it runs for every path
	doubt    string // why it isn't known what it does; otherwise empty
	file     string
	words    []string
	given    []value // the arguments of its handler, where they aren't usual
}

// passage is what the middleware does with a request without a session, for a path.
type passage struct {
	refuses  bool
	declared bool // it passes since a list names the path, and would not otherwise
	public   string
	leftOut  bool
	named    Evidence
	unsure   bool
	evidence []Evidence
}

// nextMiddleware is the middleware of an app of Next.js: in its top directory, or in src where that is what it uses.
func (a *app) nextMiddleware(base string) *gate {
	var found []string
	for _, name := range []string{"middleware", "proxy"} {
		for _, ext := range []string{".ts", ".js", ".tsx", ".jsx", ".mjs", ".mts"} {
			if full := path.Join(a.dir, base, name+ext); a.exists[full] {
				found = append(found, full)
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	g := &gate{file: found[0]}
	if strings.HasPrefix(path.Base(g.file), "proxy.") && a.major("next") < 16 {
		g.doubt = "Next.js runs a file of that name from version 16 on"
		return g
	}
	if len(found) > 1 {
		g.doubt = "there are several middleware files"
		return g
	}
	f := a.file(g.file)
	if f == nil {
		g.doubt = "the middleware can't be read as code"
		return g
	}
	for _, name := range []string{"default", "proxy", "middleware"} {
		if n := f.Exports[name]; n != nil {
			g.at = a.value(place{f, n})
			break
		}
	}
	if g.at.node == nil {
		g.doubt = "the middleware exports nothing that is known"
		return g
	}
	g.always = true
	g.words = wordsOf(append(a.patternsIn(f), pathsIn(f)...))
	if config := f.Exports["config"]; config != nil {
		g.configure(a, place{f, config})
	}
	return g
}

func (g *gate) configure(a *app, config place) {
	config = a.value(config)
	list, sure := config.node.Property("matcher")
	switch {
	case list == nil && sure:
	case list == nil:
		g.doubt = "the middleware's matcher isn't known"
	default:
		g.always, g.matchers = false, a.listed(place{config.file, list}, hops)
	}
}

// patternsIn are those of all calls of createRouteMatcher in a file.
func (p *program) patternsIn(f *js.File) []place {
	var all []place
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call && n.Kid(1) != nil {
			if origin, ok := f.Origin(n.Kids[0]); ok && isClerk(origin.Module) && origin.Name == "createRouteMatcher" {
				all = append(all, p.listed(place{f, n.Kids[1]}, hops)...)
			}
		}
		return true
	})
	return all
}

// pathsIn are the texts of a file that look like paths.
func pathsIn(f *js.File) []place {
	var all []place
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.String && strings.HasPrefix(n.Text, "/") {
			all = append(all, place{f, n})
		}
		return true
	})
	return all
}

// passes says what the middleware does before a route.
func (g *gate) passes(a *app, r Route) passage {
	if g == nil {
		return passage{}
	}
	if g.doubt != "" {
		return passage{unsure: true, evidence: []Evidence{{What: g.doubt, File: g.file}}}
	}
	var first passage
	for i, at := range samples(r.Path, g.words) {
		if i > 0 && a.static[at] { // a route without parameters goes first
			continue
		}
		one := g.passesAt(a, request{path: at, method: r.Method})
		if i == 0 {
			first = one
		}
		first.leftOut, first.unsure = first.leftOut && one.leftOut, first.unsure || one.unsure
		if one.refuses != first.refuses || one.declared != first.declared {
			return passage{unsure: true, evidence: []Evidence{{What: "the middleware does different things by the path's parameters", File: g.file}}}
		}
	}
	return first
}

func (g *gate) passesAt(a *app, r request) passage {
	if runs, why := g.runs(r.path); runs != yes {
		return passage{leftOut: runs == no, unsure: runs == maybe, named: g.names(a, r, runs), evidence: []Evidence{why}}
	}
	o, follow := g.follow(a, r)
	switch {
	case o.refusesAlways():
		r.signedIn = true
		if with, _ := g.follow(a, r); with.refusesAlways() {
			return passage{unsure: true, evidence: []Evidence{{What: "the middleware answers everyone alike", File: g.file}}}
		}
		return passage{refuses: true, evidence: []Evidence{follow.telling()}}
	case len(follow.matched) > 0:
		for _, m := range follow.matched {
			r.without = m.call.node
			if otherwise, _ := g.follow(a, r); otherwise.refusesAlways() {
				return passage{declared: true, public: textOf(m.pattern), evidence: []Evidence{m.pattern.evidence("in a list of public routes: " + written(m.pattern))}}
			}
		}
	}
	evidence := follow.seen
	if o.passesAlways() {
		evidence = append(evidence, Evidence{What: "the middleware runs, and lets requests without a session pass", File: g.file, Line: max(1, g.at.line())})
	} else {
		evidence = append(evidence, Evidence{What: "what the middleware does depends on what isn't known", File: g.file, Line: max(1, g.at.line())})
	}
	return passage{unsure: !o.passesAlways(), evidence: evidence}
}

// names is the pattern by which the middleware would refuse a request if it ran for its path.
func (g *gate) names(a *app, r request, runs truth) Evidence {
	if runs != no {
		return Evidence{}
	}
	o, follow := g.follow(a, r)
	if !o.refusesAlways() {
		return Evidence{}
	}
	for _, m := range follow.matched {
		r.without = m.call.node
		if otherwise, _ := g.follow(a, r); otherwise.passesAlways() {
			return m.pattern.evidence(written(m.pattern))
		}
	}
	return Evidence{}
}

// gate is what others are told of it.
func (p passage) gate() Gate {
	g := Gate{Refuses: p.refuses, Public: p.public, LeftOut: p.leftOut, Named: p.named, Unsure: p.unsure}
	if (p.refuses || p.declared) && len(p.evidence) > 0 {
		g.Seen = p.evidence[0]
	}
	return g
}

// follow follows a request through the middleware.
func (g *gate) follow(a *app, r request) (outcome, *run) {
	run := a.program.follow(r)
	run.given = g.given
	f := &frame{run: run, file: g.at.file}
	if g.at.node.Kind == js.Function {
		o, _ := run.invoke(g.at, []value{{sort: incoming, truth: yes}, {}})
		return o, run
	}
	v, o := f.evaluate(g.at.node)
	if !o.falls {
		return o, run
	}
	switch v.sort {
	case middleware:
		return f.handler(v.at), run
	case legacy:
		return f.runLegacy(v.at), run
	}
	return anyway(), run
}

// runs reports whether the middleware runs for a path, and why not or not for sure.
func (g *gate) runs(at string) (truth, Evidence) {
	if g.always {
		return yes, Evidence{}
	}
	sure := true
	for _, m := range g.matchers {
		source := m
		conditions := false
		if m.node != nil && m.node.Kind == js.Object {
			n, _ := m.node.Property("source")
			source = place{m.file, n}
			for _, name := range []string{"has", "missing"} {
				if n, known := m.node.Property(name); n != nil || !known {
					conditions = true
				}
			}
		}
		matched, decided := nextMatches(source, at)
		switch {
		case matched && !conditions:
			return yes, Evidence{}
		case matched || !decided:
			sure = false
		}
	}
	where := Evidence{File: g.file}
	if len(g.matchers) > 0 {
		where.Line = g.matchers[0].line()
	}
	if !sure {
		where.What = "whether the middleware runs isn't known from its matcher"
		return maybe, where
	}
	where.What = "the middleware's matcher leaves it out"
	return no, where
}

// nextMatches reports whether a matcher of Next.js' middleware matches a path: case matters.
func nextMatches(at place, p string) (matched, sure bool) {
	if at.node == nil || at.node.Kind != js.String || !strings.HasPrefix(at.node.Text, "/") {
		return false, false
	}
	r, err := pattern.Path(at.node.Text, true)
	if err != nil {
		return false, false
	}
	return r.Match(p)
}
