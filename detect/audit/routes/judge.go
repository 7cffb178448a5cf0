package routes

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// finding is what the code of a route itself says.
type finding struct {
	refuses  bool       // whoever has no session
	evidence []Evidence // of that, or what was seen instead
}

// own follows a request without a session through the code of a route.
func (p *program) own(r request, at place, args ...value) finding {
	at = p.value(at)
	if at.node == nil || at.node.Kind != js.Function {
		return finding{evidence: seen(at, "what answers is made by a call that isn't followed")}
	}
	if len(args) == 0 {
		args = []value{{sort: incoming, truth: yes}, {sort: writer, truth: yes}}
	}
	without := p.follow(r)
	o, _ := without.invoke(at, args)
	if !o.refusesAlways() {
		found := finding{evidence: without.seen}
		if o.throws || o.refuses {
			e := without.telling()
			e.What = "in some cases: " + e.What
			found.evidence = append(found.evidence, e)
		}
		return found
	}
	r.signedIn = true
	if with, _ := p.follow(r).invoke(at, args); with.refusesAlways() {
		return finding{evidence: seen(at, "answers everyone alike: "+without.telling().What)}
	}
	found := finding{refuses: true, evidence: []Evidence{without.telling()}}
	if without.early.node != nil {
		found.evidence[0].What += ", after something else was awaited"
		found.evidence = append(found.evidence, without.early.evidence("what is awaited before"))
	}
	return found
}

func seen(at place, what string) []Evidence {
	if at.node == nil {
		return nil
	}
	return []Evidence{at.evidence(what)}
}

// route judges what a file exports under a name.
func (a *app) route(gate *gate, r Route, f *js.File, export string) Route {
	at := place{f, f.Exports[export]}
	r.Line = a.lineIn(f, at)
	own := finding{}
	if slices.Contains(f.Directives, "use client") {
		own.evidence = []Evidence{{What: "a client component: browsers have its code", File: r.File, Line: 1}}
	} else {
		own = a.own(request{method: r.Method}, at)
	}
	return a.judge(r, own, gate.passes(a, r))
}

// lineIn is where what a file exports is in that file: 1 where it comes from another one.
func (p *program) lineIn(f *js.File, at place) int {
	if at = p.value(at); at.node == nil || at.file != f {
		return 1
	}
	return at.line()
}

// judge puts together what the route's own code and the middleware say.
func (a *app) judge(r Route, own finding, by passage) Route {
	r.App, r.Gate = a.dir, by.gate()
	switch {
	case own.refuses:
		r.State, r.Evidence = Protected, slices.Concat(own.evidence, by.evidence)
	case by.refuses:
		r.State, r.Evidence = Middleware, slices.Concat(by.evidence, own.evidence)
	case by.declared:
		r.State, r.Evidence = Public, slices.Concat(by.evidence, own.evidence)
	default:
		r.State, r.Evidence = Unknown, slices.Concat(own.evidence, by.evidence)
	}
	return r
}

// samples are paths that a route answers to: each parameter is a word that no pattern has, or one that they have.
func samples(route string, words []string) []string {
	const most = 64
	all := []string{""}
	for part := range strings.SplitSeq(strings.Trim(route, "/"), "/") {
		var parts []string
		switch {
		case part == "":
			continue
		case strings.HasPrefix(part, "[[..."):
			parts = append([]string{"", "/x1", "/x1/x2"}, slashed(words)...)
		case strings.HasPrefix(part, "[..."):
			parts = append([]string{"/x1", "/x1/x2"}, slashed(words)...)
		case strings.HasPrefix(part, "["), strings.HasPrefix(part, ":"):
			parts = append([]string{"/x1"}, slashed(words)...)
		default:
			parts = []string{"/" + part}
		}
		var next []string
		for _, before := range all {
			for _, one := range parts {
				if len(next) < most {
					next = append(next, before+one)
				}
			}
		}
		all = next
	}
	for i := range all {
		if all[i] == "" {
			all[i] = "/"
		}
	}
	return all
}

func slashed(words []string) []string {
	var all []string
	for _, word := range words {
		all = append(all, "/"+word)
	}
	return all
}

// wordsOf are the parts of patterns that are text as written.
func wordsOf(patterns []place) []string {
	var all []string
	for _, at := range patterns {
		if at.node == nil || at.node.Kind != js.String {
			continue
		}
		for part := range strings.SplitSeq(at.node.Text, "/") {
			part, _, _ = strings.Cut(part, "(")
			if part != "" && !strings.ContainsAny(part, `:*?+{}\.`) && !strings.HasPrefix(part, "_") && !slices.Contains(all, part) {
				all = append(all, part)
			}
		}
	}
	const most = 12
	return all[:min(len(all), most)]
}
