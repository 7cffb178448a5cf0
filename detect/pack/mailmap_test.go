package pack

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMailmap(t *testing.T) {
	t.Parallel()
	names := []string{"Ann", "ann", "Bob B", "", "Ç"}
	emails := []string{"a@x", "A@X", "b@x", "", "c"}
	rapid.Check(t, func(rt *rapid.T) {
		name := func() string { return rapid.SampledFrom(names).Draw(rt, "name") }
		email := func() string { return "<" + rapid.SampledFrom(emails).Draw(rt, "email") + ">" }
		var lines strings.Builder
		for range rapid.IntRange(0, 6).Draw(rt, "lines") {
			switch rapid.IntRange(0, 4).Draw(rt, "form") {
			case 0:
				fmt.Fprintf(&lines, "%s %s\n", name(), email())
			case 1:
				fmt.Fprintf(&lines, "%s %s\n", email(), email())
			case 2:
				fmt.Fprintf(&lines, "%s %s %s\n", name(), email(), email())
			case 3:
				fmt.Fprintf(&lines, " %s\t%s %s %s # trailing\n", name(), email(), name(), email())
			case 4:
				fmt.Fprintf(&lines, "# %s\nno address\n%s <open\n", email(), name())
			}
		}
		r := repoIn(rt, tempDir(t, rt))
		r.Git("", "init", "-q", "--bare", "-b", "main", "--template=")
		var in strings.Builder
		count := rapid.IntRange(1, 4).Draw(rt, "commits")
		for i := range count {
			author := strings.TrimPrefix(name()+" "+email(), " ")
			fmt.Fprintf(&in, "commit refs/heads/main\nauthor %s %d +0000\ncommitter C <c@x> %d +0000\n", author, i, i)
			data(&in, mark(i))
			if i == count-1 {
				in.WriteString("M 100644 inline .mailmap\n")
				data(&in, lines.String())
			}
		}
		r.Git(in.String(), "fast-import", "--quiet")
		head := strings.TrimSpace(r.Git("", "rev-parse", "main"))
		report := scanMarks(t, r.pack([]string{head}, nil), Options{}, head)
		want := r.Git("", "log", "--reverse", "--format=%aN|%aE")
		var got strings.Builder
		for _, s := range report.Sightings {
			fmt.Fprintf(&got, "%s|%s\n", s.Author.Name, s.Author.Email)
		}
		if got.String() != want {
			rt.Fatalf("mailmap\n%s\ngives\n%s\ngit says\n%s", lines.String(), got.String(), want)
		}
	})
}
