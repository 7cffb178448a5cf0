package inflate

import (
	"bufio"
	"io"
	"math"
)

// Reader inflates raw deflate data (RFC 1951) without zlib's header and checksum, as archives hold it. The zero value
// wants a Reset. It holds 164 KiB, is not safe for concurrent use, and can be Reset for the next stream.
type Reader struct {
	decoder Decoder
	in      *bufio.Reader
	want    int // bytes of in without which there is no more content
	taken   int // of the decoder's window
	err     error
}

// Reset starts a stream that begins with the next byte of in, whose buffer must have room for 400 bytes. What follows the
// stream stays in in.
func (r *Reader) Reset(in *bufio.Reader) {
	r.decoder.Begin(math.MaxInt64)
	r.decoder.phase = atHeader
	r.in, r.want, r.taken, r.err = in, 0, 0, nil
}

// Read gives content. It ends with io.EOF, [ErrCorrupt], io.ErrUnexpectedEOF where in ends within the stream, or an error
// of in.
func (r *Reader) Read(p []byte) (int, error) {
	d := &r.decoder
	for r.taken == d.filled {
		if r.err != nil || len(p) == 0 {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, d.window[r.taken:d.filled])
	r.taken += n
	return n, nil
}

// fill inflates what in has buffered, into what is left of the window.
func (r *Reader) fill() {
	d := &r.decoder
	if d.phase == finished {
		r.err = io.EOF
		return
	}
	src, err := r.in.Peek(max(r.want, r.in.Buffered()))
	if len(src) < r.want {
		if r.err = err; err == io.EOF {
			r.err = io.ErrUnexpectedEOF
		}
		return
	}
	d.in = 0
	d.slide()
	r.taken = d.filled
	d.filled, err = d.run(d.window, d.filled, src)
	r.in.Discard(d.in)
	r.want = 0
	switch err {
	case nil, errFull:
	case ErrTruncated:
		r.want = len(src) - d.in + 1
	default:
		r.err = err
	}
}
