package scan

import (
	"fmt"
	"strings"
	"testing"
)

// TestProblemsAreFewLines, however many files a large tree has that cannot be read: one for each reason, the most common
// first, and no foreign text that disturbs a terminal.
func TestProblemsAreFewLines(t *testing.T) {
	t.Parallel()
	var r Result
	for i := range 500 {
		r.Problems = append(r.Problems, Problem{Path: fmt.Sprintf("a%d.zip", i), Reason: fmt.Sprintf(`zip: entry %d of "x%d" is cut`, i, i), Part: true})
	}
	for i := range 25 {
		r.Problems = append(r.Problems, Problem{Path: "odd", Reason: strings.Repeat("y", i+1), Part: true})
	}
	r.Problems = append(r.Problems, Problem{Path: "gone\x1b[31m", Reason: "no such file"})
	r.Notes = []string{"note \x1b[2J"}
	written := func(all bool) string {
		var b strings.Builder
		if err := WriteProblems(&b, r, all); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	short := written(false)
	if n := strings.Count(short, "\n"); n > mostReasons+3 {
		t.Errorf("%d lines", n)
	}
	for _, want := range []string{
		"rekey: note ·[2J\nrekey: gone·[31m: no such file\nrekey: a0.zip: zip: entry 0 of \"x0\" is cut (and 499 like it; --verbose lists them all)\n",
		"rekey: 6 more, for other reasons; --verbose lists them all\n",
	} {
		if !strings.Contains(short, want) {
			t.Errorf("no %q in\n%s", want, short)
		}
	}
	if n := strings.Count(written(true), "\n"); n != len(r.Problems)+1 {
		t.Errorf("with --verbose %d lines, want %d", n, len(r.Problems)+1)
	}
}
