package worktree

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// mostLinks is how many refs may name one another before an id comes, as git.
const mostLinks = 5

// maxCommit and maxTree are what an object of that kind may have that is read, in bytes.
const (
	maxCommit = 64 << 20
	maxTree   = 256 << 20
)

// headTree returns the id of HEAD's tree; "" where there is no commit yet.
func (t *Tree) headTree() (ID, error) {
	commit, err := t.head()
	if err != nil || commit == "" {
		return "", err
	}
	c, err := t.Commit(commit)
	if err != nil {
		return "", fmt.Errorf("HEAD: %w", err)
	}
	return c.Tree, nil
}

// ParseID reads an id of the repository's object format.
func (t *Tree) ParseID(digits string) (ID, bool) {
	b, err := hex.DecodeString(digits)
	return ID(b), err == nil && len(b) == t.config.hashSize
}

// head returns the commit that HEAD names; "" where its branch has none yet.
func (t *Tree) head() (ID, error) {
	return t.follow("HEAD")
}

// follow returns the id that a ref names, through refs that name others; "" where there is none.
func (t *Tree) follow(name string) (ID, error) {
	if t.config.reftable {
		return "", errors.New("its refs are stored as a reftable, which rekey cannot read yet; scan the files instead: rekey scan PATH")
	}
	for range mostLinks {
		text, err := t.ref(name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		target, isLink := strings.CutPrefix(text, "ref:")
		if !isLink {
			if text == "" {
				return "", nil
			}
			id, ok := t.ParseID(text)
			if !ok {
				return "", fmt.Errorf("%s: %w: it holds no object ID", name, ErrCorrupt)
			}
			return id, nil
		}
		name = strings.TrimSpace(target)
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return "", fmt.Errorf("HEAD: %w: it names %q", ErrCorrupt, name)
		}
	}
	return "", fmt.Errorf("HEAD: %w: its refs form a loop", ErrCorrupt)
}

// ref returns what a ref's file holds, or its line in packed-refs; "" where there is none.
func (t *Tree) ref(name string) (string, error) {
	for _, root := range []string{t.Own, t.Common} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, "refs/") { // as git once wrote HEAD
			return "ref: " + target, nil
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			continue
		}
		b, err := gitdir.Read(path, gitdir.MaxSmall)
		if err == nil {
			text, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
			return text, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	b, err := gitdir.Read(filepath.Join(t.Common, "packed-refs"), gitdir.MaxLarge)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if digits, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok && rest == name {
			return digits, nil
		}
	}
	return "", nil
}
