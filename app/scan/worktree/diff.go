package worktree

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Change is a file that HEAD and the index do not hold alike. Before and After are its contents' ids, "" where there is
// none: submodules have none.
type Change struct {
	Path          string
	Before, After ID
	// Unmerged means that the file has a conflict; then nothing else is known.
	Unmerged bool
	// Unchanged marks what is no change at all. Staged returns none.
	Unchanged bool
}

const (
	maxDepth  = 2048 // directories in one another
	mostFiles = 20_000_000
)

// Staged returns how the index differs from HEAD, in the order of paths: what a commit would change.
func (t *Tree) Staged(ctx context.Context) ([]Change, error) {
	entries, err := t.Index()
	if err != nil {
		return nil, err
	}
	root, err := t.headTree()
	if err != nil {
		return nil, err
	}
	d := differ{tree: t, ctx: ctx, before: map[string]ID{}}
	if root != "" {
		if err := d.flatten(root, "", d.before, 0); err != nil {
			return nil, err
		}
	}
	if err := d.compare(entries); err != nil {
		return nil, err
	}
	return d.changes, nil
}

// differ compares. What HEAD holds is a map, and what the index holds too is taken out of it.
type differ struct {
	tree    *Tree
	ctx     context.Context //nolint:containedctx // of one call
	before  map[string]ID
	changes []Change
	files   int
}

func (d *differ) compare(entries []Entry) error {
	conflict := ""
	for _, e := range entries {
		switch {
		case e.Stage > 0:
			if e.Path != conflict {
				d.changes = append(d.changes, Change{Path: e.Path, Unmerged: true})
			}
			conflict = e.Path
			delete(d.before, e.Path)
		case e.Mode.isTree(): // a sparse index: all that is in it
			inside := map[string]ID{}
			if err := d.flatten(e.ID, strings.TrimSuffix(e.Path, "/")+"/", inside, 0); err != nil {
				return err
			}
			for path, id := range inside {
				d.file(path, id)
			}
		case e.Later:
		case e.Mode.isGitlink():
			d.file(e.Path, "")
		default:
			d.file(e.Path, e.ID)
		}
	}
	for path, id := range d.before {
		if id != "" {
			d.changes = append(d.changes, Change{Path: path, Before: id})
		}
	}
	slices.SortFunc(d.changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

func (d *differ) file(path string, id ID) {
	before := d.before[path]
	delete(d.before, path)
	if before != id {
		d.changes = append(d.changes, Change{Path: path, Before: before, After: id})
	}
}

// flatten puts the files of a tree into a map. A submodule's id is "".
func (d *differ) flatten(id ID, prefix string, into map[string]ID, depth int) error {
	if err := d.ctx.Err(); err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("tree %s: %w: directories are nested too deeply", id, ErrCorrupt)
	}
	entries, err := d.tree.entries(id)
	if err != nil {
		return fmt.Errorf("HEAD's directory /%s: %w", prefix, err)
	}
	for _, e := range entries {
		if d.files++; d.files > mostFiles {
			return fmt.Errorf("HEAD has more than %d files", mostFiles)
		}
		path := prefix + e.name
		switch {
		case e.mode.isTree():
			err = d.flatten(e.id, path+"/", into, depth+1)
		case e.mode.isGitlink():
			into[path] = ""
		default:
			into[path] = e.id
		}
		if err != nil {
			return err
		}
	}
	return nil
}
