package deliver

import (
	"context"
	"errors"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// issueMove is an issue that somebody transferred to another repository.
type issueMove struct {
	From     int64
	Number   int
	To       webhook.Repository
	ToNumber int
	ToURL    string
}

func moveOf(e *webhook.Issues) *issueMove {
	return &issueMove{
		From: e.Repository.ID, Number: e.Issue.Number, To: e.MovedTo, ToNumber: e.MovedNumber, ToURL: e.MovedURL,
	}
}

// issueMoved follows a leak's issue to where it was transferred. Where the App cannot follow, or the issue would name a
// private repository in public, the leak gets another one at home.
func (w *Worker) issueMoved(ctx context.Context, installation int64, m issueMove) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		leak, err := tx.LeakByIssue(ctx, m.From, m.Number)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		source, err := tx.Repository(ctx, leak.Repository)
		if err != nil {
			return err
		}
		there, err := tx.Repository(ctx, m.To.ID)
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		if !follows(m, source, there, installation) {
			w.Log.WarnContext(ctx, "an issue was transferred out of reach: filing another one", "repository", source.Owner+"/"+source.Name,
				"to", m.To.Owner+"/"+m.To.Name)
			return record.ForgetIssue(ctx, tx, leak)
		}
		leak.IssueRepository, leak.IssueNumber, leak.IssueURL, leak.IssueDigest = there.ID, m.ToNumber, m.ToURL, ""
		if err := tx.UpdateLeak(ctx, leak, respond.Event{}); err != nil {
			return err
		}
		if err := record.EnqueueChecks(ctx, tx, leak); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Issue{Leak: leak.ID}, nil)
	})
}

// follows reports whether a leak's issue may stay where it was transferred to. there is zero where the App does not reach
// it.
func follows(m issueMove, source, there respond.Repository, installation int64) bool {
	return m.ToNumber != 0 && there.ID != 0 && there.Installation == installation && (there.Private || !source.Private)
}

// scanThere scans a repository where it was when the event came; and where that installation does not reach it any more, where it is now.
func (w *Worker) scanThere(ctx context.Context, j *river.Job[job.Delivery], t *read.Task) (note string, err error) {
	asked := *t
	note, err = w.tryScan(ctx, j, t)
	if !errors.Is(err, github.ErrUninstalled) && !errors.Is(err, github.ErrOutOfReach) && !errors.Is(err, github.ErrNotFound) {
		return note, err
	}
	repository, found, lookup := w.Recorder.Repository(ctx, t.Repository.ID)
	if lookup != nil || !found || repository.Installation == t.Repository.Installation {
		return note, err
	}
	*t = asked
	t.Repository = record.Target(repository)
	return w.tryScan(ctx, j, t)
}
