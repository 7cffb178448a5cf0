package routes

import (
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// truth is what is known of a value in a test.
type truth int

const (
	maybe truth = iota
	yes
	no
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return maybe
}

// sort is what a value is, as far as it matters.
type sort int

const (
	anything    sort = iota
	text             // value.text
	nothing          // null or undefined
	session          // what auth() returns
	asks             // auth itself
	incoming         // the request, or what holds it
	address          // its URL
	honoContext      // Hono's: the request, and what answers are written with
	goesOn           // next()
	writer           // what answers are written with: res, reply, Hono's context
	responses        // the class Response
	refusal          // an answer that refuses: a redirect, or a status from 400 on
	signIn           // redirectToSignIn
	has              // what has() is
	code             // a function, at value.at
	object           // an object, at value.at
	matcher          // what createRouteMatcher returns, at its call
	middleware       // what clerkMiddleware returns, at its call
	legacy           // what authMiddleware returns, at its call
	verifier         // what checks the signature of a webhook
	number           // value.text
)

// value is what is known of a value while a request without a session is followed.
type value struct {
	sort  sort
	truth truth
	// bySession reports whether the value is what it is for want of a session.
	bySession bool
	text      string
	at        place
}

// absent is what Clerk gives for a user, a session or an organisation where there is none.
func (f *frame) absent() value {
	if f.request.signedIn {
		return value{truth: yes, bySession: true}
	}
	return value{sort: nothing, truth: no, bySession: true, text: "null"}
}

// member is a property of a value.
func (f *frame) member(v value, name string) value {
	switch v.sort {
	case session:
		return f.sessionMember(name)
	case nothing:
		return value{sort: nothing, truth: no, bySession: v.bySession, text: "undefined"}
	case incoming:
		return f.requestMember(name)
	case address:
		if name == "pathname" && f.request.path != "" {
			return value{sort: text, text: f.request.path, truth: yes}
		}
	case object:
		if n, sure := v.at.node.Property(name); sure {
			if n == nil {
				return value{sort: nothing, truth: no, bySession: v.bySession, text: "undefined"}
			}
			got := f.in(v.at.file).quiet(n)
			got.bySession = got.bySession || v.bySession
			return got
		}
	case asks:
		if name != "protect" {
			return f.sessionMember(name) // req.auth, in older versions
		}
	case honoContext:
		if name == "req" {
			return value{sort: incoming, truth: yes}
		}
	}
	return value{}
}

func (f *frame) sessionMember(name string) value {
	switch name {
	case "userId", "sessionId":
		return f.absent()
	case "isAuthenticated", "isSignedIn":
		return value{truth: truthOf(f.request.signedIn), bySession: true}
	case "user", "session", "sessionClaims", "actor", "orgId", "orgRole", "orgSlug", "orgPermissions":
		if !f.request.signedIn {
			return f.absent()
		}
	case "redirectToSignIn", "redirectToSignUp":
		return value{sort: signIn, truth: yes}
	case "has":
		return value{sort: has, truth: yes}
	}
	return value{}
}

func (f *frame) requestMember(name string) value {
	switch name {
	case "nextUrl", "url", "URL":
		return value{sort: address}
	case "request", "req", "context", "locals", "event", "c", "raw":
		return value{sort: incoming, truth: yes}
	case "pathname", "path", "originalUrl":
		if f.request.path != "" {
			return value{sort: text, text: f.request.path, truth: yes}
		}
	case "method":
		if f.request.method != "" {
			return value{sort: text, text: f.request.method, truth: yes}
		}
	case "auth":
		return value{sort: asks, truth: yes}
	}
	return value{}
}

// compare is the value of an equality.
func compare(operator string, a, b value) value {
	equal := maybe
	strict := len(operator) == 3
	switch {
	case a.sort == text && b.sort == text || a.sort == number && b.sort == number:
		equal = truthOf(a.text == b.text)
	case a.sort == nothing && b.sort == nothing:
		equal = yes
		if strict {
			equal = truthOf(a.text == b.text)
		}
	case a.sort == nothing && known(b), b.sort == nothing && known(a):
		equal = no
	}
	if strings.HasPrefix(operator, "!") {
		equal = equal.not()
	}
	return value{truth: equal, bySession: equal != maybe && (a.bySession || b.bySession)}
}

// known reports whether a value is something else than null and undefined.
func known(v value) bool { return v.truth == yes || v.sort == text || v.sort == number }

// literal is the value of a literal.
func literal(written string) value {
	switch written {
	case "true":
		return value{truth: yes}
	case "false":
		return value{truth: no}
	case "null":
		return value{sort: nothing, truth: no, text: "null"}
	}
	if n, err := strconv.ParseFloat(written, 64); err == nil {
		return value{sort: number, text: written, truth: truthOf(n != 0)}
	}
	return value{truth: yes} // a regular expression
}

// refuses reports whether a status of HTTP refuses: it redirects, or says that something is wrong.
func refuses(v value) bool {
	n, err := strconv.Atoi(v.text)
	return v.sort == number && err == nil && n >= 300
}

// textMethod is the value of a method of a text that is known.
func textMethod(v value, name string, args []value) value {
	if len(args) != 1 || args[0].sort != text {
		return value{}
	}
	switch name {
	case "startsWith":
		return value{truth: truthOf(strings.HasPrefix(v.text, args[0].text))}
	case "endsWith":
		return value{truth: truthOf(strings.HasSuffix(v.text, args[0].text))}
	case "includes":
		return value{truth: truthOf(strings.Contains(v.text, args[0].text))}
	}
	return value{}
}

// statusIn is the status in what an answer is made with: { status: 401 }, or the number itself.
func (f *frame) statusIn(n *js.Node) value {
	if n == nil {
		return value{}
	}
	if n.Kind == js.Object {
		status, _ := n.Property("status")
		if status == nil {
			return value{}
		}
		return f.expression(status)
	}
	return f.expression(n)
}
