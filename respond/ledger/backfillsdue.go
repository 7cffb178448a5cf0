package ledger

import (
	"context"
	"fmt"
	"time"
)

// A large installation has tens of thousands of histories to read. A few of them are queued at a time, those pushed to last
// first, and each that is over is followed by the next: so the queue holds no installation's histories before another's.

// RecordPush remembers when a repository was last pushed to; zero: never.
func (tx *Tx) RecordPush(ctx context.Context, repository int64, pushed time.Time) error {
	_, err := tx.exec(ctx, `UPDATE repositories SET pushed = $2 WHERE id = $1 AND pushed <> $2`, repository, pushed)
	if err != nil {
		return fmt.Errorf("ledger: last push of repository %d: %w", repository, err)
	}
	return nil
}

// BackfillsDue lists up to limit of an installation's repositories whose history has not been read, nor given up, and that have
// no job for it: those pushed to last first.
func (tx *Tx) BackfillsDue(ctx context.Context, installation int64, limit int) ([]int64, error) {
	return tx.ids(ctx, "histories to read", `SELECT r.id FROM repositories r
		WHERE r.installation = $1 AND r.backfilled = 0 AND r.removed = 0
			AND NOT EXISTS (SELECT 1 FROM backfills l WHERE l.repository = r.id AND l.phase = 'given up')
			AND NOT `+tx.s.queue.Conditions().BackfillQueued+`
		ORDER BY r.pushed DESC, r.id LIMIT $2`, installation, limit)
}

// BackfillsQueued counts the backfills of an installation's repositories that wait or run.
func (tx *Tx) BackfillsQueued(ctx context.Context, installation int64) (int, error) {
	var n int
	if _, err := one(ctx, tx, []any{&n}, `SELECT count(*) FROM repositories r WHERE r.installation = $1 AND `+tx.s.queue.Conditions().BackfillQueued, installation); err != nil {
		return 0, fmt.Errorf("ledger: histories in the queue: %w", err)
	}
	return n, nil
}
