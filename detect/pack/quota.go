package pack

import (
	"sync/atomic"

	"github.com/rekey-app/rekey/detect/budget"
)

// quota is memory for what is kept of a history: up to a limit, in steps that are taken from the budget of all scans.
type quota struct {
	budget  *budget.Memory
	limit   int64
	used    atomic.Int64
	granted atomic.Int64
}

const quotaStep = 1 << 20

// reserve takes n bytes, and reports whether there are as many.
func (r *quota) reserve(n int64) bool {
	used := r.used.Add(n)
	for given := r.granted.Load(); used > given; given = r.granted.Load() {
		step := min(max(quotaStep, used-given), r.limit-given)
		if step <= 0 || used > r.limit || !r.budget.TryAcquire(step) {
			r.used.Add(-n)
			return false
		}
		if !r.granted.CompareAndSwap(given, given+step) {
			r.budget.Release(step)
		}
	}
	return true
}

// free releases all of it.
func (r *quota) free() {
	r.used.Store(0)
	r.budget.Release(r.granted.Swap(0))
}
