package pack

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
)

// resolve finds the bases that deltas name by id, by hashing whatever can be made, as no index says where they are.
// Servers that were asked for offsets send none of these.
func (p *packfile) resolve(ctx context.Context, opts Options, waiting map[id][]int32) error {
	if len(waiting) == 0 {
		return nil
	}
	left := 0
	for _, deltas := range waiting {
		left += len(deltas)
	}
	w := newWalker(opts, 0, new(atomic.Int64))
	defer w.memory.close()
	roots := 0
	for i := range p.offsets {
		if p.bases[i] != none || p.kinds[i] == 0 {
			continue
		}
		roots++
		err := w.walk(ctx, p, int32(i), func(o object) error {
			name := o.id()
			for _, delta := range slices.Backward(waiting[name]) {
				p.addChild(o.entry, delta)
				left--
			}
			delete(waiting, name)
			for c := p.first[o.entry]; c != none; c = p.sibling[c] {
				p.kinds[c] = o.kind
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if left == 0 {
		return nil
	}
	first, base := int32(len(p.offsets)), id{}
	for name, deltas := range waiting {
		if deltas[0] < first {
			first, base = deltas[0], name
		}
	}
	return p.fail(first, fmt.Errorf("%w: its base %v is not in the pack, or is made of itself", ErrCorrupt, base))
}
