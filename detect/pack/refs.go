package pack

import (
	"maps"
	"slices"
)

// refTree is a tree and the refs whose commits have it.
type refTree struct {
	tree id
	refs []string
}

// placeRefs finds the trees that refs lead to.
func (h *history) placeRefs() {
	h.refCommit = map[id][]string{}
	h.refsCache = map[string][]string{}
	byTree := map[id]int{}
	for _, name := range slices.Sorted(maps.Keys(h.scan.refs)) {
		at := h.scan.refs[name]
		target, ok := peel(h.tags, at)
		if !ok {
			continue
		}
		h.refCommit[at] = append(h.refCommit[at], name)
		if target != at {
			h.refCommit[target] = append(h.refCommit[target], name)
		}
		tree := target // a ref, or a tag, of a tree
		if c, ok := h.commits[target]; ok {
			tree = c.tree
		}
		if len(h.trees[tree]) == 0 {
			continue
		}
		n, ok := byTree[tree]
		if !ok {
			n = len(h.refTrees)
			byTree[tree] = n
			h.refTrees = append(h.refTrees, refTree{tree: tree})
		}
		h.refTrees[n].refs = append(h.refTrees[n].refs, name)
	}
}

// refsWith returns the refs that hold the blob at the path.
func (h *history) refsWith(path string, blob id) []string {
	if len(h.refTrees) == 0 {
		return nil
	}
	key := string(blob[:]) + path
	refs, ok := h.refsCache[key]
	if ok {
		return refs
	}
	for _, t := range h.refTrees {
		if h.treeHolds(t.tree, path, blob) {
			refs = append(refs, t.refs...)
		}
	}
	slices.Sort(refs)
	h.refsCache[key] = refs
	return refs
}
