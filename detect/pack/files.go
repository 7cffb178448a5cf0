package pack

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// File is a file of a commit: a regular one, no link and no submodule.
type File struct {
	Path string // any bytes but NUL
	Blob string // object id, 40 hexadecimal digits
}

// Files lists the files of a commit of the pack, at most limit of them, the shallow ones first. Trees that are not in the
// pack are left out: the pack of a filtered or shallow fetch holds all trees of what was wanted. A commit that is not in
// the pack is an error that wraps [ErrNotFound].
func (p *Pack) Files(ctx context.Context, commitID string, limit int) ([]File, error) {
	wanted, ok := parseID(commitID)
	if !ok {
		return nil, fmt.Errorf("commit %q: %w: no object id of 40 hexadecimal digits", commitID, ErrNotFound)
	}
	text, err := p.store().fetch(ctx, wanted, setOf(commitKind), maxCommitText)
	if err != nil {
		return nil, err
	}
	c, err := parseCommit(wanted, text)
	if err != nil {
		return nil, err
	}
	trees, err := p.trees(ctx)
	if err != nil {
		return nil, err
	}
	return listFiles(trees, c.tree, limit)
}

// maxCommitText is how large a commit may be whose files are listed.
const maxCommitText = 1 << 20

// trees holds the text of every tree of the pack in memory.
func (p *Pack) trees(ctx context.Context) (map[id][]byte, error) {
	var mu sync.Mutex
	trees := map[id][]byte{}
	err := p.store().each(ctx, setOf(treeKind), func(o object) error {
		name := hashObject(treeKind, o.text())
		text := slices.Clone(o.text())
		mu.Lock()
		trees[name] = text
		mu.Unlock()
		return nil
	})
	return trees, err
}

// listFiles walks breadth first, so that a limit cuts the depths and not the root, and no deeper than maxDepth.
func listFiles(trees map[id][]byte, root id, limit int) ([]File, error) {
	type directory struct {
		tree  id
		path  string
		depth int
	}
	var files []File
	for queue := []directory{{tree: root}}; len(queue) > 0; queue = queue[1:] {
		d := queue[0]
		for rest := trees[d.tree]; len(rest) > 0; {
			var e treeEntry
			var err error
			if e, rest, err = nextEntry(rest); err != nil {
				return nil, fmt.Errorf("tree %v: %w", d.tree, err)
			}
			path := d.path + string(e.name())
			switch {
			case e.isTree():
				if d.depth < maxDepth && len(queue) < limit {
					queue = append(queue, directory{*e.id(), path + "/", d.depth + 1})
				}
			case !e.isLink() && !e.isGitlink():
				files = append(files, File{path, e.id().String()})
				if len(files) == limit {
					return files, nil
				}
			}
		}
	}
	return files, nil
}
