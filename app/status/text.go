package status

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
)

// WriteText writes a report as people read it in a terminal.
func WriteText(w io.Writer, r Report, colour bool) error {
	p := &page{colour: colour, now: r.Now}
	p.head(r)
	if r.Unknown != "" {
		p.printf("\n%s\n", p.paint(yellow, "The rest is not known: "+terminal.Printable(r.Unknown)))
	} else {
		p.deliveries(r.Deliveries)
		p.queue(r.Queue)
	}
	if len(r.Quotas) > 0 {
		p.quotas(r.Quotas)
	}
	if r.Unknown == "" {
		p.repositories(r.Repositories)
		p.texts(r.Texts)
		p.leaks(r.Leaks)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// page is the text as it grows.
type page struct {
	b      strings.Builder
	colour bool
	now    time.Time
}

// The colours of terminals.
const (
	bold   = "1"
	red    = "1;31"
	green  = "1;32"
	yellow = "33"
)

func (p *page) paint(colour, text string) string {
	if !p.colour || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p *page) printf(text string, args ...any) { fmt.Fprintf(&p.b, text, args...) }

// cell is a field of a table.
type cell struct {
	text, colour string
}

// table writes rows with aligned columns: to the left where align has an l, to the right where it has an r.
func (p *page) table(align string, rows ...[]cell) {
	widths := make([]int, len(align))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, c := range row {
			text, pad := p.paint(c.colour, c.text), strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text))
			if align[i] == 'r' {
				text, pad = pad, text
			}
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(text + pad)
		}
		p.printf("%s\n", strings.TrimRight(line.String(), " "))
	}
}

// heads are a table's first row.
func heads(texts ...string) []cell {
	row := make([]cell, len(texts))
	for i, text := range texts {
		row[i] = cell{text, bold}
	}
	return row
}

func (p *page) head(r Report) {
	ready := p.paint(green, "ready")
	if !r.Ready {
		ready = p.paint(red, "NOT READY")
	}
	role := ""
	if r.Role != "all" {
		role = ", role " + terminal.Printable(r.Role)
	}
	p.printf("rekey %s%s, running for %s: %s\n", terminal.Printable(r.Version), role, format.Duration(r.Now.Sub(r.Started)), ready)
	var rows [][]cell
	for _, c := range r.Components {
		colour := map[State]string{OK: green, Warning: yellow, Failed: red}[c.State]
		rows = append(rows, []cell{{"  " + terminal.Printable(c.Name), ""}, {terminal.Printable(string(c.State)), colour}, {terminal.Printable(c.Reason), ""}})
	}
	p.printf("\n")
	p.table("lll", rows...)
}

func (p *page) deliveries(d Deliveries) {
	p.printf("\n")
	row := func(name string, n ledger.Recent, colour string) []cell {
		if n.Day == 0 {
			colour = ""
		}
		return []cell{{"  " + name, ""}, {count(n.Hour), ""}, {count(n.Day), colour}}
	}
	p.table("lrr", heads("Deliveries", "last hour", "last day"),
		row("done", d.Done, ""), row("nothing to do", d.Ignored, ""), row("waiting", d.Waiting, ""), row("given up", d.GivenUp, red))
	if d.Last.IsZero() {
		p.printf("  None has come yet: check the App's webhook address and secret.\n")
	} else {
		p.printf("  The last one came %s ago.\n", p.since(d.Last))
	}
	if !d.Oldest.IsZero() {
		p.printf("  The oldest that waits came %s ago.\n", p.since(d.Oldest))
	}
	if d.LagSeconds != nil {
		p.printf("  Behind GitHub's log of deliveries: %s.\n", format.Duration(time.Duration(*d.LagSeconds*float64(time.Second))))
	}
	if refused := refused(d.Requests); refused != "" {
		p.printf("  Refused since the start: %s.\n", p.paint(yellow, refused))
	}
}

// refused names what became of requests that were not taken.
func refused(requests map[string]int) string {
	var list []string
	for _, outcome := range slices.Sorted(maps.Keys(requests)) {
		switch outcome {
		case string(ledger.Accepted), string(ledger.Waiting), string(ledger.Requeued), string(ledger.Done), "ignored", "ping":
			continue
		}
		if n := requests[outcome]; n > 0 {
			list = append(list, count(n)+" "+strings.ReplaceAll(terminal.Printable(outcome), "_", " "))
		}
	}
	return strings.Join(list, ", ")
}

func (p *page) queue(queue []Queue) {
	p.printf("\n")
	rows := [][]cell{heads("Queue", "waiting", "running", "given up", "oldest")}
	for _, q := range queue {
		oldest := ""
		if !q.Oldest.IsZero() {
			oldest = p.since(q.Oldest)
		}
		gone := cell{count(q.GivenUp), ""}
		if q.GivenUp > 0 {
			gone.colour = red
		}
		rows = append(rows, []cell{{"  " + terminal.Printable(q.Kind), ""}, {count(q.Waiting), ""}, {count(q.Running), ""}, gone, {oldest, ""}})
	}
	if len(queue) == 0 {
		p.printf("%s\n  empty\n", p.paint(bold, "Queue"))
		return
	}
	p.table("lrrrr", rows...)
}

// scarce is the share of a quota below which it is shown in red.
const scarce = 0.1

func (p *page) quotas(quotas []Quota) {
	p.printf("\n")
	rows := [][]cell{heads("GitHub's hourly quota", "left", "of")}
	for _, q := range quotas {
		name := terminal.Printable(q.Account)
		switch {
		case q.Installation == 0:
			name = "the App itself"
		case name == "":
			name = "installation " + strconv.FormatInt(q.Installation, 10)
		}
		left := cell{count(q.Left), ""}
		if float64(q.Left) < scarce*float64(q.Limit) {
			left.colour = red
		}
		rows = append(rows, []cell{{"  " + name, ""}, left, {count(q.Limit), ""}})
	}
	p.table("lrr", rows...)
}

func (p *page) repositories(r Repositories) {
	p.printf("\n")
	gone := cell{count(r.GivenUp), ""}
	if r.GivenUp > 0 {
		gone.colour = red
	}
	row := func(name string, n int) []cell { return []cell{{"  " + name, ""}, {count(n), ""}} }
	p.table("lr", heads("Repositories", ""), row("read", r.Done), row("being read", r.Reading), row("to be read", r.Waiting),
		[]cell{{"  given up", ""}, gone})
}

func (p *page) leaks(leaks []Leaks) {
	p.printf("\n")
	if len(leaks) == 0 {
		p.printf("%s\n  none\n", p.paint(bold, "Open leaks"))
		return
	}
	rows := [][]cell{heads("Open leaks", "", "oldest")}
	for _, l := range leaks {
		name, colour := terminal.Printable(l.Severity), ""
		if environment := respond.EnvironmentName(detect.Environment(l.Environment)); environment != "" {
			name += ", " + environment
		}
		if l.Environment == string(detect.Live) {
			colour = red
		}
		rows = append(rows, []cell{{"  " + name, ""}, {count(l.Count), colour}, {p.since(l.Oldest), ""}})
	}
	p.table("lrr", rows...)
}

func (p *page) since(t time.Time) string { return format.Duration(max(p.now.Sub(t), 0)) }

func count(n int) string { return format.Number(n) }
