package record

import (
	"context"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// ForgetIssue takes a deleted issue from its leak, and files another one if it is still of use.
func ForgetIssue(ctx context.Context, tx Tx, leak respond.Leak) error {
	leak.IssueRepository, leak.IssueNumber, leak.IssueURL, leak.IssueDigest = 0, 0, "", ""
	if err := tx.UpdateLeak(ctx, leak, respond.Event{}); err != nil {
		return err
	}
	return tx.Enqueue(ctx, job.Issue{Leak: leak.ID}, nil)
}

// EnqueueChecks brings all check runs up to date that show the leak.
func EnqueueChecks(ctx context.Context, tx Tx, leak respond.Leak) error {
	heads, err := HeadsOf(ctx, tx, leak.ID)
	if err != nil {
		return err
	}
	for _, head := range heads {
		if err := tx.Enqueue(ctx, job.Check{Repository: leak.Repository, Head: head}, nil); err != nil {
			return err
		}
	}
	return nil
}
