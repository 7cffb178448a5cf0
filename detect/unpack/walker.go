package unpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/detect/budget"
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
// files that are compressed themselves. These are charged to the Memory of lim.
func (w *Walker) Walk(ctx context.Context, r io.ReaderAt, size int64, lim Limits, visit func(Member) error) error {
	k := newWalk(ctx, size, lim, visit)
	kept, _ := w.levels.Get().(*levels)
	if kept == nil {
		kept = new(levels)
	}
	k.levels = kept
	kept.memory = k.lim.Memory
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
	def(&depth, budget.ArchiveDepth)
	def(&members, budget.ArchiveMembers)
	def(&lim.Ratio, budget.ArchiveRatio)
	def(&lim.Size, budget.ArchiveSize)
	lim.Depth, lim.Members = int(depth), int(members)

	allowed := lim.Size
	if size < allowed/lim.Ratio {
		allowed = min(allowed, max(size*lim.Ratio, budget.ArchiveLeast))
	}
	return &walk{
		ctx: ctx, lim: lim, visit: visit,
		allowed: allowed, budget: allowed, reading: 4*size + budget.ArchiveLeast, holding: budget.ZipHeld, members: lim.Members,
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
	if len(k.errs) >= budget.ArchiveErrors {
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

// spend charges steps of work that s takes, and reports whether the walk goes on.
func (k *walk) spend(s source, steps int64) bool {
	if !k.lim.Work.Spend(steps) {
		k.end(s, "it takes more work than may be spent on it")
	}
	return k.going()
}

// going reports whether the walk goes on.
func (k *walk) going() bool {
	if k.stop == nil {
		if err := k.ctx.Err(); err != nil {
			k.stop = fmt.Errorf("unpack: %w", err)
		}
	}
	return k.stop == nil
}

// entry counts an entry of an archive, and reports whether the walk goes on.
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
	if len(member) > budget.ArchiveName {
		const mark = "…"
		member = strings.ToValidUTF8(member[:budget.ArchiveName-len(mark)], "") + mark
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
