package local

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond/format"
)

// RouteMap is what is known of the routes of a directory or a commit. Files are named as people see them.
type RouteMap struct {
	routes.Map

	Problems []Problem
	Files    int // that were read
	Elapsed  time.Duration
}

// Routes works the map out. Of a part of a working tree, it has the routes whose files are there.
func Routes(ctx context.Context, o Options) (RouteMap, error) {
	started := o.Now()
	source, err := open(ctx, o)
	if err != nil {
		return RouteMap{}, err
	}
	defer source.close()
	m := RouteMap{Map: routes.Of(ctx, source)}
	if focus := source.focus(); focus != nil {
		m.Routes = slices.DeleteFunc(m.Routes, func(r routes.Route) bool { return !slices.Contains(focus, r.File) })
	}
	p := presenter{source: source, scanner: detect.New(detect.Options{})}
	for i := range m.Routes {
		r := &m.Routes[i]
		if r.App != "" {
			r.App = p.clean(ctx, source.name(r.App))
		}
		r.File, r.Path = p.clean(ctx, source.name(r.File)), p.clean(ctx, r.Path)
		for n := range r.Evidence {
			e := &r.Evidence[n]
			e.File, e.What = p.clean(ctx, source.name(e.File)), p.clean(ctx, e.What)
		}
	}
	for _, problem := range source.problems() {
		m.Problems = append(m.Problems, Problem{Name: p.clean(ctx, problem.Name), Reason: p.clean(ctx, problem.Reason)})
	}
	for _, n := range m.Notes {
		m.Problems = append(m.Problems, Problem{Name: p.clean(ctx, source.name(n.Path)), Reason: p.clean(ctx, n.What), Part: true})
	}
	m.Files, m.Elapsed = source.read(), o.Now().Sub(started)
	return m, context.Cause(ctx)
}

// WriteRoutes writes the map as a table for people. all writes everything that was seen of each route, not just the first.
func WriteRoutes(w io.Writer, m RouteMap, all bool, s Style) error {
	var b strings.Builder
	for i, group := range byApp(m.Routes) {
		if i > 0 {
			b.WriteByte('\n')
		}
		heading := group[0].Framework
		if group[0].App != "" {
			heading += ", " + group[0].App
		}
		fmt.Fprintf(&b, "%s\n", s.Paint(terminal.Bold, heading))
		s.table(&b, group, all)
	}
	if !s.Quiet {
		s.routeTotal(&b, m)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func byApp(all []routes.Route) (groups [][]routes.Route) {
	for _, r := range all {
		if n := len(groups); n > 0 && groups[n-1][0].Framework == r.Framework && groups[n-1][0].App == r.App {
			groups[n-1] = append(groups[n-1], r)
		} else {
			groups = append(groups, []routes.Route{r})
		}
	}
	return groups
}

// answers is what a route answers to, in a word or two.
func answers(r routes.Route) string {
	if r.Method != "" {
		return r.Method
	}
	return string(r.Kind)
}

func stateColour(state routes.State) string {
	switch state {
	case routes.Protected:
		return terminal.Green
	case routes.Middleware:
		return terminal.Yellow
	}
	return ""
}

// table writes the routes in columns: what is seen of a route stands on its line where the terminal is wide enough for all, and otherwise
// below.
func (s Style) table(b *strings.Builder, group []routes.Route, all bool) {
	const gap, longestPath, longestSeen = 2, 48, 60
	var path, kind, state int
	for _, r := range group {
		path = max(path, min(longestPath, utf8.RuneCountInString(r.Path)))
		kind = max(kind, len(answers(r)))
		state = max(state, len(r.State))
	}
	head := 2 + path + gap + kind + gap + state
	wide := s.Width == 0 || s.Width >= head+gap+longestSeen
	for _, r := range group {
		seen := evidenceOf(r, all)
		padded := s.Paint(stateColour(r.State), string(r.State))
		if s.Width != 0 && s.Width < head {
			fmt.Fprintf(b, "  %s  %s\n    %s\n", r.Path, s.Paint(terminal.Faint, answers(r)), padded)
		} else {
			fmt.Fprintf(b, "  %s  %s  %s", pad(r.Path, path), s.Paint(terminal.Faint, pad(answers(r), kind)), padded)
			if wide && len(seen) > 0 {
				b.WriteString(strings.Repeat(" ", state-len(r.State)+gap) + s.Paint(terminal.Faint, seen[0]))
				seen = seen[1:]
			}
			b.WriteByte('\n')
		}
		indent := "      "
		if wide {
			indent = strings.Repeat(" ", head+gap)
		}
		for _, line := range seen {
			s.Prose(b, terminal.Faint, indent, line)
		}
	}
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// evidenceOf is what was seen of a route, and its own place where nothing was.
func evidenceOf(r routes.Route, all bool) []string {
	if len(r.Evidence) == 0 {
		return []string{fmt.Sprintf("%s:%d", r.File, r.Line)}
	}
	var lines []string
	for _, e := range r.Evidence {
		at := e.File
		if e.Line > 0 {
			at = fmt.Sprintf("%s:%d", e.File, e.Line)
		}
		if lines = append(lines, e.What+"  "+at); !all {
			break
		}
	}
	return lines
}

func (s Style) routeTotal(b *strings.Builder, m RouteMap) {
	if len(m.Routes) == 0 {
		fmt.Fprintf(b, "%s; read %s in %s\n", s.Paint(terminal.Bold, "no routes found"), format.Count(m.Files, "file", "files"), format.Duration(m.Elapsed))
		s.Prose(b, terminal.Faint, "", "Looked for routes of "+frameworks()+".")
		return
	}
	fmt.Fprintf(b, "\n%s: %s; read %s in %s\n", s.Paint(terminal.Bold, format.Count(len(m.Routes), "route", "routes")), m.Summary(),
		format.Count(m.Files, "file", "files"), format.Duration(m.Elapsed))
	if m.Counts()[routes.Unknown] > 0 {
		s.Prose(b, terminal.Faint, "", "Unknown means that the code doesn't show it: public on purpose, protected by what isn't followed, or open. "+
			"--verbose lists all that was seen.")
	}
}

func frameworks() string {
	all := routes.Frameworks()
	if len(all) == 1 {
		return all[0]
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// The document of `--routes --format json`. Its names are a promise to scripts; docs/routes.schema.json describes it.
type (
	mapJSON struct {
		Routes []routeJSON   `json:"routes"`
		Unread []problemJSON `json:"unread"`
		Files  int           `json:"files"` // that were read
	}
	routeJSON struct {
		Framework string         `json:"framework"`
		App       string         `json:"app"` // the directory of its package.json, "" for the top
		Kind      string         `json:"kind"`
		Method    string         `json:"method"` // "" where it answers to any
		Path      string         `json:"path"`
		File      string         `json:"file"`
		Line      int            `json:"line"`
		State     string         `json:"state"`
		Evidence  []evidenceJSON `json:"evidence"`
	}
	evidenceJSON struct {
		What string `json:"what"`
		File string `json:"file"`
		Line int    `json:"line"` // 0 for the file itself
	}
)

// WriteRoutesJSON writes the map as one object.
func WriteRoutesJSON(w io.Writer, m RouteMap) error {
	out := mapJSON{Routes: []routeJSON{}, Unread: []problemJSON{}, Files: m.Files}
	for _, r := range m.Routes {
		j := routeJSON{r.Framework, r.App, string(r.Kind), r.Method, r.Path, r.File, r.Line, string(r.State), []evidenceJSON{}}
		for _, e := range r.Evidence {
			j.Evidence = append(j.Evidence, evidenceJSON(e))
		}
		out.Routes = append(out.Routes, j)
	}
	for _, p := range m.Problems {
		out.Unread = append(out.Unread, problemJSON{p.Name, p.Reason, p.Part})
	}
	return writeJSON(w, out)
}
