package pack

import (
	"sync/atomic"

	"github.com/rekey-app/rekey/detect/budget"
)

// room is memory for what is kept of a history: up to a limit, in steps that are taken from the budget of all scans.
type room struct {
	budget *budget.Memory
	limit  int64
	used   atomic.Int64
	given  atomic.Int64
}

const roomStep = 1 << 20

// take takes n bytes, and reports whether there are as many.
func (r *room) take(n int64) bool {
	used := r.used.Add(n)
	for given := r.given.Load(); used > given; given = r.given.Load() {
		step := min(max(roomStep, used-given), r.limit-given)
		if step <= 0 || used > r.limit || !r.budget.TryAcquire(step) {
			r.used.Add(-n)
			return false
		}
		if !r.given.CompareAndSwap(given, given+step) {
			r.budget.Release(step)
		}
	}
	return true
}

// free gives all of it back.
func (r *room) free() {
	r.used.Store(0)
	r.budget.Release(r.given.Swap(0))
}
