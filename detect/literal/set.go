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

// way is a way to search. All give the same hits.
type way string

const (
	portable way = "portable"
	avx2     way = "avx2"
	vbmi     way = "vbmi" // AVX-512
)

// Set is a compiled list of literals. It is immutable and safe for concurrent use.
type Set struct {
	lengths []int // of each literal
	buckets [groups][]entry
	reach   int // the largest entry.offset

	masks  [256]uint32   // exact buckets of a byte as first to fourth of a window, in bits 0, 8, 16 and 24 on
	pairs  [1 << 16]byte // 1 for two bytes, little endian, that are the first two of a window or the two behind the first
	filter filter
	tables tables
	way    way
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
// the list once; one of three bytes is found only before another byte below 0x80, or at the end of the text. Some eighty
// literals keep the search at memory speed; more work, ever slower. The plan must name each literal. Without one (nil) the
// search finds the same, but stops more often.
func Compile(literals []string, plan Plan) (*Set, error) {
	return compile(literals, plan, ways()[0])
}

func compile(literals []string, plan Plan, w way) (*Set, error) {
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
	s := &Set{way: w}
	for i, l := range literals {
		at, err := plan.place(i, l)
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

// Next returns the first place at or after from where a literal stands, and the literal's index in the list given to
// [Compile]; the longest literal where several stand at one place. It returns -1, -1 if there is none. To go on, call it
// with pos+1. It reads nothing outside text and allocates nothing.
func (s *Set) Next(text []byte, from int) (pos, index int) {
	for at := max(from, 0); ; {
		base, word := s.find(text, at)
		if word == 0 {
			return -1, -1
		}
		pos, index = s.first(text, base, word, from, -1, -1)
		at = base + 8
		if pos < 0 {
			continue
		}
		// A window behind may belong to a literal that starts earlier, by reach at most.
		for end := pos + s.reach; at <= end && len(text)-at >= shortest; at += 8 {
			if word := s.exact(text[at:min(at+8+window-1, len(text))]); word != 0 {
				pos, index = s.first(text, at, word, from, pos, index)
			}
		}
		return pos, index
	}
}

// first returns the first of the literals whose windows stand at base to base+7 by word, and of the one at pos; the
// longest of those.
func (s *Set) first(text []byte, base int, word uint64, from, pos, index int) (int, int) {
	length := 0
	if pos >= 0 {
		length = s.lengths[index]
	}
	for ; word != 0; word &= word - 1 {
		bit := bits.TrailingZeros64(word)
		q := base + bit/8
		for i := range s.buckets[bit%8] {
			e := &s.buckets[bit%8][i]
			start := q - e.offset
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

// at tells whether the literal stands at text[start:].
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

// find looks for windows in text from at on. It returns the answer for eight places: byte i of word holds the buckets
// that may have a window at base+i, none of which is missing, and no place between at and base has one. The word is 0
// if there is no window up to the end of text.
func (s *Set) find(text []byte, at int) (base int, word uint64) {
	if s.way != portable {
		if base, word = s.findVector(text, at); word != 0 {
			return base, word
		}
		at = base
	}
	return s.findPortable(text, at)
}

// filter holds the windows: bit h of it is set where a window has the hash h, or the first three bytes of one that ends in
// any byte have. The search asks it about the places it would stop at, which costs it less than to stop. It is small, so
// as to stay in the cache that the text runs through.
type filter [1 << 14 / 64]uint64

func (f *filter) add(w string) {
	h := uint32(w[0])<<8 | uint32(w[1])<<16 | uint32(w[2])<<24
	if len(w) == window {
		h = h>>8 | uint32(w[3])<<24
	}
	h = hash(h)
	f[h/64] |= 1 << (h % 64)
}

func (f *filter) has(w uint32) bool {
	four, three := hash(w), hash(w<<8)
	return (f[four/64]>>(four%64)|f[three/64]>>(three%64))&1 != 0
}

// hash is HASHED in the assembly.
func hash(w uint32) uint32 { return w * 0x9e3779b1 >> 18 }
