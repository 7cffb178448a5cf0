package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
)

// Bodies are stored compressed, behind a byte that says how: payloads shrink to a third, and what is not written does not
// have to reach the disk.
const (
	bodyPlain = 0
	bodyS2    = 1
)

// maxStoredBody bounds what a stored body may claim to hold.
const maxStoredBody = 64 << 20

// appendBody appends the stored form of a body, and returns what it has appended to, and the form by itself.
func appendBody(dst, body []byte) (all, stored []byte) {
	if len(body) == 0 {
		return dst, nil
	}
	begin := len(dst)
	dst = slices.Grow(dst, 1+s2.MaxEncodedLen(len(body)))
	packed := s2.Encode(dst[begin+1:cap(dst)], body)
	if len(packed) >= len(body) {
		dst = append(append(dst, bodyPlain), body...)
	} else {
		dst = append(dst, bodyS2)[:begin+1+len(packed)]
	}
	return dst, dst[begin:len(dst):len(dst)]
}

var errBody = errors.New("ledger: a stored body is damaged")

func unpackBody(stored []byte) ([]byte, error) {
	switch {
	case len(stored) == 0:
		return nil, nil
	case stored[0] == bodyPlain:
		return stored[1:], nil
	case stored[0] != bodyS2:
		return nil, fmt.Errorf("%w: format %d", errBody, stored[0])
	}
	if n, err := s2.DecodedLen(stored[1:]); err != nil || n > maxStoredBody {
		return nil, errBody
	}
	body, err := s2.Decode(nil, stored[1:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	return body, nil
}
