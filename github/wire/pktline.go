package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxPacket is the largest packet, its four length digits included (gitprotocol-common).
const maxPacket = 65520

// packet is the kind of one packet. Kinds other than data carry none.
type packet int

const (
	flush       packet = iota // 0000: the message ends
	delim                     // 0001: the section ends
	responseEnd               // 0002: the answer ends
	data
)

func (p packet) String() string {
	return [...]string{"a flush packet", "a delimiter packet", "a response-end packet", "a data packet"}[p]
}

// appendLine appends a data packet holding the line and a newline.
func appendLine(b []byte, line string) []byte {
	return fmt.Appendf(b, "%04x%s\n", len(line)+5, line)
}

func appendFlush(b []byte) []byte { return append(b, "0000"...) }

func appendDelim(b []byte) []byte { return append(b, "0001"...) }

// malformed is a breach of the protocol. [answer.fail] turns it into a [ProtocolError].
type malformed string

func (m malformed) Error() string { return string(m) }

// header reads a packet's length digits. size counts the bytes that follow, at most maxPacket-4. An end of the input is
// always unexpected here: every message ends with a flush packet.
func header(r *bufio.Reader) (kind packet, size int, err error) {
	digits, err := r.Peek(4)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, 0, err
	}
	n := 0
	for _, c := range digits {
		d, ok := hexDigit(c)
		if !ok {
			return 0, 0, malformed(fmt.Sprintf("%q stands where a packet's length should", digits))
		}
		n = n<<4 | d
	}
	if _, err := r.Discard(4); err != nil {
		return 0, 0, err
	}
	switch {
	case n <= 2:
		return packet(n), 0, nil
	case n == 3, n > maxPacket:
		return 0, 0, malformed(fmt.Sprintf("a packet announces %d bytes; 4 to %d are possible", n, maxPacket))
	}
	return data, n - 4, nil
}

func hexDigit(c byte) (int, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0'), true
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10, true
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10, true
	}
	return 0, false
}
