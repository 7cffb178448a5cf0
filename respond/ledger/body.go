package ledger

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"
)

// Bodies are stored compressed, behind a byte that tells how: payloads shrink to a third, and what is not written does not
// have to reach the disk.
const (
	bodyPlain = 0
	bodyS2    = 1
)

// maxStoredBody bounds what a stored body may claim to hold.
const maxStoredBody = 64 << 20

func packBody(body []byte) []byte {
	if len(body) == 0 {
		return nil
	}
	packed := make([]byte, 1+s2.MaxEncodedLen(len(body)))
	n := len(s2.Encode(packed[1:], body))
	if n >= len(body) {
		packed[0] = bodyPlain
		return packed[:1+copy(packed[1:], body)]
	}
	packed[0] = bodyS2
	return packed[:1+n]
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
