package scan

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/unpack"
)

// paths looks through files, directories and standard input.
func (c *collector) paths(ctx context.Context, o Options) error {
	if slices.Contains(o.Paths, "-") {
		return c.stream(ctx, "-", o.Stdin)
	}
	weight := int64(whole) / int64(len(o.Paths))
	files := reader{walk: newWalk(c, "", 1, 0)} // for those that are named
	for _, name := range o.Paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := os.Stat(name)
		switch {
		case err != nil:
			c.unreadable(name, err)
		case info.IsDir():
			newWalk(c, name, o.Workers, weight).run(ctx)
		default:
			files.weight = weight
			files.named(ctx, name, info)
		}
	}
	return nil
}

// named reads the one file that was named, which may be a link, a pipe or a device.
func (r *reader) named(ctx context.Context, name string, info os.FileInfo) {
	if !info.Mode().IsRegular() {
		if err := r.pipe(ctx, name); err != nil && ctx.Err() == nil {
			r.unreadable(name, err)
		}
		return
	}
	// The link is followed here, since no other is.
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		r.unreadable(name, err)
		return
	}
	if r.buffer == nil {
		r.buffer = make([]byte, bufferSize)
	}
	r.meter.known.Store(true)
	d := openDirectory(filepath.Dir(target), true)
	defer d.close()
	r.file(ctx, d, filepath.Base(target), filepath.ToSlash(name))
	r.flush()
}

// pipe reads what is no regular file, from front to back. Opening a pipe waits for its writer.
func (c *collector) pipe(ctx context.Context, name string) error {
	return interruptible(ctx, func() error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return c.readStream(ctx, filepath.ToSlash(name), struct{ io.Reader }{f})
	})
}

// stream reads standard input.
func (c *collector) stream(ctx context.Context, name string, in io.Reader) error {
	err := interruptible(ctx, func() error { return c.readStream(ctx, name, in) })
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("standard input: %w", err)
	}
	return err
}

// interruptible releases a read that waits for a terminal or a pipe when the context ends.
func interruptible(ctx context.Context, read func() error) error {
	done := make(chan error, 1)
	go func() { done <- read() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *collector) readStream(ctx context.Context, name string, in io.Reader) error {
	path := name
	if name == "-" {
		path = "" // says nothing
	}
	var again io.ReaderAt // where excerpts can be read
	from := in
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil && at == 0 {
				again = f
				from = &fileStream{Reader: f, file: f, meter: c.meter, size: info.Size(), weight: whole}
				c.meter.known.Store(true)
			}
		}
	}
	if again == nil {
		from = &fileStream{Reader: in, meter: c.meter}
	}
	result, err := c.scanner.ExamineReader(ctx, path, from)
	c.meter.add(1, 0, 0)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.take(ctx, Hit{File: name}, result, again)
	return err
}

// take adds what one text holds. again is the text once more, or nil where it is gone.
func (c *collector) take(ctx context.Context, where Hit, result detect.Result, again io.ReaderAt) {
	if ctx.Err() == nil { // else it is because of that
		c.skipped(where.Root, where.File, result.Skipped)
	}
	if len(result.Findings) == 0 {
		return
	}
	shown := make([]excerpt.Excerpt, len(result.Findings))
	if again != nil && !isArchive(again) {
		shown = excerpt.All(again, result.Findings)
	}
	for i, f := range result.Findings {
		h := where
		h.Finding, h.Excerpt = f, shown[i]
		// The text may have changed since it was examined.
		h.Line = c.scanner.RedactString(ctx, h.Line)
		c.add(ctx, h)
	}
}

func isArchive(text io.ReaderAt) bool {
	head := make([]byte, unpack.HeadSize)
	n, _ := text.ReadAt(head, 0)
	return unpack.Format(head[:n]) != ""
}
