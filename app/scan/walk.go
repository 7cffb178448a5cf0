package scan

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
)

const (
	// bufferSize is what each worker reads at once. A file that fits is examined where it lies; a larger one as a stream.
	bufferSize = 256 << 10
	// batch is how many files of one directory a worker takes at once, so that a huge flat directory is shared.
	batch = 256
	// weight is how much of the work a directory is expected to be, in files.
	weight = 8
)

// walk reads everything below a root with several workers. There are no ignore rules: what is there is read, but for
// .git, whose content is a history and not files. Links below the root are not followed; the root itself may be one.
type walk struct {
	*collector
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
	share int64    // of the whole work
}

func newWalk(c *collector, root string, workers int, share int64) *walk {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	w := &walk{collector: c, root: root, workers: workers, stack: []piece{{share: share}}}
	w.wake = sync.NewCond(&w.todo)
	return w
}

func (w *walk) run(ctx context.Context) {
	w.meter.known.Store(true)
	defer context.AfterFunc(ctx, w.wake.Broadcast)()
	var group sync.WaitGroup
	for range w.workers {
		group.Go(func() {
			r := &reader{walk: w, buffer: make([]byte, bufferSize)}
			for {
				p, ok := w.next(ctx)
				if !ok {
					return
				}
				r.piece(ctx, p)
				r.flush()
				w.done()
			}
		})
	}
	group.Wait()
}

// next takes a piece; it waits while others may still add some.
func (w *walk) next(ctx context.Context) (piece, bool) {
	w.todo.Lock()
	defer w.todo.Unlock()
	for len(w.stack) == 0 && w.working > 0 && ctx.Err() == nil {
		w.wake.Wait()
	}
	if len(w.stack) == 0 || ctx.Err() != nil {
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
	idle := w.working == 0
	w.todo.Unlock()
	if idle {
		w.wake.Broadcast()
	}
}

func (r *reader) piece(ctx context.Context, p piece) {
	d := openDirectory(filepath.Join(r.root, filepath.FromSlash(p.dir)), p.dir == "")
	defer d.close()
	if d.err != nil {
		r.unreadable(joined(r.root, p.dir), d.err)
		r.share = p.share
		return
	}
	files, share := p.files, p.share
	if files == nil {
		files, share = r.list(d, p)
	}
	left := share
	for i, name := range files {
		if ctx.Err() != nil {
			return
		}
		r.share = left / int64(len(files)-i)
		left -= r.share
		r.file(ctx, d, name, below(p.dir, name))
	}
	r.share = left
}

// list reads a directory, pushes its directories and all but one batch of its files, and returns that batch with its
// share of the work.
func (r *reader) list(d directory, p piece) (files []string, share int64) {
	var dirs []string
	files, dirs, err := r.entries(d)
	if err != nil {
		r.unreadable(joined(r.root, p.dir), err)
	}
	unit := p.share / int64(max(1, len(files)+weight*len(dirs)))
	left := p.share
	var more []piece
	for _, name := range dirs {
		more = append(more, piece{dir: below(p.dir, name), share: weight * unit})
		left -= weight * unit
	}
	for len(files) > batch {
		more = append(more, piece{dir: p.dir, files: files[:batch:batch], share: batch * unit})
		left -= batch * unit
		files = files[batch:]
	}
	if len(more) > 0 {
		r.push(more...)
	}
	return files, left
}

// below is the path of a directory's entry, with slashes.
func below(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
