package routes

import (
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/routes/pattern"
)

// matches is whether the path of the request is in the list of a call of createRouteMatcher.
func (f *frame) matches(call place) value {
	args := call.node.Args()
	if len(args) == 0 {
		return value{}
	}
	return f.inList(call, place{call.file, args[0]})
}

// inList is whether the path of the request is in a list that is given to a call.
func (f *frame) inList(call, list place) value {
	if f.request.without == call.node {
		return value{truth: no}
	}
	if f.request.path == "" {
		return value{}
	}
	sure := true
	for _, one := range f.listed(list, hops) {
		r, ok := expressionOf(one, false)
		if !ok {
			sure = false
			continue
		}
		matched, decided := r.Match(f.request.path)
		if matched {
			f.matched = append(f.matched, match{call, one})
			return value{truth: yes}
		}
		sure = sure && decided
	}
	if !sure {
		return value{}
	}
	return value{truth: no}
}

// listed returns the elements of a list, with those of lists that are spread in it. What isn't a list is one element.
func (p *program) listed(at place, left int) []place {
	at = p.value(at)
	if at.node == nil || at.node.Kind != js.Array || left == 0 {
		return []place{at}
	}
	var all []place
	for _, n := range at.node.Kids {
		if n != nil && n.Kind == js.Spread {
			all = append(all, p.listed(place{at.file, n.Kids[0]}, left-1)...)
		} else {
			all = append(all, p.value(place{at.file, n}))
		}
	}
	return all
}

// expressionOf is a pattern as written: a path, or a regular expression. sensitive says whether a path's case matters. ok is false where
// it is neither, or not understood.
func expressionOf(at place, sensitive bool) (r *pattern.Regexp, ok bool) {
	n := at.node
	var err error
	switch {
	case n == nil:
		return nil, false
	case n.Kind == js.String:
		r, err = pattern.Path(n.Text, sensitive)
	case n.Kind == js.Literal && strings.HasPrefix(n.Text, "/"):
		end := strings.LastIndexByte(n.Text, '/')
		r, err = pattern.Compile(n.Text[1:end], n.Text[end+1:])
	case n.Kind == js.New && n.Kids[0].Path() == "RegExp" && n.Kid(1) != nil && n.Kids[1].Kind == js.String:
		flags := ""
		if second := n.Kid(2); second != nil {
			if second.Kind != js.String {
				return nil, false
			}
			flags = second.Text
		}
		r, err = pattern.Compile(n.Kids[1].Text, flags)
	default:
		return nil, false
	}
	return r, err == nil && r != nil
}

// textOf is a pattern as it is in the code, without quotes.
func textOf(at place) string {
	if at.node == nil || at.node.Kind != js.String && at.node.Kind != js.Literal {
		return ""
	}
	return at.node.Text
}

// written is a pattern for people.
func written(at place) string {
	switch {
	case at.node == nil:
	case at.node.Kind == js.String:
		return strconv.Quote(at.node.Text)
	case at.node.Kind == js.Literal:
		return at.node.Text
	}
	return "a pattern"
}
