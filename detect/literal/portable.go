package literal

import "encoding/binary"

// findPortable is [Set.find] in plain Go. Of the two pairs of bytes in a window one starts at an odd distance from at;
// so it is enough to look at every other pair, and at the windows themselves only where a pair is that of a literal.
func (s *Set) findPortable(text []byte, at int) (base int, word uint64) {
	i := at
	for ; i+window+8 <= len(text); i += 8 {
		v := binary.LittleEndian.Uint64(text[i+1:])
		if s.pairs[uint16(v)]|s.pairs[uint16(v>>16)]|s.pairs[uint16(v>>32)]|s.pairs[uint16(v>>48)] == 0 {
			continue
		}
		if word = s.exact(text[i : i+8+window-1]); word != 0 {
			return i, word
		}
	}
	for ; i+window <= len(text); i += 8 {
		if word = s.exact(text[i:min(i+8+window-1, len(text))]); word != 0 {
			return i, word
		}
	}
	return i, 0
}

// exact returns the buckets of the windows in text, of which there are at most eight.
func (s *Set) exact(text []byte) (word uint64) {
	for i := 0; i+window <= len(text); i++ {
		m := s.masks[text[i]] & (s.masks[text[i+1]] >> 8) & (s.masks[text[i+2]] >> 16)
		word |= uint64(byte(m)) << (8 * i)
	}
	return word
}
