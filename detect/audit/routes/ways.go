package routes

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// way is how requests come to a router.
type way struct {
	prefix string
	before []step
	sure   bool
}

// ways are those from the app to a router.
func (r *router) ways(left int) []way {
	if len(r.mounts) == 0 || left == 0 {
		return []way{{sure: len(r.mounts) == 0}}
	}
	var all []way
	for _, m := range r.mounts {
		for _, above := range m.parent.ways(left - 1) {
			before := slices.Clone(above.before)
			for _, one := range m.before {
				one.path = above.prefix + one.path
				before = append(before, one)
			}
			all = append(all, way{above.prefix + strings.TrimSuffix(m.prefix, "/"), before, above.sure && m.sure})
		}
	}
	return all
}

// routes judges a route, on each way that requests come to it.
func (s *server) routes(r *router, at int) []Route {
	one := r.calls[at]
	var all []Route
	for _, w := range r.ways(hops) {
		route := Route{
			Framework: s.framework.name, App: s.dir, Kind: Handler, Method: strings.TrimPrefix(one.method, "ALL"),
			Path: joined(w.prefix, one.path), File: one.at.file.Path, Line: one.at.line(),
		}
		if !one.sure {
			route.Path += "…"
		}
		by := s.before(route, append(w.before, prefixed(r.calls[:at], w.prefix)...))
		own := s.handlers(route, one)
		all = append(all, s.judge(route, own, by))
	}
	return all
}

func prefixed(calls []step, prefix string) []step {
	all := slices.Clone(calls)
	for i := range all {
		all[i].path = prefix + all[i].path
	}
	return all
}

func joined(prefix, p string) string {
	p = strings.TrimSuffix(prefix, "/") + "/" + strings.TrimPrefix(p, "/")
	if len(p) > 1 {
		p = strings.TrimSuffix(p, "/")
	}
	return p
}

// before says what runs before a route does.
func (s *server) before(r Route, steps []step) passage {
	for _, one := range steps {
		if one.method != "" || !covers(one.path, r.Path) {
			continue
		}
		for _, h := range one.handlers {
			if e, refuses := s.refuses(r, h, true); refuses {
				return passage{refuses: true, evidence: []Evidence{e}}
			}
		}
	}
	return passage{}
}

// covers reports whether what runs for a path runs for a route.
func covers(prefix, route string) bool {
	prefix = strings.TrimSuffix(strings.TrimRight(prefix, "*"), "/")
	return prefix == "" || route == prefix || strings.HasPrefix(route, prefix+"/")
}

// handlers says what the handlers of a route themselves do.
func (s *server) handlers(r Route, one step) finding {
	if len(one.handlers) == 0 {
		return finding{}
	}
	last := len(one.handlers) - 1
	for _, h := range one.handlers[:last] {
		if e, refuses := s.refuses(r, h, true); refuses {
			return finding{refuses: true, evidence: []Evidence{e}}
		}
	}
	if e, refuses := s.refuses(r, one.handlers[last], false); refuses {
		return finding{refuses: true, evidence: []Evidence{e}}
	}
	found := s.own(request{method: r.Method}, one.handlers[last], s.given()...)
	found.refuses = false
	return found
}

// given are the arguments of a handler: the request, what answers are written with, and what goes on.
func (s *server) given() []value {
	if s.framework.name == "Hono" {
		return []value{{sort: honoContext, truth: yes}, {sort: goesOn, truth: yes}}
	}
	return []value{{sort: incoming, truth: yes}, {sort: writer, truth: yes}, {sort: goesOn, truth: yes}}
}

// refuses reports whether a handler refuses who has no session. One that runs before others refuses where it doesn't go on.
func (s *server) refuses(r Route, h place, before bool) (Evidence, bool) {
	h = s.value(h)
	if name, is := requires(h); is {
		return h.evidence(name), true
	}
	if h.node == nil || h.node.Kind != js.Function {
		return Evidence{}, false
	}
	follow := func(signedIn bool) (outcome, *run) {
		run := s.follow(request{method: r.Method, signedIn: signedIn})
		o, _ := run.invoke(h, s.given())
		return o, run
	}
	without, run := follow(false)
	if !without.refusesAlways() && !(before && !run.wentOn && without != anyway() && len(run.refused) > 0) {
		return Evidence{}, false
	}
	with, then := follow(true)
	if with.refusesAlways() || before && !then.wentOn && s.framework.name != "Fastify" {
		return Evidence{}, false // everyone alike
	}
	return run.telling(), true
}

// requires reports whether a handler is one of Clerk's that refuse who has no session.
func requires(h place) (name string, is bool) {
	n := h.node
	if n != nil && n.Kind == js.Call {
		n = n.Kids[0]
	}
	if n == nil {
		return "", false
	}
	origin, ok := h.file.Origin(n)
	if !ok || !isClerk(origin.Module) || origin.Name != "requireAuth" && origin.Name != "ClerkExpressRequireAuth" {
		return "", false
	}
	return origin.Name + "()", true
}
