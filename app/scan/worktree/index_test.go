package worktree

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// raw writes changes as git diff --raw does, as far as they go.
func raw(changes []Change) []string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s %q %t", c.Before, c.After, c.Path, c.Unmerged))
	}
	return lines
}

// gitChanges is what git says of the same.
func (r repo) gitChanges() []string {
	r.Helper()
	fields := strings.Split(strings.TrimSuffix(r.Git("", "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames",
		"--ignore-submodules=none"), "\x00"), "\x00")
	var changes []Change
	for ; len(fields) >= 2; fields = fields[2:] {
		entry := strings.Fields(strings.TrimPrefix(fields[0], ":"))
		id := func(mode, id string) ID {
			if mode == "000000" || mode == "160000" {
				return ""
			}
			var b []byte
			if _, err := fmt.Sscanf(id, "%x", &b); err != nil {
				r.Fatalf("%v", err)
			}
			return ID(b)
		}
		c := Change{Path: fields[1], Before: id(entry[0], entry[2]), After: id(entry[1], entry[3])}
		if entry[4] == "U" {
			c = Change{Path: fields[1], Unmerged: true}
		}
		if c.Before != c.After || c.Unmerged { // else only its mode changed, or a submodule's commit
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return raw(slices.CompactFunc(changes, func(a, b Change) bool { return a.Path == b.Path && b.Unmerged }))
}

func (r repo) sameAsGit(what string) {
	r.Helper()
	tree := r.open()
	defer tree.Close()
	got, err := tree.Staged(context.Background())
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
	if ours, gits := raw(got), r.gitChanges(); !slices.Equal(ours, gits) {
		r.Fatalf("%s:\nours\n%s\ngit's\n%s", what, strings.Join(ours, "\n"), strings.Join(gits, "\n"))
	}
}

// TestStagedAsGit makes, changes, moves, deletes and commits files at random, with each version of the index, split and
// not, objects loose and packed, and compares with git diff --cached.
func TestStagedAsGit(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(base, "") //nolint:usetesting // a directory for each of rapid's cases
		if err != nil {
			rt.Fatalf("%v", err)
		}
		r := repoIn(rt, dir)
		format := rapid.SampledFrom([]string{"sha1", "sha1", "sha256"}).Draw(rt, "format")
		r.Git("", "init", "-q", "--object-format="+format)
		r.Git("", "config", "index.version", rapid.SampledFrom([]string{"2", "3", "4"}).Draw(rt, "version"))
		if rapid.Bool().Draw(rt, "split") {
			r.Git("", "config", "core.splitIndex", "true")
			r.Git("", "config", "splitIndex.maxPercentChange", rapid.SampledFrom([]string{"0", "50", "100"}).Draw(rt, "most"))
		}
		name := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"", "d/", "d/e/", "d-/", "long" + strings.Repeat("g", 40) + "/"}).Draw(t, "dir") +
				rapid.SampledFrom([]string{"a", "b", "ä \n\"", ".env", "z.go"}).Draw(t, "name")
		})
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			file := name.Draw(rt, "file")
			switch rapid.SampledFrom([]string{"add", "add", "add", "remove", "commit", "pack", "later", "link", "mode"}).Draw(rt, "step") {
			case "add":
				r.Write(file, strings.Repeat("line\n", rapid.IntRange(0, 300).Draw(rt, "lines"))+rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "end"))
				r.Git("", "add", "--", file)
			case "remove":
				_, _ = r.Try("", "rm", "-q", "-f", "--cached", "--", file)
			case "commit":
				r.Git("", "commit", "-q", "--allow-empty", "-m", "more")
			case "pack":
				r.Git("", "repack", "-a", "-d", "-q", "--depth=50", "--window=10")
				r.Git("", "pack-refs", "--all")
			case "later":
				r.Write(file, "later")
				_, _ = r.Try("", "add", "--intent-to-add", "--", file)
			case "link":
				_ = os.Remove(filepath.Join(dir, filepath.FromSlash(file)))
				if os.MkdirAll(filepath.Dir(filepath.Join(dir, filepath.FromSlash(file))), 0o777) == nil &&
					os.Symlink("target", filepath.Join(dir, filepath.FromSlash(file))) == nil {
					_, _ = r.Try("", "add", "--", file)
				}
			case "mode":
				_, _ = r.Try("", "update-index", "--chmod=+x", "--", file)
			}
			r.sameAsGit("a step")
		}
	})
}

// TestStagedElsewhere: linked working trees, submodules, conflicts, sparse indexes and checkouts, alternates, a detached
// HEAD.
func TestStagedElsewhere(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for i := range 30 {
		r.Write(fmt.Sprintf("dir%d/sub/file%d", i%3, i), strings.Repeat("text\n", i))
	}
	r.Git("", "add", "-A")
	r.Git("", "commit", "-q", "-m", "first")
	r.sameAsGit("nothing staged")

	linked := repoIn(t, filepath.Join(t.TempDir(), "linked"))
	r.Git("", "worktree", "add", "-q", "-b", "side", linked.Dir)
	linked.Write("dir0/sub/file0", "changed on the side\n")
	linked.Write("only-here", "text")
	linked.Git("", "add", "-A")
	linked.sameAsGit("a linked working tree")
	r.sameAsGit("the main working tree beside it")
	below := repoIn(t, filepath.Join(linked.Dir, "dir0", "sub"))
	if tree := below.open(); tree.Top != linked.Dir {
		t.Errorf("from below, its top is %s", tree.Top)
	}
	linked.Git("", "commit", "-q", "-m", "side")

	r.Write("dir0/sub/file0", "changed on main\n")
	r.Git("", "commit", "-q", "-a", "-m", "main")
	if _, err := r.Try("", "merge", "-q", "side"); err == nil {
		t.Fatal("no conflict")
	}
	r.sameAsGit("a conflict")
	r.Git("", "merge", "--abort")

	clone := repoIn(t, filepath.Join(t.TempDir(), "clone"))
	r.Git("", "clone", "-q", "--shared", r.Dir, clone.Dir)
	clone.Write("dir1/new", "text")
	clone.Git("", "add", "-A")
	clone.sameAsGit("a clone whose objects are elsewhere")
	clone.Git("", "commit", "-q", "-m", "new")
	clone.Git("", "checkout", "-q", "--detach", "HEAD~1")
	clone.sameAsGit("a detached HEAD")
	clone.Git("", "sparse-checkout", "set", "--cone", "--sparse-index", "dir1")
	clone.Write("dir1/more", "text")
	clone.Git("", "add", "-A")
	clone.sameAsGit("a sparse index")

	clone.Git("", "-c", "protocol.file.allow=always", "submodule", "add", "-q", r.Dir, "dir1/module")
	clone.sameAsGit("a submodule staged")
	module := repoIn(t, filepath.Join(clone.Dir, "dir1", "module"))
	module.Write("x", "in the submodule")
	module.Git("", "add", "-A")
	module.sameAsGit("inside a submodule")
}

// TestHookSettings: git names the index that a commit is made of to its hooks.
func TestHookSettings(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Write("a", "text")
	r.Git("", "add", "a")
	b, err := os.ReadFile(filepath.Join(r.Dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	r.Write("b", "text")
	r.Git("", "add", "b")
	r.Write(".git/next-index-1.lock", string(b))
	tree, err := Open(r.Dir, func(name string) string {
		return map[string]string{"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/next-index-1.lock"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	changes, err := tree.Staged(t.Context())
	if err != nil || len(changes) != 1 || changes[0].Path != "a" {
		t.Errorf("%v, %v", changes, err)
	}
}

// TestBareRepositoriesAreNoWorkingTrees: git finds one in any directory, and takes settings from it that run programs.
func TestBareRepositoriesAreNoWorkingTrees(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	inner := repoIn(t, filepath.Join(r.Dir, "docs"))
	r.Git("", "init", "-q", "--bare", "docs")
	if tree := inner.open(); tree.Top != r.Dir {
		t.Errorf("an embedded bare repository passes for a working tree: %s", tree.Top)
	}
	bare := t.TempDir()
	repoIn(t, bare).Git("", "init", "-q", "--bare")
	if _, err := Open(bare, nil); !errors.Is(err, gitdir.ErrNoRepository) {
		t.Errorf("a bare repository: %v", err)
	}
}

// FuzzIndex: no index makes the reader panic, hang or take memory that its size does not justify.
func FuzzIndex(f *testing.F) {
	r := newRepo(f)
	for _, version := range []string{"2", "4"} {
		r.Git("", "config", "index.version", version)
		r.Write("a/"+version, "text")
		r.Git("", "add", "-A")
		b, err := os.ReadFile(filepath.Join(r.Dir, ".git", "index"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(b[:len(b)-20:len(b)-20], make([]byte, 20)...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		read := indexReader{hashSize: 20, shared: func(ID) ([]byte, error) { return b, nil }}
		entries, err := read.index(b)
		if err == nil && len(entries) > len(b) {
			t.Errorf("%d entries of %d bytes", len(entries), len(b))
		}
	})
}
