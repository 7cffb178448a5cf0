package audit

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// unsafeScriptGuards finds conditions on unsafe metadata in JavaScript and TypeScript.
func unsafeScriptGuards(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"unsafeMetadata|unsafe_metadata"}, func(f *js.File) {
		severity := detect.CriticalSeverity
		if isForBrowser(f) { // what a browser shows is no secret from who reads its code
			severity = detect.HighSeverity
		}
		line := 0
		f.Root.Walk(func(n *js.Node) bool {
			if word := privilegeOf(f, n); word != "" && guards(n, word) {
				if r := placeOf(f, n); r.Line != line {
					line = r.Line
					found = append(found, Finding{
						Path: f.Path, Range: r, Severity: severity,
						Seen: "what a user may do is decided by metadata that they can write themselves",
					})
				}
			}
			return true
		})
	})
	return found
}

// isForBrowser reports whether a file is a component for the browser: it says so, is one of Vue's or Svelte's, or uses a hook of Clerk's.
func isForBrowser(f *js.File) bool {
	if f.Browser || slices.Contains(f.Directives, "use client") {
		return true
	}
	hooks := false
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call {
			o, ok := f.Origin(n.Kids[0])
			hooks = hooks || ok && strings.HasPrefix(o.Module, "@clerk/") && strings.HasPrefix(o.Name, "use")
		}
		return !hooks
	})
	return hooks
}

// privilegeOf returns the name of the privilege that an expression reads from unsafe metadata, or "". A name counts for what it was given
// where it was declared.
func privilegeOf(f *js.File, n *js.Node) string {
	switch n.Kind {
	case js.Member, js.Index:
		if word := propertyOf(n); isPrivilege(word) && isUnsafe(f, n.Kids[0], 4) {
			return strings.ToLower(word)
		}
	case js.Ident:
		b := f.Binding(n)
		switch {
		case b == nil || b.Value == nil || b.Assigned:
		case b.Property == "":
			if value := plain(b.Value); value.Kind != js.Ident {
				return privilegeOf(f, value)
			}
		case isPrivilege(b.Property) && isUnsafe(f, b.Value, 4):
			return strings.ToLower(b.Property)
		}
	}
	return ""
}

// propertyOf is the name of the property that an expression reads: a.name or a["name"].
func propertyOf(n *js.Node) string {
	switch {
	case n.Kind == js.Member:
		return n.Text
	case n.Kind == js.Index && n.Kids[1].Kind == js.String:
		return n.Kids[1].Text
	}
	return ""
}

// plain is a value without what is taken where it isn't set, and without a change to the case of its letters.
func plain(n *js.Node) *js.Node {
	for {
		switch {
		case n.Kind == js.Binary && (n.Text == "||" || n.Text == "??"):
			n = n.Kids[0]
		case n.Kind == js.Call && n.Kids[0].Kind == js.Member && slices.Contains([]string{"toLowerCase", "toUpperCase", "trim", "toString"}, n.Kids[0].Text):
			n = n.Kids[0].Kids[0]
		case n.Kind == js.Call && len(n.Kids) == 2 && (n.Kids[0].Path() == "String" || n.Kids[0].Path() == "Boolean"):
			n = n.Kids[1]
		default:
			return n
		}
	}
}

// isUnsafe reports whether an expression is the unsafe metadata of a user, or a name that was given it. left bounds how many names.
func isUnsafe(f *js.File, n *js.Node, left int) bool {
	n = plain(n)
	if isUnsafeMetadata(propertyOf(n)) {
		return true
	}
	b := f.Binding(n)
	if b == nil || b.Assigned || left == 0 {
		return false
	}
	if isUnsafeMetadata(b.Property) {
		return true
	}
	return b.Value != nil && b.Property == "" && isUnsafe(f, b.Value, left-1)
}

// outermost is the value that is plainly n: see [plain].
func outermost(n *js.Node) *js.Node {
	for {
		up := n.Parent
		if up.Kind == js.Member {
			up = up.Parent
		}
		if plain(up) != plain(n) || up.Kind == js.Binary && (up.Kids[0] != n || up.Kids[1].Kind != js.String) {
			return n
		}
		n = up
	}
}

var (
	// privileged are roles that nobody gives themselves. Others, such as a buyer's, may be the user's choice.
	privileged = regexp.MustCompile(`(?i)admin|owner|moderat|super|staff|root|manager|operator|internal`)
	// paid are plans that somebody paid for.
	paid = regexp.MustCompile(`(?i)pro|premium|paid|plus|enterprise|business|team|gold|lifetime|unlimited`)
)

// guards reports whether what a privilege's value is decides what happens. That a role is set at all, or which plan somebody asked for,
// are questions of another kind.
func guards(n *js.Node, word string) bool {
	top := outermost(n)
	parent := top.Parent
	isFlag := strings.Contains(word, "admin") || strings.Contains(word, "superuser") || strings.Contains(word, "staff")
	switch {
	case parent.Kind == js.Binary && slices.Contains([]string{"===", "!==", "==", "!="}, parent.Text):
		other := parent.Kids[0]
		if other == top {
			other = parent.Kids[1]
		}
		value := constant(other)
		switch {
		case isFlag:
			return (value == "true" || value == "false" || privileged.MatchString(value)) && isDecision(parent)
		case word == "plan" || word == "tier":
			return strings.HasPrefix(parent.Text, "!") && paid.MatchString(value) && refuses(parent)
		}
		return privileged.MatchString(value) && isDecision(parent)
	case parent.Kind == js.Call && parent.Kids[0] != top: // ["admin", "owner"].includes(role)
		list := parent.Kids[0]
		return list.Kind == js.Member && list.Text == "includes" && list.Kids[0].Kind == js.Array && word != "plan" && word != "tier" &&
			len(list.Kids[0].Kids) > 0 && !slices.ContainsFunc(list.Kids[0].Kids, func(e *js.Node) bool { return e == nil || !privileged.MatchString(constant(e)) }) && isDecision(parent)
	case parent.Kind == js.Member && parent.Text == "includes" && parent.Parent.Kind == js.Call && len(parent.Parent.Kids) == 2: // roles.includes("admin")
		return (strings.HasPrefix(word, "permission") || privileged.MatchString(constant(parent.Parent.Kids[1]))) && isDecision(parent.Parent)
	}
	return isFlag && isDecision(top)
}

// constant is what a value is called: a string's text, or the last name of a chain such as Roles.ADMIN.
func constant(n *js.Node) string {
	switch n.Kind {
	case js.String, js.Literal:
		return n.Text
	case js.Member, js.Index:
		return propertyOf(n)
	case js.Ident:
		if n.Text == strings.ToUpper(n.Text) { // ADMIN_ROLE
			return n.Text
		}
	}
	return ""
}

// isDecision reports whether code goes one way or the other by a value: in a condition, as what a function answers, or under a name
// that says so. Which label is shown, and where somebody is led to, are none: what is there may have a check of its own.
func isDecision(n *js.Node) bool {
	negated := n.Kind == js.Binary && strings.HasPrefix(n.Text, "!")
	for parent := n.Parent; parent != nil; n, parent = parent, parent.Parent {
		switch parent.Kind {
		case js.If:
			return parent.Kids[0] == n && (negated || !leads(parent.Kids[1]))
		case js.Conditional:
			switch {
			case parent.Kids[0] != n || isText(parent.Kids[1]) && isText(parent.Kids[2]):
				return false
			case parent.Kids[1].Kind != js.Literal || parent.Kids[2].Kind != js.Literal: // true and false: the value itself
				return true
			}
		case js.Unary:
			if parent.Text != "!" {
				return false
			}
			negated = !negated
		case js.Binary:
			if parent.Text != "&&" && parent.Text != "||" {
				return false
			}
			if parent.Text == "&&" && parent.Kids[0] == n && parent.Parent.Kind != js.If && parent.Parent.Kind != js.Binary && parent.Parent.Kind != js.Declarator {
				return !isText(parent.Kids[1])
			}
		case js.Return:
			return true
		case js.Declarator:
			target := parent.Kids[0]
			return target.Kind == js.Ident && flagName.MatchString(target.Text)
		case js.Property:
			return flagName.MatchString(parent.Text)
		default:
			return false
		}
	}
	return false
}

func isText(n *js.Node) bool { return n.Kind == js.String || n.Kind == js.Template }

// leads reports whether a statement does no more than to lead somebody to another page.
func leads(n *js.Node) bool {
	if n == nil {
		return false
	}
	switch n.Kind {
	case js.Block:
		return len(n.Kids) > 0 && !slices.ContainsFunc(n.Kids, func(s *js.Node) bool { return !leads(s) })
	case js.Return:
		return n.Kids[0] == nil || leads(n.Kids[0])
	case js.Statement, js.Await:
		return leads(n.Kids[0])
	case js.Call:
		path := n.Kids[0].Path()
		return slices.Contains([]string{"push", "replace", "navigate", "redirect", "navigateTo"}, path[strings.LastIndex(path, ".")+1:])
	case js.Element:
		return n.Kids[0] != nil && slices.Contains([]string{"Navigate", "Redirect"}, n.Kids[0].Path())
	}
	return false
}

var flagName = regexp.MustCompile(`^(is|has|can|may|should|allow)[A-Z_]`)

// refuses reports whether a condition stands before what ends the function: return, throw, or a call that ends it.
func refuses(condition *js.Node) bool {
	n := condition
	for n.Parent.Kind == js.Binary && n.Parent.Text == "||" {
		n = n.Parent
	}
	if n.Parent.Kind != js.If || n.Parent.Kids[0] != n {
		return false
	}
	body := n.Parent.Kids[1]
	if body != nil && body.Kind == js.Block && len(body.Kids) > 0 {
		body = body.Kids[len(body.Kids)-1]
	}
	return body != nil && (body.Kind == js.Return || body.Kind == js.Throw)
}
