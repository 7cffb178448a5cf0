package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/inflate"
)

const (
	bufferSize = 32 << 10
	// replaySize is how much is kept of a stream until it proves to be what it looks like; a block of bzip2 fits.
	replaySize = budget.ArchiveReplay
	// setupShare is the part of a decoder's working memory that is charged to the budget where it cannot be used again.
	setupShare = 16
	// keptRoom is the working memory of a decoder with which it is kept for the next walk.
	keptRoom = budget.DecoderKept
)

// level is a source being read, with the decoders for what it may hold.
type level struct {
	in  *bufio.Reader // over pre
	pre prefix

	gzip  *gzip.Reader
	flate *inflate.Reader
	bzip2 bzip2Reader
	zstd  zstdDecoder
	held  int64 // of the budget of memory, for what decodes in
}

// levels is a stack of them.
type levels struct {
	all    []*level
	depth  int
	memory *budget.Memory
}

func (ls *levels) enter(r io.Reader) *level {
	if ls.depth == len(ls.all) {
		l := &level{}
		l.in = bufio.NewReaderSize(&l.pre, bufferSize)
		ls.all = append(ls.all, l)
	}
	l := ls.all[ls.depth]
	ls.depth++
	l.pre = prefix{r: r, kept: l.pre.kept[:0], keeping: true}
	l.in.Reset(&l.pre)
	return l
}

func (ls *levels) leave() {
	ls.depth--
	ls.all[ls.depth].free(ls.memory)
}

// reserve takes n bytes of memory for what decodes l, until give.
func (l *level) reserve(m *budget.Memory, n int64) error {
	if !m.TryAcquire(n) {
		return shortOf(n)
	}
	l.held += n
	return nil
}

// free releases what l reserved.
func (l *level) free(m *budget.Memory) {
	m.Release(l.held)
	l.held = 0
}

func shortOf(n int64) error {
	return fmt.Errorf("%w: memory is short for the %d bytes that it is decoded with", ErrLimit, n)
}

// release drops everything that belongs to the walk, and memory that few walks need.
func (ls *levels) release() {
	for _, l := range ls.all {
		l.pre = prefix{}
		l.in.Reset(nil)
		l.zstd.release(ls.memory)
		l.bzip2.release()
	}
	ls.depth, ls.memory = 0, nil
}

// prefix keeps what is read from r until commit.
type prefix struct {
	r       io.Reader
	kept    []byte
	keeping bool
	total   int64 // bytes read from r
}

func (p *prefix) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.total += int64(n)
	if p.keeping {
		if len(p.kept)+n > replaySize {
			p.keeping, p.kept = false, nil
		} else {
			p.kept = append(p.kept, b[:n]...)
		}
	}
	return n, err
}

// commit says that the source proved to be what it looks like.
func (l *level) commit() {
	l.pre.keeping = false
	if cap(l.pre.kept) > bufferSize*2 {
		l.pre.kept = nil
	}
}

// restart returns the source from its beginning, or nil if too much of a stream is gone.
func (l *level) restart(k *walk, s source) io.Reader {
	if s.at != nil {
		return k.open(s)
	}
	if !l.pre.keeping {
		return nil
	}
	kept := l.pre.kept
	l.pre.keeping = false
	l.pre.kept = nil
	return io.MultiReader(bytes.NewReader(kept), l.pre.r)
}

// pos is the offset in the source of the next byte of l.in.
func (l *level) pos() int64 { return l.pre.total - int64(l.in.Buffered()) }

// decoder starts to decode l.in.
func (l *level) decoder(k *walk, s source, format string) (io.Reader, error) {
	l.free(k.lim.Memory)
	spend := func(steps int64) bool { return k.spend(s, steps) }
	if !spend(budget.DecoderSetup) {
		return nil, io.EOF
	}
	switch format {
	case "gzip":
		if l.gzip == nil {
			l.gzip = new(gzip.Reader)
		}
		if err := l.gzip.Reset(l.in); err != nil {
			return nil, err
		}
		l.gzip.Multistream(false)
		return &gzipMembers{l, func() bool { return spend(budget.DecoderSetup) }}, nil
	case "bzip2":
		if err := l.reserve(k.lim.Memory, l.bzip2.room()); err != nil {
			return nil, err
		}
		l.bzip2.reset(l.in, func(more int64) error { return l.grow(k, more, spend) }, spend)
		return &l.bzip2, nil
	case "zstd":
		return l.zstd.reset(l.in, k.window(budget.ZstdWindow), k.lim.Memory, spend)
	case "xz":
		return &xzReader{in: l.in, most: k.window(budget.XzWindow), begin: func(memory int64) error {
			l.free(k.lim.Memory)
			k.budget -= memory / setupShare
			return l.grow(k, memory, spend)
		}}, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrUnsupported, format)
}

// window returns the largest window or dictionary that a decoder is given, of a format for which that is at most most.
func (k *walk) window(most int64) int64 {
	if k.lim.Window > 0 {
		return min(most, k.lim.Window)
	}
	return most
}

// grow takes n bytes of memory more for what decodes l, before they are allocated, and spends the steps for that.
func (l *level) grow(k *walk, n int64, spend func(steps int64) bool) error {
	if err := l.reserve(k.lim.Memory, n); err != nil {
		return err
	}
	if !spend(budget.DecoderSetup + n/budget.MemoryPerStep) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// inflate starts to decode l.in as raw deflate.
func (l *level) inflate() io.Reader {
	if l.flate == nil {
		l.flate = new(inflate.Reader)
	}
	l.flate.Reset(l.in)
	return l.flate
}

// gzipMembers reads all members of a gzip file, and leaves what follows them in l.in.
type gzipMembers struct {
	l     *level
	begin func() bool // is asked before a further member
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	n, err := g.l.gzip.Read(p)
	if err != io.EOF {
		return n, err
	}
	if head, _ := g.l.in.Peek(4); Format(head) != "gzip" {
		return n, io.EOF
	}
	if !g.begin() {
		return n, io.ErrUnexpectedEOF
	}
	if err := g.l.gzip.Reset(g.l.in); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return n, err
	}
	g.l.gzip.Multistream(false)
	return n, nil
}

// classify makes a decoder's error one of ours.
func classify(err error) error {
	for _, known := range []error{ErrCorrupt, ErrEncrypted, ErrUnsupported, ErrLimit} {
		if errors.Is(err, known) {
			return err
		}
	}
	switch {
	case errors.Is(err, zstd.ErrUnknownDictionary):
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}
