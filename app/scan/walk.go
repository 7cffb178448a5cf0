package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/rekey-app/rekey/detect"
)

const (
	// bufferSize is what each worker reads at once. A file that fits is scanned where it lies; a larger one goes
	// through [detect.Scanner.ScanReader] in bounded memory.
	bufferSize = 256 << 10
	// batch is how many files of one directory a worker takes at once, so that a huge flat directory is shared.
	batch = 256
)

// walk reads everything below a root with several workers. There are no ignore rules: what is there is read, but for
// .git, whose content is a history and not files. Links below the root are not followed; the root itself may be one.
type walk struct {
	*collector
	scanner *detect.Scanner
	root    string
	workers int

	todo    sync.Mutex
	wake    *sync.Cond
	stack   []piece
	working int
}

// piece is a directory to list, or files of one to read. Paths are relative to the root.
type piece struct {
	dir   string
	files []string // nil: list the directory
}

func newWalk(c *collector, s *detect.Scanner, root string, workers int) *walk {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	w := &walk{collector: c, scanner: s, root: root, workers: workers}
	w.wake = sync.NewCond(&w.todo)
	return w
}

func (w *walk) run(ctx context.Context) {
	info, err := os.Stat(w.root)
	if err != nil {
		w.problem(err)
		return
	}
	if !info.IsDir() {
		w.single(ctx)
		return
	}
	w.stack = []piece{{dir: ""}}
	var group sync.WaitGroup
	for range w.workers {
		group.Go(func() {
			r := &reader{walk: w, buffer: make([]byte, bufferSize)}
			for {
				p, ok := w.next(ctx)
				if !ok {
					break
				}
				r.piece(ctx, p)
				w.done()
			}
			r.flush()
		})
	}
	group.Wait()
}

// single reads the one file that was named. It may be a link, and its path is shown as it was given.
func (w *walk) single(ctx context.Context) {
	given := w.root
	target, err := filepath.EvalSymlinks(given)
	if err != nil {
		w.problem(err)
		return
	}
	w.root = ""
	d := openDirectory(filepath.Dir(target))
	defer d.close()
	r := &reader{walk: w, buffer: make([]byte, bufferSize)}
	r.fileIn(ctx, d, filepath.Base(target), given)
	r.flush()
}

// next takes a piece; it waits while others may still add some.
func (w *walk) next(ctx context.Context) (piece, bool) {
	w.todo.Lock()
	defer w.todo.Unlock()
	for len(w.stack) == 0 && w.working > 0 {
		w.wake.Wait()
	}
	if len(w.stack) == 0 || ctx.Err() != nil {
		w.wake.Broadcast()
		return piece{}, false
	}
	p := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.working++
	return p, true
}

func (w *walk) push(p ...piece) {
	w.todo.Lock()
	w.stack = append(w.stack, p...)
	w.todo.Unlock()
	w.wake.Broadcast()
}

func (w *walk) done() {
	w.todo.Lock()
	w.working--
	w.todo.Unlock()
	w.wake.Broadcast()
}

// reader is one worker's state.
type reader struct {
	*walk
	buffer       []byte
	files, bytes int64
}

func (r *reader) piece(ctx context.Context, p piece) {
	files := p.files
	if files == nil {
		files = r.list(p.dir)
	}
	dir := openDirectory(filepath.Join(r.root, p.dir))
	defer dir.close()
	for _, name := range files {
		if ctx.Err() != nil {
			return
		}
		r.fileIn(ctx, dir, name, join(p.dir, name))
	}
	r.flush()
}

// list reads a directory, pushes its directories and all but one batch of its files, and returns that batch.
func (r *reader) list(dir string) []string {
	d, err := os.Open(filepath.Join(r.root, dir))
	if err != nil {
		r.problem(err)
		return nil
	}
	defer d.Close()
	var files []string
	var more []piece
	for {
		entries, err := d.ReadDir(1024)
		for _, e := range entries {
			switch kind := e.Type(); {
			case e.Name() == ".git":
			case kind.IsDir():
				more = append(more, piece{dir: join(dir, e.Name())})
			case kind.IsRegular():
				files = append(files, e.Name())
			case kind&fs.ModeIrregular != 0: // the file system does not say
				if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
					files = append(files, e.Name())
				}
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				r.problem(err)
			}
			break
		}
	}
	for len(files) > batch {
		more = append(more, piece{dir: dir, files: files[:batch:batch]})
		files = files[batch:]
	}
	if len(more) > 0 {
		r.push(more...)
	}
	return files
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + string(filepath.Separator) + name
}

// fileIn reads one file: with one open, and as few reads as its size allows.
func (r *reader) fileIn(ctx context.Context, d directory, name, path string) {
	f, err := d.open(name)
	if err != nil {
		r.problem(&fs.PathError{Op: "open", Path: filepath.Join(r.root, path), Err: err})
		return
	}
	defer f.close()
	n, err := readFull(f, r.buffer)
	r.files++
	r.bytes += int64(n)
	switch {
	case err == nil: // the buffer is full: there may be more
		r.large(ctx, f, path)
		return
	case !errors.Is(err, io.EOF):
		r.problem(&fs.PathError{Op: "read", Path: filepath.Join(r.root, path), Err: err})
	}
	text := r.buffer[:n]
	found := r.scanner.Scan(ctx, filepath.ToSlash(path), text)
	if len(found) == 0 {
		return
	}
	lines := maskedLines(text, found)
	for i, f := range found {
		r.add(Hit{Finding: f, Root: r.root, Path: memberPath(path, f.Member), Line: lines[i]})
	}
}

// large scans a file that does not fit the buffer, whose beginning lies there.
func (r *reader) large(ctx context.Context, f handle, path string) {
	rest := &countingReader{r: f}
	found, err := r.scanner.ScanReader(ctx, filepath.ToSlash(path), io.MultiReader(&sliceReader{r.buffer}, rest))
	r.bytes += rest.n
	if err != nil {
		r.problem(fmt.Errorf("%s: %w", filepath.Join(r.root, path), err))
	}
	for _, f := range found {
		r.add(Hit{Finding: f, Root: r.root, Path: memberPath(path, f.Member)})
	}
}

func (r *reader) flush() {
	if r.files > 0 {
		r.count(r.files, r.bytes)
		r.files, r.bytes = 0, 0
	}
}

// readFull fills the buffer; err is nil only when it is full.
func readFull(f handle, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var more int
		more, err = f.Read(buffer[n:])
		n += more
	}
	return n, err
}

// sliceReader reads a slice once.
type sliceReader struct{ rest []byte }

func (s *sliceReader) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
