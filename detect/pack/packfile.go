package pack

import (
	"fmt"
	"slices"
)

const (
	packHeader  = 12 // "PACK", version, number of objects
	packTrailer = 20 // SHA-1 of all before it
	none        = int32(-1)
)

// packfile is a pack held in memory or mapped, with the table of its entries in the order of their offsets. Entries
// are named by their index in that table. Once linked it is read only.
type packfile struct {
	name    string // for errors: "" for a pack from a stream
	data    []byte // with header and trailer
	offsets []int64
	kinds   []kind          // of the object; 0 while not known
	bases   []int32         // none for an object stored whole
	first   []int32         // first of the deltas made from the entry
	sibling []int32         // next delta with the same base
	weight  []int32         // entries of the delta tree below and with this one
	index   *index          // nil for a pack from a stream
	ids     []id            // by entry, zero where not hashed yet; nil while nobody needs ids to be kept, or with index
	bad     map[int32]error // entries that cannot be read at all; only with index
	copies  []bool          // by entry: another pack holds the object too, and is asked for it; nil where none is
}

// header is what an entry's first bytes say. It is small enough to be kept in registers.
type header struct {
	kind kind
	len  uint8
	size uint64 // inflated: of the object, or of the delta
	back int64  // ofsDelta: distance to the base
}

// base returns the id of a refDelta's base, with which the header that b begins with ends.
func (h header) base(b []byte) id { return id(b[h.len-uint8(len(id{})) : h.len]) }

// readHeader reads the header at the start of b.
func readHeader(b []byte) (h header, err error) {
	if len(b) == 0 {
		return h, fmt.Errorf("%w: entry header is cut", ErrCorrupt)
	}
	c := b[0]
	n := 1
	h.kind, h.size = kind(c>>4&7), uint64(c&15)
	for shift := 4; c >= 0x80; shift += 7 {
		if n >= len(b) || shift > 56 {
			return h, fmt.Errorf("%w: entry header is truncated or its size too large", ErrCorrupt)
		}
		c = b[n]
		n++
		h.size |= uint64(c&0x7f) << shift
	}
	switch h.kind {
	case commitKind, treeKind, blobKind, tagKind:
	case ofsDelta:
		for i := 0; ; i++ {
			if n >= len(b) || i > 8 {
				return h, fmt.Errorf("%w: delta's base offset is truncated or too large", ErrCorrupt)
			}
			c = b[n]
			n++
			h.back = h.back<<7 | int64(c&0x7f)
			if c < 0x80 {
				break
			}
			h.back++
		}
	case refDelta:
		n += len(id{})
		if len(b) < n {
			return h, fmt.Errorf("%w: delta's base id is cut", ErrCorrupt)
		}
	default:
		return h, fmt.Errorf("%w: entry of unknown %v", ErrCorrupt, h.kind)
	}
	h.len = uint8(n)
	return h, nil
}

// add appends an entry that begins at offset. Entries come in the order of their offsets. The base of a refDelta is
// set later.
func (p *packfile) add(offset int64, h header) error {
	base := none
	k := h.kind
	if k == ofsDelta {
		at, ok := slices.BinarySearch(p.offsets, offset-h.back)
		if !ok {
			return fmt.Errorf("%w: no entry begins at its base's offset %d", ErrCorrupt, offset-h.back)
		}
		base = int32(at)
	}
	if k == ofsDelta || k == refDelta {
		k = 0
	}
	p.offsets = append(p.offsets, offset)
	p.kinds = append(p.kinds, k)
	p.bases = append(p.bases, base)
	return nil
}

// link makes the lists of children from the bases.
func (p *packfile) link() {
	n := len(p.offsets)
	p.first, p.sibling, p.weight = make([]int32, n), make([]int32, n), make([]int32, n)
	for i := range n {
		p.first[i], p.sibling[i] = none, none
	}
	for i := n - 1; i >= 0; i-- { // backwards, so that lists are in the order of offsets
		if b := p.bases[i]; b != none {
			p.addChild(b, int32(i))
		}
	}
}

func (p *packfile) addChild(base, child int32) {
	p.bases[child] = base
	p.sibling[child] = p.first[base]
	p.first[base] = child
}

// assignKinds gives every entry the kind of its delta tree's root, and its weight. It fails on entries that no root
// reaches: a circle.
func (p *packfile) assignKinds() error {
	n := len(p.offsets)
	forward := true // all bases lie before their deltas, which is so without refDelta
	for i := range n {
		if b := p.bases[i]; b != none {
			if int(b) > i {
				forward = false
				break
			}
			p.kinds[i] = p.kinds[b]
		}
	}
	if forward {
		for i := n - 1; i >= 0; i-- {
			p.weight[i]++
			if b := p.bases[i]; b != none {
				p.weight[b] += p.weight[i]
			}
		}
		return nil
	}
	order := make([]int32, 0, n)
	for i := range n {
		if p.bases[i] == none {
			order = append(order, int32(i))
		} else {
			p.kinds[i] = 0
		}
	}
	for next := 0; next < len(order); next++ {
		i := order[next]
		for c := p.first[i]; c != none; c = p.sibling[c] {
			p.kinds[c] = p.kinds[i]
			order = append(order, c)
		}
	}
	if len(order) < n {
		at := slices.Index(p.kinds, 0)
		return p.fail(int32(at), fmt.Errorf("%w: its chain of deltas is a circle", ErrCorrupt))
	}
	for _, i := range slices.Backward(order) {
		p.weight[i]++
		if b := p.bases[i]; b != none {
			p.weight[b] += p.weight[i]
		}
	}
	return nil
}

// body returns the header of an entry and its deflated bytes.
func (p *packfile) body(entry int32) (header, []byte, error) {
	end := int64(len(p.data)) - packTrailer
	if int(entry)+1 < len(p.offsets) {
		end = p.offsets[entry+1]
	}
	b := p.data[p.offsets[entry]:end]
	h, err := readHeader(b)
	if err != nil {
		return h, nil, err
	}
	return h, b[h.len:], nil
}

// count counts the objects of a kind that no other pack is asked for.
func (p *packfile) count(wanted kind) (n int) {
	for i, k := range p.kinds {
		if k == wanted && (p.copies == nil || !p.copies[i]) {
			n++
		}
	}
	return n
}

// fail says in which pack and at which offset err happened.
func (p *packfile) fail(entry int32, err error) error {
	where := "pack"
	if p.name != "" {
		where = p.name
	}
	return fmt.Errorf("%s: object at offset %d: %w", where, p.offsets[entry], err)
}
