package pack

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
)

// history knows the commits, and of the trees only what leads to a finding.
type history struct {
	scan  *scan
	hits  map[id]hit
	tags  map[id]tag
	heads []id

	commits map[id]*commit
	trees   []node       // that lead to a blob with findings, by number
	numbers idTable      // of these trees
	blobs   map[id]int32 // the numbers of the blobs with findings
	blobIDs []id
	// treesCut means that trees hold more than was kept.
	treesCut bool
	// commitsCut means that not all commits were kept.
	commitsCut bool
	quota      quota
	compared   atomic.Int64 // pairs of trees, by all differs
	mailmap    mailmap

	refTrees   []refTree       // what the refs hold, each tree once
	refCommit  map[id][]string // the refs at each commit or tag
	refDirs    *refDir         // the root; nil until needed
	refDirSize int             // entries of all refDirs
}

// node is a tree reduced to the entries that are, or lead to, a blob with findings, ordered by name.
type node []nodeEntry

type nodeEntry struct {
	name   string
	number int32 // of the tree or blob
	tree   bool
}

// find returns the number of the entry of that name and sort, if the tree has one.
func (n node) find(name string, tree bool) (int32, bool) {
	i, ok := slices.BinarySearchFunc(n, name, func(e nodeEntry, name string) int { return strings.Compare(e.name, name) })
	for ; ok && i < len(n) && n[i].name == name; i++ {
		if n[i].tree == tree {
			return n[i].number, true
		}
	}
	return none, false
}

// tree returns the number of a tree, or none where it leads to no hit.
func (h *history) tree(name id) int32 {
	if n, ok := h.numbers.find(&name); ok {
		return int32(n)
	}
	return none
}

// node returns what a tree holds that leads to a hit.
func (h *history) node(tree int32) node {
	if tree == none {
		return nil
	}
	return h.trees[tree]
}

// read reads the commits, and where a blob is concerned the trees.
func (h *history) read(ctx context.Context) error {
	if err := h.readCommits(ctx); err != nil {
		return err
	}
	var err error
	if h.mailmap, err = h.readMailmap(ctx); err != nil {
		return err
	}
	for _, hit := range h.hits {
		if hit.kind == blobKind {
			return h.readTrees(ctx)
		}
	}
	return nil
}

func (h *history) readCommits(ctx context.Context) error {
	workers := h.scan.takeParsed()
	if workers == nil {
		workers = make([][]*commit, h.scan.opts.Workers)
		var cut atomic.Int64
		err := h.scan.each(ctx, setOf(commitKind), func(o object) error {
			c, err := parseCommit(o.id(), o.text)
			if err != nil {
				return o.fail(err)
			}
			if !h.quota.reserve(c.memory()) {
				cut.Store(1)
				return nil
			}
			workers[o.worker] = append(workers[o.worker], &c)
			return nil
		})
		h.commitsCut = cut.Load() > 0
		if err != nil {
			return err
		}
	}
	total := 0
	for _, commits := range workers {
		total += len(commits)
	}
	h.commits = make(map[id]*commit, total)
	m := h.scan.missing
	for worker, commits := range workers {
		for _, c := range commits {
			h.commits[c.id] = c
			if m != nil {
				m.commit(worker, c)
			}
		}
	}
	if m != nil {
		m.examined |= setOf(commitKind)
	}
	return nil
}
