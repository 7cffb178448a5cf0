package scan

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond/format"
)

const (
	// mostProblems is how many lines are written about what could not be read, before they are put together by reason.
	mostProblems = 10
	// mostReasons is how many of those are written.
	mostReasons = 20
)

// WriteProblems writes what could not be read, and what there is to say about the lists that were read: one line for each,
// or where there are many and all is false, one for each reason.
func WriteProblems(w io.Writer, r Result, all bool) error {
	var b strings.Builder
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "rekey: %s\n", terminal.Printable(note))
	}
	var whole, part []Problem
	for _, p := range r.Problems {
		switch {
		case p.Absent != "":
			fmt.Fprintf(&b, "rekey: %s\n", p.absent())
		case p.Part:
			part = append(part, p)
		default:
			whole = append(whole, p)
		}
	}
	for _, problems := range [][]Problem{whole, part} {
		for _, line := range lines(problems, all) {
			fmt.Fprintf(&b, "rekey: %s\n", line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// absent says what a clone lacks and how to get it.
func (p Problem) absent() string {
	if p.Absent == pack.ShallowClone {
		return "this is a shallow clone: the history before " + format.Count(max(1, p.Count), "commit", "commits") + " is missing. " +
			"Fetch it with: git fetch --unshallow (GitHub Actions: fetch-depth: 0, GitLab: GIT_DEPTH: 0)"
	}
	return fmt.Sprintf("this is a partial clone: %s missing, such as %s. Fetch them with: git fetch --refetch --no-filter",
		format.Count(max(1, p.Count), "object is", "objects are"), terminal.Printable(p.Path))
}

func lines(problems []Problem, all bool) []string {
	var out []string
	if all || len(problems) <= mostProblems {
		for _, p := range problems {
			out = append(out, p.String())
		}
		return out
	}
	groups := together(problems, func(_ int, p Problem) string { return withoutNumbers(p.Reason) })
	slices.SortStableFunc(groups, func(a, b []Problem) int { return cmp.Compare(len(b), len(a)) })
	for _, g := range groups[:min(len(groups), mostReasons)] {
		line := g[0].String()
		if n := len(g) - 1; n > 0 {
			line += fmt.Sprintf(" (and %s like it; --verbose lists them all)", format.Number(n))
		}
		out = append(out, line)
	}
	rest := 0
	for _, g := range groups[min(len(groups), mostReasons):] {
		rest += len(g)
	}
	if rest > 0 {
		out = append(out, fmt.Sprintf("%s more, for other reasons; --verbose lists them all", format.Number(rest)))
	}
	return out
}

// withoutNumbers makes reasons alike that tell of sizes and places, and of what they quote.
func withoutNumbers(reason string) string {
	var b strings.Builder
	quoted := false
	for _, c := range reason {
		if c == '"' {
			quoted = !quoted
		}
		if !quoted && (c < '0' || c > '9') {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// reasonOf is an error without the path, which is told beside it.
func reasonOf(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
