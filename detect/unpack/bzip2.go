package unpack

import (
	"bufio"
	"errors"
	"io"
	"math/bits"
)

// bzip2Reader decodes bzip2 files, of one stream or several. Unlike compress/bzip2 it can be used again, and its memory grows
// with what comes out of a block instead of being taken for the largest block that the header allows.
type bzip2Reader struct {
	in    bitReader
	grow  func(bytes int64) error // is asked before the block's memory grows
	spend func(steps int64) bool  // is asked before a block is sorted

	begun     bool // there was a stream
	inside    bool // a stream
	most      int  // length of a block, by the stream's header
	sum       uint32
	blockSum  uint32
	blockWant uint32

	code  bzip2Code
	table []uint32 // of the block: bytes, and above them where the next one stands
	// What still comes out of the block.
	left    int
	at      uint32
	last    byte
	equal   int // how often last came out in a row
	repeats int // how often it still comes
}

const (
	bzip2Block  = 0x314159265359
	bzip2End    = 0x177245385090
	bzip2Unit   = 100_000 // a block's length for each level
	bzip2Growth = 1 << 14 // table entries at first
	sortSteps   = 2       // for a byte that was decoded, beside those for what comes out
	// bzip2MaxRun is what the format's own decoder takes.
	bzip2MaxRun = 2 << 20
)

// room returns the memory that z has of former files, in bytes.
func (z *bzip2Reader) room() int64 { return 4 * int64(cap(z.table)) }

// reset starts to decode in.
func (z *bzip2Reader) reset(in *bufio.Reader, grow func(bytes int64) error, spend func(steps int64) bool) {
	z.release()
	z.in, z.grow, z.spend = bitReader{in: in}, grow, spend
}

// release releases all but a little memory for the next file.
func (z *bzip2Reader) release() {
	z.in, z.grow, z.spend = bitReader{}, nil, nil
	z.begun, z.inside, z.left, z.repeats, z.blockSum, z.blockWant = false, false, 0, 0, 0, 0
	z.table = z.table[:0]
	if z.room() > keptRoom {
		z.table = nil
	}
}

func (z *bzip2Reader) Read(p []byte) (int, error) {
	for {
		if n := z.write(p); n > 0 || len(p) == 0 {
			return n, nil
		}
		if err := z.next(); err != nil {
			return 0, err
		}
	}
}

// next goes on to the next block, of this stream or another. Its error is io.EOF behind the last.
func (z *bzip2Reader) next() error {
	if !z.inside {
		return z.stream()
	}
	if z.blockSum != z.blockWant {
		return errors.New("bzip2: checksum of a block")
	}
	switch magic, err := z.in.take64(48); {
	case err != nil:
		return err
	case magic == bzip2Block:
		return z.block()
	case magic != bzip2End:
		return errors.New("bzip2: neither a block nor the end")
	}
	sum, err := z.in.take64(32)
	if err == nil && uint32(sum) != z.sum {
		err = errors.New("bzip2: checksum of a stream")
	}
	z.inside = false
	z.in.align()
	return err
}

// stream reads the header of a stream. What follows a stream and is none is left.
func (z *bzip2Reader) stream() error {
	head, err := z.in.in.Peek(4)
	if len(head) < 4 || string(head[:3]) != "BZh" || head[3] < '1' || head[3] > '9' {
		switch {
		case err != nil && err != io.EOF:
			return err
		case !z.begun:
			return errors.New("bzip2: no header")
		}
		return io.EOF
	}
	z.in.in.Discard(4)
	z.begun, z.inside, z.most = true, true, bzip2Unit*int(head[3]-'0')
	z.sum, z.blockSum, z.blockWant = 0, 0, 0
	return nil
}

// block decodes a block.
func (z *bzip2Reader) block() error {
	want, err := z.in.take64(32)
	if err != nil {
		return err
	}
	z.blockWant, z.blockSum = uint32(want), 0
	z.sum = bits.RotateLeft32(z.sum, 1) ^ z.blockWant
	if old := z.in.take(1); old != 0 {
		return errors.New("bzip2: a randomised block, as no program has written since 1997")
	}
	first := z.in.take(24)
	if err := z.code.read(&z.in); err != nil {
		return err
	}
	var counts [256]uint32
	if err := z.symbols(&counts); err != nil {
		return err
	}
	if int(first) >= len(z.table) {
		return errors.New("bzip2: a block starts behind its end")
	}
	if !z.spend(int64(len(z.table)) * sortSteps) {
		return io.ErrUnexpectedEOF
	}
	z.sort(&counts)
	z.left, z.at = len(z.table), z.table[first]>>8
	z.equal, z.repeats = 0, 0
	return z.in.err
}

// symbols decodes the block's bytes in sorted order into the table, and counts them.
func (z *bzip2Reader) symbols(counts *[256]uint32) error {
	z.table = z.table[:0]
	run, weight := 0, 1
	for {
		s, err := z.code.next(&z.in)
		if err != nil {
			return err
		}
		if s <= 1 { // a digit of how often the first byte of the list comes
			if run += weight << s; run > bzip2MaxRun {
				return errors.New("bzip2: a run longer than a block")
			}
			weight <<= 1
			continue
		}
		if run > 0 {
			if err := z.put(z.code.list[0], run, counts); err != nil {
				return err
			}
			run, weight = 0, 1
		}
		if s == z.code.end {
			return nil
		}
		c := z.code.list[s-1]
		copy(z.code.list[1:s], z.code.list[:s-1])
		z.code.list[0] = c
		if err := z.put(c, 1, counts); err != nil {
			return err
		}
	}
}

// put appends a byte n times.
func (z *bzip2Reader) put(c byte, n int, counts *[256]uint32) error {
	size := len(z.table) + n
	if size > z.most {
		return errors.New("bzip2: a block longer than its header says")
	}
	if size > cap(z.table) {
		room := min(max(2*cap(z.table), size, bzip2Growth), z.most)
		if err := z.grow(4 * int64(room-cap(z.table))); err != nil {
			return err
		}
		z.table = append(make([]uint32, 0, room), z.table...)
	}
	counts[c] += uint32(n)
	at := len(z.table)
	z.table = z.table[:size]
	for i := at; i < size; i++ {
		z.table[i] = uint32(c)
	}
	return nil
}

// sort undoes the Burrows-Wheeler transform: above each byte it puts the place of the one that follows.
func (z *bzip2Reader) sort(counts *[256]uint32) {
	var starts [256]uint32
	for c := 1; c < 256; c++ {
		starts[c] = starts[c-1] + counts[c-1]
	}
	for i, entry := range z.table {
		c := byte(entry)
		z.table[starts[c]] |= uint32(i) << 8
		starts[c]++
	}
}

// write writes what is left of the block to p: four equal bytes are followed by how many more there are.
func (z *bzip2Reader) write(p []byte) int {
	n := 0
	for n < len(p) {
		if z.repeats > 0 {
			k := min(z.repeats, len(p)-n)
			for i := range k {
				p[n+i] = z.last
			}
			n, z.repeats = n+k, z.repeats-k
			continue
		}
		if z.left == 0 {
			break
		}
		entry := z.table[z.at]
		c := byte(entry)
		z.at = entry >> 8
		z.left--
		if z.equal == 4 {
			z.equal, z.repeats = 0, int(c)
			continue
		}
		if z.equal > 0 && c == z.last {
			z.equal++
		} else {
			z.equal = 1
		}
		z.last = c
		p[n] = c
		n++
	}
	z.blockSum = bzip2Sum(z.blockSum, p[:n])
	return n
}

// bzip2Sums is the table of bzip2's CRC-32, which takes the highest bit of a byte first.
var bzip2Sums = func() (t [256]uint32) {
	for i := range t {
		v := uint32(i) << 24
		for range 8 {
			v = v<<1 ^ 0x04c11db7&-(v>>31)
		}
		t[i] = v
	}
	return t
}()

// bzip2Sum adds b to a checksum.
func bzip2Sum(sum uint32, b []byte) uint32 {
	sum = ^sum
	for _, c := range b {
		sum = bzip2Sums[byte(sum>>24)^c] ^ sum<<8
	}
	return ^sum
}

// bitReader reads bits, the highest first. Up to the end of a stream it takes no byte of in that holds none of it: what is peeked
// at of a block stands before its stream's end.
type bitReader struct {
	in   *bufio.Reader
	bits uint64
	n    uint  // bits that are ready
	past uint  // of them behind the end of in
	err  error // is set once such a bit was read
	end  error // of in
}

// peek makes n bits ready, 32 at most.
func (r *bitReader) peek(n uint) {
	for r.n < n {
		c, err := r.in.ReadByte()
		if err != nil {
			c, r.end = 0, cut(err)
			r.past += 8
		}
		r.bits = r.bits<<8 | uint64(c)
		r.n += 8
	}
}

// drop goes past n bits that are ready.
func (r *bitReader) drop(n uint) {
	if r.n -= n; r.n < r.past {
		r.err = r.end
	}
}

// take reads n bits, 32 at most. Behind the end they are zero, and r.err is set.
func (r *bitReader) take(n uint) uint32 {
	r.peek(n)
	r.drop(n)
	return uint32(r.bits >> r.n & (1<<n - 1))
}

// take64 reads n bits, 64 at most.
func (r *bitReader) take64(n uint) (uint64, error) {
	high := uint64(r.take(n - n/2))
	v := high<<(n/2) | uint64(r.take(n/2))
	return v, r.err
}

// align goes on to the next byte.
func (r *bitReader) align() { r.n -= r.n % 8 }

var errBzip2Code = errors.New("bzip2: a Huffman code that cannot be")
