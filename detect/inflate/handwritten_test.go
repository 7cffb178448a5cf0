package inflate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"testing"
)

// bitWriter writes deflate data by hand.
type bitWriter struct {
	out  []byte
	hold uint64
	n    uint
}

func (w *bitWriter) bits(value uint64, n uint) *bitWriter {
	w.hold |= value << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.hold))
		w.hold >>= 8
	}
	return w
}

// code writes a Huffman code, whose first bit is its highest.
func (w *bitWriter) code(value uint64, n uint) *bitWriter {
	for n > 0 {
		n--
		w.bits(value>>n&1, 1)
	}
	return w
}

// zlib returns the stream, with the checksum of content.
func (w *bitWriter) zlib(content []byte) []byte {
	w.bits(0, (8-w.n)%8)
	src := append([]byte{0x78, 0x9c}, w.out...)
	return binary.BigEndian.AppendUint32(src, adler32.Checksum(content))
}

// lengths writes the header of a dynamic block, all code lengths written with a code of five bits.
func (w *bitWriter) lengths(lits, dists []int) *bitWriter {
	w.bits(uint64(len(lits)-257), 5).bits(uint64(len(dists)-1), 5).bits(15, 4)
	// All 19 symbols: 13 of four bits (13/16) and 6 of five (6/32): a complete code.
	for i := range 19 {
		w.bits(uint64(lenLen(int(lenOrder[i]))), 3)
	}
	for _, l := range append(append([]int(nil), lits...), dists...) {
		if l < 13 {
			w.code(uint64(l), 4)
		} else {
			w.code(uint64(26+l-13), 5)
		}
	}
	return w
}

func lenLen(symbol int) int {
	if symbol < 13 {
		return 4
	}
	return 5
}

func lits(lengths map[int]int) []int {
	all := make([]int, 257)
	for symbol, l := range lengths {
		for symbol >= len(all) {
			all = append(all, 0) //nolint:makezero // more than the first 257
		}
		all[symbol] = l
	}
	return all
}

func TestHandWritten(t *testing.T) {
	block := func() *bitWriter { return new(bitWriter).bits(1, 1) }
	dynamic := func() *bitWriter { return block().bits(2, 2) }
	fixed := func() *bitWriter { return block().bits(1, 2) }
	deep := map[int]int{256: 15, 'a': 15} // lengths 1 to 15: a complete code with the deepest sub-table
	for i := range 14 {
		deep['b'+i] = i + 1
	}
	for _, c := range []struct {
		name    string
		src     []byte
		content string
		err     error
	}{
		{"reserved block type", block().bits(3, 2).zlib(nil), "", ErrCorrupt},
		{"empty fixed block", fixed().code(0, 7).zlib(nil), "", nil},
		{"fixed literal", fixed().code(0x30+'x', 8).code(0, 7).zlib([]byte("x")), "x", nil},
		{"match before the start", fixed().code(0x30+'x', 8).code(1, 7).code(1, 5).code(0, 7).zlib([]byte("xxxx")), "xxxx", ErrCorrupt},
		{"match from the start", fixed().code(0x30+'x', 8).code(1, 7).code(0, 5).code(0, 7).zlib([]byte("xxxx")), "xxxx", nil},
		{"length symbol 286", fixed().code(0x30+'x', 8).code(0xc6, 8).code(0, 5).code(0, 7).zlib([]byte("x")), "x", ErrCorrupt},
		{"distance symbol 30", fixed().code(0x30+'x', 8).code(1, 7).code(30, 5).code(0, 7).zlib([]byte("xxxx")), "xxxx", ErrCorrupt},
		{"length 258 written as 227+31", fixed().code(0x30+'x', 8).code(0xc4, 8).bits(31, 5).code(0, 5).code(0, 7).zlib(bytes.Repeat([]byte("x"), 259)), string(bytes.Repeat([]byte("x"), 259)), nil},
		{"stored, wrong complement", block().bits(0, 7).bits(1, 16).bits(1, 16).bits('x', 8).zlib([]byte("x")), "x", ErrCorrupt},
		{"stored, empty", block().bits(0, 7).bits(0, 16).bits(0xffff, 16).zlib(nil), "", nil},
		{"code of one symbol", dynamic().lengths(lits(map[int]int{256: 1}), []int{0}).code(0, 1).zlib(nil), "", nil},
		{"the other bit of a code of one symbol", dynamic().lengths(lits(map[int]int{256: 1}), []int{0}).code(1, 1).zlib(nil), "", ErrCorrupt},
		{"no code at all", dynamic().lengths(lits(nil), []int{0}).code(0, 1).zlib(nil), "", ErrCorrupt},
		{"code without end of block", dynamic().lengths(lits(map[int]int{'a': 1, 'b': 1}), []int{0}).code(0, 1).code(0, 24).bits(0, 64).zlib(nil), "a", ErrSize},
		{"over-subscribed literals", dynamic().lengths(lits(map[int]int{'a': 1, 'b': 1, 256: 1}), []int{0}).code(0, 1).zlib(nil), "", ErrCorrupt},
		{"incomplete literals", dynamic().lengths(lits(map[int]int{'a': 2, 256: 2}), []int{0}).code(1, 2).zlib(nil), "", ErrCorrupt},
		{"incomplete literals of one code of two bits", dynamic().lengths(lits(map[int]int{256: 2}), []int{0}).code(0, 2).zlib(nil), "", ErrCorrupt},
		{"over-subscribed distances", dynamic().lengths(lits(map[int]int{'a': 1, 256: 1}), []int{1, 1, 1}).code(1, 1).zlib(nil), "", ErrCorrupt},
		{"incomplete distances", dynamic().lengths(lits(map[int]int{'a': 1, 256: 1}), []int{2, 2}).code(1, 1).zlib(nil), "", ErrCorrupt},
		{"distance without a code", dynamic().lengths(lits(map[int]int{'a': 2, 256: 1, 257: 2}), []int{0}).code(2, 2).code(3, 2).code(0, 1).code(0, 1).zlib([]byte("aaaa")), "aaaa", ErrCorrupt},
		{"one distance", dynamic().lengths(lits(map[int]int{'a': 2, 256: 1, 257: 2}), []int{1}).code(2, 2).code(3, 2).code(0, 1).code(0, 1).zlib([]byte("aaaa")), "aaaa", nil},
		{"too many literals", dynamic().lengths(make([]int, 287), []int{0}).zlib(nil), "", ErrCorrupt},
		{"too many distances", dynamic().lengths(lits(map[int]int{256: 1}), make([]int, 31)).code(0, 1).zlib(nil), "", ErrCorrupt},
		{"codes of 15 bits", dynamic().lengths(lits(deep), []int{0}).code(0x7ffe, 15).code(0, 1).code(0x7fff, 15).zlib([]byte("ab")), "ab", nil},
		{"repeat before the first length", dynamic().bits(0, 5).bits(0, 5).bits(0, 4).bits(1, 3).bits(0, 9).code(0, 1).zlib(nil), "", ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := new(Decoder)
			check(t, d, c.src, len(c.content))
			dst := make([]byte, len(c.content))
			if _, err := d.Zlib(dst, c.src); !errors.Is(err, c.err) {
				t.Fatalf("got error %v, want %v", err, c.err)
			}
			// The same with the fast loop: far from the end of the input.
			long := append(bytes.Clone(c.src), make([]byte, 64)...)
			check(t, d, long, len(c.content))
			check(t, d, long, len(c.content)+100)
		})
	}
}
