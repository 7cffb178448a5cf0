package pack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/rekey-app/rekey/detect/budget"
)

// File is a file of a commit: a regular one, no link and no submodule.
type File struct {
	Path string // any bytes but NUL
	Blob string // object id, 40 hexadecimal digits
}

// Files lists the files of a commit of the pack, at most limit of them, the shallow ones first; those at paths over
// [budget.FilesPath] are left out. Memory is bounded whatever the trees hold. Trees that are not in the
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
	return p.list(ctx, c.tree, limit, budget.FilesHeld)
}

// maxCommitText is how large a commit may be whose files are listed.
const maxCommitText = 1 << 20

// list holds all trees where they take no more than held bytes, and else goes through them once for each level.
func (p *Pack) list(ctx context.Context, root id, limit, held int) ([]File, error) {
	if p.file.ids == nil {
		p.file.ids = make([]id, len(p.file.offsets))
	}
	trees, all, err := p.trees(ctx, held)
	if err != nil {
		return nil, err
	}
	l := lister{limit: limit, level: []directory{{tree: root}}}
	for depth := 0; len(l.level) > 0 && len(l.files) < limit && depth <= budget.FilesDepth; depth++ {
		if !all {
			if trees, err = p.level(ctx, l.level, limit); err != nil {
				return nil, err
			}
		}
		if err := l.descend(trees); err != nil {
			return nil, err
		}
	}
	return l.files, nil
}

// trees returns the text of every tree of the pack, unless they are too large together.
func (p *Pack) trees(ctx context.Context, held int) (trees map[id][]byte, all bool, err error) {
	var mu sync.Mutex
	trees = map[id][]byte{}
	size := 0
	err = p.store().each(ctx, setOf(treeKind), func(o object) error {
		name := o.id()
		mu.Lock()
		defer mu.Unlock()
		if size += len(o.text); size > held {
			return errFound
		}
		trees[name] = slices.Clone(o.text)
		return nil
	})
	if errors.Is(err, errFound) {
		return nil, false, nil
	}
	return trees, err == nil, err
}

// level returns the trees of directories, with as many of their entries as are of use.
func (p *Pack) level(ctx context.Context, directories []directory, limit int) (map[id][]byte, error) {
	trees := map[id][]byte{}
	for _, d := range directories {
		trees[d.tree] = nil
	}
	var mu sync.Mutex
	left := 4 * limit
	err := p.store().each(ctx, setOf(treeKind), func(o object) error {
		name := o.id()
		mu.Lock()
		defer mu.Unlock()
		if text, wanted := trees[name]; !wanted || text != nil {
			return nil
		}
		kept := []byte{}
		for text := o.text; len(text) > 0 && left > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			if len(e.name()) <= budget.FilesPath {
				kept = append(kept, text[:len(text)-len(rest)]...)
				left--
			}
			text = rest
		}
		trees[name] = kept
		return nil
	})
	return trees, err
}

// lister walks breadth first, so that a limit cuts the depths and not the root.
type lister struct {
	limit int
	level []directory
	files []File
}

type directory struct {
	tree id
	path string
}

// descend lists the files of this level's directories, and goes down to the next.
func (l *lister) descend(trees map[id][]byte) error {
	var next []directory
	for _, d := range l.level {
		for rest := trees[d.tree]; len(rest) > 0; {
			var e treeEntry
			var err error
			if e, rest, err = nextEntry(rest); err != nil {
				return fmt.Errorf("tree %v: %w", d.tree, err)
			}
			if len(d.path)+len(e.name()) > budget.FilesPath {
				continue
			}
			path := d.path + string(e.name())
			switch {
			case e.isTree():
				if len(next) < l.limit {
					next = append(next, directory{*e.id(), path + "/"})
				}
			case !e.isLink() && !e.isGitlink():
				l.files = append(l.files, File{path, e.id().String()})
				if len(l.files) == l.limit {
					return nil
				}
			}
		}
	}
	l.level = next
	return nil
}
