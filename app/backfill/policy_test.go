package backfill

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestAChangedPolicyWaitsForOtherProcesses: one that is alone on its ledger brings up to date at once what depends on a policy; beside others it
// waits until none has the policy as it was.
func TestAChangedPolicyWaitsForOtherProcesses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r, _ := b.shop(map[string]string{"README.md": "# Shop\n"})
	b.worker.Leases = &leases{}
	pushed := b.now()
	policy := func(args job.Policy) error {
		args.Repository = r.ID()
		return b.worker.Policy(t.Context(), &river.Job[job.Policy]{JobRow: &rivertype.JobRow{CreatedAt: pushed}, Args: args})
	}
	processes := func(n int) {
		t.Helper()
		if err := b.store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			if _, err := tx.ExecSQL(ctx, "DELETE FROM replicas"); err != nil {
				return err
			}
			for i := range n {
				if _, err := tx.ExecSQL(ctx, "INSERT INTO replicas (id, beat) VALUES ($1, 1)", fmt.Sprint("process ", i)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	done := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	processes(1)
	done("alone", policy(job.Policy{}))
	processes(2)
	if wait, is := errors.AsType[*outcome.WaitError](policy(job.Policy{})); !is || !wait.Until.Equal(pushed.Add(policies.KeptFor)) {
		t.Errorf("beside another process it waits for %+v, not until %s", wait, pushed.Add(policies.KeptFor))
	}
	done("where the others know", policy(job.Policy{Settled: true}))
	b.later.Add(int64(policies.KeptFor + time.Second))
	done("later", policy(job.Policy{}))
}
