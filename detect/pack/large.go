package pack

import (
	"bufio"
	"context"
	"crypto/sha1" // git's ids
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// large is a blob that is never made: it is read as it comes out of its entry, as often as somebody asks. It is no base.
type large struct {
	size  uint64
	write func(*bufio.Writer) error
}

// Error makes it what make returns instead of a text.
func (l *large) Error() string { return fmt.Sprintf("blob of %d bytes is read as it comes", l.size) }

var errStopped = errors.New("nobody reads on")

// read calls do with the content. An error in what the entry holds goes before that of do.
func (l *large) read(do func(io.Reader) error) error {
	r, w := io.Pipe()
	made := make(chan error, 1)
	go func() {
		var err error
		defer func() {
			_ = w.CloseWithError(err)
			made <- err
		}()
		defer Contain(&err)
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		out := bufio.NewWriterSize(w, 256<<10)
		if err = l.write(out); err == nil {
			err = out.Flush()
		}
	}()
	err := do(r)
	_ = r.CloseWithError(errStopped)
	if e := <-made; e != nil && !errors.Is(e, errStopped) {
		return e
	}
	return err
}

func (l *large) id() (name id, err error) {
	hash := sha1.New() // git's ids
	fmt.Fprintf(hash, "blob %d\x00", l.size)
	err = l.read(func(r io.Reader) error {
		_, err := io.Copy(hash, r)
		return err
	})
	hash.Sum(name[:0])
	return name, err
}

// visitLarge scans a blob that is read as it comes.
func (s *scan) visitLarge(ctx context.Context, o object) error {
	w := &s.workers[o.worker]
	w.blobs++
	w.bytes += int64(o.large.size)
	return o.large.read(func(r io.Reader) error {
		result, err := s.ExamineReader(ctx, "", r)
		if err == nil {
			// What is left of it may be damaged.
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			return err
		}
		return s.take(ctx, o, result)
	})
}
