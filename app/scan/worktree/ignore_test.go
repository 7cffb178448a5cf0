package worktree

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// piece is what patterns and paths are drawn from: few letters, so that they meet, and all that is special.
func pieces(special bool) *rapid.Generator[string] {
	all := []string{"a", "b", "ab", "A", ".env", "x.go", "/", "/", "-", "]", "é"}
	if special {
		all = append(all, "*", "*", "**", "**/", "/**", "?", "[ab]", "[!a]", "[^b]", "[a-c]", "[]]", "[[:alpha:]]", "[[:upper:]]x", "[a-",
			`\*`, `\a`, `\`, " ", `\ `, "!", "#", "[\\]a]", "[a\\-c]", "[[:no:]]", "[A-B]")
	}
	return rapid.SampledFrom(all)
}

func drawPath(t *rapid.T) string {
	path := strings.Join(rapid.SliceOfN(pieces(false), 1, 7).Draw(t, "path"), "")
	path = strings.ReplaceAll(path, "*", "")
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if part != "" && part != "." && part != ".." {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "a"
	}
	return strings.Join(parts, "/")
}

// TestIgnoredAsGit holds our rules against git's own, for patterns in several files and case folded or not.
func TestIgnoredAsGit(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(base, "") //nolint:usetesting // a directory for each of rapid's cases
		if err != nil {
			rt.Fatalf("%v", err)
		}
		r := repoIn(rt, dir)
		r.Git("", "init", "-q")
		fold := rapid.Bool().Draw(rt, "fold")
		r.Git("", "config", "core.ignorecase", map[bool]string{true: "true", false: "false"}[fold])
		line := rapid.Custom(func(t *rapid.T) string {
			prefix := rapid.SampledFrom([]string{"", "", "", "!", "/"}).Draw(t, "prefix")
			return prefix + strings.Join(rapid.SliceOfN(pieces(true), 1, 5).Draw(t, "pattern"), "") +
				rapid.SampledFrom([]string{"", "", "/", " ", "\r"}).Draw(t, "end")
		})
		file := func(label string) string {
			return strings.Join(rapid.SliceOfN(line, 0, 6).Draw(rt, label), "\n") + rapid.SampledFrom([]string{"", "\n"}).Draw(rt, "last")
		}
		for _, name := range []string{".gitignore", "a/.gitignore", "a/b/.gitignore", ".git/info/exclude", "user"} {
			r.Write(name, file(name))
		}
		r.Git("", "config", "core.excludesFile", filepath.Join(dir, "user"))
		paths := rapid.SliceOfN(rapid.Custom(drawPath), 1, 40).Draw(rt, "paths")
		paths = slices.DeleteFunc(paths, func(p string) bool {
			// Only files are asked for. Where one of these is a directory on disk, git knows.
			return slices.Contains([]string{"a", "a/b"}, p) || fold && strings.EqualFold(p, "a")
		})
		slices.Sort(paths)
		paths = slices.Compact(paths)
		if len(paths) == 0 {
			return
		}
		out, _ := r.Try(strings.Join(paths, "\x00")+"\x00", "check-ignore", "--no-index", "-z", "--stdin")
		want := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
		tree := r.open()
		defer tree.Close()
		for _, path := range paths {
			got, err := tree.Ignored(path, noUser)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			if got != slices.Contains(want, path) {
				rt.Fatalf("%q is ignored: %t, git says %t", path, got, !got)
			}
		}
	})
}

// TestWhatIsTrackedIsNotIgnored: a .gitignore says nothing about what is in the index.
func TestWhatIsTrackedIsNotIgnored(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Write(".gitignore", ".env*\nbuild/\n!.env.example\n")
	for _, name := range []string{".env", ".env.local", ".env.example", "build/x", "build/y"} {
		r.Write(name, "text")
	}
	r.Git("", "add", "-f", ".env", "build/x")
	tree := r.open()
	defer tree.Close()
	for path, want := range map[string]bool{
		".env": false, ".env.local": true, ".env.example": false, "build/x": false, "build/y": true, "other": false,
	} {
		if got, err := tree.Ignored(path, noUser); err != nil || got != want {
			t.Errorf("%s is ignored: %t, %v", path, got, err)
		}
	}
}

// TestUsersIgnoreFiles finds the files that git finds: the default, one that a setting names, one that an included file
// of settings names.
func TestUsersIgnoreFiles(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	write := func(name, text string) {
		full := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ignored := func() bool {
		r := newRepo(t)
		tree := r.open()
		defer tree.Close()
		is, err := tree.Ignored("notes/private", func(name string) string {
			if name == "HOME" {
				return home
			}
			return noUser(name)
		})
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	if ignored() {
		t.Error("ignored before anything says so")
	}
	write(".config/git/ignore", "private\n")
	if !ignored() {
		t.Error("~/.config/git/ignore does not count")
	}
	write(".gitconfig", "[core]\n\texcludesFile = \"~/mine\" # not the default\n")
	if ignored() {
		t.Error("the default counts beside core.excludesFile")
	}
	write("mine", "private\n")
	if !ignored() {
		t.Error("core.excludesFile does not count")
	}
	write(".gitconfig", "[include]\n\tpath = other\n")
	write("other", "[core]\n  excludesfile = ~/mi\\\nne\n")
	if !ignored() {
		t.Error("an included file does not count")
	}
}

// TestIgnoreFilesThatAreNoFiles: git follows no link to a .gitignore, and a pipe does not hang.
func TestIgnoreFilesThatAreNoFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Write("real", "*\n")
	if err := os.Symlink("real", filepath.Join(r.Dir, ".gitignore")); err != nil {
		t.Skip(err)
	}
	tree := r.open()
	defer tree.Close()
	if is, err := tree.Ignored("x", noUser); is || err != nil {
		t.Errorf("a link counts: %t, %v", is, err)
	}
}

// TestWildmatchIsBounded: patterns that make a matcher by trial take the age of the universe.
func TestWildmatchIsBounded(t *testing.T) {
	t.Parallel()
	pattern := strings.Repeat("*a", 100) + "b"
	if wildmatch(pattern, strings.Repeat("a", 2000), false, false) {
		t.Error("matches")
	}
	if wildmatch(strings.Repeat("**/a/", 100)+"b", strings.Repeat("a/", 1000), false, false) {
		t.Error("matches")
	}
}
