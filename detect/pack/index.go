package pack

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"
)

// index is a pack's .idx file of version 2, mapped.
type index struct {
	fanout   []byte  // 256 counts of ids up to a first byte
	ids      []byte  // 20 bytes each, ascending
	position []int32 // by entry: where its id stands
	entry    []int32 // by position in ids: the entry; nil until needed
}

func (x *index) id(entry int32) (i id) {
	copy(i[:], x.ids[int(x.position[entry])*len(i):])
	return i
}

func (x *index) at(position int) []byte { return x.ids[position*len(id{}):][:len(id{})] }

// range256 returns the positions of the ids that start with a byte.
func (x *index) range256(first byte) (from, to int) {
	if first > 0 {
		from = int(binary.BigEndian.Uint32(x.fanout[4*int(first)-4:]))
	}
	return from, int(binary.BigEndian.Uint32(x.fanout[4*int(first):]))
}

// find returns the entry of an id. It needs invert.
func (x *index) find(name id) (entry int32, ok bool) {
	at, ok := x.search(name)
	if !ok {
		return 0, false
	}
	return x.entry[at], true
}

// search returns the position of an id. Ids are hashes, so that it stands near where it would in a list without gaps: it
// looks from there on in steps that double.
func (x *index) search(name id) (position int, ok bool) {
	from, to := x.range256(name[0])
	if from == to {
		return 0, false
	}
	want := binary.BigEndian.Uint64(name[:])
	at := from + int(uint64(to-from)*(want<<8>>40)>>24)
	var low, high int // what is before low is smaller, what is from high on is not
	if step := 4; x.head(at) < want {
		for low = at + 1; low+step < to && x.head(low+step) < want; step *= 2 {
			low += step + 1
		}
		high = min(to, low+step)
	} else {
		for high = at; high-step > from && x.head(high-step) >= want; step *= 2 {
			high -= step
		}
		low = max(from, high-step)
	}
	for low < high {
		if middle := int(uint(low+high) / 2); x.head(middle) < want {
			low = middle + 1
		} else {
			high = middle
		}
	}
	for ; low < to && x.head(low) == want; low++ {
		if bytes.Equal(x.at(low), name[:]) {
			return low, true
		}
	}
	return 0, false
}

// head returns the first eight bytes of the id at a position.
func (x *index) head(position int) uint64 {
	return binary.BigEndian.Uint64(x.ids[position*len(id{}):])
}

// newIndex makes the index of objects whose ids are given by entry.
func newIndex(ids []id) *index {
	n := len(ids)
	x := &index{fanout: make([]byte, 256*4), ids: make([]byte, 0, n*len(id{})), position: make([]int32, n), entry: make([]int32, n)}
	for i := range n {
		x.entry[i] = int32(i)
	}
	slices.SortFunc(x.entry, func(a, b int32) int { return bytes.Compare(ids[a][:], ids[b][:]) })
	for position, entry := range x.entry {
		x.position[entry] = int32(position)
		x.ids = append(x.ids, ids[entry][:]...)
		for first := int(ids[entry][0]); first < 256; first++ {
			binary.BigEndian.PutUint32(x.fanout[4*first:], uint32(position+1))
		}
	}
	return x
}

// readIndex reads an .idx file, and returns the offsets of the pack's entries in ascending order with it.
func readIndex(data []byte, packSize int64) (*index, []int64, error) {
	const head, trailers = 8, 2 * 20
	if len(data) < head+256*4+trailers || string(data[:4]) != "\xfftOc" {
		return nil, nil, fmt.Errorf("%w: no index of version 2", ErrCorrupt)
	}
	if v := binary.BigEndian.Uint32(data[4:]); v != 2 {
		return nil, nil, fmt.Errorf("%w: index of version %d, only 2 is known", ErrCorrupt, v)
	}
	x := &index{fanout: data[head : head+256*4]}
	last := uint32(0)
	for i := range 256 {
		next := binary.BigEndian.Uint32(x.fanout[4*i:])
		if next < last {
			return nil, nil, fmt.Errorf("%w: index counts downwards", ErrCorrupt)
		}
		last = next
	}
	n := int(last)
	rest := data[head+256*4:]
	if n > math.MaxInt32 || n > len(rest)/28 || len(rest) < n*28+trailers || (len(rest)-n*28-trailers)%8 != 0 || len(rest)-n*28-trailers > n*8 {
		return nil, nil, fmt.Errorf("%w: index of %d objects has %d bytes", ErrCorrupt, n, len(data))
	}
	x.ids = rest[:n*20]
	small := rest[n*24:][:n*4]
	large := rest[n*28 : len(rest)-trailers]
	unsorted := make([]int64, n)
	for i := range unsorted {
		offset := int64(binary.BigEndian.Uint32(small[4*i:]))
		if offset >= 1<<31 {
			at := offset & (1<<31 - 1)
			if at >= int64(len(large)/8) {
				return nil, nil, fmt.Errorf("%w: index has no 64-bit offset %d", ErrCorrupt, at)
			}
			offset = int64(binary.BigEndian.Uint64(large[8*at:]))
		}
		if offset < packHeader || offset >= packSize-packTrailer {
			return nil, nil, fmt.Errorf("%w: index puts an object at offset %d, outside its pack", ErrCorrupt, offset)
		}
		unsorted[i] = offset
	}
	x.position = make([]int32, n)
	sortByOffset(x.position, unsorted)
	offsets := make([]int64, n)
	for i, position := range x.position {
		offsets[i] = unsorted[position]
		if i > 0 && offsets[i] == offsets[i-1] {
			return nil, nil, fmt.Errorf("%w: index puts two objects at offset %d", ErrCorrupt, offsets[i])
		}
	}
	return x, offsets, nil
}

// sortByOffset fills positions with 0 to its length, ordered by offset.
func sortByOffset(positions []int32, offsets []int64) {
	type entry struct {
		offset   int64
		position int32
	}
	entries := make([]entry, len(offsets))
	for i, o := range offsets {
		entries[i] = entry{o, int32(i)}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	for i, e := range entries {
		positions[i] = e.position
	}
}

// invert makes find ready.
func (x *index) invert() {
	if x.entry != nil {
		return
	}
	x.entry = make([]int32, len(x.position))
	for entry, position := range x.position {
		x.entry[position] = int32(entry)
	}
}

// readEntries fills the table of a pack with an index: headers only, nothing is inflated. Entries whose headers are
// wrong, and those made from them, get kind 0, and their errors into bad.
func (p *packfile) readEntries(offsets []int64, workers int) error {
	if string(p.data[:4]) != "PACK" || binary.BigEndian.Uint32(p.data[8:]) != uint32(len(offsets)) {
		return fmt.Errorf("%w: its index is of another pack", ErrCorrupt)
	}
	n := len(offsets)
	p.offsets = offsets
	p.kinds, p.bases = make([]kind, n), make([]int32, n)
	p.index.invert()
	p.bad = map[int32]error{}
	var mu sync.Mutex
	var readers sync.WaitGroup
	for r := range workers {
		readers.Go(func() {
			for i := r * n / workers; i < (r+1)*n/workers; i++ {
				if err := p.readEntry(i); err != nil {
					p.kinds[i], p.bases[i] = 0, none
					mu.Lock()
					p.bad[int32(i)] = p.fail(int32(i), err)
					mu.Unlock()
				}
			}
		})
	}
	readers.Wait()
	p.link()
	err := p.assignKinds()
	if err == nil {
		err = fmt.Errorf("%w: its base cannot be read", ErrCorrupt)
	}
	if len(p.bad) == 0 && !slices.Contains(p.kinds, 0) {
		return nil
	}
	for i, k := range p.kinds {
		if _, ok := p.bad[int32(i)]; k == 0 && !ok {
			p.bad[int32(i)] = err
		}
	}
	return nil
}

func (p *packfile) readEntry(i int) error {
	h, _, err := p.body(int32(i))
	if err != nil {
		return err
	}
	p.bases[i] = none
	switch h.kind {
	default:
		p.kinds[i] = h.kind
	case ofsDelta:
		base, ok := p.baseBefore(i, p.offsets[i]-h.back)
		if !ok {
			return fmt.Errorf("%w: no entry begins at its base's offset %d", ErrCorrupt, p.offsets[i]-h.back)
		}
		p.bases[i] = int32(base)
	case refDelta:
		name := h.base(p.data[p.offsets[i]:])
		base, ok := p.index.find(name)
		if !ok {
			return fmt.Errorf("%w: its base %v is not in the pack", ErrCorrupt, name)
		}
		p.bases[i] = base
	}
	return nil
}

// baseBefore returns the entry at an offset before entry i. Bases are near: it looks in steps that double.
func (p *packfile) baseBefore(i int, offset int64) (int, bool) {
	from, step := i, 1
	for from > 0 && p.offsets[from] > offset {
		from = max(from-step, 0)
		step *= 2
	}
	at, ok := slices.BinarySearch(p.offsets[from:i], offset)
	return from + at, ok
}
