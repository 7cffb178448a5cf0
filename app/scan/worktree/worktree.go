// Package worktree reads what git knows of a working tree, without running git: which files are staged, what HEAD holds,
// single objects, and which files git ignores. A repository that somebody else made can make git run programs; it can
// make this package do nothing but read files.
//
// Start with [Open]. index.go reads the index, head.go finds HEAD's tree, diff.go compares the two, objects.go and pack.go
// read objects, ignore.go and pattern.go hold git's rules for ignored files.
package worktree

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrNoRepository is wrapped where a path is in no git working tree.
var ErrNoRepository = errors.New("not a git repository")

// Tree is a working tree with its repository. It is not safe for concurrent use.
type Tree struct {
	// Top is the working tree's directory, absolute.
	Top string

	own       string // this working tree's git directory: HEAD, index
	common    string // what all working trees share: objects, refs, config
	indexFile string
	objects   objects
	config    config

	index   []Entry // nil until read
	ignores *ignores
	shallow map[ID]bool // nil until read
}

// Open finds the working tree that dir is in. A bare repository is none, even where dir is inside of one: what is staged
// there is not what will be committed. If getenv is not nil, it names the repository that a git hook runs for, as git
// tells its hooks (GIT_DIR, GIT_INDEX_FILE and others). Errors wrap [ErrNoRepository]. The caller must Close the tree.
func Open(dir string, getenv func(string) string) (*Tree, error) { return open(dir, getenv, false) }

// OpenAny is [Open] for what needs no working tree: it takes bare repositories, too.
func OpenAny(dir string, getenv func(string) string) (*Tree, error) { return open(dir, getenv, true) }

func open(dir string, getenv func(string) string, bare bool) (*Tree, error) {
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	start, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(start); err != nil {
		return nil, err
	}
	t := &Tree{}
	if own := getenv("GIT_DIR"); own != "" {
		t.Top, t.own = start, under(start, own)
		if top := getenv("GIT_WORK_TREE"); top != "" {
			t.Top = under(start, top)
		}
	} else if t.Top, t.own, err = find(start, bare); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	t.common = t.own
	if common := getenv("GIT_COMMON_DIR"); common != "" {
		t.common = under(start, common)
	} else if b, err := readRegular(filepath.Join(t.own, "commondir"), maxSmallFile); err == nil {
		t.common = under(t.own, strings.TrimSpace(string(b)))
	}
	if !isRepository(t.own, t.common) {
		return nil, fmt.Errorf("%s: %w", t.own, ErrNoRepository)
	}
	t.indexFile = filepath.Join(t.own, "index")
	if name := getenv("GIT_INDEX_FILE"); name != "" {
		t.indexFile = under(start, name)
	}
	if t.config, err = readConfig(t.common); err != nil {
		return nil, err
	}
	store := filepath.Join(t.common, "objects")
	if name := getenv("GIT_OBJECT_DIRECTORY"); name != "" {
		store = under(start, name)
	}
	others := filepath.SplitList(getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES"))
	for i := range others {
		others[i] = under(start, others[i])
	}
	t.objects = openObjects(store, others, t.config.hashSize)
	return t, nil
}

// HasCommit reports whether HEAD names a commit: not before the first one.
func (t *Tree) HasCommit() bool {
	head, err := t.head()
	return err == nil && head != ""
}

// Path is a file's path as git has it: relative to Top, with slashes. The file need not be there.
func (t *Tree) Path(file string) (string, error) {
	full, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	for _, resolve := range []func(string) (string, error){func(s string) (string, error) { return s, nil }, filepath.EvalSymlinks} {
		dir, err := resolve(filepath.Dir(full))
		if err != nil {
			break
		}
		top, err := resolve(t.Top)
		if err != nil {
			break
		}
		if rel, err := filepath.Rel(top, filepath.Join(dir, filepath.Base(full))); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), nil
		}
	}
	return "", fmt.Errorf("%s is not in the working tree %s", file, t.Top)
}

// Close closes the repository's files.
func (t *Tree) Close() error { return t.objects.close() }

// find looks for .git in dir and in the directories above it; or, if bare, for a directory that is a repository itself.
func find(dir string, bare bool) (top, own string, err error) {
	for {
		own, err := followGitFile(filepath.Join(dir, ".git"))
		if err != nil {
			return "", "", err
		}
		common := own
		if b, err := readRegular(filepath.Join(own, "commondir"), maxSmallFile); err == nil {
			common = under(own, strings.TrimSpace(string(b)))
		}
		switch {
		case isRepository(own, common):
			return dir, own, nil
		case bare && isRepository(dir, dir):
			return dir, dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", "", ErrNoRepository
		}
		dir = up
	}
}

// followGitFile returns the directory that a .git file names, or the path itself where it is none.
func followGitFile(path string) (string, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return path, nil //nolint:nilerr // none is there
	}
	b, err := readRegular(path, maxSmallFile)
	if err != nil {
		return "", err
	}
	dir, ok := strings.CutPrefix(string(b), "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%s has no gitdir line: %w", path, ErrNoRepository)
	}
	return under(filepath.Dir(path), strings.TrimRight(dir, "\r\n")), nil
}

func isRepository(own, common string) bool {
	head, err := os.Lstat(filepath.Join(own, "HEAD"))
	if err != nil || head.IsDir() {
		return false
	}
	store, err := os.Stat(filepath.Join(common, "objects"))
	return err == nil && store.IsDir()
}

// under is path as seen from dir.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

const (
	// maxSmallFile is what a file may have that git writes a line or a few settings into, in bytes.
	maxSmallFile = 16 << 20
	// maxIndexFile is what the index may have: some ten million files.
	maxIndexFile = 2 << 30
)

// readRegular reads a regular file of at most limit bytes. It does not hang on a pipe that took the file's place.
func readRegular(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, &os.PathError{Op: "read", Path: name, Err: fmt.Errorf("%d bytes, over the limit of %d", info.Size(), limit)}
	}
	return io.ReadAll(io.LimitReader(f, limit))
}
