package queue_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// Completed jobs go after an hour, others that have ended with what is old; jobs that live stay, and so does what says that they did
// something.
func TestEndedJobsArePruned(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		jobs := []struct {
			state string
			ago   time.Duration
			stays bool
		}{
			{"completed", 30 * time.Minute, true},
			{"completed", 2 * time.Hour, false},
			{"discarded", 29 * 24 * time.Hour, true},
			{"discarded", 31 * 24 * time.Hour, false},
			{"cancelled", 29 * 24 * time.Hour, true},
			{"cancelled", 31 * 24 * time.Hour, false},
			{"", 0, true}, // waits
		}
		var want []int64
		for _, j := range jobs {
			enqueue(t, s, job.Verify{Leak: 1})
			ids := jobIDs(t, s, job.Verify{}.Kind())
			id := ids[len(ids)-1]
			if j.stays {
				want = append(want, id)
			}
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				if j.state == "" {
					a, err := tx.BeginAction(ctx, "comment:lives", ledger.Lease{Owner: fmt.Sprint("verify ", id)})
					if err != nil {
						return err
					}
					if err := tx.FinishAction(ctx, a, "done"); err != nil {
						return err
					}
					if a, err = tx.BeginAction(ctx, "comment:ended", ledger.Lease{Owner: "verify 4711"}); err != nil {
						return err
					}
					return tx.FinishAction(ctx, a, "done")
				}
				at := time.Now().Add(-j.ago).UTC().Format("2006-01-02 15:04:05.000")
				return runSQL(ctx, tx, fmt.Sprintf(`UPDATE river_job SET state = '%s', finalized_at = '%s' WHERE id = %d`, j.state, at, id))
			})
		}
		clock.Time = start().Add(31 * 24 * time.Hour)
		s.Prune(t.Context(), ledger.DefaultRetention)
		equal(t, "jobs left", jobIDs(t, s, job.Verify{}.Kind()), want)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for key, stays := range map[string]bool{"comment:lives": true, "comment:ended": false} {
				result, err := tx.ActionResult(ctx, key)
				if err != nil {
					return err
				}
				equal(t, key, result != "", stays)
			}
			return nil
		})
	})
}
