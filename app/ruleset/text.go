package ruleset

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/respond/format"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// headings are what is said of each state, with what to do.
func headings() []struct {
	state State
	text  string
} {
	return []struct {
		state State
		text  string
	}{
		{Missing, "Not required: commits with keys can be merged"},
		{Anybody, "Required, but taken from anybody: whoever can write there can post a green check of this name. Set rekey as its source"},
		{Other, "Required of another App: pull requests wait for a check that this App doesn't post"},
		{Evaluate, "Evaluated only, which holds nothing back: make the ruleset active"},
		{Unread, "Unknown"},
	}
}

// WriteText writes the report for people: what is wrong first, by kind.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, h := range headings() {
		if r.Counts[h.state] == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s (%s):\n", h.text, format.Number(r.Counts[h.state]))
		for _, repo := range r.Repositories {
			if repo.State != h.state {
				continue
			}
			line := repo.Name + ", branch " + repo.Branch
			if repo.Why != "" {
				line += ": " + repo.Why
			}
			fmt.Fprintf(&b, "  %s\n", terminal.Printable(line))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s of %s %s \"%s\" of App %d", format.Number(r.Counts[Required]), format.Count(len(r.Repositories), "repository", "repositories"),
		map[bool]string{true: "requires", false: "require"}[r.Counts[Required] == 1], r.Check, r.App)
	if r.Archived > 0 {
		fmt.Fprintf(&b, "; %s not looked at", format.Count(r.Archived, "archived one was", "archived ones were"))
	}
	b.WriteString(".\n")
	_, err := io.WriteString(w, b.String())
	return err
}
