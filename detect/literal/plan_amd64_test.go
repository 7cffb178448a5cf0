//go:build !purego

package literal

import "math/bits"

// stops is for how many buckets the search stops at four bytes.
func stops(s *Set, w [window]byte) int {
	if s.way.sight() == Bytes {
		t := &s.tables.vbmi
		return bits.OnesCount8(t[0][w[0]] & t[1][w[1]] & t[2][w[2]] & t[3][w[3]])
	}
	t := &s.tables.avx2
	buckets := byte(0xff)
	for i, c := range w {
		buckets &= t.low[i][0][c&15]
		if i > 0 {
			buckets &= t.high[i-1][0][c>>3&15]
		}
	}
	return bits.OnesCount8(buckets)
}
