package inflate

import "math/bits"

// A table maps the next bits of the input to what they mean. Codes longer than the table's bits lead to a sub-table
// behind the main one. An entry is
//
//	bits 0-7    bits to drop: the code's and its extra bits'
//	bits 8-11   the code's bits alone; of a sub-table, the bits of its index
//	bit  13     end of block
//	bit  14     sub-table
//	bit  15     neither literal, length nor distance: end of block, sub-table, or (with neither) a code that is none
//	bits 16-30  literal, base of a length or distance, or start of the sub-table
//	bit  31     literal
const (
	dropMask   = 63
	endOfBlock = 1 << 13
	subTable   = 1 << 14
	special    = 1 << 15
	literal    = 1 << 31

	invalidCode = special | 1<<8 | 1 // a bit that starts no code
)

const (
	litBits  = 11
	distBits = 8
	lenBits  = 7 // of the code-length code, which needs no sub-tables

	maxCodeBits  = 15
	maxLitCodes  = 286 // RFC 1951 3.2.6: 286 and 287 of the fixed code never occur
	maxDistCodes = 30
	fixedLits    = 288
	fixedDists   = 32
	numLenCodes  = 19
)

// The sizes are the next powers of two above what the worst code needs (2342 and 402 entries), so that a mask
// replaces the bounds check.
type (
	litTable  [4096]uint32
	distTable [512]uint32
)

// lengthBase and distBase hold the base and the number of extra bits (RFC 1951 3.2.5).
var (
	lengthBase = [29]uint16{
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
		35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
	}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [30]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
		1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
	}
	distExtra = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// litEntry and distEntry give a symbol's entry without the code's bits.
func litEntry(symbol uint16) uint32 {
	switch {
	case symbol < 256:
		return literal | uint32(symbol)<<16
	case symbol == 256:
		return special | endOfBlock
	case int(symbol) < 257+len(lengthBase):
		i := symbol - 257
		return uint32(lengthBase[i])<<16 | uint32(lengthExtra[i])
	default:
		return special
	}
}

func distEntry(symbol uint16) uint32 {
	if int(symbol) < len(distBase) {
		return uint32(distBase[symbol])<<16 | uint32(distExtra[symbol])
	}
	return special
}

// entries are the entries of all symbols, without the codes' bits.
type entries struct {
	lit  [fixedLits]uint32
	dist [fixedDists]uint32
	len  [numLenCodes]uint32

	filled bool
}

// fill makes the entries when they are first needed.
func (e *entries) fill() {
	if e.filled {
		return
	}
	e.filled = true
	for i := range e.lit {
		e.lit[i] = litEntry(uint16(i))
	}
	for i := range e.dist {
		e.dist[i] = distEntry(uint16(i))
	}
	for i := range e.len {
		e.len[i] = uint32(i) << 16
	}
}

// coded is a symbol that has a code: the symbol from bit 4 on, and below it the code's length, 1 to 15.
type coded = uint16

const codedLength = 4 // bits of the length

// appendCoded appends the symbols of a code of the given lengths, one a symbol, 0 for symbols without a code.
func appendCoded(list []coded, lengths []uint8) []coded {
	for i, l := range lengths {
		if l != 0 {
			list = append(list, coded(i)<<codedLength|coded(l))
		}
	}
	return list
}

// build fills table for the canonical code of the symbols, which come in ascending order, and reports whether there is such
// a code: over-subscribed ones are refused, and incomplete ones too, unless they are empty or a single code of one bit.
// entries hold each symbol's entry without the code's bits.
//
// Codes come in ascending length. The table starts with one entry and is doubled by a copy at each longer length, so
// that a code is written once, not once for each value of the bits behind it.
func build(table []uint32, tableBits uint, symbols []coded, entries []uint32) bool {
	var count [maxCodeBits + 1]uint16
	for _, s := range symbols {
		count[s&maxCodeBits]++
	}
	longest, used := uint(0), 0 // used: of the code space, in units of 1<<-15
	var next [maxCodeBits + 1]uint16
	sum := uint16(0)
	for l := uint(1); l <= maxCodeBits; l++ {
		next[l] = sum
		sum += count[l]
		used += int(count[l]) << (maxCodeBits - l)
		if count[l] > 0 {
			longest = l
		}
	}
	switch {
	case used > 1<<maxCodeBits:
		return false
	case used < 1<<maxCodeBits:
		if longest > 1 {
			return false
		}
		for i := range table[:1<<tableBits] {
			table[i] = invalidCode
		}
		if longest == 1 {
			e := entries[symbols[0]>>codedLength] + 1<<8 + 1
			for i := 0; i < 1<<tableBits; i += 2 {
				table[i] = e
			}
		}
		return true
	}

	var sorted [fixedLits]uint32 // entries by length, then by symbol
	for _, s := range symbols {
		at := &next[s&maxCodeBits]
		sorted[*at] = entries[s>>codedLength]
		*at++
	}
	left := sorted[:sum]

	code := uint(0) // first bit lowest
	size := uint(1)
	for l := uint(1); l <= min(longest, tableBits); l++ {
		copy(table[size:2*size], table[:size])
		size *= 2
		for _, e := range left[:count[l]] {
			table[code] = e + uint32(l)<<8 + uint32(l)
			code = nextCode(code, l)
		}
		left = left[count[l]:]
	}
	for ; size < 1<<tableBits; size *= 2 {
		copy(table[size:2*size], table[:size])
	}

	prefix, start := ^uint(0), uint(0)
	end := uint(1) << tableBits
	mask := end - 1
	for l := tableBits + 1; l <= longest; l++ {
		for ; count[l] > 0; count[l]-- {
			if code&mask != prefix {
				prefix, start = code&mask, end
				subBits := l - tableBits
				for room := int(count[l]); room < 1<<subBits; {
					subBits++
					room = room<<1 + int(count[tableBits+subBits])
				}
				end = start + 1<<subBits
				table[prefix] = special | subTable | uint32(start)<<16 | uint32(subBits)<<8 | uint32(tableBits)
			}
			rest := l - tableBits
			e := left[0] + uint32(rest)<<8 + uint32(rest)
			left = left[1:]
			for i := start + code>>tableBits; i < end; i += 1 << rest {
				table[i] = e
			}
			code = nextCode(code, l)
		}
	}
	return true
}

// nextCode counts up a code of n bits whose first bit is the lowest: it sets the highest clear bit and clears those
// above. Behind the last code comes 0.
func nextCode(code, n uint) uint {
	zeros := code ^ (1<<n - 1)
	if zeros == 0 {
		return 0
	}
	bit := uint(1) << (bits.Len(zeros) - 1)
	return code&(bit-1) | bit
}
