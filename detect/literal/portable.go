package literal

import (
	"encoding/binary"
	"math/bits"
)

const (
	step  = 16 // bytes of which fillPortable looks at every other pair at once
	steps = 64 // in a row
	ahead = 8  // bytes behind a step that are read with it
)

// fillPortable looks for candidates at at or later, in plain Go, up to done. Of the first two pairs of bytes in a window one
// starts at an odd distance from at; so it is enough to look at every other pair, and at the windows themselves only where a
// pair is that of a literal.
//
// As in findAVX2, the pairs of many steps are looked at first, and those of literals are noted without a branch.
func (s *Set) fillPortable(list *[candidates]candidate, text []byte, at int) (done, count int) {
	var noted [steps]uint32
	for len(text)-at >= step+ahead {
		n, size := notePairs(&s.pairs, text[at:min(len(text), at+steps*step+ahead)], &noted)
		for _, note := range noted[:n] {
			for m := note & 0xff; m != 0; m &= m - 1 {
				place := at + int(note>>8) + 2*bits.TrailingZeros32(m)
				v := binary.LittleEndian.Uint64(text[place:])
				if s.filter.bit(uint32(v))|s.filter.bit(uint32(v>>8)) == 0 {
					continue
				}
				if count+2 > len(list) {
					return place, count
				}
				for i := range 2 {
					if b := s.exact(text, place+i); b != 0 {
						list[count] = candidate{place + i, b}
						count++
					}
				}
			}
		}
		if at += size; count > 0 {
			return at, count
		}
	}
	for ; len(text)-at >= shortest; at++ {
		if b := s.exact(text, at); b != 0 {
			list[0] = candidate{at, b}
			return at + 1, 1
		}
	}
	return len(text), 0
}

// notePairs looks at steps of text, as many as there are, and returns how many bytes that is and how many of them it noted,
// for a pair of theirs: where the step starts in text, and in the low eight bits, which of its pairs.
func notePairs(pairs *[1 << 16]byte, text []byte, noted *[steps]uint32) (n, size int) {
	at, k := uint32(0), uint(0)
	for ; len(text) >= step+ahead; text = text[step:] {
		v, w := binary.LittleEndian.Uint64(text[1:]), binary.LittleEndian.Uint64(text[9:])
		m := uint32(pairs[w>>48])
		m = 2*m + uint32(pairs[uint16(w>>32)])
		m = 2*m + uint32(pairs[uint16(w>>16)])
		m = 2*m + uint32(pairs[uint16(w)])
		m = 2*m + uint32(pairs[v>>48])
		m = 2*m + uint32(pairs[uint16(v>>32)])
		m = 2*m + uint32(pairs[uint16(v>>16)])
		m = 2*m + uint32(pairs[uint16(v)])
		noted[k%steps] = at<<8 | m
		k += uint(m+0xff) >> 8
		at += step
	}
	return int(k), int(at)
}

// exact returns the buckets that have a window at text[at:], which has three bytes at least.
func (s *Set) exact(text []byte, at int) (buckets uint64) {
	m := s.masks[text[at]] & (s.masks[text[at+1]] >> groups) & (s.masks[text[at+2]] >> (2 * groups))
	c := byte(0)
	if at+shortest < len(text) {
		c = text[at+shortest]
	}
	return uint64(byte(m & (s.masks[c] >> (3 * groups))))
}
