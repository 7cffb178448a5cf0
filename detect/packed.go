package detect

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"math"
	"strings"

	"github.com/rekey-app/rekey/detect/unpack"
)

// examinePacked examines a text that is an archive or compressed.
func (s *Scanner) examinePacked(ctx context.Context, path string, text []byte) Result {
	return s.walk(ctx, path, bytes.NewReader(text), int64(len(text)))
}

// walk examines everything that an archive or compressed file holds.
func (s *Scanner) walk(ctx context.Context, path string, file io.ReaderAt, size int64) Result {
	var res Result
	err := s.walker.Walk(ctx, file, size, s.limits, func(m unpack.Member) error {
		inner, err := s.readWindows(ctx, memberPath(path, m.Name), m.Content)
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
			res.Skipped = append(res.Skipped, Skipped{memberPath(m.Name, sk.Member), sk.Reason, sk.Limit})
		}
		return nil
	})
	res.Skipped = append(res.Skipped, skippedBy(err)...)
	return res
}

// within puts layers around an encoding.
func within(layers []string, encoding string) string {
	if len(layers) == 0 {
		return encoding
	}
	s := strings.Join(layers, "+")
	if encoding != "plain" {
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
		return []Skipped{{e.Name, strings.Join(e.Layers, "+") + ": " + e.Err.Error(), errors.Is(e.Err, unpack.ErrLimit)}}
	}
	return []Skipped{{Reason: err.Error(), Limit: errors.Is(err, unpack.ErrLimit)}}
}

// streamHeld is how much of an archive that comes as a stream is held in memory, so that it can be read in any order.
const streamHeld = 64 << 20

// walkStream examines an archive of which head was read from r. Up to [streamHeld] bytes it is held; beyond, only formats
// that are read from front to back can be.
func (s *Scanner) walkStream(ctx context.Context, path string, r io.Reader, head []byte) (Result, error) {
	var held bytes.Buffer
	held.Write(head)
	_, err := io.CopyN(&held, r, streamHeld)
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
	res := s.walk(ctx, path, f, math.MaxInt64>>8)
	return res, f.err
}

// forward reads a stream of which the start is held as an [io.ReaderAt], in order.
type forward struct {
	held []byte
	r    io.Reader
	at   int64 // how much was read of the stream
	err  error // of r
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

// packed decodes the whole of an encoded compressed file, whose first digits are the anchor at w.v.text[at:].
func (r *run) packed(w *sweep, at int, a *anchor) {
	way, digit := packedBase64Way, isBase64
	if a.role == packedHexRole {
		way, digit = packedHexWay, isHexDigit
	}
	if at < w.until[way] || w.v.depth >= maxDepth {
		return
	}
	decode := func(reach int) (*view, int) {
		run := collect(w.v.text, at, digit, 0, reach, true)
		if a.role == packedBase64Role {
			return decodeBase64(w.v, run, 0), run.end
		}
		return decodeHex(w.v, run), run.end
	}
	// A few bytes tell most that only look like it, the first block the others. The whole may be long.
	for _, reach := range []int{packedHead, packedProbe} {
		if child, _ := decode(reach); !r.spend(len(child.text)) || !r.unpacks(child.text, a) {
			return
		}
	}
	child, end := decode(longestPacked)
	w.until[way] = end
	if !r.spend(len(child.text)) {
		return
	}
	if a.text == base64Gzip2 {
		r.deeper(child)
		return
	}
	from, to := child.place(0, len(child.text))
	seen := false
	err := r.s.walker.Walk(r.ctx, bytes.NewReader(child.text), int64(len(child.text)), r.s.limits, func(m unpack.Member) error {
		seen = seen || len(m.Layers) > 0
		inner := *child
		r.member(&inner, m, from, to)
		return nil
	})
	if !seen {
		return // bytes that only looked like it
	}
	for _, sk := range skippedBy(err) {
		sk.Member, sk.Reason = memberPath(w.v.member, sk.Member), child.encoding(0)+": "+sk.Reason
		r.skipped = append(r.skipped, sk)
	}
}

// packedHead and packedProbe are how much of an encoded archive is read to see whether it is one.
const (
	packedHead  = 256
	packedProbe = 64 << 10
)

// unpacks tells whether text is the start of what the anchor promises: something comes out of it.
func (r *run) unpacks(text []byte, a *anchor) bool {
	if a.text == base64Gzip2 {
		inner, err := base64.StdEncoding.DecodeString(string(text[:min(len(text)&^3, 256)]))
		return err == nil && unpack.Format(inner) == "gzip"
	}
	if format := unpack.Format(text); format != "gzip" || len(text) < unpack.HeadSize {
		return format != "" // the others have longer magics, and may need all of a block before anything comes
	}
	comes := false
	_ = r.s.walker.Walk(r.ctx, bytes.NewReader(text), int64(len(text)), r.s.limits, func(m unpack.Member) error {
		if len(m.Layers) == 0 {
			return errProbed
		}
		n, _ := io.ReadFull(m.Content, make([]byte, 1))
		comes = n > 0
		return errProbed
	})
	return comes
}

var errProbed = errors.New("probed")

// member examines a member of an encoded archive that stands at the stored text's from to to.
func (r *run) member(archive *view, m unpack.Member, from, to int) {
	inner, err := r.s.readWindows(r.ctx, memberPath(r.path, m.Name), m.Content)
	if err != nil {
		r.skip(m.Name, err.Error())
	}
	r.skipped = append(r.skipped, inner.Skipped...)
	around := r.surroundings(archive, 0, len(archive.text))
	for _, f := range inner.Findings {
		f.Encoding = within(append([]string{archive.encoding(0)}, m.Layers...), f.Encoding)
		f.Member = memberPath(m.Name, f.Member)
		f.Place = Place{Offset: int64(from), End: int64(to)}
		f.Allowed = f.Allowed || around.allowed
		r.found = append(r.found, hit{f, archive.depth + len(m.Layers)})
	}
}

// base64Gzip2 is the start of the base64 of the base64 of gzip, as Helm keeps its releases.
const base64Gzip2 = "SDRzS"
