package unpack

import "errors"

// bzip2Code is how the symbols of a block of bzip2 are written: by up to six Huffman codes in turns of fifty symbols.
type bzip2Code struct {
	list [256]byte // the bytes of the block, the last that came first
	end  int       // the symbol behind the last; 0 and 1 are digits of runs, and s stands for the byte list[s-1]

	codes     [6]huffmanCode
	selectors []byte
	turn      int // of selectors
	left      int // symbols in it
	code      *huffmanCode
}

const (
	bzip2Turn      = 50
	bzip2LongestID = 20 // bits of a symbol
)

// read reads the codes of a block.
func (c *bzip2Code) read(in *bitReader) error {
	n := 0
	ranges := in.take(16)
	for high := range 16 {
		if ranges>>(15-high)&1 == 0 {
			continue
		}
		used := in.take(16)
		for low := range 16 {
			if used>>(15-low)&1 != 0 {
				c.list[n] = byte(high<<4 | low)
				n++
			}
		}
	}
	if n == 0 {
		return errors.New("bzip2: a block of no bytes")
	}
	c.end = n + 1
	codes := int(in.take(3))
	if codes < 2 || codes > len(c.codes) {
		return errBzip2Code
	}
	if err := c.readSelectors(in, codes); err != nil {
		return err
	}
	for i := range codes {
		if err := c.codes[i].read(in, n+2); err != nil {
			return err
		}
	}
	c.turn, c.left = 0, 0
	return in.err
}

// readSelectors reads which code is used in each turn.
func (c *bzip2Code) readSelectors(in *bitReader, codes int) error {
	n := int(in.take(15))
	order := [6]byte{0, 1, 2, 3, 4, 5}
	c.selectors = c.selectors[:0]
	for range n {
		i := 0
		for in.take(1) != 0 {
			if i++; i >= codes {
				return errBzip2Code
			}
		}
		s := order[i]
		copy(order[1:i+1], order[:i])
		order[0] = s
		c.selectors = append(c.selectors, s)
		if in.err != nil {
			return in.err
		}
	}
	return nil
}

// next reads a symbol.
func (c *bzip2Code) next(in *bitReader) (int, error) {
	if c.left == 0 {
		if c.turn >= len(c.selectors) {
			return 0, errors.New("bzip2: a block with more symbols than its codes are for")
		}
		c.code = &c.codes[c.selectors[c.turn]]
		c.turn++
		c.left = bzip2Turn
	}
	c.left--
	s := c.code.next(in)
	switch {
	case in.err != nil:
		return 0, in.err
	case s < 0:
		return 0, errBzip2Code
	}
	return s, nil
}

// huffmanCode is a canonical Huffman code of up to 258 symbols.
type huffmanCode struct {
	limit   [bzip2LongestID + 2]uint32 // one more than the last word of a length, in as many bits as the longest has
	offset  [bzip2LongestID + 2]int32  // of a length's symbols in the list, less its first word
	symbols [258]uint16                // by their words
	broken  bool                       // there are more words than there can be: the code may not be used
	short   [1 << shortBits]uint16     // of a word that begins with these bits: symbol<<5 | length; 0 where it is longer
}

// shortBits is up to which length words are found by table.
const shortBits = 9

// read reads the lengths of n symbols' words.
func (h *huffmanCode) read(in *bitReader, n int) error {
	var lengths [258]uint8
	var counts [bzip2LongestID + 2]uint32
	length := int(in.take(5))
	for s := range n {
		for {
			if length < 1 || length > bzip2LongestID {
				return errBzip2Code
			}
			if in.take(1) == 0 {
				break
			}
			length += 1 - 2*int(in.take(1))
		}
		lengths[s] = uint8(length)
		counts[length]++
		if in.err != nil {
			return in.err
		}
	}
	h.make(lengths[:n], &counts)
	return nil
}

// make makes the code from the lengths.
func (h *huffmanCode) make(lengths []uint8, counts *[bzip2LongestID + 2]uint32) {
	var at [bzip2LongestID + 2]uint32 // of the next symbol of a length
	word, before := uint32(0), uint32(0)
	for length := 1; length <= bzip2LongestID; length++ {
		word <<= 1
		at[length] = before
		h.offset[length] = int32(before) - int32(word)
		word += counts[length]
		before += counts[length]
		if h.broken = word > 1<<length; h.broken {
			return
		}
		h.limit[length] = word << (bzip2LongestID - length)
	}
	clear(h.short[:])
	for s, length := range lengths {
		i := at[length]
		at[length]++
		h.symbols[i] = uint16(s)
		if length > shortBits {
			continue
		}
		first := (uint32(int32(i)-h.offset[length]) << (shortBits - length))
		for k := range uint32(1) << (shortBits - length) {
			h.short[first+k] = uint16(s)<<5 | uint16(length)
		}
	}
}

// next reads a symbol; -1 where no word is one.
func (h *huffmanCode) next(in *bitReader) int {
	if h.broken {
		return -1
	}
	in.peek(bzip2LongestID)
	word := uint32(in.bits >> (in.n - bzip2LongestID) & (1<<bzip2LongestID - 1))
	if e := h.short[word>>(bzip2LongestID-shortBits)]; e != 0 {
		in.drop(uint(e & 31))
		return int(e >> 5)
	}
	for length := shortBits + 1; length <= bzip2LongestID; length++ {
		if word < h.limit[length] {
			in.drop(uint(length))
			return int(h.symbols[int32(word>>(bzip2LongestID-length))+h.offset[length]])
		}
	}
	return -1
}
