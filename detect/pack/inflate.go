package pack

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
)

// zlibReader inflates a stream that is not in memory as a whole. The zero value is ready.
type zlibReader struct{ stream io.ReadCloser }

// discard reads a zlib stream of exactly size inflated bytes. It reads not a byte of r beyond the stream's end when r
// is an [io.ByteReader].
func (z *zlibReader) discard(r io.Reader, size int64) (err error) {
	if z.stream == nil {
		z.stream, err = zlib.NewReader(r)
	} else {
		err = z.stream.(zlib.Resetter).Reset(r, nil)
	}
	if err != nil {
		return unexpectedEOF(err)
	}
	if _, err := io.CopyN(io.Discard, z.stream, size); err != nil {
		return unexpectedEOF(err)
	}
	// The end of the stream is where its checksum is verified.
	var one [1]byte
	if _, err := io.ReadFull(z.stream, one[:]); err != io.EOF { //nolint:errorlint // a bare end of input
		if err == nil {
			return errTooLong
		}
		return err
	}
	return nil
}

var errTooLong = errors.New("inflates to more bytes than its header says")

func unexpectedEOF(err error) error {
	if err == io.EOF { //nolint:errorlint // a bare end of input, nothing that wraps one
		return io.ErrUnexpectedEOF
	}
	return err
}

func inflateError(err error) error { return fmt.Errorf("%w: %w", ErrCorrupt, err) }
