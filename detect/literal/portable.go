package literal

import "encoding/binary"

// fillPortable looks for candidates at at or later, in plain Go, up to done. Of the first two pairs of bytes in a window one
// starts at an odd distance from at; so it is enough to look at every other pair, and at the windows themselves only where a
// pair is that of a literal.
func (s *Set) fillPortable(list *[candidates]candidate, text []byte, at int) (done, count int) {
	const step = 16
	pairs := &s.pairs
	rest := text[min(at, len(text)):]
	for len(rest) >= step+8 {
		v, w := binary.LittleEndian.Uint64(rest[1:]), binary.LittleEndian.Uint64(rest[9:])
		if pairs[uint16(v)]|pairs[uint16(v>>16)]|pairs[uint16(v>>32)]|pairs[v>>48]|
			pairs[uint16(w)]|pairs[uint16(w>>16)]|pairs[uint16(w>>32)]|pairs[w>>48] != 0 {
			at = len(text) - len(rest)
			for q := 1; q < step; q += 2 {
				v := binary.LittleEndian.Uint64(rest[q-1:])
				if pairs[uint16(v>>8)] == 0 {
					continue
				}
				for place := at + q - 1; place <= at+q; place++ {
					if s.filter.has(uint32(v)) {
						if b := s.exact(text, place); b != 0 {
							list[count] = candidate{place, b}
							count++
						}
					}
					v >>= 8
				}
			}
			if count > 0 {
				return at + step, count
			}
		}
		rest = rest[step:]
	}
	for at = len(text) - len(rest); len(text)-at >= shortest; at++ {
		if b := s.exact(text, at); b != 0 {
			list[0] = candidate{at, b}
			return at + 1, 1
		}
	}
	return len(text), 0
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
