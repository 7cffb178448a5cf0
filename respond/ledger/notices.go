package ledger

import (
	"context"
	"fmt"
	"time"
)

// Notice is an event that waits for a target's next digest.
type Notice struct {
	ID    int64
	Event []byte
}

// noticesKept is how long it is remembered that a target was told, for counting.
const noticesKept = 24 * time.Hour

// CountNotices counts what a target was told since then, of a repository and in all. What waits for a digest is not counted.
func (tx *Tx) CountNotices(ctx context.Context, target string, repository int64, since time.Time) (ofRepository, inAll int, err error) {
	_, err = one(ctx, tx, []any{&ofRepository, &inAll},
		`SELECT CAST(COALESCE(SUM(CASE WHEN repository = $2 THEN 1 ELSE 0 END), 0) AS BIGINT), count(*)
		FROM notices WHERE target = $1 AND at >= $3 AND waits = 0`, target, repository, since)
	if err != nil {
		return 0, 0, fmt.Errorf("ledger: notices of %s: %w", target, err)
	}
	return ofRepository, inAll, nil
}

// RecordNotice records that a target is told of something in a repository. An event that waits for the next digest is kept
// until [Tx.ForgetNotices].
func (tx *Tx) RecordNotice(ctx context.Context, target string, repository int64, waiting []byte) error {
	_, err := tx.exec(ctx, `INSERT INTO notices (target, repository, event, waits, at) VALUES ($1, $2, $3, $4, $5)`,
		target, repository, waiting, waiting != nil, tx.now)
	if err == nil {
		_, err = tx.exec(ctx, `DELETE FROM notices WHERE waits = 0 AND at < $1`, tx.now.Add(-noticesKept))
	}
	if err != nil {
		return fmt.Errorf("ledger: notice for %s: %w", target, err)
	}
	return nil
}

// WaitingNotices lists up to limit notices that wait for a target's digest, oldest first.
func (tx *Tx) WaitingNotices(ctx context.Context, target string, limit int) ([]Notice, error) {
	var list []Notice
	err := each(ctx, tx, func(scan func(...any) error) error {
		var n Notice
		err := scan(&n.ID, &n.Event)
		list = append(list, n)
		return err
	}, `SELECT id, event FROM notices WHERE target = $1 AND waits <> 0 ORDER BY id LIMIT $2`, target, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: digest for %s: %w", target, err)
	}
	return list, nil
}

// ForgetNotices forgets what waited for a target's digest, up to an id.
func (tx *Tx) ForgetNotices(ctx context.Context, target string, last int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM notices WHERE target = $1 AND waits <> 0 AND id <= $2`, target, last); err != nil {
		return fmt.Errorf("ledger: digest for %s: %w", target, err)
	}
	return nil
}
