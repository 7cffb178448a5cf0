package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// testTimeout is how long tests wait for what must come. Nothing is measured by it.
const testTimeout = 30 * time.Second

// runner is a queue whose jobs call a function.
type runner struct {
	store  *ledger.Store
	worker queue.Worker
}

type jobs struct {
	delivery func(context.Context, *river.Job[job.Delivery]) error
	issue    func(context.Context, *river.Job[job.Issue]) error
	backfill func(context.Context, *river.Job[job.Backfill]) error
}

func work(t testing.TB, s *ledger.Store, j jobs, c queue.Config) *runner {
	t.Helper()
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, d *river.Job[job.Delivery]) error {
		if j.delivery == nil {
			return nil
		}
		return j.delivery(ctx, d)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, i *river.Job[job.Issue]) error {
		if j.issue == nil {
			return nil
		}
		return j.issue(ctx, i)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, l *river.Job[job.Backfill]) error {
		if j.backfill == nil {
			return nil
		}
		return j.backfill(ctx, l)
	}))
	w, err := queue.New(s, workers, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		if err := w.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return &runner{s, w}
}

func enqueue(t *testing.T, s *ledger.Store, args river.JobArgs) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.Enqueue(ctx, args, nil) })
}

func once(t *testing.T, s *ledger.Store, args job.Singleton) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.EnqueueOnce(ctx, args, nil) })
}

func receive[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(testTimeout):
		t.Fatal("nothing came")
	}
	return v
}

func TestDeliveriesAreWorked(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		worked := make(chan string, 100)
		work(t, s, jobs{delivery: func(ctx context.Context, j *river.Job[job.Delivery]) error {
			err := s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
				if err := tx.FinishDelivery(ctx, j.Args.GUID, "done"); err != nil {
					return err
				}
				return tx.CompleteJob(ctx, j.JobRow)
			})
			worked <- fmt.Sprint(j.Queue, " ", j.Args.GUID)
			return err
		}}, queue.Config{})
		got, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "1", Event: "push"}, {GUID: "2", Event: "issues"}})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "acceptances", got, []ledger.Acceptance{ledger.Accepted, ledger.Accepted})
		names := []string{receive(t, worked), receive(t, worked)}
		slices.Sort(names)
		equal(t, "worked", names, []string{"respond 2", "scan 1"})
		got, err = s.Accept(t.Context(), []ledger.Delivery{{GUID: "1", Event: "push"}})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "afterwards", got, []ledger.Acceptance{ledger.Done})
	})
}

func TestDeadDeliveryIsQueuedAgain(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		worked := make(chan int64, 10)
		work(t, s, jobs{delivery: func(_ context.Context, j *river.Job[job.Delivery]) error {
			worked <- j.ID
			return river.JobCancel(errors.New("this will never do"))
		}}, queue.Config{})
		d := []ledger.Delivery{{GUID: "1", Event: "push", Body: []byte("{}")}}
		if _, err := s.Accept(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		first := receive(t, worked)
		for deadline := time.Now().Add(testTimeout); ; time.Sleep(10 * time.Millisecond) {
			got, err := s.Accept(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if got[0] == ledger.Requeued {
				break
			}
			if got[0] != ledger.Waiting || time.Now().After(deadline) {
				t.Fatalf("a delivery whose job died is %s", got[0])
			}
		}
		if again := receive(t, worked); again == first {
			t.Errorf("job %d was to be another one", again)
		}
	})
}

func TestRollbackQueuesNothing(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		no := errors.New("no")
		err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.AcceptDeliveries(ctx, []ledger.Delivery{{GUID: "1", Event: "push"}})
			return errors.Join(err, tx.Enqueue(ctx, job.Issue{Leak: 1}, nil), no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			stats, err := tx.Stats(ctx)
			equal(t, "waiting", stats.Waiting, map[string]int{})
			return err
		})
	})
}

// At most one job of a key waits, at most one runs, and none that is enqueued while another runs is lost.
func TestKeyedJobs(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		started, finish := make(chan int64), make(chan struct{})
		var mu sync.Mutex
		running := map[int64]int{}
		all := func() (n int) {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				stats, err := tx.Stats(ctx)
				n = stats.Waiting[job.QueueRespond] + stats.Running[job.QueueRespond]
				return err
			})
			return n
		}
		for range 3 {
			enqueue(t, s, job.Issue{Leak: 1})
			enqueue(t, s, job.Issue{Leak: 2})
		}
		equal(t, "jobs before any runs", all(), 2)
		work(t, s, jobs{issue: func(_ context.Context, j *river.Job[job.Issue]) error {
			mu.Lock()
			running[j.Args.Leak]++
			if running[j.Args.Leak] > 1 {
				t.Errorf("%d jobs run for leak %d", running[j.Args.Leak], j.Args.Leak)
			}
			mu.Unlock()
			started <- j.Args.Leak
			<-finish
			mu.Lock()
			running[j.Args.Leak]--
			mu.Unlock()
			return nil
		}}, queue.Config{})
		got := []int64{receive(t, started), receive(t, started)}
		slices.Sort(got)
		equal(t, "started", got, []int64{1, 2})
		for range 3 {
			enqueue(t, s, job.Issue{Leak: 1})
		}
		// The one that waits tries now and then: for a moment it runs too.
		equal(t, "jobs while one of each key runs and one waits", all(), 3)
		for _, leak := range []int64{1, 2} {
			once(t, s, job.Issue{Leak: leak})
		}
		equal(t, "jobs, where one of a key was enough", all(), 3)
		// The one that waits finds its key taken, again and again, until the other ends.
		time.Sleep(500 * time.Millisecond)
		finish <- struct{}{}
		finish <- struct{}{}
		equal(t, "started in the end", receive(t, started), int64(1))
		finish <- struct{}{}
		for deadline := time.Now().Add(testTimeout); all() > 0 && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		once(t, s, job.Issue{Leak: 2})
		equal(t, "started when none was left", receive(t, started), int64(2))
		finish <- struct{}{}
	})
}

func TestConcurrentEnqueueing(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for leak := range int64(5) {
					err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
						return tx.Enqueue(ctx, job.Issue{Leak: leak}, nil)
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			stats, err := tx.Stats(ctx)
			equal(t, "waiting", stats.Waiting, map[string]int{job.QueueRespond: 5})
			return err
		})
	})
}

// Updates see the ledger as if they were alone.
func TestUpdatesDoNotLoseEachOther(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 10 {
					err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
						n, err := tx.Meta(ctx, "n")
						if err != nil {
							return err
						}
						return tx.SetMeta(ctx, "n", n+"x")
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			n, err := tx.Meta(ctx, "n")
			equal(t, "updates", len(n), 40)
			return err
		})
	})
}

func TestStopLetsJobsEnd(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		started, ended := make(chan struct{}), make(chan error, 1)
		r := work(t, s, jobs{issue: func(ctx context.Context, _ *river.Job[job.Issue]) error {
			close(started)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return river.JobSnooze(0)
		}}, queue.Config{})
		enqueue(t, s, job.Issue{Leak: 1})
		receive(t, started)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := r.worker.Stop(ctx); err != nil {
			t.Error(err)
		}
		receive(t, ended)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			stats, err := tx.Stats(ctx)
			equal(t, "waiting", stats.Waiting, map[string]int{job.QueueRespond: 1})
			equal(t, "running", stats.Running, map[string]int{})
			return err
		})
	})
}

// What cannot be started can be stopped.
func TestStopOfWhatDidNotStart(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(runSQL(ctx, tx, "DROP TABLE river_job"), runSQL(ctx, tx, "DROP TABLE replicas"))
		})
		workers := river.NewWorkers()
		river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[job.Issue]) error { return nil }))
		w, err := queue.New(s, workers, queue.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err == nil {
			t.Error("started without a queue")
		}
		if err := w.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
