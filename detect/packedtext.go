package detect

import (
	"errors"
	"io"
)

// digits is what stands for a compressed file in a text: base64 or hexadecimal, over line ends.
type digits struct {
	text []byte
	hex  bool
}

// layer is the encoding's name.
func (d digits) layer() string {
	if d.hex {
		return "hex"
	}
	return "base64"
}

// bits is how many bits a digit stands for.
func (d digits) bits() uint {
	if d.hex {
		return 4
	}
	return 6
}

// value returns the value of a digit, or 0xff.
func (d digits) value(c byte) byte {
	if !d.hex {
		return base64Values[c]
	}
	if v, ok := hexDigit(c); ok {
		return v
	}
	return 0xff
}

// next returns where the digits go on that break off at text[at:], or -1.
func (d digits) next(at int) int {
	if d.text[at] == '\\' && at+1 < len(d.text) && d.text[at+1] == '/' && !d.hex {
		return at + 1
	}
	if k := wrapAfter(d.text, at); k >= 0 && d.value(d.text[k]) != 0xff {
		return k
	}
	return -1
}

// digitReader decodes digits in order.
type digitReader struct {
	digits
	at, end   int // of the digits that are left
	acc, have uint
}

// read decodes to b until that is full or no digits are left.
func (r *digitReader) read(b []byte) (n int) {
	bits := r.bits()
	for n < len(b) && r.at < r.end {
		v := r.value(r.text[r.at])
		if v == 0xff {
			next := r.next(r.at)
			if next < 0 || next >= r.end {
				r.end = r.at
				break
			}
			r.at = next
			continue
		}
		r.at++
		r.acc = r.acc<<bits | uint(v)
		if r.have += bits; r.have >= 8 {
			r.have -= 8
			b[n] = byte(r.acc >> r.have)
			n++
		}
	}
	return n
}

const (
	// packedPart is how much is measured between two charges.
	packedPart = 256 << 10
	// markEvery is after how many digits their place is noted, so that reading may start there: a multiple of a group.
	markEvery = 64 << 10
)

// packedText is a compressed file in a text, which is decoded as it is read. It is an [io.ReaderAt].
type packedText struct {
	digitReader
	start int
	size  int64 // decoded
	off   int64 // where the reader stands
	url   bool  // there are digits of the alphabet for addresses
	marks []int // places of each markEvery-th digit
	steps func(n int) bool
}

// measure finds the end of the digits that begin at text[at:], reach bytes at most. It charges steps for that, and later for what
// is read; where these are used up, the file ends.
func (d digits) measure(at, reach int, steps func(n int) bool) *packedText {
	p := &packedText{digitReader: digitReader{digits: d, at: at}, start: at, steps: steps}
	high := min(len(d.text), at+reach)
	n := 0
	for charged := at; at < high; {
		if at-charged >= packedPart {
			if charged = at; !steps(packedPart * packedSteps) {
				break
			}
		}
		c := d.text[at]
		if d.value(c) != 0xff {
			if n%markEvery == 0 {
				p.marks = append(p.marks, at)
			}
			p.url = p.url || c == '-' || c == '_'
			n++
			at++
			continue
		}
		next := d.next(at)
		if next < 0 || next >= high {
			break
		}
		at = next
	}
	p.end = at
	p.size = int64(n) * int64(d.bits()) / 8
	return p
}

// layer is the encoding's name, with its alphabet.
func (p *packedText) layer() string {
	if p.url {
		return "base64url"
	}
	return p.digits.layer()
}

// ReadAt reads from off on. It costs as many steps as there are digits from where the reader stands, or from the last mark before
// off, to the end of what is read.
func (p *packedText) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= p.size {
		return 0, io.EOF
	}
	each := int64(markEvery) * int64(p.bits()) / 8
	if off < p.off || off/each > p.off/each {
		p.off = off / each * each
		p.at, p.acc, p.have = p.marks[off/each], 0, 0
	}
	from := p.at
	var passed [512]byte
	for p.off < off {
		n := p.read(passed[:min(off-p.off, int64(len(passed)))])
		p.off += int64(n)
	}
	n := p.read(b[:min(int64(len(b)), p.size-off)])
	p.off += int64(n)
	if !p.steps(packedSteps * (p.at - from)) {
		return 0, errSpent
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// errSpent ends the reading of a file where no more work may be spent on it. The object says so.
var errSpent = errors.New("no more work may be spent on it")
