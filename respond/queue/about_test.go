package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// A job knows which delivery it follows from, over as many jobs as lie between, and whose it is.
func TestJobsKnowWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		know(t, s, respond.Repository{ID: 9, Installation: 7, Owner: "acme", Name: "shop"})
		delivered, followed := make(chan job.About, 1), make(chan job.About, 1)
		work(t, s, jobs{
			delivery: func(ctx context.Context, _ *river.Job[job.Delivery]) error {
				about := job.AboutOf(ctx)
				delivered <- about
				about.Received, about.Trace = 5, "second"
				return s.Update(job.WithAbout(ctx, about), func(ctx context.Context, tx *ledger.Tx) error {
					return tx.Enqueue(ctx, job.Backfill{Installation: 7, Repository: 9}, &river.InsertOpts{Priority: 2})
				})
			},
			backfill: func(ctx context.Context, _ *river.Job[job.Backfill]) error {
				followed <- job.AboutOf(ctx)
				return nil
			},
		}, queue.Config{})
		if _, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "g", Event: "push", Installation: 7, Repository: 9, Trace: "first"}}); err != nil {
			t.Fatal(err)
		}
		equal(t, "the delivery's", receive(t, delivered), job.About{Origin: job.Origin{Delivery: "g", Trace: "first"}, Installation: 7, Repository: 9})
		about := receive(t, followed)
		equal(t, "the next job's", about, job.About{Origin: job.Origin{Delivery: "g", Received: 5, Trace: "second"}, Installation: 7, Repository: 9})
		equal(t, "received", about.ReceivedAt(), time.UnixMicro(5))
	})
}
