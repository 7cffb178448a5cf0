package rotate

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/respond/format"
)

// Text is the plan as a person reads it before saying yes.
func (p Plan) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Rotate the %s\n", p.Subject.Name())
	if of := p.Instance; of.ID != "" {
		fmt.Fprintf(&b, "  of %s%s\n", of.label(), before(": ", of.Because))
	}
	if p.Subject.Issue != "" {
		fmt.Fprintf(&b, "  for %s\n", p.Subject.Issue)
	}
	if len(p.Logins) > 0 {
		fmt.Fprintf(&b, "  with these logins: %s\n", strings.Join(p.Logins, "; "))
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "\n⚠ %s\n", w)
	}
	b.WriteString("\nNothing has changed yet. This is what happens, in this order:\n")
	for i, s := range p.Steps {
		b.WriteString(numbered(i+1, s))
	}
	p.writeLeft(&b)
	if len(p.Problems) > 0 {
		b.WriteString("\nWhere rekey couldn't look:\n")
		for _, x := range p.Problems {
			fmt.Fprintf(&b, "  - %s: %s. %s\n", x.Driver, strings.TrimSuffix(x.What, "."), sentence(x.Next))
		}
	}
	if !p.writes() {
		b.WriteString("\nrekey found no place that it can write. Set the new one by hand wherever the app reads it; rekey does the rest.\n")
	} else {
		b.WriteString("\nAnything set up by hand (cron jobs, consoles, other repositories): rekey can't see it. Check those too.\n")
	}
	return b.String()
}

func (p Plan) writes() bool {
	recipe, _ := recipeFor(p.Subject.Kind)
	for _, s := range p.Steps {
		if s.Do == Write || s.Do == Ask {
			return true
		}
	}
	return !recipe.written
}

func (p Plan) writeLeft(b *strings.Builder) {
	var sure, doubt []Left
	for _, l := range p.Left {
		switch {
		case l.Doubt:
			doubt = append(doubt, l)
		case l.Place.Holding != destination.Nothing:
			sure = append(sure, l)
		}
	}
	if len(doubt) > 0 {
		b.WriteString("\nNot written, unless you say so:\n")
		for _, l := range doubt {
			fmt.Fprintf(b, "  - %s: %s%s\n    --include %s\n", l.Place.Title, l.Why, updated(l.Place), destination.Word(l.Place.Driver+":"+l.Place.ID))
		}
	}
	if len(sure) > 0 {
		b.WriteString("\nNot written:\n")
		for _, l := range sure {
			fmt.Fprintf(b, "  - %s: %s\n", l.Place.Title, l.Why)
		}
	}
}

func updated(p destination.Place) string {
	if p.Updated.IsZero() {
		return ""
	}
	return "; last set on " + format.Date(p.Updated)
}

// numbered is a step in a list.
func numbered(n int, s Step) string {
	text := s.words()
	lines := strings.Split(text, "\n")
	out := fmt.Sprintf("%3d. %s\n", n, lines[0])
	for _, line := range lines[1:] {
		out += "     " + line + "\n"
	}
	return out
}

// words say what a step does.
func (s Step) words() string {
	switch s.Do {
	case Write:
		text := "rekey writes it to " + s.Text
		switch s.Place.Holding {
		case destination.Compromised:
			text += ", which holds the old one"
		case destination.Unreadable:
			text += ", whose value can't be read" + updated(s.Place)
		case destination.Nothing, destination.Same, destination.Other:
		}
		switch s.Place.Unit.Takes {
		case destination.TakesAtOnce:
			text += "; " + s.Place.Unit.Title + " takes it at once"
		case destination.TakesNextRun:
			text += "; the next run takes it"
		case destination.TakesByRedeploy, destination.TakesByHand:
		}
		text += "."
		if s.Place.Note != "" {
			text += "\n" + s.Place.Note
		}
		return text
	case Deploy:
		return "rekey redeploys " + strings.TrimSuffix(s.Text, ".") + "."
	case Ask:
		return "You: " + s.Text
	case Create, Prove, End, Tell:
	}
	return s.Text
}

// text shows which steps are done and which are not.
func (s *state) text(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Rotate the %s\n", s.Plan.Subject.Name())
	if s.New.Redacted != "" {
		fmt.Fprintf(&b, "  the new one is %s\n", s.New.Redacted)
	}
	if now.Before(s.New.OldEnds) {
		fmt.Fprintf(&b, "  the old one works until %s\n", format.Time(s.New.OldEnds))
	}
	for _, step := range s.Plan.Steps {
		mark := "-"
		switch d, is := s.Done[step.ID]; {
		case is && d.Open:
			mark = "→"
		case is:
			mark = "✓"
		}
		line, _, _ := strings.Cut(step.words(), "\n")
		fmt.Fprintf(&b, "  %s %s\n", mark, line)
	}
	return b.String()
}

// doneText says that a step is done.
func doneText(s Step, d done) string {
	if d.Open {
		return "→ " + d.Detail
	}
	var what string
	switch s.Do {
	case Write:
		what = s.Text + ": written"
		switch d.Proof {
		case destination.ReadBack:
			what += ", and read back"
		case destination.Touched:
			what += ", and its date says so"
		case destination.Unproven, destination.Stale:
		}
		what += "."
	case Deploy:
		what = s.Unit.Title + ":"
	case Create, Prove, Ask, End, Tell:
	}
	return "✓ " + strings.TrimSpace(what+" "+d.Detail)
}

// sentence makes a sentence of a hint.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// Summary is what is said in the end.
func (r Report) Summary() string {
	var b strings.Builder
	switch {
	case r.Finished:
		fmt.Fprintf(&b, "Done: the %s is rotated.", r.Name)
	case len(r.Left) == 0:
		fmt.Fprintf(&b, "The %s is not rotated.", r.Name)
	default:
		fmt.Fprintf(&b, "The %s is not fully rotated yet. Left:\n", r.Name)
		for _, l := range r.Left {
			what := cmp.Or(l.Detail, l.What)
			if l.Detail == leftToYou {
				what = l.What
			}
			fmt.Fprintf(&b, "  - %s\n", what)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
