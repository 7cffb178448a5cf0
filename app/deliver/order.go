package deliver

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// Order does what a person asked for on the dashboard: what the check's buttons and comments do, by the same decision. GitHub is asked
// what the person may do now, whatever the page thought.
func (w *Worker) Order(ctx context.Context, j *river.Job[job.Order]) error {
	order := j.Args
	leak, p, found, err := w.Policies.OfLeak(ctx, order.Leak)
	if err != nil || !found {
		return err
	}
	given, err := w.entitled(ctx, []respond.Leak{leak}, p, respond.Command{
		Kind: order.Command, Reason: w.Scanner.RedactString(ctx, order.Reason), By: order.By, ID: order.ID, At: time.UnixMicro(order.At).UTC(),
	})
	if err != nil {
		return err
	}
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return w.applyOnce(ctx, tx, leak.Repository, []respond.Leak{leak}, p, given, outcome.Owner(j.JobRow))
	})
	if err == nil {
		w.Log.InfoContext(ctx, "command from the dashboard applied", "command", order.Command, "leak", leak.ID, "by", order.By, "role", given.Role)
	}
	return err
}
