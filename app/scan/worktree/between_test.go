package worktree

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestBetweenAsGit makes a history of branches and merges at random, with clocks that go wrong or not, and compares with
// git rev-list A..B; what the commits brought with git diff-tree; and names with git rev-parse.
func TestBetweenAsGit(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(base, "") //nolint:usetesting // a directory for each of rapid's cases
		if err != nil {
			rt.Fatalf("%v", err)
		}
		r := repoIn(rt, dir)
		r.Git("", "init", "-q", "-b", "main")
		wrong := rapid.Bool().Draw(rt, "clocks go wrong")
		var script strings.Builder
		n := rapid.IntRange(2, 14).Draw(rt, "commits")
		for i := range n {
			at := 1700000000 + 100*i
			if wrong {
				at = 1700000000 + rapid.IntRange(0, 2000).Draw(rt, "time")
			}
			fmt.Fprintf(&script, "commit refs/heads/c%d\nmark :%d\ncommitter Com <com@example.org> %d +0000\ndata 1\nm", i, i+1, at)
			script.WriteString("\n")
			parents := map[int]bool{}
			for p := range rapid.IntRange(0, min(i, 3)).Draw(rt, "parents") {
				parent := rapid.IntRange(0, i-1).Draw(rt, "parent")
				if parents[parent] {
					continue
				}
				parents[parent] = true
				fmt.Fprintf(&script, "%s :%d\n", map[bool]string{true: "from", false: "merge"}[p == 0], parent+1)
			}
			file := rapid.SampledFrom([]string{"a", "d/a", "d/e/b", "d"}).Draw(rt, "file")
			if file != "d" {
				fmt.Fprintf(&script, "M 100644 inline %s\ndata <<END\n%d\nEND\n", file, rapid.IntRange(0, 3).Draw(rt, "text"))
			} else {
				script.WriteString("D d\n")
			}
		}
		r.Git(script.String(), "fast-import", "--quiet")
		if rapid.Bool().Draw(rt, "packed") {
			r.Git("", "repack", "-a", "-d", "-q")
		}
		tree, err := OpenAny(dir, nil)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		defer tree.Close()
		from, to := fmt.Sprintf("c%d", rapid.IntRange(0, n-1).Draw(rt, "from")), fmt.Sprintf("c%d", rapid.IntRange(0, n-1).Draw(rt, "to"))
		a, err := tree.Revision(from)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		b, err := tree.Revision(to)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		commits, err := tree.Between(ctx, a, b)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		var ours []string
		for _, c := range commits {
			ours = append(ours, c.ID.String())
			var files []string
			brought, err := tree.Introduced(ctx, c)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			for _, f := range brought {
				files = append(files, f.Path)
				if !tree.Holds(c, f) {
					rt.Fatalf("%s does not hold what it brought: %s", c.ID, f.Path)
				}
			}
			want := strings.Fields(r.Git("", "diff-tree", "-r", "-c", "--root", "--no-renames", "--diff-filter=d", "--name-only", "--no-commit-id", c.ID.String()))
			slices.Sort(files)
			slices.Sort(want)
			if !slices.Equal(files, want) {
				rt.Fatalf("%s brought %v, git says %v", c.ID, files, want)
			}
		}
		gits := strings.Fields(r.Git("", "rev-list", from+".."+to))
		for _, id := range gits {
			if !slices.Contains(ours, id) {
				rt.Fatalf("%s..%s leaves %s out", from, to, id)
			}
		}
		if !wrong && len(ours) != len(gits) {
			rt.Fatalf("%s..%s has %d commits, git says %d", from, to, len(ours), len(gits))
		}
		full := b.String()
		for _, name := range []string{to + "~1", to + "^2", to + "^0", full, full[:10], strings.ToUpper(full[:12]), "refs/heads/" + to, "heads/" + to, to + "~1^2~0", "nobody"} {
			got, ourErr := tree.Revision(name)
			want, gitErr := r.Try("", "rev-parse", "--verify", "-q", name+"^{commit}")
			if (ourErr != nil) != (gitErr != nil) || ourErr == nil && got.String() != strings.TrimSpace(want) {
				rt.Fatalf("%s: %s, %v; git says %s, %v", name, got, ourErr, want, gitErr)
			}
		}
	})
}
