package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// maxWatched is how many leaks one event has looked at.
const maxWatched = 50

// queueFiles has read what an event announces and does not hold, and has looked at leaks that may be gone from where they were.
func queueFiles(ctx context.Context, tx Tx, repository int64, p plan) error {
	for _, j := range p.Queue {
		if err := tx.Enqueue(ctx, j, nil); err != nil {
			return err
		}
	}
	if p.Watch == "" {
		return nil
	}
	leaks, err := tx.LeaksIn(ctx, repository, p.Watch, 0, maxWatched)
	for _, leak := range leaks {
		if err := tx.Enqueue(ctx, job.Texts{Leak: leak, Now: true}, nil); err != nil {
			return err
		}
	}
	return err
}

// How many runs of an installation have their logs read: LogsBurst at once, then one in each LogsPause, so 500 an hour. Each costs one of the
// 5,000 requests that GitHub allows an installation in an hour. Those for which there is no turn within LogsWithin are not read.
const (
	LogsBurst  = 50
	LogsPause  = 7200 * time.Millisecond
	LogsWithin = 24 * time.Hour
)

const (
	logsRate = "logs" // as [ledger.Tx.TakeTurn] knows it
	noLogs   = "ignored: the policy doesn't have logs read"
)

// queueLogs has the logs of a run read where the policy wants that, when the installation's turn for it comes.
func (w *Worker) queueLogs(ctx context.Context, d ledger.Delivery, l job.Logs) error {
	in, there, err := w.Recorder.Repository(ctx, l.Repository)
	if err != nil {
		return err
	}
	if !there {
		return w.finish(ctx, d, deletedMeanwhile)
	}
	p, err := w.Policies.Lately(ctx, in)
	if err != nil {
		return err
	}
	if !p.Texts.Logs {
		return w.finish(ctx, d, noLogs)
	}
	at, ok := time.Time{}, false
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		at, ok, err = tx.TakeTurn(ctx, in.Installation, logsRate, LogsBurst, LogsPause, LogsWithin)
		if err == nil && !ok {
			err = w.tellSkipped(ctx, tx, in)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !ok {
		return w.finish(ctx, d, "the run's logs are not read: too many wait already")
	}
	return w.finishWith(ctx, d, "the run's logs are read in their turn", func(ctx context.Context, tx Tx) error {
		return tx.Enqueue(ctx, l, &river.InsertOpts{ScheduledAt: at})
	})
}

// tellSkipped says, once an hour, that logs of an installation are not read.
func (w *Worker) tellSkipped(ctx context.Context, tx Tx, in respond.Repository) error {
	hour := tx.Now().Truncate(time.Hour)
	once, err := tx.BeginOnce(ctx, fmt.Sprintf("queued:logs:%d:%d", in.Installation, hour.Unix()), ledger.Lease{Owner: "queue"})
	if err != nil || once.Token == 0 {
		return err
	}
	w.Log.WarnContext(ctx, "logs of Actions are not read: more runs end than an hour's budget is for", "installation", in.Installation, "repository", in.FullName())
	err = tx.RecordActivity(ctx, ledger.Activity{
		By: respond.Self, Kind: ledger.ActivityScan, What: "left", Repository: in.ID,
		Detail: "logs of GitHub Actions: more runs end than rekey reads in a day, here and in the account's other repositories",
	})
	return errors.Join(err, tx.FinishAction(ctx, once, "told"))
}
