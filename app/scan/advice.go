package scan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/guide"
)

// mostCommands is how many commands are written that take a file out of the next commit.
const mostCommands = 10

// advice says what to do about what was found.
func (s Style) advice(b *strings.Builder, r Result) {
	var committed, staged []Hit
	for _, h := range r.Hits {
		if h.Unstage != "" {
			staged = append(staged, h)
		} else {
			committed = append(committed, h)
		}
	}
	s.stagedAdvice(b, staged)
	s.rotation(b, grouped(committed))
	if len(r.Hits) > 0 {
		s.Prose(b, terminal.Faint, "", "A false positive? Put its fingerprint into "+IgnoreFile+", with a # comment that says why.")
		b.WriteByte('\n')
	}
}

// stagedAdvice says how to keep out of the next commit what is not in one yet.
func (s Style) stagedAdvice(b *strings.Builder, staged []Hit) {
	if len(staged) == 0 {
		return
	}
	fmt.Fprintf(b, "%s\n", s.Paint(terminal.Bold, "Nothing has leaked yet: this isn't committed"))
	s.Prose(b, "", "  1. ", "remove it from the next commit:")
	var commands []string
	for _, h := range staged {
		if !slices.Contains(commands, h.Unstage) {
			commands = append(commands, h.Unstage)
		}
	}
	for _, command := range commands[:min(len(commands), mostCommands)] {
		fmt.Fprintf(b, "       %s\n", terminal.Printable(command))
	}
	if n := len(commands) - mostCommands; n > 0 {
		fmt.Fprintf(b, "       and %s\n", format.Count(n, "more file", "more files"))
	}
	s.Prose(b, "", "  2. ", "keep the value out of git: in a file that .gitignore lists, such as .env.local, and in your host's environment "+
		"variables. In code, read the variable")
	s.Prose(b, "", "  3. ", "commit again. If the value was ever pushed or sent to anyone, rotate it in Clerk")
	b.WriteByte('\n')
}

// rotation says what to do about each kind of credential that others may have.
func (s Style) rotation(b *strings.Builder, groups [][]Hit) {
	if len(groups) == 0 {
		return
	}
	shown := map[string]bool{}
	for _, g := range groups {
		steps := guide.Brief(g[0].Kind)
		if shown[steps[0]] {
			continue
		}
		shown[steps[0]] = true
		fmt.Fprintf(b, "%s\n", s.Paint(terminal.Bold, "What to do about "+withArticle(kindName(g[0].Kind))))
		for i, step := range steps {
			s.Prose(b, "", fmt.Sprintf("  %d. ", i+1), step)
		}
	}
	s.Prose(b, "", "", "Removing the line isn't enough: the credential works until it is revoked in Clerk.")
	if slices.ContainsFunc(groups, func(g []Hit) bool { return slices.ContainsFunc(g, func(h Hit) bool { return h.Online.Field != "" }) }) {
		s.Prose(b, "", "", "GitHub keeps what a text said before it was edited: docs/texts.md says how to remove a credential from one for good.")
	}
}

// notInGit writes what is in files that git ignores.
func (s Style) notInGit(b *strings.Builder, hits []Hit) {
	if len(hits) == 0 {
		return
	}
	fmt.Fprintf(b, "%s\n", s.Paint(terminal.Bold, "Not in git: these files are ignored by git, so they are fine where they are; --include-ignored fails on them"))
	places := together(hits, func(_ int, h Hit) string { return pathOf(h) })
	for _, g := range places[:min(len(places), mostPlaces)] {
		fmt.Fprintf(b, "  %s  %s\n", terminal.Printable(pathOf(g[0])), s.Paint(terminal.Faint, summaryOf(g)))
	}
	if n := len(places) - mostPlaces; n > 0 {
		fmt.Fprintf(b, "  %s\n", s.Paint(terminal.Faint, "and "+format.Count(n, "more file", "more files")+"; --format json lists them all"))
	}
	b.WriteByte('\n')
}

// summaryOf names the credentials of one file.
func summaryOf(hits []Hit) string {
	var names []string
	for _, h := range hits {
		name := respond.Describe(h.Kind, h.Environment) + " " + h.redacted()
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 2 {
		return names[0] + " and " + format.Count(len(names)-1, "other credential", "other credentials")
	}
	return strings.Join(names, ", ")
}

// allowedInVain reports whether a hit is on a line that says rekey:allow, which does not count for it.
func allowedInVain(h Hit) bool { return h.Allowed && h.Environment == detect.Live }
