package routes

import (
	"github.com/rekey-app/rekey/detect/audit/js"
)

const (
	maxCalls = 5      // functions in one another
	maxSteps = 50_000 // nodes looked at for one question
)

// request is what is followed through the code.
type request struct {
	path     string // empty where it isn't known
	method   string
	signedIn bool
	// without is a call of createRouteMatcher that is to match nothing: what would be if the path weren't in its list?
	without *js.Node
}

// run follows one request.
type run struct {
	*program

	request request
	// matched are the calls of createRouteMatcher that had the path in their list, with the pattern.
	matched []match
	params  map[*js.Node][]value
	values  map[*js.Node]value // of declarations that were passed
	refused []refused
	seen    []Evidence // what may matter, and doesn't refuse by itself
	steps   int
	calls   int
	// given are the arguments of a middleware's handler, where they aren't those of Next.js and Astro.
	given []value
	// unfollowed is the call that was left last since nobody knows what it does; early is the first of these that was awaited before
	// anything refused.
	unfollowed *js.Node
	early      place
	wentOn     bool // what comes behind a middleware was called, or may have been
}

type match struct{ call, pattern place }

// refused is a refusal that was met. How telling it is grows with its weight.
type refused struct {
	Evidence

	weight int
}

// The weights of refusals.
const (
	anyRefusal   = iota // an error or redirect, for whatever reason
	earlyRefusal        // for want of a session
	namedRefusal        // by a function that is there to refuse
)

// telling is the refusal that tells most of a request that was refused.
func (r *run) telling() Evidence {
	best := refused{weight: -1}
	for _, one := range r.refused {
		if one.weight > best.weight {
			best = one
		}
	}
	return best.Evidence
}

func (p *program) follow(r request) *run {
	return &run{program: p, request: r, params: map[*js.Node][]value{}, values: map[*js.Node]value{}}
}

// outcome says how a piece of code may end.
type outcome struct {
	throws  bool // a refusal is thrown
	refuses bool // a refusal is returned
	passes  bool // something else is returned
	falls   bool // it goes on behind
}

func (o outcome) or(other outcome) outcome {
	return outcome{o.throws || other.throws, o.refuses || other.refuses, o.passes || other.passes, o.falls || other.falls}
}

// refusesAlways reports whether every way ends in a refusal.
func (o outcome) refusesAlways() bool { return (o.throws || o.refuses) && !o.passes && !o.falls }

// passesAlways reports whether none does.
func (o outcome) passesAlways() bool { return !o.throws && !o.refuses }

// anyway is how code may end of which nothing is known.
func anyway() outcome { return outcome{throws: true, refuses: true, passes: true, falls: true} }

// frame is a function being followed.
type frame struct {
	*run

	file     *js.File
	returned []value
	exits    outcome // how the expression at hand may end the function: throws, with falls where it may not
	// away counts the branches around that are taken for want of a session, and the handlers of a refusal.
	away int
}

func (f *frame) in(file *js.File) *frame {
	if file == f.file {
		return f
	}
	return &frame{run: f.run, file: file}
}

// invoke follows a function.
func (r *run) invoke(at place, args []value) (outcome, []value) {
	if r.stopped() || r.calls >= maxCalls || at.node == nil || at.node.Kind != js.Function || len(at.node.Kids) == 0 {
		return anyway(), nil
	}
	r.calls++
	defer func() { r.calls-- }()
	r.params[at.node] = args
	f := &frame{run: r, file: at.file}
	body := at.node.Kids[0]
	if body == nil {
		return anyway(), nil
	}
	return f.statements(body.Kids), f.returned
}

func (f *frame) statements(list []*js.Node) outcome {
	all := outcome{falls: true}
	for _, n := range list {
		if !all.falls {
			break
		}
		all.falls = false
		all = all.or(f.statement(n))
	}
	return all
}

// statement follows a statement.
func (f *frame) statement(n *js.Node) outcome {
	if n == nil {
		return outcome{falls: true}
	}
	if f.steps++; f.steps > maxSteps {
		return anyway()
	}
	switch n.Kind {
	case js.Block:
		return f.statements(n.Kids)
	case js.Statement:
		_, o := f.evaluate(n.Kid(0))
		return o
	case js.Declaration:
		return f.declaration(n)
	case js.Return:
		return f.returns(n)
	case js.Throw:
		f.leaves(n, "throws")
		return outcome{throws: true}
	case js.If:
		return f.branches(n)
	case js.Try:
		return f.try(n)
	case js.Switch:
		_, o := f.evaluate(n.Kid(0))
		for _, one := range n.Kids[1:] {
			o = o.or(f.statements(one.Kids[1:]))
		}
		return o
	case js.Loop:
		o := outcome{falls: true}
		for _, kid := range n.Kids {
			if kid != nil && (kid.Kind == js.Block || kid.Kind == js.If || kid.Kind == js.Return) {
				o = o.or(f.statement(kid))
			}
		}
		return o
	}
	return outcome{falls: true}
}

func (f *frame) declaration(n *js.Node) outcome {
	all := outcome{}
	for _, d := range n.Kids {
		if d == nil || d.Kid(1) == nil {
			continue
		}
		v, o := f.evaluate(d.Kids[1])
		f.values[d.Kids[1]] = v
		if all = all.or(o); !o.falls {
			all.falls = false
			return all
		}
	}
	all.falls = true
	return all
}

func (f *frame) returns(n *js.Node) outcome {
	v, o := f.evaluate(n.Kid(0))
	if !o.falls {
		return o
	}
	o.falls = false
	f.returned = append(f.returned, v)
	switch {
	case v.sort == refusal:
		f.leaves(n, "answers with a redirect or an error")
		o.refuses = true
	case f.away > 0:
		f.leaves(n, "")
		o.refuses = true
	default:
		o.passes = true
	}
	return o
}

// refuse remembers where a refusal is.
func (f *frame) refuse(n *js.Node, what string, weight int) {
	f.refused = append(f.refused, refused{place{f.file, n}.evidence(what), weight})
}

// leaves remembers where a function is left, for want of a session or otherwise.
func (f *frame) leaves(n *js.Node, otherwise string) {
	if f.away > 0 {
		f.refuse(n, "leaves early without a session", earlyRefusal)
	} else {
		f.refuse(n, otherwise, anyRefusal)
	}
}

func (f *frame) branches(n *js.Node) outcome {
	test, o := f.evaluate(n.Kid(0))
	if !o.falls {
		return o
	}
	o.falls = false
	if test.truth == maybe {
		return o.or(f.statement(n.Kid(1))).or(f.statement(n.Kid(2)))
	}
	branch := n.Kid(1)
	if test.truth == no {
		branch = n.Kid(2)
	}
	away := test.bySession && !f.request.signedIn
	if away {
		f.away++
	}
	o = o.or(f.statement(branch))
	if away {
		f.away--
	}
	return o
}

// try follows a refusal that is thrown into the handler: what that returns is no longer what was asked for.
func (f *frame) try(n *js.Node) outcome {
	o := f.statement(n.Kid(0))
	if caught := n.Kid(1); caught != nil && o.throws {
		f.away++
		o.throws = false
		o = o.or(f.statement(caught.Kid(1)))
		f.away--
	}
	if last := n.Kid(2); last != nil {
		if end := f.statement(last); !end.falls {
			return end
		}
	}
	return o
}

// evaluate follows an expression, and says how it may end.
func (f *frame) evaluate(n *js.Node) (value, outcome) {
	before := f.exits
	f.exits = outcome{falls: true}
	v := f.expression(n)
	o := f.exits
	f.exits = before
	return v, o
}

// throwIf says that the expression at hand throws a refusal, or may.
func (f *frame) throw(o outcome) {
	if !f.exits.falls {
		return
	}
	f.exits.throws = f.exits.throws || o.throws
	f.exits.falls = o.falls
}

// perhaps follows an expression that may not be reached.
func (f *frame) perhaps(n *js.Node) value {
	v, o := f.evaluate(n)
	if o.throws {
		f.throw(outcome{throws: true, falls: true})
	}
	return v
}

// quiet is the value of an expression that was evaluated elsewhere, or is at the top of its file.
func (f *frame) quiet(n *js.Node) value {
	v, _ := f.evaluate(n)
	return v
}
