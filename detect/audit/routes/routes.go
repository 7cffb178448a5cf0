// Package routes says which routes and server functions the files of a repository have, and what the code shows about each: what protects
// it and where. A [Tree] goes in, a [Map] comes out: no I/O, no clock, no network.
//
// It never says that a route is unprotected. A request without a session is followed through the code that a route runs (eval.go,
// expressions.go), with what Clerk's functions do with it (clerk.go); where every way ends in a refusal, the route is protected, and where
// one depends on what isn't known, so is the answer. Start with [Of]; next.go, server.go, astro.go and reactrouter.go find the routes of frameworks.
package routes

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// State is what the code shows about a route.
type State string

// The states.
const (
	Protected  State = "protected here"               // its own code refuses who has no session
	Middleware State = "protected by middleware only" // the middleware refuses, its own code isn't known to
	Public     State = "public by declaration"        // a list of public routes names it
	Unknown    State = "unknown"                      // the code doesn't say
)

// States are all of them, the most certain first.
func States() []State { return []State{Protected, Middleware, Public, Unknown} }

// Kind is what answers at a route.
type Kind string

// The kinds.
const (
	Page     Kind = "page"
	Handler  Kind = "handler"
	Function Kind = "server function" // called by its ID, from any page
)

// Route is something that a request reaches.
type Route struct {
	Framework string
	App       string // the directory of its package.json; "" is the repository's own
	Kind      Kind
	Method    string // "GET"; empty for pages, server functions, and what answers to all
	Path      string // as the framework writes it: /users/[id]; of a server function, its name
	File      string
	Line      int
	State     State
	Evidence  []Evidence // what was seen, the most telling first
	Gate      Gate
	Unread    bool // the file can't be read as code
}

// Gate is what the middleware does with a request without a session before it comes to a route.
type Gate struct {
	Refuses bool     // whether it is refused
	Seen    Evidence // what refuses it, or the pattern in a list of public routes by which it passes; otherwise zero
	Public  string   // that pattern, as in the code
	LeftOut bool     // the middleware doesn't run for the path, by its list of matchers
	Named   Evidence // then: the pattern in one of its lists by which it would refuse; otherwise zero
	Unsure  bool     // what it does depends on what isn't known
}

// Tree is what is read of a repository's files. Paths are as git has them.
type Tree interface {
	Paths() []string
	// Read returns a file's text, or false where it isn't known.
	Read(path string) ([]byte, bool)
}

// Parser is a [Tree] that has its files as code, too.
type Parser interface {
	Tree
	// Script returns a file as code, or nil where it isn't known or can't be read.
	Script(path string) *js.File
}

// Note says why a file, or a part of it, was not read.
type Note struct {
	Path string
	What string // without a full stop
}

// Evidence is something seen, and where.
type Evidence struct {
	What string // without a full stop: "auth.protect()"
	File string
	Line int // 0: the file itself
}

// Map is what is known of all routes, in a stable order.
type Map struct {
	Routes []Route
	Notes  []Note // files that could not be read as code
}

// Counts returns how many routes are in each state.
func (m Map) Counts() map[State]int {
	counts := map[State]int{}
	for _, r := range m.Routes {
		counts[r.State]++
	}
	return counts
}

// Summary counts the routes in each state: "3 protected here, 2 unknown".
func (m Map) Summary() string {
	counts := m.Counts()
	var parts []string
	for _, state := range States() {
		if n := counts[state]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+string(state))
		}
	}
	return strings.Join(parts, ", ")
}

// Frameworks lists what is understood, as people call it.
func Frameworks() []string {
	return []string{"Next.js", "Express", "Hono", "Fastify", "Astro", "Nuxt", "React Router", "TanStack Start"}
}

// Wanted reports whether a map of routes needs a file of that name.
func Wanted(name string) bool {
	return (js.Handles(name) || path.Ext(name) == ".astro" || path.Base(name) == "package.json") && !strings.Contains("/"+name, "/node_modules/") && !isTest(name)
}

// isTest reports whether a file is no part of the app.
func isTest(name string) bool {
	base := path.Base(name)
	for _, sign := range []string{".test.", ".spec.", ".stories.", ".d."} {
		if strings.Contains(base, sign) {
			return true
		}
	}
	return strings.Contains("/"+name, "/__tests__/") || strings.Contains("/"+name, "/__mocks__/")
}

// Of returns the map of a tree. Where the context ends, it is what was known by then, and the rest is unknown.
func Of(ctx context.Context, tree Tree) Map {
	return Until(func() bool { return ctx.Err() != nil }, tree)
}

// Until is [Of] for those who know in another way than by a context that nobody waits for the map any more.
func Until(stopped func() bool, tree Tree) Map {
	p := newProgram(tree, stopped)
	m := Map{}
	for _, app := range p.apps() {
		m.Routes = append(m.Routes, app.next()...)
		for _, framework := range servers() {
			m.Routes = append(m.Routes, app.served(framework)...)
		}
		m.Routes = slices.Concat(m.Routes, app.astro(), app.nuxt(), app.reactRouter(), app.tanStack())
	}
	slices.SortStableFunc(m.Routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Framework, b.Framework), cmp.Compare(a.App, b.App), cmp.Compare(order(a.Kind), order(b.Kind)),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	m.Routes = slices.CompactFunc(m.Routes, same) // one that two servers have, by the same way
	m.Notes = p.sortedNotes()
	return m
}

func same(a, b Route) bool {
	return a.Framework == b.Framework && a.App == b.App && a.Kind == b.Kind && a.Method == b.Method && a.Path == b.Path && a.File == b.File &&
		a.Line == b.Line && a.State == b.State && slices.Equal(a.Evidence, b.Evidence)
}

func order(k Kind) int { return slices.Index([]Kind{Page, Handler, Function}, k) }
