package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

func TestWhatIsAudited(t *testing.T) {
	t.Parallel()
	pull := []respond.Scan{{Trigger: respond.TriggerPullRequest, PullNumber: 3, Base: "base"}}
	pushed := []respond.Scan{{Trigger: respond.TriggerPush, Ref: "refs/heads/main"}}
	for name, c := range map[string]struct {
		head, tip string
		scans     []respond.Scan
		want      task
	}{
		"the default branch":                        {"a", "a", pushed, task{head: "a", create: true}},
		"the default branch after its history":      {"a", "a", nil, task{head: "a"}},
		"a pull request":                            {"b", "a", pull, task{head: "b", pull: 3, base: "base", create: true}},
		"a pull request from the default branch":    {"a", "a", pull, task{head: "a", create: true}},
		"a commit that the default branch left":     {"b", "a", pushed, task{}},
		"a pull request that was merged and passed": {"b", "a", slices.Concat(pull, pushed), task{head: "b", pull: 3, base: "base", create: true}},
		"nothing is known":                          {"", "", nil, task{}},
	} {
		f := facts{repository: respond.Repository{DefaultBranch: "main"}, head: c.head, tip: c.tip, scans: c.scans}
		if got := plan(f); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestWhatAPullRequestChanges(t *testing.T) {
	t.Parallel()
	list := func(files ...string) *snapshot {
		s := empty()
		for _, f := range files {
			name, blob, _ := strings.Cut(f, " ")
			s.paths, s.blobs[name] = append(s.paths, name), blob
		}
		return s
	}
	base := list("Dockerfile 1", "package.json 2", "old/.env.example 3", "gone/Dockerfile 4", "README.md 5")
	head := list("Dockerfile 9", "package.json 2", "new/.env.example 3", "README.md 6", "more/Dockerfile 7")
	c := changesOf(base, head)
	if want := []string{"Dockerfile", "new/.env.example", "more/Dockerfile"}; !slices.Equal(c.head, want) {
		t.Errorf("at the head %q, want %q", c.head, want)
	}
	if want := []string{"Dockerfile", "old/.env.example", "gone/Dockerfile"}; !slices.Equal(c.base, want) {
		t.Errorf("at the base %q, want %q", c.base, want)
	}
	if c.renamed["new/.env.example"] != "old/.env.example" || len(c.renamed) != 1 || !c.added["more/Dockerfile"] || c.added["Dockerfile"] {
		t.Errorf("renamed %q, added %v", c.renamed, c.added)
	}
}

// TestWhatStoodBeforeIsNotNew writes texts whose lines are findings where they hold an X.
func TestWhatStoodBeforeIsNotNew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after string
		want          []int // lines of what is new
	}{
		"nothing":                  {"a X b", "a X b", nil},
		"a line above":             {"a X b", "n a X b", nil},
		"the same again":           {"a X b", "a X b c X d", []int{5}},
		"one for another":          {"a X b", "a b X2 c", []int{3}},
		"the line itself":          {"a X b", "a X2 b", []int{2}},
		"moved down":               {"X a b c", "a b c X", nil},
		"a file that is new":       {"", "a X", []int{2}},
		"one of two is taken away": {"a X b X c", "a b X c", nil},
	} {
		before, after := strings.ReplaceAll(c.before, " ", "\n"), strings.ReplaceAll(c.after, " ", "\n")
		find := func(text string) (list []respond.AuditFinding) {
			for i, line := range strings.Split(text, "\n") {
				if strings.HasPrefix(line, "X") {
					list = append(list, respond.AuditFinding{Check: "C1", Severity: detect.HighSeverity, Path: "f", Line: i + 1, EndLine: i + 1})
				}
			}
			return list
		}
		line := func(text string) func(string, int) string {
			return func(_ string, n int) string { return lineOf([]byte(text), n) }
		}
		got := newFindings(side{find(before), line(before)}, side{find(after), line(after)}, func(string) map[int]int { return align([]byte(before), []byte(after)) })
		var lines []int
		for _, f := range got {
			lines = append(lines, f.Line)
		}
		if !slices.Equal(lines, c.want) {
			t.Errorf("%s: new on lines %v, want %v", name, lines, c.want)
		}
	}
	ofFile := []respond.AuditFinding{{Check: "C6", Path: "middleware.ts"}}
	none := func(string, int) string { return "" }
	nowhere := func(string) map[int]int { return nil }
	if got := newFindings(side{ofFile, none}, side{ofFile, none}, nowhere); len(got) != 0 {
		t.Errorf("what is about the file stood before: %+v", got)
	}
	if got := newFindings(side{nil, none}, side{ofFile, none}, nowhere); len(got) != 1 {
		t.Errorf("what is about a new file: %+v", got)
	}
}

// TestAlignedLinesAreTheSame: each line is aligned with one like it, in the same order, and a text with itself line by line.
func TestAlignedLinesAreTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", ""}), 0, 12)
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		aligned := align([]byte(strings.Join(before, "\n")), []byte(strings.Join(after, "\n")))
		last := 0
		for i := range after {
			at, ok := aligned[i+1]
			if !ok {
				continue
			}
			if at <= last || before[at-1] != after[i] {
				t.Fatalf("line %d %q is line %d of %q", i+1, after[i], at, before)
			}
			last = at
		}
		joined := []byte(strings.Join(after, "\n"))
		if same := align(joined, joined); len(same) != len(lines(joined)) {
			t.Fatalf("of %d lines, %d are the same as themselves", len(lines(joined)), len(same))
		}
	})
	if aligned := align([]byte("a\nb\nc\nd\n"), []byte("a\nc\nx\nd\n")); aligned[2] != 3 || aligned[4] != 4 || aligned[3] != 0 {
		t.Errorf("aligned %v", aligned)
	}
}

// TestWhenRoutesAreMapped: only where code changes, and never of a commit with more files than are followed.
func TestWhenRoutesAreMapped(t *testing.T) {
	t.Parallel()
	commit := func(scripts int, more ...string) *snapshot {
		s := &snapshot{blobs: map[string]string{}, whole: true}
		for n := range scripts {
			s.paths = append(s.paths, fmt.Sprintf("src/%d.ts", n))
		}
		s.paths = append(s.paths, more...)
		for _, name := range s.paths {
			s.blobs[name] = "blob of " + name
		}
		return s
	}
	for name, c := range map[string]struct {
		base, head *snapshot
		want       bool
	}{
		"code is added":      {commit(2), commit(3), true},
		"code is removed":    {commit(3), commit(2), true},
		"a package is":       {commit(1), commit(1, "package.json"), true},
		"nothing of it":      {commit(1), commit(1, "Dockerfile", "src/a.test.ts"), false},
		"as much as is read": {commit(maxRouteFiles - 1), commit(maxRouteFiles), true},
		"too much code":      {commit(maxRouteFiles), commit(maxRouteFiles + 1), false},
		"too much before":    {commit(maxRouteFiles + 1), commit(1), false},
	} {
		if got := mapsRoutes(changesOf(c.base, c.head), c.base, c.head); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
