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
	Room               int // how many bytes the rows of a table take at most; 0: as many as there are
}

// Markdown writes the map as a table, with a line above that counts the routes in each state. It is empty where there are no routes.
func Markdown(m routes.Map, o Options) string {
	if len(m.Routes) == 0 {
		return ""
	}
	return Summary(m) + ".\n\n" + Table(m, o)
}

// Summary counts the routes in each state: "5 routes: 3 protected here, 2 unknown".
func Summary(m routes.Map) string {
	return format.Count(len(m.Routes), "route", "routes") + ": " + m.Summary()
}

// Table writes the map as a table.
func Table(m routes.Map, o Options) string {
	var rows []string
	for _, r := range m.Routes {
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |\n", o.link(markdown.Code(r.Path), r.File, r.Line), answers(r), r.State, o.seen(r)))
	}
	return "| Route | | What the code shows | |\n| --- | --- | --- | --- |\n" + o.list(rows)
}

// Changes writes what differs between two maps: routes that are new or in another state, and those that are gone. It is empty where nothing
// does.
func Changes(before, after routes.Map, o Options) string {
	d := compare(before, after)
	var b strings.Builder
	if len(d.changed) > 0 {
		var rows []string
		for _, c := range d.changed {
			rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s |\n", o.link(markdown.Code(c.Path), c.File, c.Line), answers(c.Route), c.before, c.State, o.seen(c.Route)))
		}
		b.WriteString("| Route | | Before | What the code shows | |\n| --- | --- | --- | --- | --- |\n" + o.list(rows))
	}
	if len(d.gone) > 0 {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		var names []string
		for _, r := range d.gone[:min(len(d.gone), maxGone)] {
			names = append(names, strings.TrimSpace(r.Method+" "+markdown.Code(r.Path)))
		}
		if n := len(d.gone) - len(names); n > 0 {
			names = append(names, format.Number(n)+" more")
		}
		fmt.Fprintf(&b, "Removed: %s.\n", strings.Join(names, ", "))
	}
	return b.String()
}

// Changed counts the routes that differ between two maps.
func Changed(before, after routes.Map) int {
	d := compare(before, after)
	return len(d.changed) + len(d.gone)
}

// maxGone is how many removed routes are named.
const maxGone = 50

// list joins the rows of a table, as many as there is room for.
func (o Options) list(rows []string) string {
	var b strings.Builder
	listed := 0
	for _, row := range rows {
		if o.Most > 0 && listed == o.Most || o.Room > 0 && b.Len()+len(row) > o.Room {
			break
		}
		b.WriteString(row)
		listed++
	}
	if n := len(rows) - listed; n > 0 {
		fmt.Fprintf(&b, "\nAnd %s: `rekey audit --routes` lists them all.\n", format.Count(n, "more route", "more routes"))
	}
	return b.String()
}

// answers is what a route answers to, in a word or two.
func answers(r routes.Route) string {
	if r.Method != "" {
		return r.Method
	}
	return string(r.Kind)
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
