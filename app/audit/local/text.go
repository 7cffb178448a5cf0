package local

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/format"
)

// Style says how text for people is written.
type Style struct {
	terminal.Style

	Quiet bool // only what was found
}

// mostPlaces is how many places of one mistake are shown to people.
const mostPlaces = 10

// WriteText writes the result for people: each mistake with its places, what is there and how to fix it, the worst first; then what was
// accepted, and what was read.
func WriteText(w io.Writer, r Result, s Style) error {
	var b strings.Builder
	if r.Policy != "" && !s.Quiet {
		fmt.Fprintf(&b, "%s\n\n", s.Paint(terminal.Faint, "Level "+levelName(r.Level)+", as "+r.Policy+" says; --level sets another one"))
	}
	for _, group := range grouped(r.Findings) {
		s.mistake(&b, group)
	}
	if !s.Quiet {
		s.allowed(&b, r.Allowed)
		s.total(&b, r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// grouped puts the findings of one check, severity and fix together, the worst first.
func grouped(findings []Finding) [][]Finding {
	type key struct {
		id, fix  string
		severity detect.Severity
	}
	at := map[key]int{}
	var groups [][]Finding
	for _, f := range findings {
		k := key{f.ID, f.Fix, f.Severity}
		i, known := at[k]
		if !known {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], f)
	}
	slices.SortStableFunc(groups, func(a, b []Finding) int { return a[0].Severity.Compare(b[0].Severity) })
	return groups
}

func colourOf(severity detect.Severity) string {
	if severity.Compare(detect.HighSeverity) <= 0 {
		return terminal.Red
	}
	return terminal.Yellow
}

func (s Style) mistake(b *strings.Builder, group []Finding) {
	first := group[0]
	fmt.Fprintf(b, "%s  %s\n", s.Paint(terminal.Bold+colourOf(first.Severity), "■ "+string(first.Severity)+"  "+first.ID), s.Paint(terminal.Bold, first.Check.Title))
	for i, f := range group[:min(mostPlaces, len(group))] {
		s.place(b, f, i == 0 || f.Seen != group[i-1].Seen)
	}
	if n := len(group) - mostPlaces; n > 0 {
		fmt.Fprintf(b, "  %s\n", s.Paint(terminal.Faint, "and "+format.Count(n, "more place", "more places")+"; --format json lists them all"))
	}
	s.row(b, "fix", first.Fix)
	if slices.ContainsFunc(group, func(f Finding) bool { return f.Edit != nil }) {
		s.row(b, "", "rekey audit --diff shows this change,")
		s.row(b, "", "rekey audit --fix makes it")
	}
	s.row(b, "why", "rekey audit --explain "+first.ID)
	b.WriteByte('\n')
}

// row writes what has a name. Without one, it belongs to the row above.
func (s Style) row(b *strings.Builder, name, value string) {
	if value == "" {
		return
	}
	const indent = 7
	for i, line := range terminal.Wrapped(terminal.Printable(value), s.Width-indent) {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(b, "  %s %s\n", s.Paint(terminal.Faint, fmt.Sprintf("%-4s", name)), line)
	}
}

// place writes where a finding is, its line with a marker under it, and what is wrong there.
func (s Style) place(b *strings.Builder, f Finding, saying bool) {
	b.WriteString("  " + where(f) + "\n")
	if line := f.Excerpt.Before + f.Excerpt.Inside + f.Excerpt.After; line != "" {
		number := fmt.Sprintf("%5d", f.Range.Line)
		fmt.Fprintf(b, "  %s %s %s\n", s.Paint(terminal.Faint, number), s.Paint(terminal.Faint, "|"), line)
		marker := strings.Repeat("^", max(1, utf8.RuneCountInString(f.Excerpt.Inside)))
		fmt.Fprintf(b, "  %s %s %s%s\n", strings.Repeat(" ", len(number)), s.Paint(terminal.Faint, "|"),
			strings.Repeat(" ", utf8.RuneCountInString(f.Excerpt.Before)), s.Paint(colourOf(f.Severity), marker))
	}
	if saying {
		s.Prose(b, "", strings.Repeat(" ", indentOf(f)), f.Seen)
	}
}

// indentOf is where a sentence on a finding begins: below its line, or where there is none, below its path.
func indentOf(f Finding) int {
	if f.Excerpt.Before+f.Excerpt.Inside+f.Excerpt.After == "" {
		return 4
	}
	return 10
}

// where is a finding's place, as editors take it.
func where(f Finding) string {
	if f.Range.Line == 0 {
		return f.Name
	}
	return fmt.Sprintf("%s:%d:%d", f.Name, f.Range.Line, max(1, f.Column))
}

// allowed says aloud what comments in the repository accept.
func (s Style) allowed(b *strings.Builder, all []Allowed) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "%s\n", s.Paint(terminal.Bold, "Accepted by rekey:allow"))
	for _, a := range all[:min(mostPlaces, len(all))] {
		fmt.Fprintf(b, "  %s  %s  %s\n", where(a.Finding), a.ID, s.Paint(terminal.Faint, a.Reason))
	}
	if n := len(all) - mostPlaces; n > 0 {
		fmt.Fprintf(b, "  %s\n", s.Paint(terminal.Faint, "and "+format.Number(n)+" more; --format json lists them all"))
	}
	b.WriteByte('\n')
}

func (s Style) total(b *strings.Builder, r Result) {
	colour, text := terminal.Green, "no mistakes found"
	if len(r.Findings) > 0 {
		colour, text = colourOf(worst(r.Findings)), format.Count(len(r.Findings), "mistake", "mistakes")
	}
	b.WriteString(s.Paint(terminal.Bold+colour, text))
	if severities := bySeverity(r.Findings); len(r.Findings) > 0 {
		b.WriteString(": " + severities)
	}
	fmt.Fprintf(b, "; read %s in %s\n", format.Count(r.Files, "file", "files"), format.Duration(r.Elapsed))
	if counts := r.Counts(); counts != "" {
		b.WriteString(counts + "\n")
	}
	s.Prose(b, terminal.Faint, "", packagesIn(r))
}

// Total says in one line what was found.
func (r Result) Total() string {
	text := "no mistakes found"
	if len(r.Findings) > 0 {
		text = format.Count(len(r.Findings), "mistake", "mistakes") + ": " + bySeverity(r.Findings)
	}
	if counts := r.Counts(); counts != "" {
		text += "; " + counts
	}
	return text
}

// Counts says in one line what was accepted and what could not be read; "" if there is nothing to say.
func (r Result) Counts() string {
	var parts []string
	if n := len(r.Allowed); n > 0 {
		parts = append(parts, format.Number(n)+" accepted by rekey:allow")
	}
	whole, part := Unread(r.Problems)
	if whole > 0 {
		parts = append(parts, format.Number(whole)+" could not be read")
	}
	if part > 0 {
		parts = append(parts, format.Number(part)+" read only in part")
	}
	return strings.Join(parts, "; ")
}

// packagesIn says which packages of Clerk are used, and in which versions: what an audit without findings looked at.
func packagesIn(r Result) string {
	versions := map[string][]string{}
	var names []string
	for _, p := range r.Packages {
		if _, known := versions[p.Name]; !known {
			names = append(names, p.Name)
		}
		if !slices.Contains(versions[p.Name], p.Version) {
			versions[p.Name] = append(versions[p.Name], p.Version)
		}
	}
	if len(names) == 0 {
		return "Clerk isn't among the packages that this directory names as dependencies."
	}
	const most = 8
	var list []string
	for _, name := range names[:min(most, len(names))] {
		list = append(list, name+" "+strings.Join(versions[name], ", "))
	}
	if n := len(names) - most; n > 0 {
		list = append(list, format.Number(n)+" more")
	}
	return "Packages: " + strings.Join(list, "; ")
}

func worst(findings []Finding) detect.Severity {
	return slices.MinFunc(findings, func(a, b Finding) int { return a.Severity.Compare(b.Severity) }).Severity
}

// bySeverity counts the findings of each severity: "1 critical, 2 high".
func bySeverity(findings []Finding) string {
	counts := map[detect.Severity]int{}
	for _, f := range findings {
		counts[f.Severity]++
	}
	var severities []detect.Severity
	for severity := range counts {
		severities = append(severities, severity)
	}
	slices.SortFunc(severities, func(a, b detect.Severity) int { return cmp.Or(a.Compare(b), cmp.Compare(a, b)) })
	var parts []string
	for _, severity := range severities {
		parts = append(parts, format.Number(counts[severity])+" "+string(severity))
	}
	return strings.Join(parts, ", ")
}

// WriteProblems writes what could not be read, one line each; where there are many and all is false, the first ones.
func WriteProblems(w io.Writer, problems []Problem, all bool) error {
	const most = 10
	var b strings.Builder
	shown := problems
	if !all && len(shown) > most {
		shown = shown[:most]
	}
	for _, p := range shown {
		fmt.Fprintf(&b, "rekey: %s: %s\n", p.Name, p.Reason)
	}
	if n := len(problems) - len(shown); n > 0 {
		fmt.Fprintf(&b, "rekey: and %s; --verbose lists them all\n", format.Count(n, "more", "more"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
