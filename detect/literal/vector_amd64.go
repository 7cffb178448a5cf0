//go:build !purego

package literal

import (
	"encoding/binary"
	"math/bits"

	"golang.org/x/sys/cpu"
)

const (
	block = 64 // places that a vector holds
	noted = 64 // blocks that are noted at once
	dense = 2  // of so many blocks, those that hold something where it is better to note them than to stop at them
)

// note says which places of a block may have a window.
type note struct {
	at     int // of the block, behind the first one
	places uint64
}

// tables tell the buckets of a byte as first, second, third and fourth of a window.
type tables struct {
	vbmi [window][128]byte
	avx2 avx2Tables
}

// avx2Tables are what findAVX2 loads, all twice, once for each half of a vector.
type avx2Tables struct {
	low    [window][2][16]byte     // by bits 0 to 3 of a byte
	high   [window - 1][2][16]byte // of the second byte and those behind it, by bits 3 to 6
	nibble [32]byte                // 0x0f
	shift  [16]uint16              // 0x2000: to multiply with, and take the high half of, is to shift down by 3
}

func makeTables(masks *[256]uint32) (t tables) {
	for c, m := range masks[:128] {
		for i := range window {
			bucket := byte(m >> (groups * i))
			t.vbmi[i][c] = bucket
			for half := range 2 {
				t.avx2.low[i][half][c&15] |= bucket
				if i > 0 {
					t.avx2.high[i-1][half][c>>3&15] |= bucket
				}
			}
		}
	}
	for i := range t.avx2.nibble {
		t.avx2.nibble[i] = 0x0f
		t.avx2.shift[i/2] = 0x2000
	}
	return t
}

// shortestAVX2 is how many places findAVX2 looks at at least.
const shortestAVX2 = 64

// fillVector is [Set.fill] by vectors, for as much of text as fills them.
func (s *Set) fillVector(list *[candidates]candidate, text []byte, at int) (done, count int) {
	switch left := len(text) - at; {
	case left < shortest:
		return at, 0
	case s.way.sight() == Bytes:
		return s.fillVBMI(list, text, at)
	case left >= shortestAVX2+window:
		done, count = findAVX2(&s.tables.avx2, &s.filter, &text[at], left-window, list)
		for i := range list[:count] {
			list[i].place += at
		}
	}
	return at + done, count
}

// fillVBMI is fillVector with AVX-512. In text like base64 findVBMI stops so often that it takes longer than to look at the
// text: there all that it would stop at is noted first.
func (s *Set) fillVBMI(list *[candidates]candidate, text []byte, at int) (done, count int) {
	for len(text)-at >= shortest {
		base, word := findVBMI(&s.tables.vbmi, &s.filter, &text[at], len(text)-at)
		at += base
		if word != 0 {
			for i := range 8 {
				if buckets := word >> (8 * i) & 0xff; buckets != 0 {
					list[count] = candidate{at + i, buckets}
					count++
				}
			}
			return at + 8, count
		}
		if at, count = s.fillNoted(list, text, at); count > 0 {
			return at, count
		}
	}
	return at, 0
}

// fillNoted goes on from at as long as there is much to note, and something to look at.
func (s *Set) fillNoted(list *[candidates]candidate, text []byte, at int) (done, count int) {
	var notes [noted + 1]note
	for {
		blocks := min(noted, (len(text)-at-2)/block-1)
		if blocks <= 0 {
			return at, 0
		}
		n := noteVBMI(&s.tables.vbmi, &text[at], blocks, &notes)
		if at, count = s.take(list, text[:at+blocks*block+window-1], at, notes[:n]); count > 0 || n < dense {
			return at, count
		}
	}
}

// take looks up what is noted of the blocks from at on, as far as list has room, and returns how far that was.
func (s *Set) take(list *[candidates]candidate, text []byte, at int, notes []note) (done, count int) {
	for _, n := range notes {
		for places := n.places; places != 0; places &= places - 1 {
			place := at + n.at + bits.TrailingZeros64(places)
			if s.filter.bit(binary.LittleEndian.Uint32(text[place:])) == 0 {
				continue
			}
			buckets := s.exact(text, place)
			if buckets == 0 {
				continue
			}
			if count == len(list) {
				return place, count
			}
			list[count] = candidate{place, buckets}
			count++
		}
	}
	return len(text) - (window - 1), count
}

// findAVX2 looks at n places of text, [shortestAVX2] at least, at all before done, which is n where it found none. It reads
// n+4 bytes of text and nothing else. The last places it may look at twice.
//
//go:noescape
func findAVX2(t *avx2Tables, filter *filter, text *byte, n int, list *[candidates]candidate) (done, count int)

// findVBMI looks at n bytes of text and reads nothing else. It returns the offset of the first eight places of which one may
// be a window, and the buckets of each in a byte of word; n and 0 if there is none. Where it has stopped too often for nothing it
// returns how far it came, and 0.
//
//go:noescape
func findVBMI(t *[window][128]byte, filter *filter, text *byte, n int) (offset int, word uint64)

// noteVBMI looks at so many blocks of text, noted at most, and notes those that may hold windows; what stands behind the n
// noted ones is of no meaning. It reads as much text as one block more and two bytes have, and nothing else.
//
//go:noescape
func noteVBMI(t *[window][128]byte, text *byte, blocks int, notes *[noted + 1]note) (n int)

// ways returns the ways in which this processor can search, and the operating system lets it, the best first.
func ways() []way {
	has := &cpu.X86
	switch {
	case !has.HasAVX2 || !has.HasBMI1 || !has.HasBMI2:
		return []way{portable}
	case !has.HasAVX512F || !has.HasAVX512DQ || !has.HasAVX512BW || !has.HasAVX512VBMI:
		return []way{avx2, portable}
	}
	return []way{vbmi, avx2, portable}
}
