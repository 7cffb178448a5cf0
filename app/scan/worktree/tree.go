package worktree

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// treeEntry is a line of a tree.
type treeEntry struct {
	name string
	mode Mode
	id   ID
}

// entries reads a tree. No tree, "", has none.
func (t *Tree) entries(id ID) ([]treeEntry, error) {
	if id == "" {
		return nil, nil
	}
	text, err := t.read(id, "tree", maxTree)
	if err != nil {
		return nil, err
	}
	var all []treeEntry
	for len(text) > 0 {
		digits, rest, ok := bytes.Cut(text, []byte(" "))
		mode, err := strconv.ParseUint(string(digits), 8, 32)
		name, rest, found := bytes.Cut(rest, []byte{0})
		if !ok || err != nil || !found || len(name) == 0 || len(rest) < t.config.hashSize {
			return nil, fmt.Errorf("tree %s: %w: an entry is malformed", id, ErrCorrupt)
		}
		all = append(all, treeEntry{string(name), Mode(mode), ID(rest[:t.config.hashSize])})
		text = rest[t.config.hashSize:]
	}
	return all, nil
}

// File is a file of a commit.
type File struct {
	Path string // any bytes but NUL
	ID   ID
}

// Introduced returns the files of a commit that differ from those of all its parents: what it brought. All files of a
// commit whose parents are not here are.
func (t *Tree) Introduced(ctx context.Context, c Commit) ([]File, error) {
	var parents []ID
	for _, id := range c.Parents {
		parent, err := t.Commit(id)
		if err != nil {
			return nil, err
		}
		parents = append(parents, parent.Tree)
	}
	d := brought{tree: t}
	err := d.compare(ctx, c.Tree, parents, "", 0)
	return d.files, err
}

type brought struct {
	tree    *Tree
	regular bool // only what is no link
	files   []File
	seen    int
}

func (d *brought) compare(ctx context.Context, id ID, parents []ID, prefix string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("tree %s: %w: directories are nested too deeply", id, ErrCorrupt)
	}
	if slices.Contains(parents, id) {
		return nil
	}
	here, err := d.tree.entries(id)
	if err != nil {
		return err
	}
	there := make([]map[string]treeEntry, len(parents))
	for i, parent := range parents {
		list, err := d.tree.entries(parent)
		if err != nil {
			return err
		}
		there[i] = make(map[string]treeEntry, len(list))
		for _, e := range list {
			there[i][e.name] = e
		}
	}
	for _, e := range here {
		if d.seen++; d.seen > mostFiles {
			return fmt.Errorf("commit has more than %d files", mostFiles)
		}
		if e.mode.isGitlink() {
			continue
		}
		var same []ID // what each parent has there, of the same kind
		for _, of := range there {
			if other, ok := of[e.name]; ok && other.mode.isTree() == e.mode.isTree() && !other.mode.isGitlink() {
				same = append(same, other.id)
			}
		}
		switch {
		case slices.Contains(same, e.id):
		case e.mode.isTree():
			if err := d.compare(ctx, e.id, same, prefix+e.name+"/", depth+1); err != nil {
				return err
			}
		case d.regular && e.mode.isLink():
		default:
			d.files = append(d.files, File{prefix + e.name, e.id})
		}
	}
	return nil
}

// Holds reports whether a commit's tree has this very content at this path.
func (t *Tree) Holds(c Commit, f File) bool {
	id, ok := t.FileAt(c, f.Path)
	return ok && id == f.ID
}

// FileAt returns the content that a commit's tree has at a path. It is false where there is none, or where that cannot be read.
func (t *Tree) FileAt(c Commit, path string) (ID, bool) {
	for at := c.Tree; ; {
		name, rest, more := strings.Cut(path, "/")
		entries, err := t.entries(at)
		if err != nil {
			return "", false
		}
		i := slices.IndexFunc(entries, func(e treeEntry) bool { return e.name == name && e.mode.isTree() == more })
		if i < 0 {
			return "", false
		}
		if !more {
			return entries[i].id, !entries[i].mode.isGitlink()
		}
		at, path = entries[i].id, rest
	}
}

// maxVisited is how many commits and trees are read to find where an object is: some tenths of a second, next to a
// history that takes seconds. The tree of HEAD comes first.
const maxVisited = 2_000

// PathOf returns a path at which a commit that HEAD has holds the object; "" where none is found in a bounded search.
func (t *Tree) PathOf(ctx context.Context, wanted ID) string {
	head, err := t.head()
	if err != nil || head == "" {
		return ""
	}
	seen := map[ID]bool{}
	var inTree func(id ID, prefix string, depth int) string
	inTree = func(id ID, prefix string, depth int) string {
		if seen[id] || len(seen) > maxVisited || depth > maxDepth || ctx.Err() != nil {
			return ""
		}
		seen[id] = true
		entries, err := t.entries(id)
		if err != nil {
			return ""
		}
		for _, e := range entries {
			path := prefix + e.name
			if e.id == wanted {
				return path
			}
			if e.mode.isTree() {
				if path = inTree(e.id, path+"/", depth+1); path != "" {
					return path
				}
			}
		}
		return ""
	}
	commits := []ID{head}
	for len(commits) > 0 && len(seen) <= maxVisited && ctx.Err() == nil {
		id := commits[0]
		commits = commits[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		c, err := t.Commit(id)
		if err != nil {
			continue
		}
		if path := inTree(c.Tree, "", 0); path != "" {
			return path
		}
		commits = append(commits, c.Parents...)
	}
	return ""
}

// Files returns the regular files of a commit, in the order of git.
func (t *Tree) Files(ctx context.Context, c Commit) ([]File, error) {
	d := brought{tree: t, regular: true}
	err := d.compare(ctx, c.Tree, nil, "", 0)
	return d.files, err
}

// Blob returns the content of a file that has at most limit bytes.
func (t *Tree) Blob(id ID, limit int64) ([]byte, error) { return t.read(id, "blob", limit) }
