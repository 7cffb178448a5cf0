package local

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect/audit"
)

// Explain writes all that is known of a check. The ID may be in small letters.
func Explain(w io.Writer, id string, s Style) error {
	check, ok := audit.Lookup(id)
	for _, c := range audit.Checks() {
		if !ok && strings.EqualFold(c.ID, id) {
			check, ok = c, true
		}
	}
	if !ok {
		return fmt.Errorf("no check has the ID %s; rekey audit --list shows them all", terminal.Printable(id))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", s.Paint(terminal.Bold+colourOf(check.Severity), "■ "+check.ID), s.Paint(terminal.Bold, check.Title))
	s.row(&b, "", strings.Join(facts(check), ", "))
	b.WriteByte('\n')
	s.markdown(&b, check.Why)
	s.heading(&b, "Fix")
	s.markdown(&b, check.Fix)
	s.example(&b, "The mistake", check.Before, terminal.Red)
	s.example(&b, "Fixed", check.After, terminal.Green)
	s.heading(&b, "Accept it")
	s.Prose(&b, "", "", "In a comment on the line, or on the one above, say why:")
	fmt.Fprintf(&b, "\n  // rekey:allow %s this page is public\n\n", check.ID)
	if check.Link != "" {
		fmt.Fprintf(&b, "%s %s\n", s.Paint(terminal.Faint, "More:"), check.Link)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// facts are a check's severity, where it occurs, and when it is made.
func facts(c audit.Check) []string {
	all := []string{string(c.Severity) + " severity"}
	if len(c.Frameworks) > 0 {
		all = append(all, strings.Join(c.Frameworks, ", "))
	} else {
		all = append(all, "any framework")
	}
	if c.Tier == audit.All {
		all = append(all, "with --level all only")
	}
	return all
}

func (s Style) heading(b *strings.Builder, text string) {
	fmt.Fprintf(b, "%s\n", s.Paint(terminal.Bold, text))
}

// example writes files, each below its path.
func (s Style) example(b *strings.Builder, heading string, files []audit.Example, colour string) {
	if len(files) == 0 {
		return
	}
	s.heading(b, heading)
	for _, f := range files {
		fmt.Fprintf(b, "  %s\n", s.Paint(terminal.Faint, f.Path))
		for line := range strings.Lines(f.Text) {
			if line = strings.TrimRight(line, "\n"); line == "" {
				b.WriteByte('\n')
				continue
			}
			fmt.Fprintf(b, "    %s\n", s.Paint(colour, line))
		}
	}
	b.WriteByte('\n')
}

// markdown writes paragraphs, lists and code of Markdown as they are, broken where the terminal ends.
func (s Style) markdown(b *strings.Builder, text string) {
	code := false
	var paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			s.Prose(b, "", "", strings.Join(paragraph, " "))
			paragraph = nil
		}
	}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimRight(line, "\n")
		switch fence := strings.HasPrefix(strings.TrimSpace(line), "```"); {
		case fence:
			flush()
			code = !code
		case code:
			fmt.Fprintf(b, "    %s\n", line)
		case line == "":
			flush()
			b.WriteByte('\n')
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "* "):
			flush()
			s.Prose(b, "", "- ", line[2:])
		default:
			paragraph = append(paragraph, line)
		}
	}
	flush()
	b.WriteByte('\n')
}

// WriteList writes a table of all checks.
func WriteList(w io.Writer, s Style) error {
	var b strings.Builder
	checks := audit.Checks()
	widths := [2]int{len("ID"), len("SEVERITY")}
	for _, c := range checks {
		widths[0] = max(widths[0], utf8.RuneCountInString(c.ID))
		widths[1] = max(widths[1], len(c.Severity))
	}
	line := func(c audit.Check) {
		title := c.Title
		if frameworks := slices.Clone(c.Frameworks); len(frameworks) > 0 {
			title += " (" + strings.Join(frameworks, ", ") + ")"
		}
		s.Prose(&b, "", fmt.Sprintf("%-*s  %-*s  ", widths[0], c.ID, widths[1], c.Severity), title)
	}
	for _, tier := range []audit.Tier{audit.Default, audit.All} {
		if tier == audit.All {
			fmt.Fprintf(&b, "\n%s\n", s.Paint(terminal.Bold, "With --level all, too: questions for a reviewer"))
		} else {
			fmt.Fprintf(&b, "%s\n", s.Paint(terminal.Bold, "Always: mistakes that the files prove"))
		}
		for _, c := range checks {
			if c.Tier == tier {
				line(c)
			}
		}
	}
	fmt.Fprintf(&b, "\n%s\n", s.Paint(terminal.Faint, "rekey audit --explain ID shows one of them, with an example"))
	_, err := io.WriteString(w, b.String())
	return err
}
