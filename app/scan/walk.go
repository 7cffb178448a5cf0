package scan

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// bufferSize is what each worker holds: a file that fits is examined where it lies, a larger one as a stream, through
	// windows of this size. Of the memory, no more is used than the largest file needs. readSize is what is read at once:
	// most files fit, and so stay in the processor's cache.
	bufferSize = 4 << 20
	readSize   = 256 << 10
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

	hungry atomic.Int32 // workers that wait for a piece

	todo    sync.Mutex
	wake    *sync.Cond
	shared  []piece
	working int // workers that may still share some
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
	w := &walk{collector: c, root: root, workers: workers, working: workers, shared: []piece{{share: share}}}
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
			for p, ok := w.next(ctx); ok; p, ok = w.next(ctx) {
				r.own = append(r.own, p)
				r.work(ctx)
			}
		})
	}
	group.Wait()
}

// work does what the worker has of its own, last in, first out, and shares it with those that wait.
func (r *reader) work(ctx context.Context) {
	for len(r.own) > 0 && ctx.Err() == nil {
		p := r.own[len(r.own)-1]
		r.own = r.own[:len(r.own)-1]
		if len(r.own) > 0 && r.hungry.Load() > 0 {
			// What came first is highest up, and most.
			n := (len(r.own) + 1) / 2
			r.give(r.own[:n])
			r.own = append(r.own[:0], r.own[n:]...)
		}
		r.piece(ctx, p)
		r.flush()
	}
}

// next takes a piece that is shared; it waits while others may still share some.
func (w *walk) next(ctx context.Context) (piece, bool) {
	w.todo.Lock()
	defer w.todo.Unlock()
	w.working--
	if w.working == 0 {
		w.wake.Broadcast()
	}
	w.hungry.Add(1)
	defer w.hungry.Add(-1)
	for len(w.shared) == 0 && w.working > 0 && ctx.Err() == nil {
		w.wake.Wait()
	}
	if len(w.shared) == 0 || ctx.Err() != nil {
		return piece{}, false
	}
	p := w.shared[len(w.shared)-1]
	w.shared = w.shared[:len(w.shared)-1]
	w.working++
	return p, true
}

func (w *walk) give(pieces []piece) {
	w.todo.Lock()
	w.shared = append(w.shared, pieces...)
	w.todo.Unlock()
	w.wake.Broadcast()
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

// list reads a directory, puts its directories and all but one batch of its files aside, and returns that batch with
// its share of the work.
func (r *reader) list(d directory, p piece) (files []string, share int64) {
	var dirs []string
	files, dirs, err := r.entries(d)
	if err != nil {
		r.unreadable(joined(r.root, p.dir), err)
	}
	unit := p.share / int64(max(1, len(files)+weight*len(dirs)))
	left := p.share
	for _, name := range dirs {
		r.own = append(r.own, piece{dir: below(p.dir, name), share: weight * unit})
		left -= weight * unit
	}
	for len(files) > batch {
		r.own = append(r.own, piece{dir: p.dir, files: files[:batch:batch], share: batch * unit})
		left -= batch * unit
		files = files[batch:]
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
