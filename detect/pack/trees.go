package pack

import (
	"context"
	"encoding/binary"
)

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

// readTrees goes through all trees once, and keeps of them what leads to a hit. What names no tree by itself is hashed
// while its text is at hand.
func (h *history) readTrees(ctx context.Context) error {
	var hits prefixes
	h.blobs = map[id]int32{}
	for name, hit := range h.hits {
		if hit.kind == blobKind {
			hits.add(name)
			h.blobs[name] = int32(len(h.blobIDs))
			h.blobIDs = append(h.blobIDs, name)
		}
	}
	graphs := make([]treeGraph, h.scan.opts.Workers)
	for i := range graphs {
		graphs[i].more = h.quota.reserve
	}
	m := h.scan.missing
	err := h.scan.each(ctx, setOf(treeKind), func(o object) error {
		g := &graphs[o.worker]
		g.begin(o)
		for text := o.text; len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			if m != nil {
				m.entry(o.worker, e)
			}
			if e.isTree() {
				g.holdsTree(e)
			} else if hits.has(e.id()) && !e.isGitlink() {
				if blob, ok := h.blobs[*e.id()]; ok {
					g.holdsBlob(e, blob)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if m != nil {
		m.examined |= setOf(treeKind)
	}
	for i := range graphs {
		h.treesCut = h.treesCut || graphs[i].full
	}
	onAll := func(do func(g *treeGraph)) error {
		return concurrently(len(graphs), func(i int) error { do(&graphs[i]); return nil })
	}
	if err := onAll((*treeGraph).invert); err != nil {
		return err
	}
	h.numbers = numberLeading(graphs)
	h.trees = make([]node, len(h.numbers.ids))
	return onAll(func(g *treeGraph) { g.nodes(h.trees) })
}
