package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// taking counts how often River's own statement is run, which costs as much as a small push where there is nothing to take.
type taking struct {
	riverdriver.Executor
	times int
}

func (t *taking) JobGetAvailable(ctx context.Context, params *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	t.times++
	return t.Executor.JobGetAvailable(ctx, params)
}

// Jobs are taken where there are any that may start; else River's statement is not run.
func TestAnIdleQueueCostsLittle(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	db := s.DB().SQLite
	exec := &taking{Executor: riversqlite.New(db).GetExecutor()}
	take := func(what string, jobs, times int) {
		t.Helper()
		n, err := queue.Available(t.Context(), db, exec, job.QueueRespond)
		if err != nil || n != jobs || exec.times != times {
			t.Errorf("%s: %d jobs by %d statements, want %d by %d: %v", what, n, exec.times, jobs, times, err)
		}
		exec.times = 0
	}
	take("empty", 0, 0)
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		return tx.Enqueue(ctx, job.Verify{Leak: 1}, &river.InsertOpts{ScheduledAt: time.Now().Add(time.Hour)})
	})
	enqueue(t, s, job.Backfill{Installation: 1, Repository: 2})
	take("for later, and of another queue", 0, 0)
	enqueue(t, s, job.Issue{Leak: 1})
	take("one", 1, 1)
	take("taken", 0, 0)
}
