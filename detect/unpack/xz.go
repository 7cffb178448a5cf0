package unpack

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

const (
	xzMagic  = "\xfd7zXZ\x00"
	xzFooter = "YZ"
)

// xzReader decodes a .xz file (tukaani.org/xz/xz-file-format.txt, version 1.2.1): streams of blocks. The blocks' content
// is decoded by ulikunitz/xz; the container is read here, because each block names the memory it wants.
type xzReader struct {
	in    *bufio.Reader
	most  int64                    // memory that a block may want
	begin func(memory int64) error // is asked before each block

	flags  [2]byte // of the stream
	inside bool    // a stream
	blocks uint64  // in the stream

	block  io.Reader // nil between blocks
	packed countedReader
	sum    hash.Hash
	check  int // length of the check
}

func (x *xzReader) Read(p []byte) (int, error) {
	for {
		if x.block == nil {
			if err := x.next(); err != nil {
				return 0, err
			}
			continue
		}
		n, err := x.block.Read(p)
		if x.sum != nil {
			x.sum.Write(p[:n])
		}
		if err == io.EOF {
			err = x.endBlock()
			x.block = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next goes on to the next block, of this stream or another. Its error is EOF behind the last.
func (x *xzReader) next() error {
	if !x.inside {
		return x.stream()
	}
	size, err := x.in.ReadByte()
	if err != nil {
		return cut(err)
	}
	if size == 0 {
		x.inside = false
		return x.index()
	}
	return x.startBlock(size)
}

// stream reads the header of a stream, behind padding.
func (x *xzReader) stream() error {
	for {
		head, err := x.in.Peek(4)
		if len(head) == 0 {
			if err == io.EOF {
				return io.EOF
			}
			return err
		}
		if !bytes.Equal(head, []byte{0, 0, 0, 0}) {
			break
		}
		x.in.Discard(4)
	}
	if head, _ := x.in.Peek(6); string(head) != xzMagic {
		return io.EOF // what follows is not ours
	}
	var head [12]byte
	if _, err := io.ReadFull(x.in, head[:]); err != nil {
		return cut(err)
	}
	if crc32.ChecksumIEEE(head[6:8]) != le.Uint32(head[8:]) {
		return errors.New("checksum of the stream header")
	}
	if head[6] != 0 || head[7] > 15 {
		return fmt.Errorf("%w: stream flags %x", ErrUnsupported, head[6:8])
	}
	x.flags = [2]byte(head[6:8])
	x.inside, x.blocks = true, 0
	x.check = [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[head[7]]
	switch head[7] {
	case 1:
		x.sum = crc32.NewIEEE()
	case 4:
		x.sum = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		x.sum = sha256.New()
	default:
		x.sum = nil
	}
	return nil
}

// startBlock reads the header of a block, whose first byte was size.
func (x *xzReader) startBlock(size byte) error {
	header := make([]byte, (int(size)+1)*4)
	header[0] = size
	if _, err := io.ReadFull(x.in, header[1:]); err != nil {
		return cut(err)
	}
	body, sum := header[:len(header)-4], le.Uint32(header[len(header)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return errors.New("checksum of a block header")
	}
	flags, in := body[1], bytes.NewReader(body[2:])
	unpacked := int64(-1)
	for _, field := range []struct {
		bit  byte
		into *int64
	}{{0x40, new(int64)}, {0x80, &unpacked}} {
		if flags&field.bit != 0 {
			v, err := binary.ReadUvarint(in)
			if err != nil || v > 1<<62 {
				return errors.New("size in a block header")
			}
			*field.into = int64(v)
		}
	}
	filter, err := binary.ReadUvarint(in)
	if err != nil {
		return errors.New("filter in a block header")
	}
	if flags&0x3f != 0 || filter != 0x21 {
		return fmt.Errorf("%w: a filter beside LZMA2", ErrUnsupported)
	}
	one, _ := in.ReadByte()
	bits, err := in.ReadByte()
	if err != nil || one != 1 {
		return errors.New("properties of LZMA2")
	}
	dict, err := lzma.DecodeDictCap(bits)
	if err != nil {
		return err
	}
	if unpacked >= 0 {
		dict = min(dict, unpacked)
	}
	if n, ok := lzma2Size(x.in); ok {
		dict = min(dict, n)
	}
	if dict > x.most {
		return fmt.Errorf("%w: a dictionary of %d bytes", ErrLimit, dict)
	}
	dict = max(dict, lzma.MinDictCap)
	if err := x.begin(dict); err != nil {
		return err
	}
	x.packed = countedReader{in: x.in}
	if x.sum != nil {
		x.sum.Reset()
	}
	x.blocks++
	x.block, err = lzma.Reader2Config{DictCap: int(dict)}.NewReader2(&x.packed)
	return err
}

// lzma2Size returns how much comes out of the LZMA2 data that in begins with, if its end is in the buffer already. A
// small file then needs no large dictionary.
func lzma2Size(in *bufio.Reader) (size int64, ok bool) {
	b, _ := in.Peek(in.Size())
	for len(b) > 0 {
		control := b[0]
		var n int
		switch {
		case control == 0:
			return size, true
		case control >= 0x80 && len(b) >= 6:
			size += int64(control&0x1f)<<16 + int64(binary.BigEndian.Uint16(b[1:])) + 1
			n = 5 + int(binary.BigEndian.Uint16(b[3:])) + 1
			if control >= 0xc0 {
				n++
			}
		case control <= 2 && len(b) >= 3:
			n = int(binary.BigEndian.Uint16(b[1:])) + 1
			size += int64(n)
			n += 3
		default:
			return 0, false
		}
		if n > len(b) {
			return 0, false
		}
		b = b[n:]
	}
	return 0, false
}

// endBlock reads padding and check behind a block's data.
func (x *xzReader) endBlock() error {
	buf := make([]byte, 3+64)
	padding := buf[:(4-x.packed.n%4)%4]
	if _, err := io.ReadFull(x.in, padding); err != nil {
		return cut(err)
	}
	check := buf[3 : 3+x.check]
	if _, err := io.ReadFull(x.in, check); err != nil {
		return cut(err)
	}
	if x.sum == nil {
		return nil
	}
	want := x.sum.Sum(nil)
	if x.flags[1] != 10 {
		// The CRCs are little endian, Go's sums are not.
		for i, j := 0, len(want)-1; i < j; i, j = i+1, j-1 {
			want[i], want[j] = want[j], want[i]
		}
	}
	if !bytes.Equal(check, want) {
		return errors.New("checksum of a block")
	}
	return nil
}

// index reads the index and the footer of a stream. Only their checksums matter here: the blocks are read already.
func (x *xzReader) index() error {
	sum := crc32.NewIEEE()
	sum.Write([]byte{0})
	in := &countedReader{in: x.in, sum: sum}
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return cut(err)
	}
	if n != x.blocks {
		return fmt.Errorf("the index has %d blocks, the stream has %d", n, x.blocks)
	}
	for range 2 * n {
		if _, err := binary.ReadUvarint(in); err != nil {
			return cut(err)
		}
	}
	for (in.n+1)%4 != 0 {
		if _, err := in.ReadByte(); err != nil {
			return cut(err)
		}
	}
	want := sum.Sum32()
	var end [16]byte
	if _, err := io.ReadFull(x.in, end[:]); err != nil {
		return cut(err)
	}
	footer := end[4:]
	if le.Uint32(end[:]) != want || le.Uint32(footer) != crc32.ChecksumIEEE(footer[4:10]) ||
		string(footer[10:]) != xzFooter || [2]byte(footer[8:10]) != x.flags {
		return errors.New("index or footer of a stream")
	}
	return nil
}

// cut makes the end of the input an unexpected one.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// countedReader counts what is read, and sums it up where sum is set.
type countedReader struct {
	in  *bufio.Reader
	n   int64
	sum hash.Hash32
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	if c.sum != nil {
		c.sum.Write(p[:n])
	}
	return n, err
}

func (c *countedReader) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	if err == nil {
		c.n++
		if c.sum != nil {
			c.sum.Write([]byte{b})
		}
	}
	return b, err
}
