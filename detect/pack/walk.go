package pack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/inflate"
)

// object is an object as a walk hands it out. Its text is valid until the visit returns.
type object struct {
	worker int // 0 to Workers-1: visits of one worker come one after the other
	pack   *packfile
	entry  int32
	kind   kind
	text   []byte
	large  *large // a blob that is never in memory as a whole: text is nil
	loose  id     // where pack is nil

	// copied are the long stretches that a walk's object has from its base, and base is what the visit of that noted: both nil
	// for an object that is no delta. marks is for what this visit notes. All are valid until the visit returns.
	copied []detect.CopiedRange
	base   *detect.AnchorNotes
	marks  *detect.AnchorNotes
}

// id returns the object's id, which takes hashing it where the pack does not know it.
func (o object) id() id {
	switch {
	case o.pack == nil:
		return o.loose
	case o.pack.index != nil:
		return o.pack.index.id(o.entry)
	case o.pack.ids == nil:
		return o.hash()
	}
	known := &o.pack.ids[o.entry]
	if *known == (id{}) {
		*known = o.hash()
	}
	return *known
}

// hash returns the id as the content says it. Of a large one that cannot be read any more it is that of nothing.
func (o object) hash() id {
	if o.large == nil {
		return hashObject(o.kind, o.text)
	}
	name, _ := o.large.id()
	return name
}

// fail says in which object err happened.
func (o object) fail(err error) error {
	if o.pack == nil {
		return fmt.Errorf("loose object %v: %w", o.loose, err)
	}
	return o.pack.fail(o.entry, err)
}

// walker makes the objects of delta trees, depth first, for one worker.
type walker struct {
	opts       Options
	number     int
	memory     memory
	inflate    inflate.Decoder
	inflated   *atomic.Int64 // by all workers
	unreported int64         // inflated, and not in it yet
	stack      []frame
	copied     []detect.CopiedRange  // of the object made last
	marks      []*detect.AnchorNotes // that no frame has

	// broken is asked about an entry that cannot be made, and with it none of the deltas made from it. Nil goes on
	// without them.
	broken func(p *packfile, entry int32, err error) error
}

// frame is an object whose deltas are still to be made. The heaviest comes last, in place of its base: what is held at
// once grows with the logarithm of the tree's size, and a mere chain holds two objects however deep it is.
type frame struct {
	entry, next, heavy int32
	text               buffer
	marks              *detect.AnchorNotes
}

func newWalker(opts Options, number int, inflated *atomic.Int64) *walker {
	w := &walker{opts: opts, number: number, inflated: inflated}
	w.broken = func(_ *packfile, _ int32, err error) error { return err }
	w.memory.shared = opts.Budget
	w.memory.limit = max(opts.Memory/int64(opts.Workers), 64<<10)
	return w
}

// walk makes the object at root and all that are deltas of it, directly or not, and calls visit for each.
func (w *walker) walk(ctx context.Context, p *packfile, root int32, visit func(object) error) error {
	defer func() {
		for _, f := range w.stack {
			w.back(f)
		}
		w.stack = w.stack[:0]
	}()
	if err := w.enter(p, root, frame{}, visit); err != nil {
		return err
	}
	for len(w.stack) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		top := &w.stack[len(w.stack)-1]
		entry := top.next
		if entry != none {
			top.next = p.sibling[entry]
			if entry == top.heavy {
				continue
			}
			if err := w.enter(p, entry, *top, visit); err != nil {
				return err
			}
			continue
		}
		base := *top
		w.stack = w.stack[:len(w.stack)-1]
		var err error
		if base.heavy != none {
			err = w.enter(p, base.heavy, base, visit)
		}
		w.back(base)
		if err != nil {
			return err
		}
	}
	return nil
}

// enter makes one object, has it visited, and puts it on the stack if there are deltas of it.
func (w *walker) enter(p *packfile, entry int32, base frame, visit func(object) error) error {
	leaf := p.kinds[entry] == blobKind && p.first[entry] == none
	text, err := w.materialize(p, entry, base.text.data, leaf)
	if l, ok := errors.AsType[*large](err); ok {
		err = visit(object{worker: w.number, pack: p, entry: entry, kind: p.kinds[entry], large: l})
		if err == nil || !errors.Is(err, ErrCorrupt) {
			return err
		}
	}
	if err != nil {
		return w.broken(p, entry, p.fail(entry, err))
	}
	f := frame{entry: entry, text: text, marks: w.blank()}
	err = visit(object{
		worker: w.number, pack: p, entry: entry, kind: p.kinds[entry], text: text.data,
		copied: w.copied, base: base.marks, marks: f.marks,
	})
	if err != nil {
		w.back(f)
		return err
	}
	next, heavy := p.first[entry], none
	for c := next; c != none; c = p.sibling[c] {
		if heavy == none || p.weight[c] > p.weight[heavy] {
			heavy = c
		}
	}
	if heavy == none {
		w.back(f)
		return nil
	}
	f.next, f.heavy = next, heavy
	w.stack = append(w.stack, f)
	return nil
}

// blank returns marks of nothing.
func (w *walker) blank() *detect.AnchorNotes {
	n := len(w.marks)
	if n == 0 {
		return new(detect.AnchorNotes)
	}
	m := w.marks[n-1]
	w.marks = w.marks[:n-1]
	m.Reset()
	return m
}

// back takes back what a frame holds.
func (w *walker) back(f frame) {
	w.memory.back(f.text)
	w.marks = append(w.marks, f.marks)
}

// materialize returns the text of an entry, made from base where it is a delta.
func (w *walker) materialize(p *packfile, entry int32, base []byte, leaf bool) (buffer, error) {
	h, body, err := p.body(entry)
	if err != nil {
		return buffer{}, err
	}
	w.copied = w.copied[:0]
	text, err := w.whole(h.size, body, leaf && p.bases[entry] == none)
	if err != nil || p.bases[entry] == none {
		return text, err
	}
	defer w.memory.back(text)
	return w.apply(base, text.data)
}

// mostDeflated is the most bytes that one byte of deflate can stand for.
const mostDeflated = 1032

// whole inflates body, all of which must be one zlib stream of size bytes. What is a leaf and too large to be made is returned
// as the error [*large].
func (w *walker) whole(size uint64, body []byte, leaf bool) (buffer, error) {
	if size > mostDeflated*uint64(len(body)) {
		return buffer{}, fmt.Errorf("%w: %d bytes cannot be inflated from %d", ErrCorrupt, size, len(body))
	}
	write := func(out *bufio.Writer) error {
		w.inflate.Begin(int64(size))
		var full error // of out, which is no error of the bytes
		n, err := w.inflate.Feed(body, func(part []byte) error {
			_, full = out.Write(part)
			return full
		})
		if full != nil {
			return full
		}
		if err != nil {
			return inflateError(err)
		}
		return unread(len(body) - n)
	}
	if err := w.count(size, leaf); err != nil {
		return buffer{}, err
	}
	if size > uint64(w.opts.MaxObject) {
		return buffer{}, &large{size, write}
	}
	text, ok := w.memory.lend(size)
	if !ok {
		return w.file(write)
	}
	n, err := w.inflate.Zlib(text.data, body)
	if err == nil {
		err = unread(len(body) - n)
	} else {
		err = inflateError(err)
	}
	if err != nil {
		w.memory.back(text)
		return buffer{}, err
	}
	return text, nil
}

// apply returns what delta makes of base.
func (w *walker) apply(base, delta []byte) (buffer, error) {
	baseSize, size, ops, err := deltaSizes(delta)
	if err != nil {
		return buffer{}, err
	}
	if baseSize != uint64(len(base)) {
		return buffer{}, fmt.Errorf("%w: delta is for a base of %d bytes, its base has %d", ErrCorrupt, baseSize, len(base))
	}
	if err := w.count(size, false); err != nil {
		return buffer{}, err
	}
	write := func(out *bufio.Writer) error { return applyDeltaTo(out, size, base, ops) }
	text, ok := w.memory.lend(size)
	if !ok {
		return w.file(write)
	}
	w.copied, err = applyDelta(text.data, base, ops, w.copied)
	if err != nil {
		w.memory.back(text)
		return buffer{}, err
	}
	return text, nil
}

// file has a temporary file written and maps it.
func (w *walker) file(write func(*bufio.Writer) error) (buffer, error) {
	s := &spool{dir: w.opts.TempDir}
	out := bufio.NewWriterSize(s, 256<<10)
	err := write(out)
	if full := out.Flush(); full != nil { // what write met is then no error of the object's bytes
		err = full
	}
	var data []byte
	if err == nil {
		data, err = s.bytes()
	}
	if err != nil {
		s.close()
		return buffer{}, err
	}
	return buffer{data: data, spool: s}, nil
}

// count charges the bytes of an object to the scan. One that is read as it comes may have any size.
func (w *walker) count(size uint64, streamed bool) error {
	if size > uint64(w.opts.MaxObject) && !streamed {
		return fmt.Errorf("%w: object of %d bytes, %d are allowed", ErrLimit, size, w.opts.MaxObject)
	}
	// Not each object is told to the other workers, which would make them wait for each other's memory.
	if w.unreported += int64(size); w.unreported < min(1<<20, w.opts.MaxInflated/64) {
		return nil
	}
	return w.addInflated()
}

// addInflated adds what this worker has inflated to what all have.
func (w *walker) addInflated() error {
	untold := w.unreported
	w.unreported = 0
	if w.inflated.Add(untold) > w.opts.MaxInflated {
		return fmt.Errorf("%w: the objects are over %d bytes together", errTotal, w.opts.MaxInflated)
	}
	return nil
}

// errTotal is the one limit that ends a scan of anything: what is over the others is left out of a repository's.
var errTotal = fmt.Errorf("all objects %w", ErrLimit)

// inflateError says that an error is one of the bytes, not of the system.
func inflateError(err error) error { return fmt.Errorf("%w: inflate: %w", ErrCorrupt, err) }

func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func unread(n int) error {
	if n != 0 {
		return fmt.Errorf("%w: %d bytes between its end and the next object", ErrCorrupt, n)
	}
	return nil
}
