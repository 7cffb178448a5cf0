package unpack

import (
	"fmt"
	"io"
	"slices"

	"github.com/rekey-app/rekey/detect/budget"
)

// source is a run of bytes that may be a member or hold members: a section of the walked file or of a held one, or a
// stream from a decoder.
type source struct {
	name   string
	layers []string

	at          io.ReaderAt // nil for a stream
	start, size int64       // of the section in at
	outer       bool        // at is the walked file

	stream io.Reader // nil for a section
}

// offset is what [Member] wants.
func (s source) offset() int64 {
	if s.at != nil && s.outer {
		return s.start
	}
	return -1
}

// section returns the source of a member of s that is the part [start, start+size) of s.
func (s source) section(name string, start, size int64) source {
	return source{name: name, layers: s.layers, at: s.at, start: s.start + start, size: size, outer: s.outer}
}

// inside is s for the members that format holds.
func (s source) inside(format string) source {
	s.layers = append(slices.Clip(s.layers), format)
	return s
}

// open returns a reader of s from its beginning. A stream can be opened once.
func (k *walk) open(s source) io.Reader {
	if s.at == nil {
		return s.stream
	}
	return &sectionReader{walk: k, source: s}
}

// sectionReader reads a section, at the expense of what the walk may read.
type sectionReader struct {
	walk   *walk
	source source
	pos    int64
}

// readingOf is what pays for reading s.
func (k *walk) readingOf(s source) *int64 {
	if s.outer {
		return &k.reading
	}
	return &k.budget
}

func (r *sectionReader) Read(p []byte) (int, error) {
	k, s := r.walk, r.source
	if !k.going() {
		return 0, io.EOF
	}
	left := k.readingOf(s)
	if *left <= 0 {
		k.end(s, "the archive has the same bytes read again and again")
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), max(s.size-r.pos, 0), *left)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	n, err := s.at.ReadAt(p, s.start+r.pos)
	r.pos += int64(n)
	*left -= int64(n)
	if n > 0 {
		return n, nil
	}
	return n, err
}

func (r *sectionReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.source.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek to %d", offset)
	}
	r.pos = offset
	return offset, nil
}

// source visits what s holds, or s itself if it holds nothing.
func (k *walk) source(s source) {
	if !k.going() {
		return
	}
	l := k.levels.enter(k.open(s))
	defer k.levels.leave()
	l.pre.keeping = s.at == nil
	k.examine(s, l)
}

// examine is source, with the beginning of s in l already.
func (k *walk) examine(s source, l *level) {
	head, _ := l.in.Peek(HeadSize)
	format := Format(head)
	if len(s.layers) >= k.lim.Depth && format != "" {
		k.fail(s, k.tooDeep(format))
		format = ""
	}
	var held bool // whether s holds what format promises
	switch format {
	case "zip":
		held = k.zip(s.inside(format), l)
	case "tar":
		held = k.tar(s.inside(format), l)
	case "":
		l.commit()
		k.unknown(s, l)
		return
	default:
		held = k.compressed(s.inside(format), format, l)
	}
	if held {
		return
	}
	// It only looked so. The walked file itself is the caller's to read.
	if raw := l.restart(k, s); raw != nil && len(s.layers) > 0 {
		k.leaf(s, raw)
	}
}

// tooDeep is the error of a format that is not looked into.
func (k *walk) tooDeep(format string) error {
	return fmt.Errorf("%w: %s nested deeper than %d; its bytes were read as they are", ErrLimit, format, k.lim.Depth)
}

// unknown visits a source in no known format, and the zip file that may stand at its end.
func (k *walk) unknown(s source, l *level) {
	whole := len(s.layers) == 0 // the walked file, whose bytes are the caller's to read
	var d directory
	var ok bool
	if s.at != nil {
		// To look for a comment behind every member would cost too much.
		comment := int64(0)
		if whole {
			comment = maxComment
		}
		d, ok = k.findDirectory(s, comment)
	}
	if !whole {
		k.leaf(s, l.in)
	} else if !ok {
		k.fail(s, fmt.Errorf("%w: neither an archive nor compressed", ErrUnsupported))
	}
	switch {
	case ok && len(s.layers) >= k.lim.Depth:
		k.fail(s, k.tooDeep("zip"))
	case ok:
		k.directory(s.inside("zip"), d)
	}
}

// compressed visits the content of a compressed source, and reports whether there was any.
func (k *walk) compressed(s source, format string, l *level) bool {
	decoder, err := l.decoder(k, s, format)
	if err != nil {
		k.fail(s, classify(err))
		return false
	}
	out := &output{walk: k, source: s, r: decoder, slow: format == "bzip2" || format == "xz"}
	content := source{name: s.name, layers: s.layers, stream: out}
	inner := k.levels.enter(out)
	defer k.levels.leave()
	if head, _ := inner.in.Peek(1); len(head) == 0 && out.failed {
		return false
	}
	l.commit()
	k.examine(content, inner)
	out.drain()
	if !out.failed {
		k.rest(s, l)
	}
	return true
}

// rest visits what follows the end of the format in l, unless it is padding, or the walked file's.
func (k *walk) rest(s source, l *level) {
	if len(s.layers) == 1 {
		return
	}
	for k.going() {
		head, _ := l.in.Peek(l.in.Size())
		if len(head) == 0 {
			return
		}
		zeros := 0
		for zeros < len(head) && head[zeros] == 0 {
			zeros++
		}
		if zeros < len(head) {
			l.in.Discard(zeros)
			k.leaf(source{name: s.name, layers: s.layers[:len(s.layers)-1]}, l.in)
			return
		}
		l.in.Discard(zeros)
	}
}

// output reads from a decoder at the expense of the walk's budget. It ends with EOF, whatever happens; an error is noted.
type output struct {
	walk   *walk
	source source
	r      io.Reader
	free   bool // the bytes are paid for where they come from
	slow   bool // the decoder is
	ended  bool
	failed bool // ended before its time
}

func (o *output) Read(p []byte) (n int, err error) {
	if o.ended || len(p) == 0 {
		return 0, o.eof()
	}
	k := o.walk
	if k.going() && k.budget <= 0 {
		k.end(o.source, "more than %d bytes come out of the decoders, for a file of this size", k.allowed)
	}
	if k.stop != nil {
		o.ended, o.failed = true, true
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), k.budget, decodedAtOnce)]
	for n == 0 && err == nil && k.going() { // nothing comes between the members of a gzip file
		n, err = o.decode(p)
	}
	o.charge(n)
	if err != nil {
		o.ended = true
		if err != io.EOF {
			o.failed = true
			k.fail(o.source, classify(err))
		}
		if n == 0 {
			return 0, io.EOF
		}
	}
	return n, nil
}

// decodedAtOnce is how much is decoded between two looks at the context: some milliseconds of the slowest decoder.
const decodedAtOnce = 64 << 10

// charge charges n bytes that came out.
func (o *output) charge(n int) {
	if o.free {
		return
	}
	o.walk.budget -= int64(n)
	steps := int64(n) * budget.FastDecoder
	if o.slow {
		steps = int64(n) * budget.SlowDecoder
	}
	o.walk.spend(o.source, steps)
}

func (o *output) eof() error {
	if o.ended {
		return io.EOF
	}
	return nil
}

// decode reads once. The decoders are others' work and the bytes are foreign: a panic is a corrupt input, no more.
func (o *output) decode(p []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, fmt.Errorf("%w: decoder panics: %v", ErrCorrupt, r)
		}
	}()
	return o.r.Read(p)
}

// drain reads the content to its end, so that a checksum or a cut there is noticed even if the visitor did not look.
func (o *output) drain() {
	if !o.ended {
		_, _ = io.Copy(io.Discard, o) // o keeps its error
	}
}
