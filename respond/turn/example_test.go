package turn_test

import (
	"fmt"

	"github.com/rekey-app/rekey/respond/turn"
)

// A flood of one installation does not keep another one waiting.
func ExampleTable() {
	table := turn.NewTable(2)
	for id := range int64(5) {
		table.Wait(turn.Job{ID: id, Installation: 1, Repository: 10})
	}
	table.Wait(turn.Job{ID: 5, Installation: 2, Repository: 20})

	anything := func(turn.Job) bool { return true }
	for range 2 {
		job, ok := table.Next(anything)
		fmt.Println(job.ID, "of installation", job.Installation, ok)
	}
	// Output:
	// 0 of installation 1 true
	// 5 of installation 2 true
}
