//go:build !purego

package literal

import "math/bits"

// stops is for how many buckets the AVX2 search stops at four bytes.
func stops(s *Set, w [window]byte) int {
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
