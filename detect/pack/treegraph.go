package pack

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// treeGraph is what one worker keeps of the trees that it has met: which trees each of them holds, under which names.
type treeGraph struct {
	met    chunks[metTree]
	loose  []id
	ids    idTable      // of the trees that they hold
	edges  chunks[edge] // of the met trees, one after the other
	direct []direct
	names  nameTable

	quota int64 // bytes that may still be kept
	full  bool  // there was room for no more
	more  func(bytes int64) bool

	now, before []edge // of the tree met last, and of the one before it: often much the same
	same        int    // in before: where what is added next may stand

	firstParent []int    // by number: where in parents those stand that hold the tree; one more for the end
	parents     []uint32 // in met
	leading     []int32  // by number: the number among all trees that lead to a hit, or none
	reached     []reached
}

// reached is a met tree that leads to a hit, and its number among all those.
type reached struct {
	met    int
	number int32
}

// metTree is a tree as a walk met it: the entry of a pack, or where that is nil a number in [treeGraph.loose]. Its edges
// begin at edges.
type metTree struct {
	pack  *packfile
	entry int32
	edges int
}

// edge says that a tree holds another, whose number in [treeGraph.ids] is child.
type edge struct{ child, name uint32 }

// direct says that a tree holds a blob with findings.
type direct struct {
	tree int // in met
	name uint32
	blob int32
}

// What is kept takes about so many bytes.
const (
	edgeBytes = 40 // in edges, in parents, and where it leads to a finding in a node
	metBytes  = 56
	idBytes   = 64
	nameBytes = 64 // beside the name itself
)

// nameTable keeps each name once.
type nameTable struct {
	names   []string
	numbers map[string]uint32
	bytes   int64
	last    []uint32 // by the number of what is named: how it was called last, which is mostly how it is called
}

func (t *nameTable) number(name []byte) uint32 {
	n, ok := t.numbers[string(name)]
	if !ok && len(name) > budget.Path {
		return t.number([]byte(shortName(name)))
	}
	if !ok {
		if t.numbers == nil {
			t.numbers = map[string]uint32{}
		}
		n = uint32(len(t.names))
		t.names = append(t.names, string(name))
		t.numbers[t.names[n]] = n
		t.bytes += nameBytes + int64(len(name))
	}
	return n
}

// numberOf is number for what was perhaps named before.
func (t *nameTable) numberOf(named uint32, name []byte) uint32 {
	for int(named) >= len(t.last) {
		t.last = append(t.last, 0)
	}
	last := &t.last[named]
	if int(*last) >= len(t.names) || t.names[*last] != string(name) {
		*last = t.number(name)
	}
	return *last
}

// begin takes a tree; what it holds is added until the next one begins. What names no tree by itself is hashed here, while
// its text is at hand.
func (g *treeGraph) begin(o object) {
	t := metTree{o.pack, o.entry, g.edges.len()}
	if o.pack == nil {
		t.entry = int32(len(g.loose))
		g.loose = append(g.loose, o.loose)
	} else if o.pack.index == nil {
		o.id()
	}
	g.met.add(t)
	g.quota -= metBytes
	g.now, g.before, g.same = g.before[:0], g.now, 0
}

// holdsTree adds an entry, if there is room for it.
func (g *treeGraph) holdsTree(e treeEntry) {
	if !g.hasRoom() {
		return
	}
	g.quota -= edgeBytes
	held, ok := g.heldBefore(e)
	if !ok {
		before := int64(len(g.ids.ids))*idBytes + g.names.bytes
		child := g.ids.number(e.id())
		held = edge{child, g.names.numberOf(child, e.name())}
		g.quota -= int64(len(g.ids.ids))*idBytes + g.names.bytes - before
	}
	g.edges.add(held)
	g.now = append(g.now, held)
}

// hasRoom reports whether something may still be kept.
func (g *treeGraph) hasRoom() bool {
	if g.quota < 0 && !g.full {
		need := max(-g.quota, graphStep)
		if g.full = !g.more(need); !g.full {
			g.quota += need
		}
	}
	return !g.full
}

// graphStep is how much room a worker takes at once.
const graphStep = 64 << 10

// heldBefore looks an entry up in the tree before, among those that stand where it would: to number it takes longer.
func (g *treeGraph) heldBefore(e treeEntry) (edge, bool) {
	for i, held := range g.before[g.same:min(g.same+2, len(g.before))] {
		if g.ids.ids[held.child] == *e.id() && g.names.names[held.name] == string(e.name()) {
			g.same += i + 1
			return held, true
		}
	}
	g.same = min(g.same+1, len(g.before))
	return edge{}, false
}

// holdsBlob is holdsTree for a blob with findings.
func (g *treeGraph) holdsBlob(e treeEntry, blob int32) {
	if !g.hasRoom() {
		return
	}
	before := g.names.bytes
	defer func() { g.quota -= edgeBytes + g.names.bytes - before }()
	g.direct = append(g.direct, direct{g.met.len() - 1, g.names.number(e.name()), blob})
}

// id returns the id of a met tree.
func (g *treeGraph) id(met int) id {
	t := g.met.at(met)
	switch {
	case t.pack == nil:
		return g.loose[t.entry]
	case t.pack.index != nil:
		return t.pack.index.id(t.entry)
	}
	return t.pack.ids[t.entry]
}

// edgesOf returns where the edges of a met tree are.
func (g *treeGraph) edgesOf(met int) (from, to int) {
	if met+1 < g.met.len() {
		return g.met.at(met).edges, g.met.at(met + 1).edges
	}
	return g.met.at(met).edges, g.edges.len()
}

// invert makes parents ready.
func (g *treeGraph) invert() {
	g.firstParent = make([]int, len(g.ids.ids)+1)
	for _, part := range g.edges.full {
		for _, e := range part {
			g.firstParent[e.child]++
		}
	}
	sum := 0
	for i, n := range g.firstParent {
		sum += n
		g.firstParent[i] = sum // the end, from which it is counted down
	}
	g.parents = make([]uint32, sum)
	for met := range g.met.len() {
		for i, to := g.edgesOf(met); i < to; i++ {
			at := &g.firstParent[g.edges.at(i).child]
			*at--
			g.parents[*at] = uint32(met)
		}
	}
	g.leading = make([]int32, len(g.ids.ids))
	for i := range g.leading {
		g.leading[i] = none
	}
}

// numberLeading numbers the trees that hold a hit, directly or not, whichever worker has met them.
func numberLeading(graphs []treeGraph) (leading idTable) {
	reach := func(g *treeGraph, met int) {
		name := g.id(met)
		known := len(leading.ids)
		if number := leading.number(&name); int(number) == known {
			g.reached = append(g.reached, reached{met, int32(number)})
		}
	}
	for i := range graphs {
		g := &graphs[i]
		for _, d := range g.direct {
			reach(g, d.tree)
		}
	}
	for next := 0; next < len(leading.ids); next++ { //nolint:intrange // reach appends to it
		for i := range graphs {
			g := &graphs[i]
			number, ok := g.ids.find(&leading.ids[next])
			if !ok {
				continue
			}
			g.leading[number] = int32(next)
			for _, met := range g.parents[g.firstParent[number]:g.firstParent[number+1]] {
				reach(g, int(met))
			}
		}
	}
	return leading
}

// nodes puts what this worker's leading trees hold into trees, by number.
func (g *treeGraph) nodes(trees []node) {
	for _, r := range g.reached {
		var n node
		for i, to := g.edgesOf(r.met); i < to; i++ {
			e := g.edges.at(i)
			if child := g.leading[e.child]; child != none {
				n = append(n, nodeEntry{g.names.names[e.name], child, true})
			}
		}
		at, _ := slices.BinarySearchFunc(g.direct, r.met, func(d direct, met int) int { return d.tree - met })
		for _, d := range g.direct[at:] {
			if d.tree != r.met {
				break
			}
			n = append(n, nodeEntry{g.names.names[d.name], d.blob, false})
		}
		slices.SortStableFunc(n, func(a, b nodeEntry) int { return strings.Compare(a.name, b.name) })
		trees[r.number] = n
	}
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
