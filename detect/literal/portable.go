package literal

import "encoding/binary"

// findPortable is [Set.find] in plain Go. Of the two pairs of bytes in a window one starts at an odd distance from at;
// so it is enough to look at every other pair, and at the windows themselves only where a pair is that of a literal.
func (s *Set) findPortable(text []byte, at int) (base int, word uint64) {
	const step = 16
	pairs := &s.pairs
	for {
		rest := text[min(at, len(text)):]
		for len(rest) >= step+window {
			v, w := binary.LittleEndian.Uint64(rest[1:]), binary.LittleEndian.Uint64(rest[9:])
			if pairs[uint16(v)]|pairs[uint16(v>>16)]|pairs[uint16(v>>32)]|pairs[v>>48]|
				pairs[uint16(w)]|pairs[uint16(w>>16)]|pairs[uint16(w>>32)]|pairs[w>>48] != 0 {
				break
			}
			rest = rest[step:]
		}
		at = len(text) - len(rest)
		for range step / 8 {
			if len(text)-at < window {
				return at, 0
			}
			if word = s.exact(text[at:min(at+8+window-1, len(text))]); word != 0 {
				return at, word
			}
			at += 8
		}
	}
}

// exact returns the buckets of the windows in text, of which there are at most eight.
func (s *Set) exact(text []byte) (word uint64) {
	for i := 0; i+window <= len(text); i++ {
		m := s.masks[text[i]] & (s.masks[text[i+1]] >> 8) & (s.masks[text[i+2]] >> 16)
		word |= uint64(byte(m)) << (8 * i)
	}
	return word
}
