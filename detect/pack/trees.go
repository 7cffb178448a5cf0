package pack

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
)

// edge says that a tree holds another: the first 4 bytes of the child's id, then the parent's number. That two ids
// begin alike makes a tree too many be read, which does no harm.
type edge uint64

func newEdge(child id, parent int) edge { return edge(short(child)<<32 | uint64(parent)) }

func short(i id) uint64 { return uint64(binary.BigEndian.Uint32(i[:])) }

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

// metTrees are the trees that one worker has met.
type metTrees struct {
	trees  chunks[metTree]
	edges  chunks[edge] // parents are numbers in trees
	direct []int        // numbers of those that hold a hit
	sorted []edge
}

// parents calls visit for each tree that seems to hold the child.
func (m *metTrees) parents(child id, visit func(number int)) {
	first := newEdge(child, 0)
	at, _ := slices.BinarySearch(m.sorted, first)
	for ; at < len(m.sorted) && m.sorted[at]>>32 == first>>32; at++ {
		visit(int(uint32(m.sorted[at])))
	}
}

// leadingTrees returns the trees that hold a hit, directly or not.
func (h *history) leadingTrees(ctx context.Context) (map[id]metTree, error) {
	workers := make([]metTrees, h.scan.opts.Workers)
	err := h.scan.each(ctx, setOf(treeKind), func(o object) error {
		w := &workers[o.worker]
		number := w.trees.len()
		w.trees.add(metTree{o.id(), o.entry, o.pack})
		holds := false
		for text := o.text; len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			if e.isTree() {
				w.edges.add(newEdge(e.id, number))
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
	var sorting sync.WaitGroup
	for i := range workers {
		sorting.Go(func() {
			w := &workers[i]
			w.sorted, w.edges.full = w.edges.appendTo(nil), nil
			slices.Sort(w.sorted)
		})
	}
	sorting.Wait()
	var next []metTree
	for i := range workers {
		for _, number := range workers[i].direct {
			next = append(next, workers[i].trees.at(number))
		}
	}
	leading := map[id]metTree{}
	for len(next) > 0 {
		tree := next[len(next)-1]
		next = next[:len(next)-1]
		if _, ok := leading[tree.id]; ok {
			continue
		}
		leading[tree.id] = tree
		for i := range workers {
			workers[i].parents(tree.id, func(number int) { next = append(next, workers[i].trees.at(number)) })
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

func (c *chunks[T]) at(i int) T { return c.full[i/chunk][i%chunk] }

func (c *chunks[T]) appendTo(list []T) []T {
	list = slices.Grow(list, c.len())
	for _, part := range c.full {
		list = append(list, part...)
	}
	return list
}
