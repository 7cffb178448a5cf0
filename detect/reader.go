package detect

import (
	"context"
	"errors"
	"io"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/unpack"
)

const (
	// firstWindow and window are how much of a stream is in memory: at first, and once it proves longer.
	firstWindow = budget.TextFirst
	window      = budget.TextWindow
	// leastWindow is the window where memory is short.
	leastWindow = budget.TextLeast
	// overlap is how much of a window the next one sees again, to either side of where they meet.
	overlap = budget.TextOverlap
)

// ExamineReader is [Scanner.Examine] for a text of any length, in bounded memory: for texts up to 4 MiB the findings are the
// same. In longer ones evidence is what stands within the window, and of a compressed file in base64 that does not fit the
// beginning is read. The error is that of r; what was found before it is returned with it. An r that is also an [io.ReaderAt] and
// an [io.Seeker], as files are, is read from its start and not in order.
func (s *Scanner) ExamineReader(ctx context.Context, path string, r io.Reader) (Result, error) {
	w := s.newWindows(nil, r)
	defer w.close()
	if unpack.Format(w.buf[:w.n]) != "" {
		return s.readArchive(ctx, path, r, w.buf[:w.n], w.err)
	}
	w.object = s.newObject(ctx, 0, false)
	res, err := w.examine(path)
	return w.finish(res), err
}

// readWindows is ExamineReader for a text of o that is no archive.
func (s *Scanner) readWindows(o *object, path string, r io.Reader) (Result, error) {
	w := s.newWindows(o, r)
	defer w.close()
	return w.examine(path)
}

// windows is a text that is read through a window.
type windows struct {
	*object
	s      *Scanner
	memory *budget.Memory
	r      io.Reader
	kept   *[]byte // of the pool
	buf    []byte
	n      int   // bytes of buf that are read
	err    error // of r; io.EOF where buf[:n] is the rest of the text
	held   int64 // of the budget of memory
}

// newWindows reads the first window of r.
func (s *Scanner) newWindows(o *object, r io.Reader) *windows {
	kept, _ := s.windows.Get().(*[]byte)
	if kept == nil {
		kept = new([]byte)
		*kept = make([]byte, firstWindow)
	}
	w := &windows{object: o, s: s, memory: s.memory, r: r, kept: kept, buf: *kept}
	if o != nil {
		w.memory = o.memory
	}
	if len(w.buf) > firstWindow && !w.acquire(int64(len(w.buf))) {
		w.buf = make([]byte, leastWindow)
	}
	w.n, w.err = fill(r, w.buf)
	return w
}

func (w *windows) acquire(n int64) bool {
	if !w.memory.TryAcquire(n) {
		return false
	}
	w.held += n
	return true
}

func (w *windows) close() {
	w.memory.Release(w.held)
	w.s.windows.Put(w.kept)
}

// widen makes a longer window where the text is longer than the first.
func (w *windows) widen() {
	size := leastWindow
	if w.acquire(window) {
		size = window
	}
	grown := make([]byte, size)
	copy(grown, w.buf[:w.n])
	w.buf = grown
	if size == window {
		*w.kept = grown
	}
	more, err := fill(w.r, w.buf[w.n:])
	w.n, w.err = w.n+more, err
}

// examine reads the text window by window.
func (w *windows) examine(path string) (Result, error) {
	if w.err == nil && len(w.buf) < leastWindow {
		w.widen()
	}
	if !w.archive {
		w.grow(int64(w.n))
	}
	if w.err != nil { // all of it is here
		err := w.err
		if err == io.EOF {
			err = nil
		}
		return w.s.examineText(w.object, path, w.buf[:w.n]), err
	}
	return w.slide(path)
}

// fill reads until buf is full. The error is io.EOF at the end of r, also where buf is full.
func fill(r io.Reader, buf []byte) (n int, err error) {
	n, err = io.ReadFull(r, buf)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// slide reads on from r window by window, from the first.
func (w *windows) slide(path string) (Result, error) {
	var res Result
	buf, n := w.buf, w.n
	l := locator{line: 1, order: encoding.ByteOrder(buf[:n])}
	own := 0 // where what this window answers for starts
	for last := false; ; {
		if err := w.ctx.Err(); err != nil {
			return res, err
		}
		if w.stopped {
			return res, nil
		}
		end := n
		if !last {
			end = n - overlap
		}
		l.text = buf[:n]
		l.at = own
		r := w.s.newRun(w.object, path, buf[:n])
		r.more, r.own = !last, end
		from := max(0, own-leftReach)
		if l.order >= 0 {
			v := r.root.child(encoding.NarrowAll(r.root.text, l.order))
			r.read(v, from/2, len(v.text))
		} else {
			r.read(r.root, from, n)
		}
		if len(r.found) > 0 {
			var kept []Finding
			for _, f := range r.findings() {
				if at := int(f.Place.Offset); at >= own && at < end {
					kept = append(kept, f)
				}
			}
			for _, f := range applyPath(path, kept) {
				l.locate(&f)
				res.Findings = append(res.Findings, f)
			}
		}
		res.Skipped = append(res.Skipped, r.skipped...)
		if last {
			return res, nil
		}
		l.advance(end)
		// The next window starts so far before its own part that it sees the same surroundings.
		keep := (end - overlap) &^ 1
		l.base += int64(keep)
		l.last = Place{}
		own = end - keep
		n = copy(buf, buf[keep:n])
		more, err := fill(w.r, buf[n:])
		n += more
		if !w.archive {
			w.grow(int64(more))
		}
		if err != nil && err != io.EOF {
			return res, err
		}
		last = err == io.EOF
	}
}

// readArchive examines an archive that starts with head.
func (s *Scanner) readArchive(ctx context.Context, path string, r io.Reader, head []byte, err error) (Result, error) {
	if err == io.EOF {
		return s.examinePacked(ctx, path, head), nil
	}
	if err != nil {
		return Result{Skipped: []Skipped{{Reason: err.Error()}}}, err
	}
	if file, ok := r.(io.ReaderAt); ok {
		if seeker, ok := r.(io.Seeker); ok {
			if size, err := seeker.Seek(0, io.SeekEnd); err == nil {
				o := s.newObject(ctx, size, true)
				res := s.walk(o, path, file, size)
				o.asText()
				plain, err := s.readWindows(o, path, io.NewSectionReader(file, 0, size))
				res.add(plain, o.members)
				return o.finish(res), err
			}
		}
	}
	return s.walkStream(ctx, path, r, head)
}
