package detect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/unpack"
)

// examinePacked examines a text that is an archive or compressed.
func (s *Scanner) examinePacked(ctx context.Context, path string, text []byte) Result {
	o := s.newObject(ctx, int64(len(text)), true)
	res := s.walk(o, path, bytes.NewReader(text), int64(len(text)))
	o.asText()
	res.add(s.examineText(o, path, text), o.members)
	return o.finish(res)
}

// add adds what stands in an archive as plain text to what its members hold: behind its end, in a comment, or all of it where it but
// begins like an archive. What stands in members as it is was found there.
func (r *Result) add(plain Result, members [][2]int64) {
	found := r.Findings
	for _, f := range plain.Findings {
		at := f.Place.Offset
		i := sort.Search(len(members), func(i int) bool { return members[i][1] > at })
		inside := i < len(members) && members[i][0] <= at
		if !inside && !slices.ContainsFunc(found, func(m Finding) bool { return m.Secret == f.Secret }) {
			r.Findings = append(r.Findings, f)
		}
	}
	r.Skipped = append(r.Skipped, plain.Skipped...)
}

// walk examines everything that an archive or compressed file holds.
func (s *Scanner) walk(o *object, path string, file io.ReaderAt, size int64) Result {
	var res Result
	limits := s.limits
	limits.Work = o.hidden
	err := s.walker.Walk(o.ctx, file, size, limits, func(m unpack.Member) error {
		content := &counted{r: m.Content}
		inner, err := s.readWindows(o, memberPath(path, m.Name), content)
		if n := len(o.members); m.Offset >= 0 && (n == 0 || m.Offset >= o.members[n-1][1]) {
			o.members = append(o.members, [2]int64{m.Offset, m.Offset + content.n})
		}
		if err != nil {
			inner.Skipped = append(inner.Skipped, Skipped{Reason: err.Error()})
		}
		for _, f := range inner.Findings {
			f.Member = memberPath(m.Name, f.Member)
			f.Encoding = within(m.Layers, f.Encoding)
			if m.Offset < 0 {
				f.Place.Offset, f.Place.End = -1, -1
			}
			res.Findings = append(res.Findings, f)
		}
		for _, sk := range inner.Skipped {
			sk.Member = memberPath(m.Name, sk.Member)
			res.Skipped = append(res.Skipped, sk)
		}
		return nil
	})
	res.Skipped = append(res.Skipped, skippedBy(err)...)
	return res
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// within puts layers around an encoding.
func within(layers []string, encoding string) string {
	if len(layers) == 0 {
		return encoding
	}
	s := strings.Join(layers, "+")
	if encoding != Plain {
		s += "+" + encoding
	}
	return s
}

// memberPath is the path of a member of the file at path.
func memberPath(path, member string) string {
	if path == "" || member == "" {
		return path + member
	}
	return path + "!" + member
}

// skippedBy returns what an error of unpacking says was not read.
func skippedBy(err error) []Skipped {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []Skipped
		for _, e := range joined.Unwrap() {
			all = append(all, skippedBy(e)...)
		}
		return all
	}
	var e *unpack.Error
	if errors.As(err, &e) {
		return []Skipped{{e.Name, strings.Join(e.Layers, "+") + ": " + e.Err.Error(), errors.Is(e.Err, unpack.ErrLimit), 0}}
	}
	return []Skipped{{Reason: err.Error(), Limit: errors.Is(err, unpack.ErrLimit)}}
}

// walkStream examines an archive of which head was read from r. Up to [budget.StreamHeld] bytes it is held; beyond, only formats
// that are read from front to back can be.
func (s *Scanner) walkStream(ctx context.Context, path string, r io.Reader, head []byte) (Result, error) {
	var held bytes.Buffer
	held.Write(head)
	_, err := io.CopyN(&held, r, budget.StreamHeld)
	if err == io.EOF {
		return s.examinePacked(ctx, path, held.Bytes()), nil
	}
	if err != nil {
		return Result{Skipped: []Skipped{{Reason: err.Error()}}}, err
	}
	if unpack.Format(head) == "zip" {
		return Result{Skipped: []Skipped{{Reason: "a zip file of more than 64 MiB cannot be read from a stream: scan the file itself", Limit: true}}}, nil
	}
	f := &forward{held: held.Bytes(), r: r, at: int64(held.Len())}
	o := s.newObject(ctx, int64(held.Len()), true)
	f.grow = o.grow
	return o.finish(s.walk(o, path, f, math.MaxInt64>>8)), f.err
}

// forward reads a stream of which the start is held as an [io.ReaderAt], in order.
type forward struct {
	held []byte
	r    io.Reader
	at   int64         // how much was read of the stream
	err  error         // of r
	grow func(n int64) // is told of bytes that come
}

var errBackward = errors.New("a stream cannot be read backwards: scan the file itself")

// ReadAt reads what is held, or on from where it last was.
func (f *forward) ReadAt(p []byte, off int64) (int, error) {
	if off < int64(len(f.held)) {
		n := copy(p, f.held[off:])
		if n == len(p) {
			return n, nil
		}
		more, err := f.ReadAt(p[n:], int64(len(f.held)))
		return n + more, err
	}
	if off < f.at {
		return 0, errBackward
	}
	if _, err := io.CopyN(io.Discard, f.r, off-f.at); err != nil {
		return 0, f.end(err)
	}
	n, err := io.ReadFull(f.r, p)
	f.grow(off + int64(n) - f.at)
	f.at = off + int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, f.end(err)
}

func (f *forward) end(err error) error {
	if err != nil && err != io.EOF {
		f.err = err
	}
	return err
}
