package queue_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// Jobs that wait for the end of a suspension go on when it ends, and no others.
func TestParkedJobs(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		tried, ran := make(chan int64, 9), make(chan int64, 9)
		suspended := make(chan struct{})
		work(t, s, jobs{issue: func(ctx context.Context, j *river.Job[job.Issue]) error {
			select {
			case <-suspended:
				ran <- j.Args.Leak
				return nil
			default:
			}
			err := s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error { return tx.ParkJob(ctx, j.ID, j.Args.Leak) })
			tried <- j.Args.Leak
			if err != nil {
				return err
			}
			return river.JobSnooze(time.Hour)
		}}, queue.Config{})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.UpsertInstallation(ctx, respond.Installation{ID: 8, Suspended: true}, time.Time{})
		})
		for _, installation := range []int64{7, 8, 9} {
			enqueue(t, s, job.Issue{Leak: installation})
			receive(t, tried)
		}
		put := func() (n int) {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				stats, err := tx.Stats(ctx)
				n = stats.Running["respond"]
				return err
			})
			return n
		}
		for deadline := time.Now().Add(testTimeout); put() > 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the jobs are not put off")
			}
		}
		close(suspended)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.ResumeJobs(ctx, 7) })
		equal(t, "resumed", receive(t, ran), int64(7))
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.ResumeParked(ctx) })
		equal(t, "resumed, as it is not on record as suspended", receive(t, ran), int64(9))
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.ResumeJobs(ctx, 8) })
		equal(t, "resumed", receive(t, ran), int64(8))
	})
}

// A delivery that was given up is done again when it comes again; one that was done is not.
func TestGivenUpDeliveries(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		accept := func(body string) ledger.Acceptance {
			got, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "g", Event: "push", Body: []byte(body)}})
			if err != nil {
				t.Fatal(err)
			}
			return got[0]
		}
		read := func() (d ledger.Delivery) {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				d, err = tx.Delivery(ctx, "g")
				return err
			})
			return d
		}
		equal(t, "first", accept("one"), ledger.Accepted)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			if err := runSQL(ctx, tx, `UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP`); err != nil {
				return err
			}
			return tx.GiveUpDelivery(ctx, "g", "GitHub answered 422")
		})
		if d := read(); !d.GivenUp || d.Finished.IsZero() || len(d.Body) > 0 {
			t.Errorf("given up: %+v", d)
		}
		equal(t, "again", accept("two"), ledger.Requeued)
		equal(t, "while it waits", accept("two"), ledger.Waiting)
		if d := read(); d.GivenUp || !d.Finished.IsZero() || string(d.Body) != "two" {
			t.Errorf("come again: %+v", d)
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishDelivery(ctx, "g", "scanned") })
		equal(t, "after it was done", accept("three"), ledger.Done)
	})
}

// TestADeliveryThatComesWhileItIsGivenUp: its job has given it up, and has not ended yet, when GitHub sends it again. That job does nothing more for it.
func TestADeliveryThatComesWhileItIsGivenUp(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		d := ledger.Delivery{GUID: "g", Event: "push", Installation: 1, Repository: 2, Body: []byte("{}"), Received: start()}
		if _, err := s.Accept(t.Context(), []ledger.Delivery{d}); err != nil {
			t.Fatal(err)
		}
		runs, end := make(chan int, 9), make(chan struct{})
		n := 0
		var count sync.Mutex
		work(t, s, jobs{delivery: func(ctx context.Context, _ *river.Job[job.Delivery]) error {
			count.Lock()
			n++
			run := n
			count.Unlock()
			err := s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error { return tx.GiveUpDelivery(ctx, "g", "no") })
			runs <- run
			if run == 1 {
				<-end
			}
			return err
		}}, queue.Config{})
		receive(t, runs)
		accepted, err := s.Accept(t.Context(), []ledger.Delivery{d})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "sent again", accepted, []ledger.Acceptance{ledger.Requeued})
		close(end)
		equal(t, "run", receive(t, runs), 2)
	})
}
