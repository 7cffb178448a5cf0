package pack

import (
	"bytes"
	"slices"
	"strings"
)

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
