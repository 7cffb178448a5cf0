package serve

import (
	"context"
	"io/fs"
	"log/slog"
	"math"

	"github.com/rekey-app/rekey/detect/budget"
)

// MemoryPlan is how the process divides the memory that it may use. KimMachineGun/automemlimit would set the heap's limit too;
// the other shares need the same number, and the packs' objects are outside the heap.
type MemoryPlan struct {
	Limit int64 // of the process; math.MaxInt64 for none
	Heap  int64 // for debug.SetMemoryLimit; math.MaxInt64 for none
	Packs int64 // what all scans may hold of packs
	// Decoders is what the decoders and windows of all scans may hold. It is part of the heap.
	Decoders int64
}

// PlanMemory divides limit bytes, as [budget.ProcessLimit] finds them.
func PlanMemory(limit int64) MemoryPlan {
	p := MemoryPlan{Limit: limit, Heap: math.MaxInt64, Packs: budget.Share(limit), Decoders: budget.Share(limit)}
	if limit != math.MaxInt64 {
		// The objects of packs are mapped, which Go's limit does not count; a part is left to the kernel, for sockets and pages.
		p.Heap = max(limit-p.Packs-limit/budget.KernelShare, limit/2)
	}
	return p
}

// LimitMemory tells the Go runtime, by set, how much memory the process may use by its control group. A GOMEMLIMIT of the
// operator's, set in environment, stays.
func LimitMemory(ctx context.Context, root fs.FS, environment string, set func(int64) int64, log *slog.Logger) MemoryPlan {
	plan := PlanMemory(budget.ProcessLimit(root, set(-1)))
	if environment == "" && plan.Heap != math.MaxInt64 {
		set(plan.Heap)
		log.InfoContext(ctx, "memory is bounded", "limit_bytes", plan.Limit, "heap_bytes", plan.Heap, "packs_bytes", plan.Packs)
	}
	return plan
}
