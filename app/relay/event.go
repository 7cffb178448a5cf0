package relay

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxEvent is how many bytes an event may have: GitHub's largest delivery, with its headers and what JSON adds.
const maxEvent = 32 << 20

// errTooLong is an event that is longer. The reader goes on with the next.
var errTooLong = errors.New("the event is too long")

// event is a server-sent event.
type event struct {
	kind string // "": a message
	data []byte
}

// reader reads server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
type reader struct {
	lines *bufio.Reader
	alive func() // called for each line
}

func newReader(r io.Reader, alive func()) *reader {
	return &reader{lines: bufio.NewReaderSize(r, 64<<10), alive: alive}
}

// next returns the next event that has data.
func (r *reader) next() (event, error) {
	var e event
	var some, long bool
	for {
		line, err := r.line(maxEvent - len(e.data))
		if errors.Is(err, errTooLong) {
			long, e.data = true, nil
			continue
		}
		if err != nil {
			return event{}, err // an event that is cut off is none
		}
		r.alive()
		if len(line) == 0 {
			switch {
			case long:
				return event{}, errTooLong
			case some:
				return e, nil
			}
			e = event{}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			e.kind = string(value)
		case "data":
			if some {
				e.data = append(e.data, '\n')
			}
			e.data, some = append(e.data, value...), true
		}
	}
}

// line reads to the end of the line, which is not returned. A line that is longer than limit is skipped, with errTooLong.
func (r *reader) line(limit int) (line []byte, err error) {
	long := false
	for {
		part, err := r.lines.ReadSlice('\n')
		if long = long || len(line)+len(part) > limit+2; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			r.alive()
			continue
		}
		if err != nil {
			return nil, err
		}
		if long {
			return nil, errTooLong
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}
