package pack

import (
	"encoding/binary"
	"slices"

	"github.com/rekey-app/rekey/detect/budget"
)

// maxDepth is how many directories deep a path may be.
const maxDepth = budget.PathDepth

// introduced calls emit for each path at which the commit's tree holds a hit, while none of its parents' trees holds
// the same there: of paths that lead through the same comparison, as many as there may be places. The names are valid until
// emit returns. It is false where emit was, or where not all could be compared.
func (h *history) introduced(c *commit, emit func(names []string, blob id) bool) bool {
	tree := h.tree(c.tree)
	if tree == none {
		return true
	}
	var parents []int32
	for _, p := range c.parents {
		if parent, ok := h.commits[p]; ok {
			parents = append(parents, h.tree(parent.tree))
		}
	}
	d := differ{history: h, emit: emit}
	return d.walk(tree, parents)
}

// differ compares one commit's tree with those of its parents.
type differ struct {
	*history
	emit  func(names []string, blob id) bool
	names []string
	// outcomes holds what came of comparisons, once there are many, so that trees made to be met on very many paths are compared
	// no more often than is of use.
	outcomes map[string]int32 // how often something came of it; unchanged: never will
	local    int
	emitted  int
}

// manyCompared is after how many comparisons what comes of them is remembered.
const manyCompared = 256

// mostOutcomes bounds what is remembered, some 80 bytes each.
const mostOutcomes = 256 << 10

const unchanged = -1

func (d *differ) walk(tree int32, parents []int32) bool {
	n := d.node(tree)
	if len(n) == 0 || slices.Contains(parents, tree) {
		return true
	}
	if len(d.names) > maxDepth {
		return false
	}
	var key []byte
	if d.local++; d.local > manyCompared {
		if d.compared.Add(1) > budget.PackCompared || len(d.outcomes) > mostOutcomes {
			return false
		}
		slices.Sort(parents)
		parents = slices.Compact(parents)
		key = comparison(tree, parents)
		if times := d.outcomes[string(key)]; times == unchanged || int(times) >= d.scan.opts.MaxPlaces {
			return true
		}
	}
	before := d.emitted
	for _, e := range n {
		d.names = append(d.names, e.name)
		ok := d.entry(e, parents)
		d.names = d.names[:len(d.names)-1]
		if !ok {
			return false
		}
	}
	if key != nil {
		if d.outcomes == nil {
			d.outcomes = map[string]int32{}
		}
		if d.emitted == before {
			d.outcomes[string(key)] = unchanged
		} else {
			d.outcomes[string(key)]++
		}
	}
	return true
}

// entry compares one entry of a tree with those of its name in the parents' trees.
func (d *differ) entry(e nodeEntry, parents []int32) bool {
	if e.tree {
		var below []int32
		for _, p := range parents {
			if sub, ok := d.node(p).find(e.name, true); ok {
				below = append(below, sub)
			}
		}
		return d.walk(e.number, below)
	}
	for _, p := range parents {
		if there, ok := d.node(p).find(e.name, false); ok && there == e.number {
			return true
		}
	}
	d.emitted++
	return d.emit(d.names, d.blobIDs[e.number])
}

// comparison names a tree and those it is compared with.
func comparison(tree int32, parents []int32) []byte {
	key := binary.LittleEndian.AppendUint32(make([]byte, 0, 4*(1+len(parents))), uint32(tree))
	for _, p := range parents {
		key = binary.LittleEndian.AppendUint32(key, uint32(p))
	}
	return key
}

// holds reports whether the blob is at the path in the commit's tree.
func (h *history) holds(commit id, names []string, blob id) bool {
	c, ok := h.commits[commit]
	return ok && h.treeHolds(c.tree, names, blob)
}

func (h *history) treeHolds(root id, names []string, blob id) bool {
	tree := h.tree(root)
	for _, name := range names[:len(names)-1] {
		below, ok := h.node(tree).find(name, true)
		if !ok {
			return false
		}
		tree = below
	}
	there, ok := h.node(tree).find(names[len(names)-1], false)
	return ok && h.blobIDs[there] == blob
}

// firstPaths calls emit once for each hit that wanted reports, with a path of the oldest of the commits that holds it. Each tree
// is looked at once, however many paths lead to it.
func (h *history) firstPaths(commits []*commit, wanted func(blob id) bool, emit func(c *commit, names []string, blob id)) {
	visited := make([]bool, len(h.trees))
	done := map[int32]bool{}
	var names []string
	var walk func(c *commit, tree int32)
	walk = func(c *commit, tree int32) {
		if tree == none || visited[tree] || len(names) > maxDepth {
			return
		}
		visited[tree] = true
		for _, e := range h.node(tree) {
			names = append(names, e.name)
			switch {
			case e.tree:
				walk(c, e.number)
			case !done[e.number] && wanted(h.blobIDs[e.number]):
				done[e.number] = true
				emit(c, names, h.blobIDs[e.number])
			}
			names = names[:len(names)-1]
		}
	}
	for _, c := range commits {
		walk(c, h.tree(c.tree))
	}
}
