package local

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit"
)

// finding is one with an edit of a file that was read.
func finding(path, text string, edit audit.Edit) Finding {
	f := Finding{Finding: audit.Finding{ID: "T1", Path: path, Edit: &edit}, Name: path, EditName: path}
	if text != "" {
		f.Text, f.EditText = []byte(text), []byte(text)
	}
	return f
}

func named(path string) string { return path }

func replace(start, end int, text string) audit.Edit {
	return audit.Edit{Replacements: []audit.Replacement{{Start: start, End: end, Text: text}}}
}

func TestEditsOfAFileAreOneChange(t *testing.T) {
	t.Parallel()
	got := changes([]Finding{
		finding("b.ts", "f(); g();", replace(5, 5, "await ")),
		finding("b.ts", "f(); g();", replace(0, 0, "await ")),
		finding("b.ts", "f(); g();", replace(0, 0, "await ")),  // found twice
		finding("b.ts", "f(); g();", replace(0, 3, "other()")), // of the same place
		finding("b.ts", "f(); g();", audit.Edit{Rename: "c.ts"}),
		finding("b.ts", "f(); g();", audit.Edit{Rename: "d.ts"}), // and elsewhere
		finding(".gitignore", "", replace(0, 0, ".clerk/\n")),
		{Finding: audit.Finding{ID: "T2", Path: "a.ts"}},
	}, named)
	if len(got) != 2 || got[0].Path != ".gitignore" || string(got[0].New) != ".clerk/\n" || got[0].Old != nil {
		t.Fatalf("%+v", got)
	}
	if b := got[1]; string(b.New) != "await f(); await g();" || b.To != "c.ts" || !slices.Equal(b.IDs, []string{"T1"}) {
		t.Errorf("%q to %s for %v", b.New, b.To, b.IDs)
	}
}

// disk is a directory with files.
func disk(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// written are the files of a directory.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		all[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFix(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before map[string]string
		edits  []Finding
		after  map[string]string
		failed string // what is said; empty: nothing is
	}{
		"replaced, with its line ends": {
			map[string]string{"a.ts": "f();\r\ng();\r\n"},
			[]Finding{finding("a.ts", "f();\r\ng();\r\n", replace(6, 6, "await "))},
			map[string]string{"a.ts": "f();\r\nawait g();\r\n"},
			"",
		},
		"renamed and replaced": {
			map[string]string{"src/midleware.ts": "f();"},
			[]Finding{finding("src/midleware.ts", "f();", audit.Edit{Rename: "src/middleware.ts", Replacements: []audit.Replacement{{Text: "await "}}})},
			map[string]string{"src/middleware.ts": "await f();"},
			"",
		},
		"moved": {
			map[string]string{"app/middleware.ts": "f();", "src/x": ""},
			[]Finding{finding("app/middleware.ts", "f();", audit.Edit{Rename: "src/middleware.ts"})},
			map[string]string{"src/middleware.ts": "f();", "src/x": ""},
			"",
		},
		"created": {map[string]string{"a": ""}, []Finding{finding(".gitignore", "", replace(0, 0, ".clerk/\n"))}, map[string]string{"a": "", ".gitignore": ".clerk/\n"}, ""},
		"created meanwhile": {
			map[string]string{".gitignore": "x\n"},
			[]Finding{finding(".gitignore", "", replace(0, 0, ".clerk/\n"))},
			map[string]string{".gitignore": "x\n"},
			"it changed meanwhile",
		},
		"changed meanwhile": {
			map[string]string{"a.ts": "f(); // new"},
			[]Finding{finding("a.ts", "f();", replace(0, 0, "await "))},
			map[string]string{"a.ts": "f(); // new"},
			"it changed meanwhile",
		},
		"changed meanwhile, and to be renamed": {
			map[string]string{"a.ts": "f(); // new"},
			[]Finding{finding("a.ts", "f();", audit.Edit{Rename: "b.ts"})},
			map[string]string{"a.ts": "f(); // new"},
			"it changed meanwhile",
		},
		"in the way": {
			map[string]string{"a.ts": "f();", "b.ts": "mine"},
			[]Finding{finding("a.ts", "f();", audit.Edit{Rename: "b.ts", Replacements: []audit.Replacement{{Text: "await "}}})},
			map[string]string{"a.ts": "f();", "b.ts": "mine"},
			"b.ts exists",
		},
		"no directory": {
			map[string]string{"a.ts": "f();"},
			[]Finding{finding("a.ts", "f();", audit.Edit{Rename: "src/a.ts"})},
			map[string]string{"a.ts": "f();"},
			"there is no directory src",
		},
		"gone meanwhile": {map[string]string{"x": ""}, []Finding{finding("a.ts", "f();", replace(0, 0, "await "))}, map[string]string{"x": ""}, "no such file"},
		"outside": {
			map[string]string{"a.ts": "f();"},
			[]Finding{finding("a.ts", "f();", audit.Edit{Rename: "../../escaped.ts"})},
			map[string]string{"a.ts": "f();"},
			"path escapes",
		},
	} {
		dir := disk(t, c.before)
		failed, err := Fix(Result{top: dir, Changes: changes(c.edits, named)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		switch {
		case c.failed == "" && len(failed) > 0, c.failed != "" && (len(failed) != 1 || !strings.Contains(failed[0].Reason, c.failed)):
			t.Errorf("%s: %v, want %q", name, failed, c.failed)
		}
		got := written(t, dir)
		if len(got) != len(c.after) {
			t.Errorf("%s: the files are %v", name, got)
		}
		for p, text := range c.after {
			if got[p] != text {
				t.Errorf("%s: %s is %q, want %q", name, p, got[p], text)
			}
		}
		for p := range c.after {
			if info, err := os.Stat(filepath.Join(dir, p)); err == nil && p != ".gitignore" && info.Mode().Perm() != 0o640 {
				t.Errorf("%s: %s has the mode %v", name, p, info.Mode())
			}
		}
	}
}

// TestFixFollowsNoLink: what was a file when it was read, and is a link now, is left alone, and what it points to as well.
func TestFixFollowsNoLink(t *testing.T) {
	t.Parallel()
	outside := disk(t, map[string]string{"a.ts": "f();"})
	dir := disk(t, map[string]string{"x": ""})
	if err := os.Symlink(filepath.Join(outside, "a.ts"), filepath.Join(dir, "a.ts")); err != nil {
		t.Skip(err)
	}
	failed, err := Fix(Result{top: dir, Changes: changes([]Finding{finding("a.ts", "f();", replace(0, 0, "await "))}, named)})
	if err != nil || len(failed) != 1 || written(t, outside)["a.ts"] != "f();" {
		t.Errorf("%v, %v: %v", failed, err, written(t, outside))
	}
}

func TestDiffsOfOddNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change Change
		want   string
	}{
		{Change{Path: "a", To: "b", Name: "a ", ToName: "b", Old: []byte("x"), New: []byte("x")}, "diff --git a/a  b/b\nrename from a \nrename to b\n"},
		{
			Change{Path: "a", To: "a", Name: "a\"b\n", ToName: "a\"b\n", Old: []byte("x\n"), New: []byte("y\n")},
			"diff --git \"a/a\\\"b\\012\" \"b/a\\\"b\\012\"\n--- \"a/a\\\"b\\012\"\n+++ \"b/a\\\"b\\012\"\n@@ -1,1 +1,1 @@\n-x\n+y\n",
		},
		{
			Change{Path: "n", To: "n", Name: "n", ToName: "n", New: []byte("y\n")},
			"diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1,1 @@\n+y\n",
		},
		{
			Change{Path: "s p", To: "s p", Name: "s p", ToName: "s p", Old: []byte("x"), New: []byte("y")},
			"diff --git a/s p b/s p\n--- a/s p\t\n+++ b/s p\t\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n",
		},
	} {
		if got := string(c.change.diff()); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
