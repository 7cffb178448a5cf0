package pack

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
)

// edge says that a tree holds another. Ids are cut to 8 bytes: one tree too many does no harm here.
type edge struct {
	child  uint64
	parent int32
}

func short(i id) uint64 { return binary.BigEndian.Uint64(i[:]) }

// metTree is a tree as a walk met it.
type metTree struct {
	id    id
	entry int32
	pack  *packfile // nil for a loose object
}

// readTrees goes through the trees twice: once to learn which of them lead to a hit, once through those to keep what
// leads there.
func (h *history) readTrees(ctx context.Context) error {
	leading, err := h.leadingTrees(ctx)
	if err != nil {
		return err
	}
	needed := map[*packfile][]bool{}
	for _, t := range leading {
		if t.pack != nil {
			t.pack.need(needed, t.entry)
		}
	}
	for p, entries := range needed {
		p.only = entries
		defer func() { p.only = nil }()
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

// need marks an entry and the bases it is made of.
func (p *packfile) need(needed map[*packfile][]bool, entry int32) {
	entries := needed[p]
	if entries == nil {
		entries = make([]bool, len(p.offsets))
		needed[p] = entries
	}
	for ; entry != none && !entries[entry]; entry = p.bases[entry] {
		entries[entry] = true
	}
}

// leadingTrees returns the trees that hold a hit, directly or not.
func (h *history) leadingTrees(ctx context.Context) (map[id]metTree, error) {
	type found struct {
		trees  chunks[metTree]
		edges  chunks[edge] // parent counts in trees
		direct []int32
	}
	workers := make([]found, h.scan.opts.Workers)
	err := h.scan.each(ctx, setOf(treeKind), func(o object) error {
		w := &workers[o.worker]
		number := int32(w.trees.len())
		w.trees.add(metTree{o.id(), o.entry, o.pack})
		holds := false
		for text := o.text; len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			if e.isTree() {
				w.edges.add(edge{short(e.id), number})
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
	var (
		trees  []metTree
		edges  []edge
		direct []int32
	)
	for _, w := range workers {
		first := int32(len(trees))
		trees = w.trees.appendTo(trees)
		from := len(edges)
		edges = w.edges.appendTo(edges)
		for i := range edges[from:] {
			edges[from+i].parent += first
		}
		for _, d := range w.direct {
			direct = append(direct, first+d)
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.child, b.child) })
	leading := map[id]metTree{}
	for next := direct; len(next) > 0; {
		tree := trees[next[len(next)-1]]
		next = next[:len(next)-1]
		if _, ok := leading[tree.id]; ok {
			continue
		}
		leading[tree.id] = tree
		at, _ := slices.BinarySearchFunc(edges, short(tree.id), func(e edge, s uint64) int { return cmp.Compare(e.child, s) })
		for ; at < len(edges) && edges[at].child == short(tree.id); at++ {
			next = append(next, edges[at].parent)
		}
	}
	return leading, nil
}

// chunks is a list that grows without being copied.
type chunks[T any] struct{ full [][]T }

const chunk = 8 << 10

func (c *chunks[T]) add(v T) {
	if n := len(c.full); n == 0 || len(c.full[n-1]) == chunk {
		c.full = append(c.full, make([]T, 0, chunk))
	}
	last := &c.full[len(c.full)-1]
	*last = append(*last, v)
}

func (c *chunks[T]) len() int {
	if len(c.full) == 0 {
		return 0
	}
	return (len(c.full)-1)*chunk + len(c.full[len(c.full)-1])
}

func (c *chunks[T]) appendTo(list []T) []T {
	list = slices.Grow(list, c.len())
	for _, part := range c.full {
		list = append(list, part...)
	}
	return list
}
