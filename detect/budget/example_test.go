package budget_test

import (
	"fmt"

	"github.com/rekey-app/rekey/detect/budget"
)

// A scan's budget is charged with what each of its files costs: no file takes more than its own, and all of them no more
// than the scan's.
func ExampleWork() {
	scan := budget.NewWork(100)
	for _, steps := range []int64{30, 70, 50} {
		file := budget.NewWork(60, scan)
		fmt.Println(steps, "steps:", file.Spend(steps), scan.Left(), "left for the scan")
	}
	// Output:
	// 30 steps: true 70 left for the scan
	// 70 steps: false 0 left for the scan
	// 50 steps: false 0 left for the scan
}

// Nobody waits for memory: who gets none goes without, by a temporary file say.
func ExampleMemory() {
	process := budget.NewMemory(1 << 20)
	packs := process.Part(768 << 10)
	fmt.Println(packs.TryAcquire(512<<10), packs.TryAcquire(512<<10))
	packs.Release(512 << 10)
	fmt.Println(process.Used())
	// Output:
	// true false
	// 0
}
