package budget

import "sync/atomic"

// Memory is a budget of bytes, shared by all that hold foreign content. It is safe for concurrent use. Nothing waits for
// it, so that decoders within decoders cannot wait for one another: who gets no memory goes without. A nil *Memory has
// no bound.
type Memory struct {
	size   int64
	parent *Memory
	used   atomic.Int64
	peak   atomic.Int64
}

// NewMemory returns a budget of size bytes.
func NewMemory(size int64) *Memory { return &Memory{size: size} }

// Part returns a budget of size bytes that are also taken of m.
func (m *Memory) Part(size int64) *Memory { return &Memory{size: size, parent: m} }

// TryAcquire takes n bytes, and reports whether there were as many, here and in the budgets around. If so, the caller gives them
// back with [Memory.Release].
func (m *Memory) TryAcquire(n int64) bool {
	if m == nil {
		return true
	}
	used := m.used.Add(n)
	if used > m.size || !m.parent.TryAcquire(n) {
		m.used.Add(-n)
		return false
	}
	for peak := m.peak.Load(); used > peak && !m.peak.CompareAndSwap(peak, used); peak = m.peak.Load() {
	}
	return true
}

// Release gives n acquired bytes back.
func (m *Memory) Release(n int64) {
	if m != nil {
		m.used.Add(-n)
		m.parent.Release(n)
	}
}

// Size returns the whole budget in bytes; 0 for one without bound.
func (m *Memory) Size() int64 {
	if m == nil {
		return 0
	}
	return m.size
}

// Used returns the bytes that are taken now.
func (m *Memory) Used() int64 {
	if m == nil {
		return 0
	}
	return m.used.Load()
}

// Peak returns the most bytes that were ever taken at once.
func (m *Memory) Peak() int64 {
	if m == nil {
		return 0
	}
	return m.peak.Load()
}
