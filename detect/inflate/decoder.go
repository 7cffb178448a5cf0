package inflate

import "errors"

// The ways in which a stream fails. They come wrapped by nothing: the caller knows the object and its offset.
var (
	// ErrHeader is a stream that does not start with a zlib header, or asks for a preset dictionary.
	ErrHeader = errors.New("not a zlib stream")
	// ErrCorrupt is a stream that no compressor writes.
	ErrCorrupt = errors.New("corrupt deflate data")
	// ErrTruncated is a stream that goes on behind the end of what was given.
	ErrTruncated = errors.New("deflate data ends too early")
	// ErrSize is a stream that does not inflate to the announced size.
	ErrSize = errors.New("inflated size is not the announced size")
	// ErrChecksum is a stream whose Adler-32 does not fit what it inflates to.
	ErrChecksum = errors.New("wrong checksum behind deflate data")
)

// errFull is the signal that the output buffer has no room for what comes next.
var errFull = errors.New("output full")

const (
	headerSize  = 2 // bytes of the zlib header
	trailerSize = 4 // bytes of the Adler-32 behind the deflate data

	windowSize = 32 << 10 // farthest distance of a match
	maxMatch   = 258      // longest match
)

// Decoder inflates one stream after the other. The zero value is ready. It holds tables of 36 KiB, and 128 KiB more once
// Feed is used: keep one for each goroutine. It is not safe for concurrent use, and keeps no reference to what it was
// given.
type Decoder struct {
	// Trust leaves out the Adler-32, for packs whose own trailer hash was verified: that saves 7 % of the
	// time. Git never leaves it out.
	Trust bool

	lit       litTable
	dist      distTable
	fixedLit  litTable
	fixedDist distTable
	coded     [maxLitCodes + maxDistCodes]coded // of the code that is read
	entries   entries
	hasFixed  bool

	state
	stream
}

// state is where in a stream the decoder stands. Between two calls it holds fewer than eight bits.
type state struct {
	hold uint64 // bits taken from the input and not used yet, first bit lowest; above bits, what follows or zero
	bits uint   // how many of hold count
	in   int    // next byte of the input

	phase  phase
	final  bool // the block is the last one
	fixed  bool // the block uses the fixed code
	stored int  // bytes of a stored block still to come

	length, distance int // match that found no room in the output
}

type phase uint8

const (
	atHeader  phase = iota // of a block
	atStart                // at the zlib header, for Feed
	inStored               // bytes of a stored block
	inSymbols              // symbols of a compressed block
	finished               // behind the last block
)

// Zlib inflates the zlib stream at the start of src into dst, which must have exactly the inflated size, and returns
// how many bytes of src the stream took, header and checksum included. What follows the stream is not looked at. The
// Adler-32 is verified unless Trust is set. After an error the content of dst is undefined.
func (d *Decoder) Zlib(dst, src []byte) (consumed int, err error) {
	if err := checkHeader(src); err != nil {
		return 0, err
	}
	d.state = state{in: headerSize}
	n, err := d.run(dst, 0, src)
	if err == errFull || err == nil && n != len(dst) {
		return 0, ErrSize
	}
	if err != nil {
		return 0, err
	}
	sum, err := d.trailer(src)
	if err != nil {
		return 0, err
	}
	if !d.Trust && sum != adler(adlerStart, dst) {
		return 0, ErrChecksum
	}
	return d.in, nil
}

// checkHeader refuses what compress/zlib refuses.
func checkHeader(src []byte) error {
	if len(src) < headerSize {
		return ErrTruncated
	}
	method, flags := src[0], src[1]
	const deflate, maxWindow, dictionary = 8, 7, 0x20
	if method&0x0f != deflate || method>>4 > maxWindow || (uint(method)<<8|uint(flags))%31 != 0 || flags&dictionary != 0 {
		return ErrHeader
	}
	return nil
}

// trailer reads the Adler-32 behind the last block, which starts at a byte.
func (d *Decoder) trailer(src []byte) (uint32, error) {
	if len(src)-d.in < trailerSize {
		return 0, ErrTruncated
	}
	b := src[d.in : d.in+trailerSize]
	d.in += trailerSize
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]), nil
}

// run inflates into dst[out:] until the last block ends (nil), dst is full (errFull) or src is used up
// (ErrTruncated); after the latter two it goes on where it was. Matches reach back to the start of dst. It returns how
// much of dst is filled.
func (d *Decoder) run(dst []byte, out int, src []byte) (int, error) {
	var err error
	for d.phase != finished && err == nil {
		switch d.phase {
		case atHeader:
			err = d.header(src)
		case inStored:
			out, err = d.copyStored(dst, out, src)
		case inSymbols:
			out, err = d.symbols(dst, out, src)
		}
	}
	return out, err
}

// tables returns the tables of the current block.
func (d *Decoder) tables() (*litTable, *distTable) {
	if d.fixed {
		return &d.fixedLit, &d.fixedDist
	}
	return &d.lit, &d.dist
}

// endBlock goes on to the next block, or, behind the last one, to the byte where the checksum starts.
func (d *Decoder) endBlock() {
	d.phase = atHeader
	if d.final {
		d.giveBack()
		d.hold, d.bits = 0, 0
		d.phase = finished
	}
}

// giveBack returns the whole bytes in hold to the input.
func (d *Decoder) giveBack() {
	d.in -= int(d.bits >> 3)
	d.bits &= 7
	d.hold &= 1<<d.bits - 1
}
