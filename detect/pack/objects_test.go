package pack

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOpenObjects: of a directory of objects only what is in it is read, loose or packed, and neither its alternates nor what its
// commits come from; the paths and commits of what is new are known all the same.
func TestOpenObjects(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("old", map[string]string{"old": "old " + mark(1), "sub/old": mark(2), "sub/deep/x": "text"})
	dir := filepath.Join(t.TempDir(), "shared")
	r.Git("", "clone", "-q", "--shared", r.Dir, dir)
	shared := repoIn(t, dir)
	head := shared.Commit("new", map[string]string{"new": mark(3), "sub/deep/new": "some " + mark(4), "sub/old": "text"})
	want := shared.introduced([]string{head})
	if len(want) != 2 {
		t.Fatalf("git says %v", want)
	}
	for _, step := range []func(){
		func() {},
		func() { shared.Git("", "repack", "-q", "-d", "-l") },
	} {
		step()
		opened, err := OpenObjects(background, filepath.Join(dir, ".git", "objects"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		report, err := opened.scan(background, findMarks, Range{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, rows(report)); d != "" || len(report.Skipped) > 0 || report.Stats.Commits != 1 {
			t.Errorf("skipped %v, %d commits (-git +objects):\n%s", report.Skipped, report.Stats.Commits, d)
		}
		opened.Close()
	}
	if _, err := OpenObjects(background, filepath.Join(dir, "nothing"), Options{}); err == nil || !strings.Contains(err.Error(), "is not a directory") {
		t.Errorf("of a directory that is not there: %v", err)
	}
}
