package ledger

import (
	"context"
	"fmt"
	"time"
)

// SweepDue lists up to limit repositories whose history has been read and whose refs were not compared with the recorded
// tips since then, those that wait longest first; for the zero time, those that had been removed and came back. Archived ones are
// left out: nothing moves there.
func (tx *Tx) SweepDue(ctx context.Context, since time.Time, limit int) ([]int64, error) {
	return tx.ids(ctx, "repositories to sweep", `SELECT r.id FROM repositories r JOIN installations i ON i.id = r.installation
		WHERE r.backfilled <> 0 AND r.swept < $1 AND r.archived = 0 AND r.removed = 0 AND i.suspended = 0
		ORDER BY r.swept, r.id LIMIT $2`, since, limit)
}

// RecordSweep remembers that a repository's refs were compared now, or that a job to do so is queued.
func (tx *Tx) RecordSweep(ctx context.Context, repository int64) error {
	if _, err := tx.exec(ctx, `UPDATE repositories SET swept = $2 WHERE id = $1`, repository, tx.now); err != nil {
		return fmt.Errorf("ledger: sweep of repository %d: %w", repository, err)
	}
	return nil
}

// Installations lists the ids of the installations that are neither suspended nor removed.
func (tx *Tx) Installations(ctx context.Context) ([]int64, error) {
	return tx.ids(ctx, "installations", `SELECT id FROM installations WHERE suspended = 0 AND removed = 0 ORDER BY id`)
}

func (tx *Tx) ids(ctx context.Context, what, statement string, args ...any) ([]int64, error) {
	var list []int64
	err := each(ctx, tx, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		list = append(list, id)
		return err
	}, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: %s: %w", what, err)
	}
	return list, nil
}
