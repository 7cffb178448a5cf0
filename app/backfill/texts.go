package backfill

import (
	"context"

	"github.com/rekey-app/rekey/respond/job"
)

// textsTx is how far the reading of texts is that were there before rekey; [texts.History] reads them.
type textsTx interface {
	TextsDue(ctx context.Context, installation int64, limit int) ([]int64, error)
	TextsQueued(ctx context.Context, installation int64) (int, error)
	ReopenTexts(ctx context.Context, installation int64) error
}

// textsWindow is how many readings of texts of an installation are queued at a time. They share one budget of requests.
const textsWindow = 4

// topUpTexts queues readings of texts that are due, as many as the window has room for.
func (w *Worker) topUpTexts(ctx context.Context, installation int64) error {
	var due []int64
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		queued, err := tx.TextsQueued(ctx, installation)
		if err == nil && queued < textsWindow {
			due, err = tx.TextsDue(ctx, installation, textsWindow-queued)
		}
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		for _, id := range due {
			if err := enqueueTexts(ctx, tx, installation, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func enqueueTexts(ctx context.Context, tx Tx, installation, repository int64) error {
	return tx.EnqueueOnce(ctx, job.TextHistory{Installation: installation, Repository: repository}, nil)
}

// textsAfter queues the reading of a repository's texts, whose history of git was read, unless enough others are queued.
func textsAfter(ctx context.Context, tx Tx, installation, repository int64) error {
	queued, err := tx.TextsQueued(ctx, installation)
	if err != nil || queued >= textsWindow {
		return err
	}
	return enqueueTexts(ctx, tx, installation, repository)
}
