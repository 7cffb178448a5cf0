package audit

import (
	"slices"

	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/routes"
)

// routeTree is a project as a map of routes is made from it. It remembers whether a text wasn't known.
type routeTree struct {
	*project

	missing bool
}

func (t *routeTree) Paths() []string { return t.paths }

func (t *routeTree) Read(name string) ([]byte, bool) {
	text, ok := t.read(name)
	t.missing = t.missing || !ok
	return text, ok
}

func (t *routeTree) Script(name string) *js.File {
	if _, ok := t.Read(name); !ok {
		return nil
	}
	return t.script(name)
}

// routes returns the routes of the repository. It is nil where files are missing, since one of these might protect them.
func (p *project) routes() []routes.Route {
	if p.mapped == nil {
		p.mapped = []routes.Route{}
		if p.tree.Whole() {
			t := &routeTree{project: p}
			if m := routes.Until(p.stopped, t); !t.missing && !p.stopped() {
				p.mapped = m.Routes
			}
		}
	}
	return p.mapped
}

// routesIn returns those of a framework in the app of a file.
func (p *project) routesIn(framework, name string) []routes.Route {
	root, ok := p.root(name)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.routes()), func(r routes.Route) bool { return r.Framework != framework || r.App != root })
}
