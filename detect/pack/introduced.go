package pack

import (
	"encoding/binary"
	"slices"
	"strings"
)

// maxDepth is how many directories deep a path may be. Git itself refuses trees over 2,048 levels by default.
const maxDepth = 4096

// introduced calls emit for each path at which the commit's tree holds a hit, while none of its parents' trees holds
// the same there. It is false where emit was, or the directories are too deep.
func (h *history) introduced(c *commit, emit func(path []byte, blob id) bool) bool {
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
	return d.walk(nil, tree, parents, 0)
}

// differ compares one commit's tree with those of its parents.
type differ struct {
	*history
	emit func(path []byte, blob id) bool
	// barren holds the comparisons that came to nothing, once there are many, so that trees made to be met on very many paths
	// are compared once.
	barren   map[string]struct{}
	compared int
	count    int
}

// manyCompared is after how many comparisons those that came to nothing are remembered.
const manyCompared = 256

func (d *differ) walk(path []byte, tree int32, parents []int32, depth int) bool {
	n := d.node(tree)
	if len(n) == 0 || slices.Contains(parents, tree) {
		return true
	}
	if depth > maxDepth {
		return false
	}
	var key []byte
	if d.compared++; d.compared > manyCompared {
		slices.Sort(parents)
		parents = slices.Compact(parents)
		key = comparison(tree, parents)
		if _, ok := d.barren[string(key)]; ok {
			return true
		}
	}
	before := d.count
	for _, e := range n {
		full := append(path, e.name...)
		if e.tree {
			var below []int32
			for _, p := range parents {
				if sub, ok := d.node(p).find(e.name, true); ok {
					below = append(below, sub)
				}
			}
			if !d.walk(append(full, '/'), e.number, below, depth+1) {
				return false
			}
			continue
		}
		old := slices.ContainsFunc(parents, func(p int32) bool {
			there, ok := d.node(p).find(e.name, false)
			return ok && there == e.number
		})
		if old {
			continue
		}
		d.count++
		if !d.emit(full, d.blobIDs[e.number]) {
			return false
		}
	}
	if key != nil && d.count == before {
		if d.barren == nil {
			d.barren = map[string]struct{}{}
		}
		d.barren[string(key)] = struct{}{}
	}
	return true
}

// comparison names a tree and those it is compared with.
func comparison(tree int32, parents []int32) []byte {
	key := binary.LittleEndian.AppendUint32(make([]byte, 0, 4*(1+len(parents))), uint32(tree))
	for _, p := range parents {
		key = binary.LittleEndian.AppendUint32(key, uint32(p))
	}
	return key
}

// holds tells whether the blob stands at the path in the commit's tree.
func (h *history) holds(commit id, path string, blob id) bool {
	c, ok := h.commits[commit]
	return ok && h.treeHolds(c.tree, path, blob)
}

func (h *history) treeHolds(root id, path string, blob id) bool {
	for tree := h.tree(root); ; {
		name, rest, more := strings.Cut(path, "/")
		if !more {
			there, ok := h.node(tree).find(path, false)
			return ok && h.blobIDs[there] == blob
		}
		below, ok := h.node(tree).find(name, true)
		if !ok {
			return false
		}
		tree, path = below, rest
	}
}
