package pack

import "math/bits"

// memory lends the buffers that one worker holds objects in, within a budget. Buffers that came back are lent again,
// the last one first, while it is warm.
type memory struct {
	limit int64
	held  int64 // lent and free together
	free  [4 * 64][][]byte
}

// buffer holds an object's bytes: in memory, or mapped from a temporary file.
type buffer struct {
	data  []byte
	spool *spool
}

// smallest is the smallest size class.
const smallest = 4 << 10

// class rounds n up to a size of which there are four for each power of two.
func class(n uint64) (index int, size int64) {
	if n <= smallest {
		return 0, smallest
	}
	shift := bits.Len64(n-1) - 3
	steps := (n-1)>>shift + 1 // 5 to 8
	return 4*shift + int(steps) - 5, int64(steps << shift)
}

// lend returns a buffer of n bytes, or false where the budget has no room for it.
func (m *memory) lend(n uint64) (buffer, bool) {
	if n > uint64(m.limit) {
		return buffer{}, false
	}
	index, size := class(n)
	if free := m.free[index]; len(free) > 0 {
		b := free[len(free)-1]
		m.free[index] = free[:len(free)-1]
		return buffer{data: b[:n]}, true
	}
	if m.held+size > m.limit {
		m.trim()
	}
	if m.held+size > m.limit {
		return buffer{}, false
	}
	m.held += size
	return buffer{data: make([]byte, n, size)}, true
}

// trim forgets the free buffers.
func (m *memory) trim() {
	for i, free := range m.free {
		for _, b := range free {
			m.held -= int64(cap(b))
		}
		m.free[i] = nil
	}
}

// back takes a buffer back.
func (m *memory) back(b buffer) {
	if b.spool != nil {
		b.spool.close()
		return
	}
	if cap(b.data) == 0 {
		return
	}
	index, _ := class(uint64(cap(b.data)))
	m.free[index] = append(m.free[index], b.data[:0])
}
