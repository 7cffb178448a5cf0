package pack

import (
	"maps"
	"slices"
)

// refTree is a tree and the refs whose commits have it.
type refTree struct {
	tree int32
	refs []string
}

// placeRefs finds the trees that refs lead to.
func (h *history) placeRefs() {
	h.refCommit = map[id][]string{}
	byTree := map[int32]int{}
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
		root := target // a ref, or a tag, of a tree
		if c, ok := h.commits[target]; ok {
			root = c.tree
		}
		tree := h.tree(root)
		if tree == none {
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

// refsWith returns the refs that hold the blob at the path of these names.
func (h *history) refsWith(names []string, blob id) []string {
	if len(h.refTrees) == 0 {
		return nil
	}
	if h.refDirs == nil || h.refDirSize > maxRefDirs {
		h.refDirSize = 0
		h.refDirs = &refDir{byNumber: map[int32][]int32{}}
		for i, t := range h.refTrees {
			h.refDirs.byNumber[t.tree] = append(h.refDirs.byNumber[t.tree], int32(i))
		}
	}
	at := h.refDirs
	for i, name := range names {
		key := refName{name, i < len(names)-1}
		next := at.below[key]
		if next == nil {
			next = h.split(at, key)
			if at.below == nil {
				at.below = map[refName]*refDir{}
			}
			at.below[key] = next
		}
		at = next
	}
	var refs []string
	for _, i := range at.byNumber[h.blobs[blob]] {
		refs = append(refs, h.refTrees[i].refs...)
	}
	slices.Sort(refs)
	return refs
}

// refDir says what the refs hold at a path: which of refTrees hold which tree or blob there. It is made once for a path
// and not for each ref and finding, of which there may be thousands both.
type refDir struct {
	byNumber map[int32][]int32
	below    map[refName]*refDir
}

// refName is an entry of a tree: a name may be a file in one ref and a directory in another.
type refName struct {
	name string
	tree bool
}

// maxRefDirs is how many entries the refDirs hold before they are made again, so that their memory is bounded.
const maxRefDirs = 4 << 20

func (h *history) split(at *refDir, to refName) *refDir {
	next := &refDir{byNumber: map[int32][]int32{}}
	for here, refs := range at.byNumber {
		if below, ok := h.trees[here].find(to.name, to.tree); ok {
			next.byNumber[below] = append(next.byNumber[below], refs...)
			h.refDirSize += len(refs)
		}
	}
	h.refDirSize++
	return next
}
