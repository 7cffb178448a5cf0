package queue_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// A job is queued in the transaction that it follows from: it is there if and only if that was committed.
func Example() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	store, err := queue.OpenStore(ctx, ledger.Options{URL: filepath.Join(dir, "rekey.db")})
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = store.Close() }()

	done := make(chan int64)
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(_ context.Context, j *river.Job[job.Issue]) error {
		done <- j.Args.Leak
		return nil
	}))
	worker, err := queue.New(store, workers, queue.Config{})
	if err == nil {
		err = worker.Start(ctx)
	}
	if err != nil {
		log.Panic(err)
	}
	for _, leak := range []int64{1, 2} {
		err := store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
			if err := tx.Enqueue(ctx, job.Issue{Leak: leak}, nil); err != nil {
				return err
			}
			if leak == 1 {
				return fmt.Errorf("leak %d is none", leak)
			}
			return nil
		})
		fmt.Println("queued:", err)
	}
	fmt.Println("done: leak", <-done)
	fmt.Println("stopped:", worker.Stop(ctx))
	// Output:
	// queued: leak 1 is none
	// queued: <nil>
	// done: leak 2
	// stopped: <nil>
}
