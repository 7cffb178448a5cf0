package deliver

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// acceptGaps does what a maintainer asks for with the check's button: the gaps that the check named are accepted.
func (w *Worker) acceptGaps(ctx context.Context, d ledger.Delivery, c command) error {
	role, err := w.Policies.Role(ctx, c.Repository, c.By)
	if err != nil {
		return err
	}
	if !respond.MayAccept(role) {
		w.Log.InfoContext(ctx, "only maintainers accept what was not read", "repository", w.Recorder.Named(c.Repository), "by", c.By, "role", role)
		return w.finish(ctx, d, "refused: only maintainers accept what was not read")
	}
	return w.finishWith(ctx, d, "accepted what was not read", func(ctx context.Context, tx Tx) error {
		once, err := tx.BeginOnce(ctx, fmt.Sprintf("command:%d:%s", c.Repository, bodyID(d)), ledger.Lease{Owner: d.GUID})
		if err != nil || !once.Finished.IsZero() {
			return err
		}
		repository, err := tx.Repository(ctx, c.Repository)
		if err != nil {
			return err
		}
		scans, err := tx.Scans(ctx, c.Repository, c.Head)
		if err != nil {
			return err
		}
		gaps, err := read.GapsOf(ctx, tx, repository, scans)
		if err != nil {
			return err
		}
		for _, g := range gaps {
			if !g.Accepted.IsZero() || g.At.After(d.Received) { // not what nobody can have seen yet
				continue
			}
			if err := tx.AcceptGap(ctx, g.ID, c.By); err != nil {
				return err
			}
			if err := read.EnqueueGapChecks(ctx, tx, c.Repository, g); err != nil {
				return err
			}
			w.Log.WarnContext(ctx, "a maintainer accepted what was not read", "repository", w.Recorder.Named(c.Repository), "by", c.By,
				"ref", g.Ref, "base", g.Base, "head", g.Head, "left", g.Reasons)
		}
		accepted := ledger.Activity{At: d.Received, By: c.By, Kind: ledger.ActivityAccept, What: "unread ranges", Detail: c.Head, Repository: c.Repository}
		if err := tx.RecordActivity(ctx, accepted); err != nil {
			return err
		}
		return tx.FinishAction(ctx, once, d.GUID)
	})
}
