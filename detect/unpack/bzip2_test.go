package unpack_test

import (
	"bytes"
	"hash/crc32"
	"math/bits"
	"slices"
	"sort"
)

// bzipped encodes data as bzip2 of one block for each 50,000 bytes, by the shortest way the format allows: a naive
// Burrows-Wheeler transform, and a Huffman code in which all symbols are about equally long.
func bzipped(data []byte) []byte {
	var w bitWriter
	w.write(0x425a6831, 32) // BZh1
	whole := uint32(0)
	for block := range slices.Chunk(data, 50_000) {
		sum := bzipSum(block)
		whole = bits.RotateLeft32(whole, 1) ^ sum
		w.write(0x314159265359, 48)
		w.write(uint64(sum), 32)
		w.block(block)
	}
	w.write(0x177245385090, 48)
	w.write(uint64(whole), 32)
	w.write(0, (8-w.n%8)%8)
	return w.b
}

// bzipSum is the CRC-32 with the bits of every byte the other way round.
func bzipSum(data []byte) uint32 {
	turned := make([]byte, len(data))
	for i, c := range data {
		turned[i] = bits.Reverse8(c)
	}
	return bits.Reverse32(crc32.ChecksumIEEE(turned))
}

// bitWriter writes bits, the highest first.
type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) write(v uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

// block writes all of a block but its magic and checksum.
func (w *bitWriter) block(data []byte) {
	// Four equal bytes are followed by how many more there are.
	var runs []byte
	for i := 0; i < len(data); {
		n := 1
		for n < 255+4 && i+n < len(data) && data[i+n] == data[i] {
			n++
		}
		runs = append(runs, bytes.Repeat(data[i:i+1], min(n, 4))...)
		if n >= 4 {
			runs = append(runs, byte(n-4))
		}
		i += n
	}
	double := append(slices.Clip(runs), runs...)
	rotations := make([]int, len(runs))
	for i := range rotations {
		rotations[i] = i
	}
	sort.SliceStable(rotations, func(i, j int) bool {
		a, b := rotations[i], rotations[j]
		return bytes.Compare(double[a:a+len(runs)], double[b:b+len(runs)]) < 0
	})
	w.write(0, 1) // not randomised
	w.write(uint64(slices.Index(rotations, 0)), 24)
	var used [256]bool
	var alphabet []byte
	for _, c := range runs {
		used[c] = true
	}
	for range 16 {
		w.write(1, 1)
	}
	for c := range 256 {
		if used[c] {
			w.write(1, 1)
			alphabet = append(alphabet, byte(c))
		} else {
			w.write(0, 1)
		}
	}
	// Move to front, with runs of zeros in bijective base 2 of symbols 0 and 1.
	end := len(alphabet) + 1
	var symbols []int
	zeros := 0
	flush := func() {
		for ; zeros > 0; zeros = (zeros - 1) / 2 {
			symbols = append(symbols, (zeros-1)%2)
		}
	}
	for _, r := range rotations {
		c := double[r+len(runs)-1]
		at := bytes.IndexByte(alphabet, c)
		copy(alphabet[1:at+1], alphabet[:at])
		alphabet[0] = c
		if at == 0 {
			zeros++
			continue
		}
		flush()
		symbols = append(symbols, at+1)
	}
	flush()
	symbols = append(symbols, end)
	// Two equal tables, the first always chosen. The first short symbols have a bit less, so that every code means one.
	length := bits.Len(uint(end))
	short := 1<<length - (end + 1)
	selectors := (len(symbols) + 49) / 50
	w.write(2, 3)
	w.write(uint64(selectors), 15)
	w.write(0, selectors)
	for range 2 {
		if short == 0 {
			w.write(uint64(length), 5)
		} else {
			w.write(uint64(length-1), 5)
			w.write(0, short)
			w.write(0b10, 2)
		}
		w.write(0, end+1-short)
	}
	for _, s := range symbols {
		if s < short {
			w.write(uint64(s), length-1)
		} else {
			w.write(uint64(s+short), length)
		}
	}
}
