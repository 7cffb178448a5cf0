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
	// directoryWeight is how much of the work a directory is expected to be, in files.
	directoryWeight = 8
)

// walk reads everything below a root with several workers. There are no ignore rules: what is there is read, but for
// .git, whose content is a history and not files. Links below the root are not followed; the root itself may be one.
type walk struct {
	*collector
	root    string
	workers int

	idle atomic.Int32 // workers that wait for a task

	todo    sync.Mutex
	wake    *sync.Cond
	tasks   []task
	working int // workers that may still weight some
}

// task is a directory to list, or files of one to read. Paths are relative to the root.
type task struct {
	dir    string
	files  []string // nil: list the directory
	weight int64    // of the whole work
}

func newWalk(c *collector, root string, workers int, weight int64) *walk {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	w := &walk{collector: c, root: root, workers: workers, working: workers, tasks: []task{{weight: weight}}}
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
		if len(r.own) > 0 && r.idle.Load() > 0 {
			// What came first is highest up, and most.
			n := (len(r.own) + 1) / 2
			r.publish(r.own[:n])
			r.own = append(r.own[:0], r.own[n:]...)
		}
		r.do(ctx, p)
		r.flush()
	}
}

// next takes a task that is shared; it waits while others may still weight some.
func (w *walk) next(ctx context.Context) (task, bool) {
	w.todo.Lock()
	defer w.todo.Unlock()
	w.working--
	if w.working == 0 {
		w.wake.Broadcast()
	}
	w.idle.Add(1)
	defer w.idle.Add(-1)
	for len(w.tasks) == 0 && w.working > 0 && ctx.Err() == nil {
		w.wake.Wait()
	}
	if len(w.tasks) == 0 || ctx.Err() != nil {
		return task{}, false
	}
	p := w.tasks[len(w.tasks)-1]
	w.tasks = w.tasks[:len(w.tasks)-1]
	w.working++
	return p, true
}

func (w *walk) publish(tasks []task) {
	w.todo.Lock()
	w.tasks = append(w.tasks, tasks...)
	w.todo.Unlock()
	w.wake.Broadcast()
}

func (r *reader) do(ctx context.Context, p task) {
	d := openDirectory(filepath.Join(r.root, filepath.FromSlash(p.dir)), p.dir == "")
	defer d.close()
	if d.err != nil {
		r.unreadable(joined(r.root, p.dir), d.err)
		r.weight = p.weight
		return
	}
	files, weight := p.files, p.weight
	if files == nil {
		files, weight = r.list(d, p)
	}
	left := weight
	for i, name := range files {
		if ctx.Err() != nil {
			return
		}
		r.weight = left / int64(len(files)-i)
		left -= r.weight
		r.file(ctx, d, name, below(p.dir, name))
	}
	r.weight = left
}

// list reads a directory, puts its directories and all but one batch of its files aside, and returns that batch with
// its weight of the work.
func (r *reader) list(d directory, p task) (files []string, weight int64) {
	var dirs []string
	files, dirs, err := r.entries(d)
	if err != nil {
		r.unreadable(joined(r.root, p.dir), err)
	}
	unit := p.weight / int64(max(1, len(files)+directoryWeight*len(dirs)))
	left := p.weight
	for _, name := range dirs {
		r.own = append(r.own, task{dir: below(p.dir, name), weight: directoryWeight * unit})
		left -= directoryWeight * unit
	}
	for len(files) > batch {
		r.own = append(r.own, task{dir: p.dir, files: files[:batch:batch], weight: batch * unit})
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
