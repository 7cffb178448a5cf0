//go:build !purego

package literal

import "golang.org/x/sys/cpu"

// tables are what findAVX2 loads: the buckets of a byte as first, second, third and fourth of a window. All stand there twice,
// once for each half of a vector.
type tables struct {
	low    [window][2][16]byte     // by bits 0 to 3 of a byte
	high   [window - 1][2][16]byte // of the second byte and those behind it, by bits 3 to 6
	nibble [32]byte                // 0x0f
	shift  [16]uint16              // 0x2000: to multiply with, and take the high half of, is to shift down by 3
}

func makeTables(masks *[256]uint32) (t tables) {
	for c, m := range masks[:128] {
		for i := range window {
			bucket := byte(m >> (groups * i))
			for half := range 2 {
				t.low[i][half][c&15] |= bucket
				if i > 0 {
					t.high[i-1][half][c>>3&15] |= bucket
				}
			}
		}
	}
	for i := range t.nibble {
		t.nibble[i] = 0x0f
		t.shift[i/2] = 0x2000
	}
	return t
}

// shortestAVX2 is how many places findAVX2 looks at at least.
const shortestAVX2 = 64

// fillVector is [Set.fill] by vectors, for as much of text as fills them.
func (s *Set) fillVector(list *[candidates]candidate, text []byte, at int) (done, count int) {
	left := len(text) - at
	if left < shortestAVX2+window {
		return at, 0
	}
	done, count = findAVX2(&s.tables, &s.filter, &text[at], left-window, list)
	for i := range list[:count] {
		list[i].place += at
	}
	return at + done, count
}

// findAVX2 looks at n places of text, [shortestAVX2] at least, at all before done, which is n where it found none. It reads
// n+4 bytes of text and nothing else. The last places it may look at twice.
//
//go:noescape
func findAVX2(t *tables, filter *filter, text *byte, n int, list *[candidates]candidate) (done, count int)

// backends returns those that this processor has, and the operating system lets it use, the best first.
func backends() []backend {
	if has := &cpu.X86; has.HasAVX2 && has.HasBMI1 && has.HasBMI2 {
		return []backend{avx2, portable}
	}
	return []backend{portable}
}
