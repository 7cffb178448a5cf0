package routes

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// expression is what is known of an expression's value.
func (f *frame) expression(n *js.Node) value {
	if n == nil {
		return value{sort: nothing, truth: no, text: "undefined"}
	}
	if f.steps++; f.steps > maxSteps {
		return value{}
	}
	switch n.Kind {
	case js.String:
		return value{sort: text, text: n.Text, truth: truthOf(n.Text != "")}
	case js.Literal:
		return literal(n.Text)
	case js.Ident:
		return f.name(n)
	case js.Member:
		return f.memberOf(n)
	case js.Await:
		v := f.expression(n.Kids[0])
		if f.early.node == nil && len(f.refused) == 0 && n.Kids[0] != nil && f.unfollowed == n.Kids[0] && !reads(n.Kids[0]) {
			f.early = place{f.file, n}
		}
		return v
	case js.Call:
		return f.call(n)
	case js.New:
		return f.construct(n)
	case js.Function:
		return value{sort: code, truth: yes, at: place{f.file, n}}
	case js.Object:
		return value{sort: object, truth: yes, at: place{f.file, n}}
	case js.Unary:
		v := f.expression(n.Kids[0])
		switch n.Text {
		case "!":
			return value{truth: v.truth.not(), bySession: v.bySession}
		case "void":
			return value{sort: nothing, truth: no, text: "undefined"}
		}
		return value{}
	case js.Binary:
		return f.binary(n)
	case js.Conditional:
		return f.conditional(n)
	case js.Sequence:
		v := value{}
		for _, kid := range n.Kids {
			v = f.expression(kid)
		}
		return v
	case js.Assign:
		return f.expression(n.Kids[1])
	case js.Array:
		for _, kid := range n.Kids {
			if kid != nil && kid.Kind != js.Function {
				f.expression(kid)
			}
		}
		return value{truth: yes}
	}
	return value{}
}

// reads reports whether a call only reads the request, or what comes with it.
func reads(call *js.Node) bool {
	path := call.Kids[0].Path()
	name := path[strings.LastIndexByte(path, '.')+1:]
	return slices.Contains([]string{"json", "text", "formData", "arrayBuffer", "blob", "headers", "cookies", "draftMode", "connection", "parse", "getTranslations"}, name)
}

func (f *frame) binary(n *js.Node) value {
	left := f.expression(n.Kids[0])
	switch n.Text {
	case "&&":
		return f.shortCircuit(n, left, no)
	case "||":
		return f.shortCircuit(n, left, yes)
	case "??":
		if left.sort == nothing {
			return f.expression(n.Kids[1])
		}
		if left.truth == yes {
			return left
		}
		f.perhaps(n.Kids[1])
		return value{}
	case "==", "===", "!=", "!==":
		return compare(n.Text, left, f.expression(n.Kids[1]))
	}
	f.expression(n.Kids[1])
	return value{}
}

// shortCircuit is && or ||: decides is the value of the left side that decides alone.
func (f *frame) shortCircuit(n *js.Node, left value, decides truth) value {
	if left.truth == decides {
		return left
	}
	if left.truth == maybe {
		right := f.perhaps(n.Kids[1])
		if right.truth == decides { // whatever the left side is
			return value{truth: decides, bySession: right.bySession}
		}
		return value{}
	}
	right := f.expression(n.Kids[1])
	right.bySession = right.bySession || left.bySession && right.truth != maybe
	return right
}

func (f *frame) conditional(n *js.Node) value {
	test := f.expression(n.Kids[0])
	if test.truth != maybe {
		chosen := n.Kids[1]
		if test.truth == no {
			chosen = n.Kids[2]
		}
		v := f.expression(chosen)
		v.bySession = v.bySession || test.bySession
		return v
	}
	a, b := f.perhaps(n.Kids[1]), f.perhaps(n.Kids[2])
	if a.sort == refusal && b.sort == refusal {
		return a
	}
	return value{}
}

// name is what a name stands for.
func (f *frame) name(n *js.Node) value {
	if n.Text == "undefined" {
		return value{sort: nothing, truth: no, text: "undefined"}
	}
	if v, ok := f.clerkName(n); ok {
		return v
	}
	b := f.file.Binding(n)
	switch {
	case b == nil && n.Text == "Response":
		return value{sort: responses, truth: yes}
	case b == nil && n.Text == "Astro" && path.Ext(f.file.Path) == ".astro":
		return value{sort: incoming, truth: yes}
	case b == nil || b.Assigned:
		return value{}
	case b.Function != nil:
		args := f.params[b.Function]
		if b.Parameter >= len(args) {
			return value{}
		}
		if b.Property != "" {
			return f.member(args[b.Parameter], b.Property)
		}
		return args[b.Parameter]
	case b.Value == nil:
		return value{}
	}
	v, known := f.values[b.Value]
	if !known {
		v = f.imported(b.Value)
		f.values[b.Value] = v
	}
	if b.Property != "" {
		return f.member(v, b.Property)
	}
	return v
}

// imported is the value of a declaration at the top of a file, of this one or of the one that it is imported from.
func (f *frame) imported(n *js.Node) value {
	if at := f.value(place{f.file, n}); at.file != f.file {
		return f.in(at.file).quiet(at.node)
	}
	return f.quiet(n)
}

func (f *frame) memberOf(n *js.Node) value {
	if v, ok := f.clerkName(n); ok {
		return v
	}
	if origin, ok := f.file.Origin(n); ok {
		if at := f.exported(f.file.Path, origin, hops); at.node != nil {
			at = f.value(at)
			return f.in(at.file).quiet(at.node)
		}
		return value{}
	}
	return f.member(f.expression(n.Kids[0]), n.Text)
}

// arguments follows the arguments of a call. What functions among them do is done later, or never.
func (f *frame) arguments(n *js.Node) []value {
	var all []value
	for _, arg := range n.Args() {
		all = append(all, f.expression(arg))
	}
	return all
}

// callCode follows a call of a function of the repository.
func (f *frame) callCode(at place, args []value) value {
	o, returned := f.invoke(at, args)
	if o == anyway() && returned == nil {
		return value{}
	}
	if o.throws {
		f.throw(outcome{throws: true, falls: o.falls || o.passes || o.refuses})
	}
	if o.falls {
		returned = append(returned, value{sort: nothing, truth: no, text: "undefined"})
	}
	return agreed(returned, o.refuses && !o.passes && !o.falls)
}

// agreed is what all of several values are. early reports that all were returned for want of a session.
func agreed(all []value, early bool) value {
	if len(all) == 0 {
		return value{}
	}
	v := all[0]
	for _, other := range all[1:] {
		if other.sort != v.sort || other.at != v.at || other.text != v.text {
			v = value{truth: v.truth, bySession: v.bySession}
		}
		if other.truth != v.truth {
			v.truth = maybe
		}
		v.bySession = v.bySession && other.bySession
	}
	v.bySession = v.bySession || early
	return v
}
