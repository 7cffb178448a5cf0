package literal

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	// window is the number of bytes of each literal that the search looks for.
	window = 4
	// shortest is the length of the shortest literal. Its window ends in any byte of ASCII, or none.
	shortest = 3
	// groups is the number of buckets.
	groups = 8
)

// backend is one implementation of the search. All give the same hits.
type backend string

const (
	portable backend = "portable"
	avx2     backend = "avx2"
)

// Set is a compiled list of literals. It is immutable and safe for concurrent use.
type Set struct {
	lengths []int // of each literal
	buckets [groups][]entry
	reach   int // the largest entry.offset

	masks   [256]uint32   // exact buckets of a byte as first to fourth of a window, in bits 0, 8, 16 and 24 on
	pairs   [1 << 16]byte // 1 for two bytes, little endian, that are the first two of a window or the two behind the first
	filter  filter
	tables  tables
	backend backend
}

// entry is a literal in its bucket.
type entry struct {
	text   string
	index  int    // in Compile's list
	offset int    // of the window in text
	head   uint64 // the first eight bytes, little endian, or as many as there are
	mask   uint64 // the bytes of head that count
}

// Compile prepares a set. A literal has at least three bytes, all below 0x80 (NUL is allowed, for UTF-16), and stands in
// the list once; one of three bytes is found only before another byte below 0x80, or at the end of the text. Some hundred
// literals keep the search near memory speed; more work, ever slower. The placements must name each literal. Without any (nil)
// the search finds the same, but takes several times as long.
func Compile(literals []string, placements Placements) (*Set, error) {
	return compile(literals, placements, backends()[0])
}

func compile(literals []string, placements Placements, b backend) (*Set, error) {
	seen := make(map[string]bool, len(literals))
	for i, l := range literals {
		if len(l) < shortest {
			return nil, fmt.Errorf("literal %d: %q has %d bytes; give it at least %d", i, l, len(l), shortest)
		}
		for j := range len(l) {
			if l[j] >= 0x80 {
				return nil, fmt.Errorf("literal %d: %q has a byte that is not ASCII at offset %d", i, l, j)
			}
		}
		if seen[l] {
			return nil, fmt.Errorf("literal %d: %q is in the list twice", i, l)
		}
		seen[l] = true
	}
	s := &Set{backend: b}
	for i, l := range literals {
		at, err := placements.of(i, l)
		if err != nil {
			return nil, err
		}
		s.add(l, i, at)
	}
	s.tables = makeTables(&s.masks)
	return s, nil
}

// add puts a literal into its bucket.
func (s *Set) add(l string, index int, p Placement) {
	e := entry{text: l, index: index, offset: p.Offset}
	for i := range min(len(l), 8) {
		e.head |= uint64(l[i]) << (8 * i)
		e.mask |= 0xff << (8 * i)
	}
	s.lengths = append(s.lengths, len(l))
	s.buckets[p.Bucket] = append(s.buckets[p.Bucket], e)
	s.reach = max(s.reach, p.Offset)

	bit := uint32(1) << p.Bucket
	w := windowAt(l, p.Offset)
	for i, c := range w {
		s.masks[c] |= bit << (groups * i)
	}
	if len(w) < window {
		for c := range s.masks[:0x80] {
			s.masks[c] |= bit << (groups * (window - 1))
		}
	}
	s.filter.add(w)
	s.pairs[uint16(w[0])|uint16(w[1])<<8] = 1
	s.pairs[uint16(w[1])|uint16(w[2])<<8] = 1
}

// windowAt returns the bytes of l that are looked for at offset.
func windowAt(l string, offset int) string { return l[offset:min(len(l), offset+window)] }

// first returns the first of the literals whose windows stand at a place by their buckets, and of the one at pos; the
// longest of those. None starts before from.
func (s *Set) first(text []byte, at candidate, from, pos, index int) (int, int) {
	length := 0
	if pos >= 0 {
		length = s.lengths[index]
	}
	for b := at.buckets; b != 0; b &= b - 1 {
		bucket := s.buckets[bits.TrailingZeros64(b)%groups]
		for i := range bucket {
			e := &bucket[i]
			start := at.place - e.offset
			if start < from || pos >= 0 && (start > pos || start == pos && len(e.text) <= length) {
				continue
			}
			if e.at(text, start) {
				pos, index, length = start, e.index, len(e.text)
			}
		}
	}
	return pos, index
}

// at reports whether the literal stands at text[start:].
func (e *entry) at(text []byte, start int) bool {
	if start < 0 || len(text)-start < len(e.text) {
		return false
	}
	if len(e.text) < window && start+len(e.text) < len(text) && text[start+len(e.text)] >= 0x80 {
		return false
	}
	if len(text)-start < 8 {
		return string(text[start:start+len(e.text)]) == e.text
	}
	if binary.LittleEndian.Uint64(text[start:])&e.mask != e.head {
		return false
	}
	return len(e.text) <= 8 || string(text[start+8:start+len(e.text)]) == e.text[8:]
}

// filter is a Bloom filter of the windows: each sets two bits of one word, which its hash names. A window that ends in any byte is there with
// each of them. The search asks it about the places it would stop at, which costs it less than to stop. It is small, so as
// to stay in the cache that the text runs through.
type filter [1 << 14 / 64]uint64

func (f *filter) add(w string) {
	if len(w) < window {
		for c := range 0x80 {
			f.add(w + string(rune(c)))
		}
		return
	}
	word, bits := f.place(uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16 | uint32(w[3])<<24)
	*word |= bits
}

// bit is 1 if the filter has w, and 0 if not.
func (f *filter) bit(w uint32) uint64 {
	h := w * 0x9e3779b1
	word := f[h>>24]
	return word >> (h >> 18 & 63) & (word >> (h >> 12 & 63)) & 1
}

// place returns the word and the two bits of it that stand for w. The assembly does the same, as HASHED.
func (f *filter) place(w uint32) (word *uint64, bits uint64) {
	h := w * 0x9e3779b1
	return &f[h>>24], 1<<(h>>18&63) | 1<<(h>>12&63)
}
