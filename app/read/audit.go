package read

import (
	"context"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// enqueueAudit queues the audits that a scan gives cause for, behind all that anybody waits for.
func enqueueAudit(ctx context.Context, tx Tx, t *Task, scan respond.Scan, r respond.Repository) error {
	if scan.Head == "" {
		return nil // a tag that names no commit
	}
	known, uses, err := tx.AuditKnown(ctx, r.ID)
	if err != nil {
		return err
	}
	wanted := respond.WantsAudit(scan, r.DefaultBranch, known, uses, t.Names)
	if wanted.Head {
		if t.Again {
			if err := tx.ForgetAuditText(ctx, r.ID, scan.Head); err != nil {
				return err
			}
		}
		if err := tx.Enqueue(ctx, job.Audit{Repository: r.ID, Head: scan.Head}, nil); err != nil {
			return err
		}
	}
	if wanted.Default {
		return tx.Enqueue(ctx, job.Audit{Repository: r.ID}, nil)
	}
	return nil
}
