// Package worktree reads what git knows of a working tree, without running git: which files are staged, what HEAD holds,
// single objects, and which files git ignores. A repository that somebody else made can make git run programs; it can
// make this package do nothing but read files.
//
// Start with [Open]. index.go reads the index, head.go finds HEAD's tree, diff.go compares the two, objects.go and pack.go
// read objects, ignore.go and pattern.go hold git's rules for ignored files.
package worktree

import (
	"fmt"
	"path/filepath"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// Tree is a working tree with its repository. It is not safe for concurrent use.
type Tree struct {
	gitdir.Dir // Top is the working tree's directory, absolute

	indexFile string
	objects   objects
	config    config

	index   []Entry // nil until read
	ignores *ignores
	shallow map[ID]bool // nil until read
}

// Open finds the working tree that dir is in. A bare repository is none, even where dir is inside of one: what is staged
// there is not what will be committed. If getenv is not nil, it names the repository that a git hook runs for, as git
// tells its hooks (GIT_DIR, GIT_INDEX_FILE and others). Errors wrap [gitdir.ErrNoRepository]. The caller must Close the tree.
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
	t := &Tree{}
	if own := getenv("GIT_DIR"); own != "" {
		t.Dir = gitdir.Of(start, gitdir.Under(start, own))
		if top := getenv("GIT_WORK_TREE"); top != "" {
			t.Top = gitdir.Under(start, top)
		}
	} else if t.Dir, err = gitdir.Find(dir, bare); err != nil {
		return nil, err
	}
	if common := getenv("GIT_COMMON_DIR"); common != "" {
		t.Common = gitdir.Under(start, common)
	}
	if !t.IsRepository() {
		return nil, fmt.Errorf("%s: %w", t.Own, gitdir.ErrNoRepository)
	}
	t.indexFile = filepath.Join(t.Own, "index")
	if name := getenv("GIT_INDEX_FILE"); name != "" {
		t.indexFile = gitdir.Under(start, name)
	}
	if t.config, err = readConfig(t.Common); err != nil {
		return nil, err
	}
	store := filepath.Join(t.Common, "objects")
	if name := getenv("GIT_OBJECT_DIRECTORY"); name != "" {
		store = gitdir.Under(start, name)
	}
	others := gitdir.SplitAlternates(getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES"))
	for i := range others {
		others[i] = gitdir.Under(start, others[i])
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
