package encoding

import (
	"errors"
	"io"
)

// Digits are what stands for a compressed file in a text: base64 or hexadecimal, over line ends.
type Digits struct {
	Text []byte
	Hex  bool // else base64
}

// Encoding is "base64" or "hex".
func (d Digits) Encoding() string {
	if d.Hex {
		return "hex"
	}
	return "base64"
}

// bits is how many bits a digit stands for.
func (d Digits) bits() uint {
	if d.Hex {
		return 4
	}
	return 6
}

// value returns the value of a digit, or 0xff.
func (d Digits) value(c byte) byte {
	if !d.Hex {
		return base64Values[c]
	}
	if v, ok := hexDigit(c); ok {
		return v
	}
	return 0xff
}

// next returns where the digits go on that break off at text[at:], or -1.
func (d Digits) next(at int) int {
	if d.Text[at] == '\\' && at+1 < len(d.Text) && d.Text[at+1] == '/' && !d.Hex {
		return at + 1
	}
	if k := WrapAfter(d.Text, at); k >= 0 && d.value(d.Text[k]) != 0xff {
		return k
	}
	return -1
}

// digitReader decodes digits in order.
type digitReader struct {
	Digits
	at, end   int // of the digits that are left
	acc, have uint
}

// Head decodes the digits that begin at Text[at:], of reach bytes at most, to b until that is full. It returns how many bytes
// these are, and of the text.
func (d Digits) Head(at, reach int, b []byte) (n, read int) {
	r := digitReader{Digits: d, at: at, end: min(len(d.Text), at+reach)}
	n = r.read(b)
	return n, r.at - at
}

// read decodes to b until that is full or no digits are left.
func (r *digitReader) read(b []byte) (n int) {
	bits := r.bits()
	for n < len(b) && r.at < r.end {
		v := r.value(r.Text[r.at])
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
	// measuredPart is how much is measured between two charges.
	measuredPart = 256 << 10
	// markEvery is after how many digits their place is noted, so that reading may start there: a multiple of a group.
	markEvery = 64 << 10
)

// File is a file that digits in a text stand for, which is decoded as it is read. It is an [io.ReaderAt], and not safe for
// concurrent use.
type File struct {
	Size int64 // decoded
	End  int   // offset in the text behind the last digit

	digitReader
	off    int64 // where the reader stands
	url    bool  // there are digits of the alphabet for addresses
	marks  []int // places of each markEvery-th digit
	charge func(n int) bool
}

// Measure finds the end of the digits that begin at Text[at:], reach bytes at most. It tells charge how many bytes of the text
// it goes through, then and later as the file is read; where that returns false, the file ends.
func (d Digits) Measure(at, reach int, charge func(n int) bool) *File {
	f := &File{digitReader: digitReader{Digits: d, at: at}, charge: charge}
	high := min(len(d.Text), at+reach)
	n := 0
	for charged := at; at < high; {
		if at-charged >= measuredPart {
			if charged = at; !charge(measuredPart) {
				break
			}
		}
		c := d.Text[at]
		if d.value(c) != 0xff {
			if n%markEvery == 0 {
				f.marks = append(f.marks, at)
			}
			f.url = f.url || c == '-' || c == '_'
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
	f.end, f.End = at, at
	f.Size = int64(n) * int64(d.bits()) / 8
	return f
}

// Encoding is that of its digits, or "base64url".
func (f *File) Encoding() string {
	if f.url {
		return "base64url"
	}
	return f.Digits.Encoding()
}

// ReadAt reads from off on. It charges the digits from where the reader stands, or from the last mark before
// off, to the end of what is read.
func (f *File) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= f.Size {
		return 0, io.EOF
	}
	each := int64(markEvery) * int64(f.bits()) / 8
	if off < f.off || off/each > f.off/each {
		f.off = off / each * each
		f.at, f.acc, f.have = f.marks[off/each], 0, 0
	}
	from := f.at
	var passed [512]byte
	for f.off < off {
		n := f.read(passed[:min(off-f.off, int64(len(passed)))])
		f.off += int64(n)
	}
	n := f.read(b[:min(int64(len(b)), f.Size-off)])
	f.off += int64(n)
	if !f.charge(f.at - from) {
		return 0, errSpent
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// errSpent ends the reading of a file where no more work may be spent on it. The object says so.
var errSpent = errors.New("no more work may be spent on it")
