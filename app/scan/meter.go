package scan

import "sync/atomic"

// whole is the weight of the work that stands for all of it.
const whole = 1 << 50

// Meter counts what is read while a scan runs. It is safe for concurrent use; the zero Meter has read nothing.
type Meter struct {
	files, bytes atomic.Int64
	done         atomic.Int64 // of whole
	known        atomic.Bool  // whether done means something
	objects      atomic.Bool  // whether files are objects of a history
}

// Progress is how much was read so far.
type Progress struct {
	Files, Bytes int64
	Objects      bool // whether Files are objects of a history
	// Done is an estimate of how much of the work is done, from 0 to 1, or -1 where nothing is known. It never falls. A
	// directory's weight of the work is divided among what it holds when it is listed.
	Done float64
}

// Progress returns what was read so far.
func (m *Meter) Progress() Progress {
	p := Progress{Files: m.files.Load(), Bytes: m.bytes.Load(), Objects: m.objects.Load(), Done: -1}
	if m.known.Load() {
		p.Done = float64(min(m.done.Load(), whole)) / whole
	}
	return p
}

func (m *Meter) add(files, bytes, weight int64) {
	m.files.Add(files)
	m.bytes.Add(bytes)
	m.done.Add(weight)
}

// set says how far a history is read.
func (m *Meter) set(objects, total int, bytes int64) {
	m.objects.Store(true)
	m.files.Store(int64(objects))
	m.bytes.Store(bytes)
	if total > 0 {
		m.done.Store(int64(float64(objects) / float64(total) * whole))
		m.known.Store(true)
	}
}
