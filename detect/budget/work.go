package budget

import (
	"math"
	"sync/atomic"
)

// Work is a budget of steps. It is safe for concurrent use. A nil *Work has no bound and counts nothing.
type Work struct {
	parents []*Work
	granted atomic.Int64
	spent   atomic.Int64
}

// NewWork returns a budget of that many steps, which are also charged to those around it.
func NewWork(steps int64, around ...*Work) *Work {
	w := &Work{parents: around}
	w.granted.Store(steps)
	return w
}

// Allow adds steps to the budget, and to none around it: for work whose size shows as it comes.
func (w *Work) Allow(steps int64) {
	if w != nil {
		w.granted.Add(steps)
	}
}

// Spend charges steps to w and to the budgets around it. It reports whether all of them had as many left. Steps count
// also where they were too many: once over, a budget stays over until [Work.Allow].
func (w *Work) Spend(steps int64) bool {
	if w == nil {
		return true
	}
	ok := w.spent.Add(steps) <= w.granted.Load()
	for _, a := range w.parents {
		ok = a.Spend(steps) && ok
	}
	return ok
}

// Left returns the steps that may still be spent, here and in the budgets around it; 0 if none.
func (w *Work) Left() int64 {
	if w == nil {
		return math.MaxInt64
	}
	left := max(w.granted.Load()-w.spent.Load(), 0)
	for _, a := range w.parents {
		left = min(left, a.Left())
	}
	return left
}

// Spent returns the steps that were charged.
func (w *Work) Spent() int64 {
	if w == nil {
		return 0
	}
	return w.spent.Load()
}
