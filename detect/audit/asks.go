package audit

import (
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/routes"
)

// asking are the names of functions that may have to do with who sends a request. A function that is called so is taken for one.
var asking = regexp.MustCompile(`(?i)auth|session|protect|permi|role|guard|verif|sign_?in|signed|signature|log_?in|require|ensure|assert|access|allow|owner|admin|` +
	`current|getuser|getme|viewer|member|identi|jwt|token|cookie|header|clerk|captcha|turnstile|rate_?limit|safe|secur|restrict|check|middleware|tenant|` +
	`^validate(request|user|caller)|^(can|is|has|with)[A-Z_]|^use[A-Z]`)

// credential is the name of what shows who sends a request, where it is taken from one.
var credential = regexp.MustCompile(`(?i)^(authorization|secret|token|api[-_]?key|signature|password|passcode|pin|otp|code|x-[a-z-]+)$`)

// inquiry looks whether a piece of code, and what it calls in the repository, has to do with who asks.
type inquiry struct {
	project *project
	seen    map[*js.Node]bool
	ignore  func(*js.Node) bool // calls that don't count
	changes bool                // whether something is created, changed or deleted
}

// mayAsk reports whether code at a node may ask who sends a request: it does, or what it calls isn't known.
func (q *inquiry) mayAsk(f *js.File, n *js.Node, left int) bool {
	if n == nil || q.seen[n] {
		return false
	}
	q.seen[n] = true
	if left == 0 || q.project.stopped() {
		return true
	}
	return has(n, func(n *js.Node) bool {
		switch n.Kind {
		case js.Call, js.New:
			q.changes = q.changes || isChange(n)
			return !q.ignore(n) && q.calls(f, n.Kids[0], left)
		case js.Member:
			return n.Text == "headers" || n.Text == "cookies" || n.Text == "authorization"
		case js.String:
			return credential.MatchString(n.Text) && n.Parent.Kind == js.Call
		case js.Property:
			return credential.MatchString(n.Text) && n.Parent.Kind == js.ObjectPattern
		case js.Import:
			return n.Async
		}
		return false
	})
}

// calls reports whether a function that is called may ask.
func (q *inquiry) calls(f *js.File, callee *js.Node, left int) bool {
	last := callee.Text
	if callee.Kind == js.Index || asking.MatchString(last) {
		return true
	}
	if value := f.Value(callee); value.Kind == js.Function {
		return q.mayAsk(f, value, left-1)
	}
	base := callee
	for base.Kind == js.Member || base.Kind == js.Call || base.Kind == js.Await || base.Kind == js.Index {
		if o, ok := f.Origin(base); ok && o.Name != "*" { // db of db.user.delete
			return q.imports(f.Path, o, left)
		}
		base = base.Kids[0]
	}
	if o, ok := f.Origin(base); ok {
		return q.imports(f.Path, o, left)
	}
	b := f.Binding(base)
	return b != nil && b.Value != nil && q.mayAsk(f, b.Value, left-1)
}

// mayRun reports whether something that is passed on to be run may ask.
func (q *inquiry) mayRun(f *js.File, n *js.Node) bool {
	switch value := f.Value(n); value.Kind {
	case js.String, js.Template, js.Literal, js.Object:
		return false
	case js.Function, js.Call:
		return q.mayAsk(f, value, hopsOfInquiry)
	}
	if o, ok := f.Origin(n); ok {
		return q.imports(f.Path, o, hopsOfInquiry)
	}
	return true
}

// imports reports whether what is imported under a name may ask when it is called. A package may not that the manifest names with a version, as its
// name says nothing of it.
func (q *inquiry) imports(from string, o js.Origin, left int) bool {
	p := q.project
	name := p.imported(from, o.Module)
	if name == "" {
		return asking.MatchString(o.Module) || asking.MatchString(o.Name) || !p.isPublished(from, o.Module)
	}
	g := p.script(name)
	if g == nil || left == 0 {
		return true
	}
	n := g.Exports[o.Name]
	if n == nil {
		return true // passed on by export *, or all of it is taken
	}
	if next, ok := g.Origin(n); ok {
		return q.imports(name, next, left-1)
	}
	return q.mayAsk(g, g.Value(n), left-1)
}

// isPublished reports whether a module is Node's own, or of a package that comes from a registry.
func (p *project) isPublished(from, module string) bool {
	if strings.HasPrefix(module, "node:") || nodeModules[module] {
		return true
	}
	if strings.HasPrefix(module, ".") || strings.HasPrefix(module, "@/") || strings.HasPrefix(module, "~") || strings.HasPrefix(module, "#") {
		return false
	}
	for name := from; ; {
		dir, ok := p.root(name)
		if !ok {
			return false
		}
		if m := p.manifest(path.Join(dir, "package.json")); m != nil {
			if written, has := m.dependencies[packageOf(module)]; has {
				_, known := least(written)
				return known && !strings.HasPrefix(written, "workspace:")
			}
		}
		if dir == "" {
			return false
		}
		name = dir
	}
}

// nodeModules are Node's that programs name without node:.
var nodeModules = map[string]bool{"fs": true, "path": true, "crypto": true, "util": true, "url": true, "os": true, "fs/promises": true, "buffer": true, "stream": true}

// newInquiry begins one. ignore says which calls don't count.
func newInquiry(p *project, ignore func(*js.Node) bool) *inquiry {
	return &inquiry{project: p, seen: map[*js.Node]bool{}, ignore: ignore}
}

// hopsOfInquiry bounds how many functions are followed from one to the next.
const hopsOfInquiry = 8

// changing are the names of functions that create, change or delete something.
var changing = regexp.MustCompile(`^(create|update|upsert|insert|delete|remove|destroy|save)(One|Many|ById|ManyAndReturn|OrThrow)?$|^find(One|ById)And(Update|Delete|Replace|Remove)$`)

// asked are calls that create no more than an answer: of a model, or a page on which one pays.
var asked = regexp.MustCompile(`completions|embeddings|responses|images|checkout|billingPortal`)

// isChange reports whether a call changes something elsewhere: it is named so, and its answer is awaited.
func isChange(call *js.Node) bool {
	if call.Kind != js.Call || call.Kids[0].Kind != js.Member || !changing.MatchString(call.Kids[0].Text) {
		return false
	}
	if asked.MatchString(call.Kids[0].Path()) {
		return false
	}
	n := call
	for (n.Parent.Kind == js.Member || n.Parent.Kind == js.Call) && n.Parent.Kids[0] == n { // db.insert(table).values(row)
		n = n.Parent
	}
	if list := n.Parent; list.Kind == js.Array && strings.HasPrefix(list.Parent.Kid(0).Path(), "Promise.all") {
		n = list.Parent
	}
	fate := n.Fate()
	return fate == js.Awaited || fate == js.Returned
}

// handlerOf returns the function that answers at a route, where its file exports it: nil where it is made by a call, or registered.
func (p *project) handlerOf(r routes.Route) (f *js.File, function *js.Node) {
	if f = p.script(r.File); f == nil || !js.Handles(r.File) {
		return nil, nil
	}
	names := []string{r.Method, "default", "ALL"}
	if r.Kind == routes.Page {
		names = []string{"getServerSideProps", "default"}
	}
	for _, name := range names {
		n := f.Exports[name]
		if n == nil {
			continue
		}
		n = f.Value(n)
		if n.Kind == js.Call && n.Kid(1) != nil && strings.HasSuffix(strings.ToLower(n.Kids[0].Path()), "eventhandler") {
			n = f.Value(n.Kids[1])
		}
		if n.Kind != js.Function {
			return f, nil
		}
		return f, n
	}
	return f, nil
}

// isSilent reports whether nothing in the code of a route has to do with who asks. What browsers ask beforehand, by OPTIONS, needs no such code.
func (p *project) isSilent(r routes.Route) bool {
	if r.Method == http.MethodOptions || r.Method == http.MethodHead {
		return false
	}
	f, function := p.handlerOf(r)
	return function != nil && !newInquiry(p, func(*js.Node) bool { return false }).mayAsk(f, function, hopsOfInquiry)
}
