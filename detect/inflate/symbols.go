package inflate

import "encoding/binary"

// wordMargin is how much of the input the fast loop may look at in one round beyond the byte it starts with.
const wordMargin = 16

// distNeeds is how many bits a distance takes at most.
const distNeeds = 28

// symbols inflates the symbols of a compressed block. A match that finds no room in dst is kept for the next call.
//
// A round of the fast loop starts with 56 bits or more: three literals of up to 11 bits, or two and a length of up to 20.
// Before the distance, of up to 28 bits, it refills.
func (d *Decoder) symbols(dst []byte, out int, src []byte) (int, error) { //nolint:gocognit // the loop that all the time goes into; calls in it would cost
	if d.length > 0 {
		n := min(d.length, len(dst)-out)
		copyMatch(dst, out, n, d.distance)
		out += n
		if d.length -= n; d.length > 0 {
			return out, errFull
		}
	}
	lit, dist := d.tables()
	in, hold, bits := d.in, d.hold, d.bits
	inEnd, outEnd := len(src)-wordMargin, len(dst)-3
	var e uint32
	if in < inEnd {
		hold |= binary.LittleEndian.Uint64(src[in:]) << (bits & 63)
		in += int(^bits >> 3 & 7)
		bits |= 56
		e = lit[hold&(1<<litBits-1)]
	}
	for in < inEnd && out < outEnd {
		if e&literal != 0 {
			hold >>= e & dropMask
			bits -= uint(e)
			dst[out] = byte(e >> 16)
			out++
			e = lit[hold&(1<<litBits-1)]
			if e&literal != 0 {
				hold >>= e & dropMask
				bits -= uint(e)
				dst[out] = byte(e >> 16)
				out++
				e = lit[hold&(1<<litBits-1)]
				if e&literal != 0 {
					hold >>= e & dropMask
					bits -= uint(e)
					dst[out] = byte(e >> 16)
					out++
					hold |= binary.LittleEndian.Uint64(src[in:]) << (bits & 63)
					in += int(^bits >> 3 & 7)
					bits |= 56
					e = lit[hold&(1<<litBits-1)]
					continue
				}
			}
		}
		if e&special != 0 {
			if e&subTable != 0 {
				hold >>= litBits
				bits -= litBits
				e = lit[(uint64(e>>16)+hold&(1<<(e>>8&15)-1))&uint64(len(lit)-1)]
				if e&literal != 0 {
					hold >>= e & dropMask
					bits -= uint(e)
					dst[out] = byte(e >> 16)
					out++
					hold |= binary.LittleEndian.Uint64(src[in:]) << (bits & 63)
					in += int(^bits >> 3 & 7)
					bits |= 56
					e = lit[hold&(1<<litBits-1)]
					continue
				}
			}
			if e&special != 0 {
				if e&endOfBlock == 0 {
					return out, ErrCorrupt
				}
				d.in, d.hold, d.bits = in, hold>>(e&dropMask), (bits-uint(e))&63
				d.endBlock()
				return out, nil
			}
		}
		length := int(e>>16) + int(hold&(1<<(e&dropMask)-1)>>(e>>8&15))
		hold >>= e & dropMask
		bits -= uint(e)

		if bits&63 < distNeeds {
			hold |= binary.LittleEndian.Uint64(src[in:]) << (bits & 63)
			in += int(^bits >> 3 & 7)
			bits |= 56
		}
		e = dist[hold&(1<<distBits-1)]
		if e&special != 0 {
			if e&subTable != 0 {
				hold >>= distBits
				bits -= distBits
				e = dist[(uint64(e>>16)+hold&(1<<(e>>8&15)-1))&uint64(len(dist)-1)]
			}
			if e&special != 0 {
				return out, ErrCorrupt
			}
		}
		distance := int(e>>16) + int(hold&(1<<(e&dropMask)-1)>>(e>>8&15))
		hold >>= e & dropMask
		bits -= uint(e)

		// The next symbol is looked up while the match is copied.
		hold |= binary.LittleEndian.Uint64(src[in:]) << (bits & 63)
		in += int(^bits >> 3 & 7)
		bits |= 56
		e = lit[hold&(1<<litBits-1)]

		from := out - distance
		if from < 0 {
			return out, ErrCorrupt
		}
		end := out + length
		if distance >= 8 && end <= len(dst)-32 {
			// Words may write up to 31 bytes behind the match; they are written again.
			s := dst[from : from+32]
			t := dst[out : out+32]
			binary.LittleEndian.PutUint64(t, binary.LittleEndian.Uint64(s))
			binary.LittleEndian.PutUint64(t[8:], binary.LittleEndian.Uint64(s[8:]))
			binary.LittleEndian.PutUint64(t[16:], binary.LittleEndian.Uint64(s[16:]))
			binary.LittleEndian.PutUint64(t[24:], binary.LittleEndian.Uint64(s[24:]))
			for out += 32; out < end; out += 8 {
				binary.LittleEndian.PutUint64(dst[out:], binary.LittleEndian.Uint64(dst[out-distance:]))
			}
			out = end
			continue
		}
		if end > len(dst) {
			d.length, d.distance = length, distance
			break
		}
		copyMatch(dst, out, length, distance)
		out = end
	}
	d.in, d.hold, d.bits = in, hold, bits&63
	if d.length > 0 {
		d.giveBack()
		return out, errFull
	}
	return d.lastSymbols(lit, dist, dst, out, src)
}

// lastSymbols goes on near the end of dst or src, symbol by symbol. It uses a symbol only once it is all there, with
// its extra bits and its distance, and there is room for a byte.
func (d *Decoder) lastSymbols(lit *litTable, dist *distTable, dst []byte, out int, src []byte) (int, error) {
	for {
		in, hold, bits := refill(src, d.in, d.hold, d.bits)
		e, used := lookup(lit[:], litBits, hold)
		switch {
		case used > bits:
			d.giveBack()
			return out, ErrTruncated
		case e&special != 0:
			if e&endOfBlock == 0 {
				return out, ErrCorrupt
			}
			d.in, d.hold, d.bits = in, hold>>used, bits-used
			d.endBlock()
			return out, nil
		case out == len(dst):
			d.giveBack()
			return out, errFull
		case e&literal != 0:
			dst[out] = byte(e >> 16)
			out++
			d.in, d.hold, d.bits = in, hold>>used, bits-used
			continue
		}
		length := int(e>>16) + extraBits(e, used, hold)
		hold >>= used
		bits -= used
		e, used = lookup(dist[:], distBits, hold)
		if used > bits {
			d.giveBack()
			return out, ErrTruncated
		}
		if e&special != 0 {
			return out, ErrCorrupt
		}
		distance := int(e>>16) + extraBits(e, used, hold)
		d.in, d.hold, d.bits = in, hold>>used, bits-used
		if distance > out {
			return out, ErrCorrupt
		}
		n := min(length, len(dst)-out)
		copyMatch(dst, out, n, distance)
		out += n
		if n < length {
			d.length, d.distance = length-n, distance
			d.giveBack()
			return out, errFull
		}
	}
}

// lookup returns the entry for the next bits of hold and the bits it takes, extra bits included. Both are right if
// hold has that many bits.
func lookup(table []uint32, tableBits uint, hold uint64) (e uint32, used uint) {
	e = table[hold&(1<<tableBits-1)]
	if e&subTable == 0 {
		return e, uint(e & dropMask)
	}
	e = table[uint64(e>>16)+hold>>tableBits&(1<<(e>>8&15)-1)]
	return e, tableBits + uint(e&dropMask)
}

// extraBits returns the extra bits of entry e, the last ones of the used bits of hold.
func extraBits(e uint32, used uint, hold uint64) int {
	extra := uint(e&dropMask) - uint(e>>8&15)
	return int(hold & (1<<used - 1) >> (used - extra))
}

// copyMatch copies n bytes within dst from distance before out, which may be less than n: the bytes repeat.
func copyMatch(dst []byte, out, n, distance int) {
	from := out - distance
	for n > distance {
		copy(dst[out:out+distance], dst[from:from+distance])
		out += distance
		n -= distance
		distance *= 2
	}
	copy(dst[out:out+n], dst[from:from+n])
}
