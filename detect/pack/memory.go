package pack

import (
	"math/bits"

	"github.com/rekey-app/rekey/detect/budget"
)

// memory lends the buffers that one worker holds objects in, within a budget. Buffers that came back are lent again,
// the last one first, while it is warm. The large ones are kept out of the garbage collector's sight, which would let as
// much garbage grow beside them.
type memory struct {
	limit  int64
	shared *budget.Memory // what the buffers of all scans may take; those under mapped are not counted
	held   int64          // lent and free together
	free   [4 * 64][][]byte
}

// buffer holds an object's bytes: in memory, or mapped from a temporary file.
type buffer struct {
	data  []byte
	spool *spool
}

const (
	smallest     = 4 << 10  // size class
	extraClasses = 9        // classes in which a free buffer is looked for: up to four times too large
	mapped       = 64 << 10 // from this size on buffers are not the garbage collector's
)

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
	for i := index; i < min(index+extraClasses, len(m.free)); i++ {
		if free := m.free[i]; len(free) > 0 {
			b := free[len(free)-1]
			m.free[i] = free[:len(free)-1]
			return buffer{data: b[:n]}, true
		}
	}
	if !m.makeRoom(size) {
		return buffer{}, false
	}
	if size < mapped {
		m.held += size
		return buffer{data: make([]byte, n, size)}, true
	}
	if !m.shared.TryAcquire(size) {
		return buffer{}, false
	}
	b, err := mapMemory(int(size))
	if err != nil {
		m.shared.Release(size)
		return buffer{}, false
	}
	m.held += size
	return buffer{data: b[:n]}, true
}

// makeRoom gives free buffers up, large ones first, until size more fits.
func (m *memory) makeRoom(size int64) bool {
	for i := len(m.free) - 1; i >= 0 && m.held+size > m.limit; i-- {
		for len(m.free[i]) > 0 && m.held+size > m.limit {
			last := len(m.free[i]) - 1
			b := m.free[i][last]
			m.free[i] = m.free[i][:last]
			m.held -= int64(cap(b))
			if cap(b) >= mapped {
				unmapMemory(b)
				m.shared.Release(int64(cap(b)))
			}
		}
	}
	return m.held+size <= m.limit
}

// close gives all free buffers up.
func (m *memory) close() {
	m.limit = 0
	m.makeRoom(0)
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
