package detect

import (
	"context"
	"errors"
	"io"

	"github.com/rekey-app/rekey/detect/unpack"
)

const (
	// firstWindow and window are how much of a stream is in memory: at first, and once it proves longer.
	firstWindow = 64 << 10
	window      = 4 << 20
	// overlap is how much of a window the next one sees again, to either side of where they meet.
	overlap = 128 << 10
)

// ScanReader is [Scanner.Scan] for a text of any length, in bounded memory: for texts up to 4 MiB the findings are the
// same. In longer ones evidence is what stands within the window, and a compressed file in base64 that does not fit is
// skipped. The error is that of r; what was found before it is returned with it. An r that is also an [io.ReaderAt] and
// an [io.Seeker], as files are, is read from its start and not in order.
func (s *Scanner) ScanReader(ctx context.Context, path string, r io.Reader) ([]Finding, error) {
	res, err := s.ExamineReader(ctx, path, r)
	return res.Findings, err
}

// ExamineReader is [Scanner.ScanReader] with what could not be read.
func (s *Scanner) ExamineReader(ctx context.Context, path string, r io.Reader) (Result, error) {
	return s.readStream(ctx, path, r, true)
}

// readWindows is ExamineReader for a text that is no archive.
func (s *Scanner) readWindows(ctx context.Context, path string, r io.Reader) (Result, error) {
	return s.readStream(ctx, path, r, false)
}

func (s *Scanner) readStream(ctx context.Context, path string, r io.Reader, archives bool) (Result, error) {
	kept, _ := s.windows.Get().(*[]byte)
	if kept == nil {
		kept = new([]byte)
		*kept = make([]byte, firstWindow)
	}
	defer s.windows.Put(kept)
	buf := *kept
	n, err := fill(r, buf)
	if archives && unpack.Format(buf[:n]) != "" {
		return s.readArchive(ctx, path, r, buf[:n], err)
	}
	if err == nil && len(buf) < window {
		grown := make([]byte, window)
		copy(grown, buf[:n])
		buf, *kept = grown, grown
		var more int
		more, err = fill(r, buf[n:])
		n += more
	}
	if err != nil { // all of it is here
		if err == io.EOF {
			err = nil
		}
		return s.examineText(ctx, path, buf[:n]), err
	}
	return s.slide(ctx, path, r, buf, n)
}

// fill reads until buf is full. The error is io.EOF at the end of r, also where buf is full.
func fill(r io.Reader, buf []byte) (n int, err error) {
	n, err = io.ReadFull(r, buf)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// slide reads on from r window by window. buf[:n] is the first.
func (s *Scanner) slide(ctx context.Context, path string, r io.Reader, buf []byte, n int) (Result, error) {
	var res Result
	l := locator{line: 1, order: byteOrder(buf[:n])}
	own := 0 // where what this window answers for starts
	for last := false; ; {
		if err := ctx.Err(); err != nil {
			return res, err
		}
		end := n
		if !last {
			end = n - overlap
		}
		l.text = buf[:n]
		l.at = own
		w := s.newRun(ctx, path, buf[:n])
		from := max(0, own-leftReach)
		if l.order >= 0 {
			v := wholeNarrowed(w.root, l.order)
			w.read(v, from/2, len(v.text))
		} else {
			w.read(w.root, from, n)
		}
		if len(w.found) > 0 {
			var kept []Finding
			for _, f := range w.findings() {
				if at := int(f.Place.Offset); at >= own && at < end {
					kept = append(kept, f)
				}
			}
			for _, f := range settle(path, kept) {
				l.locate(&f)
				res.Findings = append(res.Findings, f)
			}
		}
		res.Skipped = append(res.Skipped, w.skipped...)
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
		more, err := fill(r, buf[n:])
		n += more
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
				return s.walk(ctx, path, file, size), nil
			}
		}
	}
	return s.walkStream(ctx, path, r, head)
}
