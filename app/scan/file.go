package scan

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// reader is one worker's state.
type reader struct {
	*walk
	buffer []byte
	own    []task // to do
	weight int64  // of the work, of what is read now

	files, bytes, done int64 // not yet told to the meter
}

// file reads one file: with one open, and as few reads as its size allows. path is relative to the root.
func (r *reader) file(ctx context.Context, d directory, name, path string) {
	f, err := d.open(name)
	if err != nil {
		r.unreadable(joined(r.root, path), err)
		return
	}
	defer f.close()
	n, err := readFull(f, r.buffer)
	r.files++
	if err == nil { // the buffer is full: there may be more
		r.large(ctx, f, path)
		return
	}
	r.bytes += int64(n)
	r.done += r.weight
	r.weight = 0
	if !errors.Is(err, io.EOF) {
		r.unreadable(joined(r.root, path), err)
	}
	text := r.buffer[:n]
	result := r.scanner.Examine(ctx, path, text)
	if len(result.Findings)+len(result.Skipped) > 0 {
		r.take(ctx, Hit{Root: r.root, File: path}, result, bytes.NewReader(text))
	}
}

// large reads a file that does not fit the buffer, where its beginning lies.
func (r *reader) large(ctx context.Context, f handle, path string) {
	r.flush()
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(int64(len(r.buffer)), io.SeekStart)
	}
	if err != nil {
		r.unreadable(joined(r.root, path), err)
		return
	}
	stream := &fileStream{
		Reader: io.MultiReader(bytes.NewReader(r.buffer), f), file: f, meter: r.meter, size: size, weight: r.weight,
	}
	result, err := r.scanner.ExamineReader(ctx, path, stream)
	stream.finish()
	r.weight = 0
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		r.unreadable(joined(r.root, path), err)
	}
	r.take(ctx, Hit{Root: r.root, File: path}, result, f)
}

// flush tells the meter what was read since it last was.
func (r *reader) flush() {
	if r.files > 0 || r.weight > 0 {
		r.meter.add(r.files, r.bytes, r.done+r.weight)
		r.files, r.bytes, r.done, r.weight = 0, 0, 0, 0
	}
}

// readFull fills the buffer; err is nil only when it is full.
func readFull(f handle, buffer []byte) (n int, err error) {
	for n < len(buffer) {
		asked := min(len(buffer)-n, readSize)
		more, err := f.Read(buffer[n : n+asked])
		n += more
		if err != nil {
			return n, err
		}
		if more < asked && f.atEnd(n) {
			return n, io.EOF
		}
	}
	return n, nil
}
