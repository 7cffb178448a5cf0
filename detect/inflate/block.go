package inflate

import "encoding/binary"

// lenOrder is the order in which the lengths of the code-length code are written (RFC 1951 3.2.7).
const lenOrder = "\x10\x11\x12\x00\x08\x07\x09\x06\x0a\x05\x0b\x04\x0c\x03\x0d\x02\x0e\x01\x0f"

// refill adds bytes of src to hold, at least up to 56 bits unless src ends.
func refill(src []byte, in int, hold uint64, bits uint) (int, uint64, uint) {
	if in <= len(src)-8 {
		hold |= binary.LittleEndian.Uint64(src[in:]) << (bits & 63)
		return in + int((63-bits)>>3), hold, bits | 56
	}
	for bits < 56 && in < len(src) {
		hold |= uint64(src[in]) << (bits & 63)
		in++
		bits += 8
	}
	return in, hold, bits
}

// header reads a block's header. Where src ends within it, nothing was read.
func (d *Decoder) header(src []byte) error {
	before := d.state
	err := d.readHeader(src)
	if err == ErrTruncated {
		d.state = before
		d.giveBack()
	}
	return err
}

func (d *Decoder) readHeader(src []byte) error {
	d.in, d.hold, d.bits = refill(src, d.in, d.hold, d.bits)
	if d.bits < 3 {
		return ErrTruncated
	}
	d.final = d.hold&1 != 0
	kind := d.hold >> 1 & 3
	d.hold >>= 3
	d.bits -= 3
	switch kind {
	case 0:
		d.giveBack()
		d.hold, d.bits = 0, 0
		if len(src)-d.in < 4 {
			return ErrTruncated
		}
		size, inverse := binary.LittleEndian.Uint16(src[d.in:]), binary.LittleEndian.Uint16(src[d.in+2:])
		if size != ^inverse {
			return ErrCorrupt
		}
		d.in += 4
		d.stored = int(size)
		d.phase = inStored
		return nil
	case 1:
		d.buildFixed()
		d.fixed = true
		d.phase = inSymbols
		return nil
	case 2:
		d.fixed = false
		d.phase = inSymbols
		return d.readDynamic(src)
	default:
		return ErrCorrupt
	}
}

// readDynamic reads the code lengths of a dynamic block and builds its tables.
func (d *Decoder) readDynamic(src []byte) error {
	in, hold, bits := refill(src, d.in, d.hold, d.bits)
	if bits < 14 {
		return ErrTruncated
	}
	lits, dists, lens := int(hold&31)+257, int(hold>>5&31)+1, int(hold>>10&15)+4
	hold >>= 14
	bits -= 14
	if lits > maxLitCodes || dists > maxDistCodes {
		return ErrCorrupt
	}
	var lenLengths [numLenCodes]uint8
	for i := range lens {
		if bits < 3 {
			if in, hold, bits = refill(src, in, hold, bits); bits < 3 {
				return ErrTruncated
			}
		}
		lenLengths[lenOrder[i]] = uint8(hold & 7)
		hold >>= 3
		bits -= 3
	}
	d.entries.fill()
	var table [1 << lenBits]uint32
	if !build(table[:], lenBits, appendCoded(d.coded[:0], lenLengths[:]), d.entries.len[:]) {
		return ErrCorrupt
	}

	var last coded // length
	n := 0
	for i, total := 0, lits+dists; i < total; {
		if bits < lenBits+7 {
			in, hold, bits = refill(src, in, hold, bits)
		}
		e := table[hold&(1<<lenBits-1)]
		drop := uint(e & dropMask)
		if bits < drop {
			return ErrTruncated
		}
		if e&special != 0 {
			return ErrCorrupt
		}
		symbol := coded(e >> 16)
		if symbol < 16 {
			hold >>= drop
			bits -= drop
			last = symbol
			d.coded[n] = coded(i)<<codedLength | last
			n += int(last+maxCodeBits) >> codedLength // 0 for length 0, else 1
			i++
			continue
		}
		var least, extra uint
		switch symbol {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			least, extra = 3, 2
		case 17:
			last, least, extra = 0, 3, 3
		default:
			last, least, extra = 0, 11, 7
		}
		if bits < drop+extra {
			return ErrTruncated
		}
		times := int(least) + int(hold>>drop&(1<<extra-1))
		hold >>= drop + extra
		bits -= drop + extra
		if times > total-i {
			return ErrCorrupt
		}
		if last == 0 {
			i += times
			continue
		}
		for range times {
			d.coded[n] = coded(i)<<codedLength | last
			n++
			i++
		}
	}
	inLit := n
	for ; inLit > 0 && d.coded[inLit-1]>>codedLength >= coded(lits); inLit-- {
		d.coded[inLit-1] -= coded(lits) << codedLength
	}
	if !build(d.lit[:], litBits, d.coded[:inLit], d.entries.lit[:]) || !build(d.dist[:], distBits, d.coded[inLit:n], d.entries.dist[:]) {
		return ErrCorrupt
	}
	d.in, d.hold, d.bits = in, hold, bits
	return nil
}

// buildFixed makes the tables of the fixed code (RFC 1951 3.2.6) when they are first needed.
func (d *Decoder) buildFixed() {
	if d.hasFixed {
		return
	}
	d.hasFixed = true
	d.entries.fill()
	var lengths [fixedLits]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	build(d.fixedLit[:], litBits, appendCoded(d.coded[:0], lengths[:]), d.entries.lit[:])
	for i := range fixedDists {
		lengths[i] = 5
	}
	build(d.fixedDist[:], distBits, appendCoded(d.coded[:0], lengths[:fixedDists]), d.entries.dist[:])
}

// copyStored copies what dst has room for and src holds of a stored block.
func (d *Decoder) copyStored(dst []byte, out int, src []byte) (int, error) {
	n := min(d.stored, len(dst)-out, len(src)-d.in)
	copy(dst[out:out+n], src[d.in:])
	d.in += n
	d.stored -= n
	out += n
	switch {
	case d.stored == 0:
		d.endBlock()
		return out, nil
	case out == len(dst):
		return out, errFull
	default:
		return out, ErrTruncated
	}
}
