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
type edge = uint64

func newEdge(child *id, parent int) edge {
	return edge(binary.BigEndian.Uint32(child[:]))<<32 | edge(uint32(parent))
}

// metTree is a tree as a walk met it: the entry of a pack, or where that is nil a number in [metTrees.loose].
type metTree struct {
	pack  *packfile
	entry int32
}

// prefixes is a set of ids by their first 16 bits, which tells of most ids that they are not among a few.
type prefixes [1 << 10]uint64

func (p *prefixes) add(i id) {
	first := binary.BigEndian.Uint16(i[:])
	p[first>>6] |= 1 << (first & 63)
}

func (p *prefixes) has(i *id) bool {
	first := binary.BigEndian.Uint16(i[:])
	return p[first>>6]>>(first&63)&1 != 0
}

// readTrees goes through the trees twice: once to learn which of them lead to a hit, once through those to keep what
// leads there.
func (h *history) readTrees(ctx context.Context) error {
	leading, err := h.leadingTrees(ctx)
	if err != nil {
		return err
	}
	needed := map[*packfile][]bool{}
	var trees, blobs prefixes
	for name, t := range leading {
		trees.add(name)
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
	for name := range h.hits {
		blobs.add(name)
	}
	h.trees = make(map[id]node, len(leading))
	return h.scan.each(ctx, setOf(treeKind), func(o object) error {
		name := o.id()
		if _, ok := leading[name]; !ok {
			return nil
		}
		var n node
		for text := o.text(); len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			keep := false
			switch {
			case e.isTree() && trees.has(e.id):
				_, keep = leading[*e.id]
			case !e.isTree() && !e.isGitlink() && blobs.has(e.id):
				hit, ok := h.hits[*e.id]
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
				n = append(n, nodeEntry{s, *e.id, e.isTree()})
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
	loose  []id
	edges  chunks[edge] // parents are numbers in trees
	direct []int        // numbers of those that hold a hit
	sorted []edge
}

// add takes a tree and returns its number. What names no tree by itself is hashed here, while its text is at hand.
func (m *metTrees) add(o object) int {
	t := metTree{o.pack, o.entry}
	if o.pack == nil {
		t.entry = int32(len(m.loose))
		m.loose = append(m.loose, o.loose)
	} else if o.pack.index == nil {
		o.id()
	}
	m.trees.add(t)
	return m.trees.len() - 1
}

func (m *metTrees) tree(number int) (metTree, id) {
	t := m.trees.at(number)
	switch {
	case t.pack == nil:
		return t, m.loose[t.entry]
	case t.pack.index != nil:
		return t, t.pack.index.id(t.entry)
	}
	return t, t.pack.ids[t.entry]
}

// parents calls visit for each tree that seems to hold the child.
func (m *metTrees) parents(child id, visit func(number int)) {
	first := newEdge(&child, 0)
	at, _ := slices.BinarySearch(m.sorted, first)
	for ; at < len(m.sorted) && m.sorted[at]>>32 == first>>32; at++ {
		visit(int(uint32(m.sorted[at])))
	}
}

// leadingTrees returns the trees that hold a hit, directly or not.
func (h *history) leadingTrees(ctx context.Context) (map[id]metTree, error) {
	var hits prefixes
	for name := range h.hits {
		hits.add(name)
	}
	workers := make([]metTrees, h.scan.opts.Workers)
	m := h.scan.missing
	err := h.scan.each(ctx, setOf(treeKind), func(o object) error {
		w := &workers[o.worker]
		number := w.add(o)
		holds := false
		for text := o.text(); len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			if m != nil {
				m.entry(o.worker, &e)
			}
			if e.isTree() {
				w.edges.add(newEdge(e.id, number))
			} else if hits.has(e.id) {
				_, ok := h.hits[*e.id]
				holds = holds || ok
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
	if m != nil {
		m.lookedAt |= setOf(treeKind)
	}
	var sorting sync.WaitGroup
	for i := range workers {
		sorting.Go(func() {
			w := &workers[i]
			w.sorted, w.edges.full = w.edges.appendTo(nil), nil
			w.sorted = radixSort(w.sorted, make([]edge, len(w.sorted)), 32, 64)
		})
	}
	sorting.Wait()
	type place struct{ worker, number int }
	var next []place
	for i := range workers {
		for _, number := range workers[i].direct {
			next = append(next, place{i, number})
		}
	}
	leading := map[id]metTree{}
	for len(next) > 0 {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		tree, name := workers[at.worker].tree(at.number)
		if _, ok := leading[name]; ok {
			continue
		}
		leading[name] = tree
		for i := range workers {
			workers[i].parents(name, func(number int) { next = append(next, place{i, number}) })
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
