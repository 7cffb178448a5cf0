package worktree

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

const (
	ignoreFile = ".gitignore"
	// maxIgnoreFile is how large a file of patterns may be that counts, in bytes.
	maxIgnoreFile = 8 << 20
)

// ignores are the patterns that were read so far.
type ignores struct {
	always [][]pattern          // the user's, then the repository's own: the last counts first
	dirs   map[string][]pattern // by directory, "" or with a slash at its end
	known  map[string]bool      // directories that are ignored, or not
	paths  map[string]bool      // of the index
}

// Ignored reports whether git passes a file over: it is not in the index, and a .gitignore or another file of the kind
// names it or a directory above it. The path is relative to Top, with slashes. getenv is where the user's own settings are
// looked for.
func (t *Tree) Ignored(path string, getenv func(string) string) (bool, error) {
	if err := t.readIgnores(getenv); err != nil {
		return false, err
	}
	return !t.ignores.paths[t.folded(path)] && (t.below(path) || t.matched(path, false)), nil
}

// IgnoredDir is [Tree.Ignored] for a directory. The top itself, ".", is not ignored.
func (t *Tree) IgnoredDir(path string, getenv func(string) string) (bool, error) {
	if err := t.readIgnores(getenv); err != nil {
		return false, err
	}
	return path != "." && t.below(path+"/"), nil
}

// below reports whether a directory above the path is ignored.
func (t *Tree) below(path string) bool {
	for i, c := range path {
		if c == '/' && t.ignoredDir(path[:i]) {
			return true
		}
	}
	return false
}

func (t *Tree) folded(path string) string {
	if t.config.ignoreCase {
		return strings.ToLower(path)
	}
	return path
}

func (t *Tree) readIgnores(getenv func(string) string) error {
	if t.ignores != nil {
		return nil
	}
	entries, err := t.Index()
	if err != nil {
		return err
	}
	t.config.user(t.Common, getenv)
	i := &ignores{dirs: map[string][]pattern{}, known: map[string]bool{}, paths: make(map[string]bool, len(entries))}
	for _, e := range entries {
		i.paths[t.folded(e.Path)] = true
	}
	for _, name := range []string{t.config.excludesFile, filepath.Join(t.Common, "info", "exclude")} {
		if b, err := gitdir.Read(name, maxIgnoreFile); name != "" && err == nil {
			i.always = append(i.always, patterns(string(b), ""))
		}
	}
	t.ignores = i
	return nil
}

// ignoredDir reports whether a directory is ignored; the ones above it are not.
func (t *Tree) ignoredDir(path string) bool {
	is, known := t.ignores.known[path]
	if !known {
		is = t.matched(path, true)
		t.ignores.known[path] = is
	}
	return is
}

// matched asks the patterns: those of the nearest directory first, in each file the last line first.
func (t *Tree) matched(path string, isDir bool) bool {
	dir := path[:strings.LastIndexByte(path, '/')+1]
	for {
		if is, decided := t.lastMatch(t.inDir(dir), path, isDir); decided {
			return is
		}
		if dir == "" {
			break
		}
		dir = dir[:strings.LastIndexByte(dir[:len(dir)-1], '/')+1]
	}
	for _, of := range slices.Backward(t.ignores.always) {
		if is, decided := t.lastMatch(of, path, isDir); decided {
			return is
		}
	}
	return false
}

func (t *Tree) lastMatch(of []pattern, path string, isDir bool) (is, decided bool) {
	for _, p := range slices.Backward(of) {
		if p.matches(path, isDir, t.config.ignoreCase) {
			return !p.negated, true
		}
	}
	return false, false
}

// inDir reads a directory's .gitignore. As git, it follows no link.
func (t *Tree) inDir(dir string) []pattern {
	all, known := t.ignores.dirs[dir]
	if !known {
		name := filepath.Join(t.Top, filepath.FromSlash(dir), ignoreFile)
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() {
			if b, err := gitdir.Read(name, maxIgnoreFile); err == nil {
				all = patterns(string(b), dir)
			}
		}
		t.ignores.dirs[dir] = all
	}
	return all
}
