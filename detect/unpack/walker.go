package unpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// Defaults of [Limits], and the least that its Ratio allows.
const (
	defaultDepth   = 8
	defaultRatio   = 1100
	defaultSize    = 1 << 30
	defaultMembers = 1_000_000

	leastBudget = 16 << 20
	// holdBudget is what all nested zip files together may hold in memory.
	holdBudget = 32 << 20
	// maxErrors is how many errors are kept; the rest is counted.
	maxErrors = 100
	maxName   = 4096
)

// Walker walks files and keeps decoders for the next. The zero Walker is ready; it is safe for concurrent use.
type Walker struct {
	levels sync.Pool // of *levels
}

// Walk visits every member of the file in r, which has size bytes: of an archive its files, of a compressed file its
// content, and where one of these is itself an archive or compressed, what that holds in its place. A file in no known
// format is an error, but for one that a zip file is appended to. Members come in the order of the archive, one at a
// time. What only looks like an archive is visited as the bytes it is, and so is what follows the end of one.
//
// An error of visit ends the walk and is returned. So does the end of ctx, and an error of r. Otherwise the error joins
// an [Error] for everything that could not be read. Memory is about 100 KiB for each layer, and more by the format:
// 4 MiB for bzip2, up to 64 MiB for the dictionary of xz and 128 MiB for the window of zstd, up to 32 MiB in all for zip
// files that are compressed themselves.
func (w *Walker) Walk(ctx context.Context, r io.ReaderAt, size int64, lim Limits, visit func(Member) error) error {
	k := newWalk(ctx, size, lim, visit)
	kept, _ := w.levels.Get().(*levels)
	if kept == nil {
		kept = new(levels)
	}
	k.levels = kept
	k.source(source{at: &outer{r: r, walk: k}, size: size, outer: true})
	kept.release()
	w.levels.Put(kept)
	return k.result()
}

// errOver stands in walk.stop after a limit was reached and noted.
var errOver = errors.New("over")

// walk is the state of one call of Walk.
type walk struct {
	ctx    context.Context
	lim    Limits
	visit  func(Member) error
	levels *levels

	allowed int64 // bytes that may come out of decoders
	budget  int64 // how many of them still may
	reading int64 // bytes of the walked file that may still be read, so that no archive has them read without end
	holding int64 // bytes that may still be held for nested zip files
	members int

	errs    []error
	dropped int   // errors that were not kept
	over    bool  // one of them is of a limit
	stop    error // ends the walk at once; errOver if a limit does
}

func newWalk(ctx context.Context, size int64, lim Limits, visit func(Member) error) *walk {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	depth, members := int64(lim.Depth), int64(lim.Members)
	def(&depth, defaultDepth)
	def(&members, defaultMembers)
	def(&lim.Ratio, defaultRatio)
	def(&lim.Size, defaultSize)
	lim.Depth, lim.Members = int(depth), int(members)

	budget := lim.Size
	if size < budget/lim.Ratio {
		budget = min(budget, max(size*lim.Ratio, leastBudget))
	}
	return &walk{
		ctx: ctx, lim: lim, visit: visit,
		allowed: budget, budget: budget, reading: 4*size + leastBudget, holding: holdBudget, members: lim.Members,
	}
}

// result is what Walk returns.
func (k *walk) result() error {
	if k.stop != nil && k.stop != errOver {
		return k.stop
	}
	errs := k.errs
	if k.dropped > 0 {
		err := fmt.Errorf("unpack: %d more such errors", k.dropped)
		if k.over {
			err = fmt.Errorf("%w, some of them because something is %w", err, ErrLimit)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// fail notes that something of s could not be read.
func (k *walk) fail(s source, err error) {
	if k.stop != nil {
		return
	}
	if len(k.errs) >= maxErrors {
		k.dropped++
		k.over = k.over || errors.Is(err, ErrLimit)
		return
	}
	k.errs = append(k.errs, &Error{Name: s.name, Layers: slices.Clone(s.layers), Err: err})
}

// end notes that a limit of the whole walk is reached, and ends it.
func (k *walk) end(s source, format string, args ...any) {
	if k.stop != nil {
		return
	}
	err := &Error{Name: s.name, Layers: slices.Clone(s.layers), Err: fmt.Errorf("%w: "+format, append([]any{ErrLimit}, args...)...)}
	k.errs = append(k.errs, err)
	k.stop = errOver
}

// going tells whether the walk goes on.
func (k *walk) going() bool {
	if k.stop == nil {
		if err := k.ctx.Err(); err != nil {
			k.stop = fmt.Errorf("unpack: %w", err)
		}
	}
	return k.stop == nil
}

// entry counts an entry of an archive, and tells whether the walk goes on.
func (k *walk) entry(s source) bool {
	if k.members <= 0 {
		k.end(s, "more than %d entries", k.lim.Members)
	}
	k.members--
	return k.going()
}

// leaf visits s as it is; content reads it.
func (k *walk) leaf(s source, content io.Reader) {
	if !k.going() {
		return
	}
	m := Member{Name: s.name, Layers: slices.Clone(s.layers), Offset: s.offset(), Content: content}
	if err := k.visit(m); err != nil && k.stop == nil {
		k.stop = err
	}
}

// join puts the name of a member behind that of its archive.
func join(archive, member string) string {
	member = strings.ToValidUTF8(member, "\uFFFD")
	if archive != "" {
		member = archive + "!" + member
	}
	if len(member) > maxName {
		const mark = "…"
		member = strings.ToValidUTF8(member[:maxName-len(mark)], "") + mark
	}
	return member
}

// outer is the walked file. Its errors are no corruption: they end the walk.
type outer struct {
	r    io.ReaderAt
	walk *walk
}

func (o *outer) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.r.ReadAt(p, off)
	if err != nil && err != io.EOF && o.walk.stop == nil {
		o.walk.stop = fmt.Errorf("unpack: read the file at offset %d: %w", off, err)
	}
	return n, err
}
