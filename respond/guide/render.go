package guide

import (
	"strconv"
	"strings"
)

// Markdown returns the instructions as sections of an issue: the steps, and everything else folded away.
func (g Guide) Markdown(abused bool) string {
	var b strings.Builder
	abused = abused && len(g.Abused) > 0
	b.WriteString("### What to do\n\n")
	if g.Fastest != "" {
		b.WriteString(g.Fastest + "\n\n")
	}
	if abused {
		b.WriteString("**Delete first, fix afterwards:** " + deleteFirst + " " + g.Who + "\n\n")
		writeSteps(&b, g.Abused)
	} else {
		if intro := strings.TrimSpace(g.Takes + " " + g.Who); intro != "" {
			b.WriteString(intro + "\n\n")
		}
		writeSteps(&b, g.Steps)
	}
	switch {
	case abused && g.Calm != "":
		b.WriteString(g.Calm + "\n\n")
	case !abused && len(g.Abused) > 0:
		b.WriteString("<details>\n<summary>Is someone already using it? Then do this instead</summary>\n\n")
		writeSteps(&b, shortened(g.Abused, g.Steps))
		b.WriteString("</details>\n\n")
	}
	b.WriteString("<details>\n<summary>What it opens, and what to check afterwards</summary>\n\n")
	if g.Opens != "" {
		b.WriteString(g.Opens + "\n\n")
	}
	writeSteps(&b, g.After)
	b.WriteString("</details>\n\n")
	if g.Purge != "" {
		b.WriteString("<details>\n<summary>Removing it from git's history</summary>\n\n" + g.Purge + "\n\n</details>\n")
	}
	return b.String()
}

const deleteFirst = "strangers can read it, and bots pick up keys from public places within minutes."

// Aftermath returns what to check afterwards, as a section of an issue.
func (g Guide) Aftermath() string {
	if len(g.After) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### What to check afterwards\n\n")
	writeSteps(&b, g.After)
	return b.String()
}

// shortened returns the steps of a second list, where those that the first list has in the same words are numbers only.
func shortened(second, first []Step) []Step {
	var out []Step
	from, to := 0, 0
	flush := func() {
		switch from {
		case 0:
		case to:
			out = append(out, Step{Title: "Then step " + number(from) + " above."})
		default:
			out = append(out, Step{Title: "Then steps " + number(from) + " to " + number(to) + " above."})
		}
		from, to = 0, 0
	}
	for _, s := range second {
		n := position(first, s)
		switch {
		case n == 0:
			flush()
			s.Text = orElse(s.Short, s.Text)
			out = append(out, s)
		case from == 0:
			from, to = n, n
		case n == to+1:
			to = n
		default:
			flush()
			from, to = n, n
		}
	}
	flush()
	return out
}

// position returns the number of the step in the list, 0 where it is not in it.
func position(list []Step, s Step) int {
	for i, o := range list {
		if o.Title == s.Title && o.Text == s.Text {
			return i + 1
		}
	}
	return 0
}

func writeSteps(b *strings.Builder, steps []Step) {
	for i, s := range steps {
		marker := number(i+1) + ". "
		b.WriteString(marker + "**" + s.Title + "**")
		if s.Text != "" {
			indent := strings.Repeat(" ", len(marker))
			sep := " "
			if strings.HasPrefix(s.Text, "\n") {
				sep = ""
			}
			b.WriteString(sep + strings.ReplaceAll(s.Text, "\n", "\n"+indent))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func number(n int) string { return strconv.Itoa(n) }

// block writes something to copy, on lines of its own.
func block(language string, lines ...string) string {
	return "\n```" + language + "\n" + strings.Join(lines, "\n") + "\n```"
}

// shell writes commands to copy. They are one line, joined by &&, since what a command asks for would otherwise be
// answered by the next line that was pasted with it. The line works in bash, zsh, fish and PowerShell 7.
func shell(commands ...string) string { return block("sh", strings.Join(commands, " && ")) }
