package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// answer reads one answer of a server, packet by packet.
type answer struct {
	ctx context.Context // the request's: its end explains errors of reading
	url string
	r   *bufio.Reader
}

func newAnswer(ctx context.Context, url string, body io.Reader) *answer {
	return &answer{ctx: ctx, url: url, r: bufio.NewReaderSize(body, 16<<10)}
}

// fail says what went wrong where. It keeps the errors that callers ask for reachable.
func (a *answer) fail(where string, err error) error {
	var bad malformed
	if errors.As(err, &bad) {
		return &ProtocolError{URL: a.url, Detail: fmt.Sprintf("%s: %s", where, bad)}
	}
	if cause := context.Cause(a.ctx); cause != nil {
		return fmt.Errorf("POST %s: reading %s: %w", a.url, where, cause)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("POST %s: the server stopped in the middle, in %s: %w", a.url, where, err)
	}
	return fmt.Errorf("POST %s: reading %s: %w", a.url, where, err)
}

// line reads one packet as text, without its newline. where is for errors. An ERR packet comes back as [*ServerError].
func (a *answer) line(where string) (packet, string, error) {
	kind, size, err := header(a.r)
	if err != nil {
		return 0, "", a.fail(where, err)
	}
	if kind != data {
		return kind, "", nil
	}
	text, err := a.text(size)
	if err != nil {
		return 0, "", a.fail(where, err)
	}
	if message, ok := strings.CutPrefix(text, "ERR "); ok {
		return 0, "", a.serverError(message)
	}
	return data, strings.TrimSuffix(text, "\n"), nil
}

// text reads size bytes, at most maxPacket.
func (a *answer) text(size int) (string, error) {
	b := make([]byte, size)
	if _, err := io.ReadFull(a.r, b); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	return string(b), nil
}

func (a *answer) serverError(message string) error {
	message = strings.TrimSpace(message)
	if len(message) > maxErrorMessage {
		message = message[:maxErrorMessage]
	}
	return &ServerError{URL: a.url, Message: message}
}

// sections reads an answer to fetch up to the first byte of its pack. ready is false when the server sent
// acknowledgments without a pack, which it does only if the request did not say done; common then reports whether it
// knows any of the haves.
func (a *answer) sections() (ready, common bool, err error) {
	const where = "the answer's sections"
	if _, err := a.r.Peek(1); errors.Is(err, io.EOF) && a.ctx.Err() == nil {
		return false, false, fmt.Errorf("POST %s: an empty answer: does a proxy drop the Git-Protocol header, "+
			"or does the server know no filters? %w", a.url, io.ErrUnexpectedEOF)
	}
	for {
		kind, name, err := a.line(where)
		if err != nil {
			return false, false, err
		}
		if kind != data {
			return false, false, a.fail(where, malformed(kind.String()+" stands where a section should begin"))
		}
		switch name {
		case "packfile":
			return true, common, nil
		case "acknowledgments", "shallow-info", "wanted-refs":
		case "packfile-uris":
			return false, false, a.fail(where, malformed("the server wants the pack fetched from elsewhere (packfile-uris)"))
		default:
			return false, false, a.fail(where, malformed(fmt.Sprintf("unknown section %.80q", name)))
		}
		for {
			kind, line, err := a.line("section " + name)
			if err != nil {
				return false, false, err
			}
			if kind == delim {
				break
			}
			if kind == flush && name == "acknowledgments" {
				return false, common, nil
			}
			if kind != data {
				return false, false, a.fail("section "+name, malformed(kind.String()+" before the packfile section"))
			}
			if name == "acknowledgments" && strings.HasPrefix(line, "ACK ") {
				common = true
			}
		}
	}
}

// packReader gives the bytes of sideband 1. Progress (2) is dropped; the server's last words (3) and everything that is
// not the protocol are errors, which stay.
type packReader struct {
	a    *answer
	body *timedBody
	left int   // bytes of the current packet still to come
	read int64 // bytes of the pack given so far
	err  error
}

func (p *packReader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, p.err
	}
	for p.err == nil && p.left == 0 {
		p.err = p.next()
	}
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.a.r.Read(b[:min(len(b), p.left)])
	p.left -= n
	p.read += int64(n)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		p.err = p.a.fail(p.where(), err)
		if n > 0 {
			return n, nil
		}
	}
	return n, p.err
}

// next reads on to the next data of the pack. The flush packet ends it with [io.EOF].
func (p *packReader) next() error {
	kind, size, err := header(p.a.r)
	if err != nil {
		return p.a.fail(p.where(), err)
	}
	switch kind {
	case flush:
		// One read more lets the transport see the end of the body and keep the connection. What follows is nothing, or
		// a response-end packet; it cannot change the pack, whose end carries a hash of its own.
		_, _ = p.a.r.Peek(5)
		return io.EOF
	case data:
	default:
		return p.a.fail(p.where(), malformed(kind.String()+" in the middle of the pack"))
	}
	if size == 0 {
		return p.a.fail(p.where(), malformed("a packet without a sideband"))
	}
	band, err := p.a.r.ReadByte()
	if err != nil {
		return p.a.fail(p.where(), io.ErrUnexpectedEOF)
	}
	switch band {
	case 1:
		if p.left = size - 1; p.left > 0 { // 0: a keepalive
			p.body.flows()
		}
		return nil
	case 2, 3, 'E':
		text, err := p.a.text(size - 1)
		switch {
		case err != nil:
			return p.a.fail(p.where(), err)
		case band == 2:
			return nil
		case band == 3:
			return p.a.serverError(text)
		}
		if message, ok := strings.CutPrefix(text, "RR "); ok {
			return p.a.serverError(message)
		}
	}
	return p.a.fail(p.where(), malformed(fmt.Sprintf("sideband %d does not exist", band)))
}

func (p *packReader) where() string { return fmt.Sprintf("the pack after %d bytes", p.read) }

func (p *packReader) Close() error { return p.body.Close() }
