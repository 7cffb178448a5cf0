package literal

import "encoding/binary"

// findPortable is [Set.find] in plain Go. Of the first two pairs of bytes in a window one starts at an odd distance from
// at; so it is enough to look at every other pair, and at the windows themselves only where a pair is that of a literal.
func (s *Set) findPortable(text []byte, at int) (base int, word uint64) {
	const step = 16
	pairs := &s.pairs
	rest := text[min(at, len(text)):]
	for len(rest) >= step+8 {
		v, w := binary.LittleEndian.Uint64(rest[1:]), binary.LittleEndian.Uint64(rest[9:])
		if pairs[uint16(v)]|pairs[uint16(v>>16)]|pairs[uint16(v>>32)]|pairs[v>>48]|
			pairs[uint16(w)]|pairs[uint16(w>>16)]|pairs[uint16(w>>32)]|pairs[w>>48] != 0 {
			for q := 1; q < step; q += 2 {
				v := binary.LittleEndian.Uint64(rest[q-1:])
				if pairs[uint16(v>>8)] == 0 {
					continue
				}
				if s.filter.has(uint32(v)) || s.filter.has(uint32(v>>8)) {
					base = len(text) - len(rest) + q - 1
					if word = s.exact(text[base:min(base+8+window-1, len(text))]); word != 0 {
						return base, word
					}
				}
			}
		}
		rest = rest[step:]
	}
	for at = len(text) - len(rest); len(text)-at >= shortest; at += 8 {
		if word = s.exact(text[at:min(at+8+window-1, len(text))]); word != 0 {
			return at, word
		}
	}
	return at, 0
}

// exact returns the buckets of the windows in text, of which at most eight are looked at.
func (s *Set) exact(text []byte) (word uint64) {
	for i := range min(8, len(text)-shortest+1) {
		m := s.masks[text[i]] & (s.masks[text[i+1]] >> groups) & (s.masks[text[i+2]] >> (2 * groups))
		c := byte(0)
		if i+shortest < len(text) {
			c = text[i+shortest]
		}
		m &= s.masks[c] >> (3 * groups)
		word |= uint64(byte(m)) << (8 * i)
	}
	return word
}
