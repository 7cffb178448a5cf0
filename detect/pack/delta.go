package pack

import (
	"encoding/binary"
	"fmt"
	"io"
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

// inlineCopy is the most bytes copied without a call, as two words. Deltas of source text are made of short pieces.
const inlineCopy = 16

// applyDelta fills dst, which has the length that the delta announces, from base and the instructions ops.
func applyDelta(dst, base, ops []byte) error {
	out := 0
	for len(ops) > 0 {
		op := ops[0]
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 || n >= len(ops) || n > len(dst)-out {
				return badInsert(op, len(ops)-1)
			}
			if n <= inlineCopy && len(ops) > inlineCopy && len(dst)-out >= inlineCopy {
				copy16(dst[out:], ops[1:])
			} else {
				copy(dst[out:], ops[1:1+n])
			}
			out += n
			ops = ops[1+n:]
			continue
		}
		var off, size, n int
		if len(ops) >= 8 {
			off, size, n = fastCopyArgs(op, ops)
		} else {
			o, s, taken := copyArgs(op, ops[1:])
			if taken < 0 {
				return badCopy(o, s, taken, len(base))
			}
			off, size, n = int(o), int(s), taken+1
		}
		ops = ops[n:]
		if off > len(base)-size || size > len(dst)-out {
			return badCopy(uint64(off), uint64(size), n, len(base))
		}
		if size <= inlineCopy && len(base)-off >= inlineCopy && len(dst)-out >= inlineCopy {
			copy16(dst[out:], base[off:])
		} else {
			copy(dst[out:], base[off:off+size])
		}
		out += size
	}
	if out != len(dst) {
		return fmt.Errorf("%w: delta makes %d bytes less than it announces", ErrCorrupt, len(dst)-out)
	}
	return nil
}

// copy16 copies 16 bytes. What is too many is written over by the next instruction.
func copy16(dst, src []byte) {
	_, _ = dst[15], src[15]
	binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src))
	binary.LittleEndian.PutUint64(dst[8:], binary.LittleEndian.Uint64(src[8:]))
}

// fastCopyArgs is copyArgs where ops, op first, holds at least 8 bytes. n counts op too.
func fastCopyArgs(op byte, ops []byte) (off, size, n int) {
	_ = ops[7]
	n = 1
	if op&0x01 != 0 {
		off = int(ops[n])
		n++
	}
	if op&0x02 != 0 {
		off |= int(ops[n&7]) << 8
		n++
	}
	if op&0x04 != 0 {
		off |= int(ops[n&7]) << 16
		n++
	}
	if op&0x08 != 0 {
		off |= int(ops[n&7]) << 24
		n++
	}
	if op&0x10 != 0 {
		size = int(ops[n&7])
		n++
	}
	if op&0x20 != 0 {
		size |= int(ops[n&7]) << 8
		n++
	}
	if op&0x40 != 0 {
		size |= int(ops[n&7]) << 16
		n++
	}
	if size == 0 {
		size = 0x10000
	}
	return off, size, n
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
