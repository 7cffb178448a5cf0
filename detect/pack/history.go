package pack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
)

// history knows the commits, and of the trees only what leads to a finding.
type history struct {
	scan  *scan
	hits  map[id]hit
	tags  map[id]tag
	heads []id

	commits map[id]*commit
	trees   map[id]node
	mailmap mailmap

	refTrees  []refTree           // what the refs hold, each tree once
	refCommit map[id][]string     // the refs at each commit or tag
	refsCache map[string][]string // by blob and path
}

// node is a tree reduced to the entries that are, or lead to, a blob with findings, ordered by name.
type node []nodeEntry

type nodeEntry struct {
	name string
	id   id
	tree bool
}

// find returns the id of the entry of that name and sort, if the tree has one.
func (n node) find(name string, tree bool) (id, bool) {
	i, ok := slices.BinarySearchFunc(n, name, func(e nodeEntry, name string) int { return strings.Compare(e.name, name) })
	for ; ok && i < len(n) && n[i].name == name; i++ {
		if n[i].tree == tree {
			return n[i].id, true
		}
	}
	return id{}, false
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
	workers := make([][]*commit, h.scan.opts.Workers)
	err := h.scan.each(ctx, setOf(commitKind), func(o object) error {
		c, err := parseCommit(o.id(), o.text)
		if err != nil {
			return o.fail(err)
		}
		workers[o.worker] = append(workers[o.worker], &c)
		return nil
	})
	if err != nil {
		return err
	}
	h.commits = map[id]*commit{}
	for _, commits := range workers {
		for _, c := range commits {
			h.commits[c.id] = c
		}
	}
	return nil
}

// edge says that a tree holds another. Ids are cut to 8 bytes: one tree too many does no harm here.
type edge struct {
	child  uint64
	parent int32
}

func short(i id) uint64 { return binary.BigEndian.Uint64(i[:]) }

// readTrees goes through the trees twice: once to learn which of them lead to a hit, once to keep what leads there.
func (h *history) readTrees(ctx context.Context) error {
	leading, err := h.leadingTrees(ctx)
	if err != nil {
		return err
	}
	var (
		mu    sync.Mutex
		names = map[string]string{} // each name is kept once
	)
	h.trees = map[id]node{}
	return h.scan.each(ctx, setOf(treeKind), func(o object) error {
		name := o.id()
		if _, ok := leading[name]; !ok {
			return nil
		}
		var n node
		for text := o.text; len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			keep := false
			if e.isTree() {
				_, keep = leading[e.id]
			} else if !e.isGitlink() {
				hit, ok := h.hits[e.id]
				keep = ok && hit.kind == blobKind
			}
			if keep {
				mu.Lock()
				s, ok := names[string(e.name)]
				if !ok {
					s = string(e.name)
					names[s] = s
				}
				mu.Unlock()
				n = append(n, nodeEntry{s, e.id, e.isTree()})
			}
		}
		slices.SortStableFunc(n, func(a, b nodeEntry) int { return strings.Compare(a.name, b.name) })
		mu.Lock()
		defer mu.Unlock()
		h.trees[name] = n
		return nil
	})
}

// leadingTrees returns the trees that hold a hit, directly or not.
func (h *history) leadingTrees(ctx context.Context) (map[id]struct{}, error) {
	type found struct {
		trees  []id
		edges  []edge // parent counts in trees
		direct []int32
	}
	workers := make([]found, h.scan.opts.Workers)
	err := h.scan.each(ctx, setOf(treeKind), func(o object) error {
		w := &workers[o.worker]
		number := int32(len(w.trees))
		w.trees = append(w.trees, o.id())
		holds := false
		for text := o.text; len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			if e.isTree() {
				w.edges = append(w.edges, edge{short(e.id), number})
			} else if _, ok := h.hits[e.id]; ok {
				holds = true
			}
		}
		if holds {
			w.direct = append(w.direct, number)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all found
	for _, w := range workers {
		first := int32(len(all.trees))
		all.trees = append(all.trees, w.trees...)
		for _, e := range w.edges {
			all.edges = append(all.edges, edge{e.child, first + e.parent})
		}
		for _, d := range w.direct {
			all.direct = append(all.direct, first+d)
		}
	}
	slices.SortFunc(all.edges, func(a, b edge) int { return cmp.Compare(a.child, b.child) })
	leading := map[id]struct{}{}
	for next := all.direct; len(next) > 0; {
		tree := all.trees[next[len(next)-1]]
		next = next[:len(next)-1]
		if _, ok := leading[tree]; ok {
			continue
		}
		leading[tree] = struct{}{}
		at, _ := slices.BinarySearchFunc(all.edges, short(tree), func(e edge, s uint64) int { return cmp.Compare(e.child, s) })
		for ; at < len(all.edges) && all.edges[at].child == short(tree); at++ {
			next = append(next, all.edges[at].parent)
		}
	}
	return leading, nil
}

// maxDepth is how many directories deep a path may be. Git itself refuses trees over 2,048 levels by default.
const maxDepth = 4096

// introduced calls emit for each path at which the commit's tree holds a hit, while none of its parents' trees holds
// the same there. It is false where emit was, or the directories are too deep.
func (h *history) introduced(c *commit, emit func(path []byte, blob id) bool) bool {
	var parents []id
	for _, p := range c.parents {
		if parent, ok := h.commits[p]; ok {
			parents = append(parents, parent.tree)
		}
	}
	d := differ{history: h, emit: emit, barren: map[string]struct{}{}}
	return d.walk(nil, c.tree, parents, 0)
}

// differ compares one commit's tree with those of its parents.
type differ struct {
	*history
	emit func(path []byte, blob id) bool
	// barren holds the comparisons that came to nothing, so that trees made to be met on very many paths are
	// compared once.
	barren map[string]struct{}
	count  int
}

func (d *differ) walk(path []byte, tree id, parents []id, depth int) bool {
	n := d.trees[tree]
	if len(n) == 0 || slices.Contains(parents, tree) {
		return true
	}
	if depth > maxDepth {
		return false
	}
	slices.SortFunc(parents, func(a, b id) int { return bytes.Compare(a[:], b[:]) })
	parents = slices.Compact(parents)
	key := make([]byte, 0, 20*(1+len(parents)))
	key = append(key, tree[:]...)
	for _, p := range parents {
		key = append(key, p[:]...)
	}
	if _, ok := d.barren[string(key)]; ok {
		return true
	}
	before := d.count
	for _, e := range n {
		full := append(path, e.name...)
		if e.tree {
			var below []id
			for _, p := range parents {
				if sub, ok := d.trees[p].find(e.name, true); ok {
					below = append(below, sub)
				}
			}
			if !d.walk(append(full, '/'), e.id, below, depth+1) {
				return false
			}
			continue
		}
		old := slices.ContainsFunc(parents, func(p id) bool {
			there, ok := d.trees[p].find(e.name, false)
			return ok && there == e.id
		})
		if old {
			continue
		}
		d.count++
		if !d.emit(full, e.id) {
			return false
		}
	}
	if d.count == before {
		d.barren[string(key)] = struct{}{}
	}
	return true
}

// holds tells whether the blob stands at the path in the commit's tree.
func (h *history) holds(commit id, path string, blob id) bool {
	c, ok := h.commits[commit]
	return ok && h.treeHolds(c.tree, path, blob)
}

func (h *history) treeHolds(tree id, path string, blob id) bool {
	for {
		name, rest, more := strings.Cut(path, "/")
		if !more {
			there, ok := h.trees[tree].find(path, false)
			return ok && there == blob
		}
		below, ok := h.trees[tree].find(name, true)
		if !ok {
			return false
		}
		tree, path = below, rest
	}
}
