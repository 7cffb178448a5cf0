// Package routemap writes a map of routes for GitHub.
package routemap

import (
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Options say what a map is written with.
type Options struct {
	// Repository is the address that links to files begin with, https://github.com/acme/shop, and Commit the one that they are of. Where
	// either is empty, files are not linked.
	Repository, Commit string
	Most               int // how many routes are listed; 0: all
}

// Markdown writes the map as a table, with a line above that counts the routes in each state. It is empty where there are no routes.
func Markdown(m routes.Map, o Options) string {
	if len(m.Routes) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s.\n\n| Route | | What the code shows | |\n| --- | --- | --- | --- |\n", format.Count(len(m.Routes), "route", "routes"), m.Summary())
	listed := m.Routes
	if o.Most > 0 && len(listed) > o.Most {
		listed = listed[:o.Most]
	}
	for _, r := range listed {
		answers := string(r.Kind)
		if r.Method != "" {
			answers = r.Method
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", o.link(markdown.Code(r.Path), r.File, r.Line), answers, r.State, o.seen(r))
	}
	if n := len(m.Routes) - len(listed); n > 0 {
		fmt.Fprintf(&b, "\nAnd %s: `rekey audit --routes` lists them all.\n", format.Count(n, "more route", "more routes"))
	}
	return b.String()
}

// seen is the first evidence of a route, with its place.
func (o Options) seen(r routes.Route) string {
	if len(r.Evidence) == 0 {
		return ""
	}
	e := r.Evidence[0]
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return markdown.Text(e.What) + ", " + o.link(markdown.Code(at), e.File, e.Line)
}

func (o Options) link(text, file string, line int) string {
	if o.Repository == "" || o.Commit == "" {
		return text
	}
	url := markdown.Permalink(o.Repository, o.Commit, file, line, line)
	if url == "" {
		return text
	}
	return markdown.Link(text, url)
}
