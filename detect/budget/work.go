package budget

import "sync/atomic"

// Work is a budget of steps. It is safe for concurrent use. A nil *Work has no bound and counts nothing.
type Work struct {
	around *Work
	given  atomic.Int64
	spent  atomic.Int64
}

// NewWork returns a budget of that many steps.
func NewWork(steps int64) *Work { return (*Work)(nil).Within(steps) }

// Within returns a budget of that many steps which are also charged to w.
func (w *Work) Within(steps int64) *Work {
	inner := &Work{around: w}
	inner.given.Store(steps)
	return inner
}

// Allow adds steps to the budget, and to none around it: for work whose size shows as it comes.
func (w *Work) Allow(steps int64) {
	if w != nil {
		w.given.Add(steps)
	}
}

// Spend charges steps to w and to the budgets around it. It reports whether all of them had as many left. Steps count
// also where they were too many: once over, a budget stays over until [Work.Allow].
func (w *Work) Spend(steps int64) bool {
	ok := true
	for ; w != nil; w = w.around {
		ok = w.spent.Add(steps) <= w.given.Load() && ok
	}
	return ok
}

// Left returns the steps that may still be spent, here and in the budgets around it; 0 if none.
func (w *Work) Left() int64 {
	least := int64(1<<63 - 1)
	for ; w != nil; w = w.around {
		least = min(least, max(w.given.Load()-w.spent.Load(), 0))
	}
	return least
}

// Spent returns the steps that were charged.
func (w *Work) Spent() int64 {
	if w == nil {
		return 0
	}
	return w.spent.Load()
}
