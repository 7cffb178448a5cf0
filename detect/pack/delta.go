package pack

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/rekey-app/rekey/detect"
)

// deltaSizes reads the head of a delta: the length of the base it is for, and of what it makes of it.
func deltaSizes(delta []byte) (base, result uint64, ops []byte, err error) {
	base, n := uvarint(delta)
	if n == 0 {
		return 0, 0, nil, fmt.Errorf("%w: delta without base size", ErrCorrupt)
	}
	delta = delta[n:]
	result, n = uvarint(delta)
	if n == 0 {
		return 0, 0, nil, fmt.Errorf("%w: delta without result size", ErrCorrupt)
	}
	return base, result, delta[n:], nil
}

// uvarint reads 7 bits a byte, least first. n is 0 where b ends too early or the value is over 63 bits.
func uvarint(b []byte) (v uint64, n int) {
	for shift := 0; n < len(b) && shift < 63; shift += 7 {
		c := b[n]
		n++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}

// copyArgs reads the offset and length of the copy instruction op from the bytes behind it. n is -1 where they are cut.
func copyArgs(op byte, b []byte) (off, size uint64, n int) {
	for i := range 4 {
		if op&(1<<i) != 0 {
			if n >= len(b) {
				return 0, 0, -1
			}
			off |= uint64(b[n]) << (8 * i)
			n++
		}
	}
	for i := range 3 {
		if op&(0x10<<i) != 0 {
			if n >= len(b) {
				return 0, 0, -1
			}
			size |= uint64(b[n]) << (8 * i)
			n++
		}
	}
	if size == 0 {
		size = 0x10000
	}
	return off, size, n
}

// longCopy is the least length in bytes of a copy that applyDelta reports. In the history of clerk/javascript fewer than one
// copy in a hundred is as long, and these make 64 % of what deltas make.
const longCopy = 2 << 10

// inlineCopy is the most bytes copied without a call, as words. Deltas of source text are made of short pieces.
const inlineCopy = 32

// applyDelta fills dst, which has the length that the delta announces, from base and the instructions ops. It appends the
// long copies to copied, those that go on from each other as one.
func applyDelta(dst, base, ops []byte, copied []detect.CopiedRange) ([]detect.CopiedRange, error) {
	out := 0
	for len(ops) > 0 {
		made, used := applyVector(dst[out:], base, ops)
		out, ops = out+made, ops[used:]
		if len(ops) == 0 {
			break
		}
		op := ops[0]
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 || n >= len(ops) || n > len(dst)-out {
				return copied, badInsert(op, len(ops)-1)
			}
			if n <= inlineCopy && len(ops) > inlineCopy && len(dst)-out >= inlineCopy {
				copyInline(dst[out:], ops[1:])
			} else {
				copy(dst[out:], ops[1:1+n])
			}
			out += n
			ops = ops[1+n:]
			continue
		}
		var off, size uint64
		var n int
		if offMask, sizeMask := op&15, op>>4&7; len(ops) > 8 && offMask&(offMask+1)|sizeMask&(sizeMask+1) == 0 {
			// No byte is left out below one that is there. One load takes all, without a branch for each.
			args := binary.LittleEndian.Uint64(ops[1:])
			offBits, sizeBits := argBits[offMask], argBits[sizeMask]
			off = args & (1<<(offBits&63) - 1)
			size = args >> (offBits & 63) & (1<<(sizeBits&63) - 1)
			if size == 0 {
				size = 0x10000
			}
			n = 1 + int(offBits+sizeBits)/8
		} else {
			off, size, n = copyArgs(op, ops[1:])
			if n < 0 {
				return copied, badCopy(off, size, n, len(base))
			}
			n++
		}
		ops = ops[n:]
		if off+size > uint64(len(base)) || size > uint64(len(dst)-out) {
			return copied, badCopy(off, size, n, len(base))
		}
		from := base[off:]
		if size >= longCopy {
			copied = appendCopied(copied, detect.CopiedRange{From: int(off), To: out, Len: int(size)})
		}
		if size <= inlineCopy && len(from) >= inlineCopy && len(dst)-out >= inlineCopy {
			copyInline(dst[out:], from)
		} else {
			copy(dst[out:], from[:size])
		}
		out += int(size)
	}
	if out != len(dst) {
		return copied, fmt.Errorf("%w: delta makes %d bytes less than it announces", ErrCorrupt, len(dst)-out)
	}
	return copied, nil
}

// ApplyDelta makes an object of at most limit bytes from its base and a delta. Errors wrap [ErrCorrupt].
func ApplyDelta(base, delta []byte, limit int64) ([]byte, error) {
	from, size, ops, err := deltaSizes(delta)
	if err != nil {
		return nil, err
	}
	if from != uint64(len(base)) || size > uint64(limit) {
		return nil, fmt.Errorf("%w: a delta of %d to %d bytes for a base of %d, limit %d", ErrCorrupt, from, size, len(base), limit)
	}
	out := make([]byte, size)
	_, err = applyDelta(out, base, ops, nil)
	return out, err
}

// appendCopied appends c to list, or makes its last longer where c goes on from there in both texts.
func appendCopied(list []detect.CopiedRange, c detect.CopiedRange) []detect.CopiedRange {
	if n := len(list); n > 0 {
		if last := &list[n-1]; last.To+last.Len == c.To && last.From+last.Len == c.From {
			last.Len += c.Len
			return list
		}
	}
	return append(list, c)
}

// argBits is eight times the number of bits set in its index.
const argBits = "\x00\x08\x08\x10\x08\x10\x10\x18\x08\x10\x10\x18\x10\x18\x18\x20"

// copyInline copies inlineCopy bytes. What is too many is written over by the next instruction.
func copyInline(dst, src []byte) {
	_, _ = dst[inlineCopy-1], src[inlineCopy-1]
	a, b := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
	c, d := binary.LittleEndian.Uint64(src[16:]), binary.LittleEndian.Uint64(src[24:])
	binary.LittleEndian.PutUint64(dst, a)
	binary.LittleEndian.PutUint64(dst[8:], b)
	binary.LittleEndian.PutUint64(dst[16:], c)
	binary.LittleEndian.PutUint64(dst[24:], d)
}

// applyDeltaTo is applyDelta for results that are not held in memory.
func applyDeltaTo(w io.Writer, result uint64, base, ops []byte) error {
	for len(ops) > 0 {
		op := ops[0]
		ops = ops[1:]
		var piece []byte
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 || n > len(ops) {
				return badInsert(op, len(ops))
			}
			piece, ops = ops[:n], ops[n:]
		} else {
			off, size, n := copyArgs(op, ops)
			if n < 0 || off+size > uint64(len(base)) {
				return badCopy(off, size, n, len(base))
			}
			piece, ops = base[off:off+size], ops[n:]
		}
		if uint64(len(piece)) > result {
			return fmt.Errorf("%w: delta makes more than it announces", ErrCorrupt)
		}
		result -= uint64(len(piece))
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	if result != 0 {
		return fmt.Errorf("%w: delta makes %d bytes less than it announces", ErrCorrupt, result)
	}
	return nil
}

func badInsert(op byte, left int) error {
	if op == 0 {
		return fmt.Errorf("%w: delta instruction 0 is reserved", ErrCorrupt)
	}
	return fmt.Errorf("%w: delta inserts %d bytes, over its end or its result's (%d left)", ErrCorrupt, op, left)
}

func badCopy(off, size uint64, n, base int) error {
	if n < 0 {
		return fmt.Errorf("%w: delta ends within a copy instruction", ErrCorrupt)
	}
	return fmt.Errorf("%w: delta copies %d bytes at %d of a base of %d, or over its result's end", ErrCorrupt, size, off, base)
}
