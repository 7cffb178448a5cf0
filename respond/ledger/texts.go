package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// TextsOf lists up to limit sightings of a leak in texts on GitHub that are not gone, in the order in which they were recorded.
func (tx *Tx) TextsOf(ctx context.Context, leak int64, limit int) ([]respond.Sighting, error) {
	list, err := tx.sightings(ctx, `WHERE s.leak = $1 AND s.field <> '' AND s.gone = 0 ORDER BY s.id LIMIT $2`, leak, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: texts of leak %d: %w", leak, err)
	}
	return list, nil
}

// SaveText records what became of the text of a sighting: whether only an earlier version holds the key, and when it was seen to be gone; zero:
// it is there. It reports whether that is news.
func (tx *Tx) SaveText(ctx context.Context, sighting int64, former bool, gone time.Time) (news bool, err error) {
	n, err := tx.exec(ctx, `UPDATE sightings SET former = $2, gone = $3 WHERE id = $1 AND gone = 0 AND (former <> $2 OR CAST($3 AS BIGINT) <> 0)`, sighting, former, gone)
	if err != nil {
		return false, fmt.Errorf("ledger: text of sighting %d: %w", sighting, err)
	}
	return n > 0, nil
}

// SaveMask records that rekey masked the leak of a sighting in its text, or for a zero time why it did not. It reports whether that is news.
func (tx *Tx) SaveMask(ctx context.Context, sighting int64, at time.Time, why respond.Kept) (news bool, err error) {
	n, err := tx.exec(ctx, `UPDATE sightings SET kept = $3, masked = CASE WHEN CAST($2 AS BIGINT) <> 0 THEN $2 ELSE masked END,
			former = CASE WHEN CAST($2 AS BIGINT) <> 0 THEN 1 ELSE former END
		WHERE id = $1 AND (kept <> $3 OR CAST($2 AS BIGINT) <> 0)`, sighting, at, why)
	if err != nil {
		return false, fmt.Errorf("ledger: mask of sighting %d: %w", sighting, err)
	}
	return n > 0, nil
}

// InText lists up to limit sightings in one text of a repository, in the order in which they were recorded.
func (tx *Tx) InText(ctx context.Context, repository int64, nodeID string, limit int) ([]respond.Sighting, error) {
	list, err := tx.sightings(ctx, `JOIN leaks l ON l.id = s.leak WHERE l.repository = $1 AND s.node_id = $2 AND s.node_id <> '' AND s.outside = 0 ORDER BY s.id LIMIT $3`,
		repository, nodeID, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: text %s: %w", nodeID, err)
	}
	return list, nil
}

// Masked counts the texts in which a leak's key was masked.
func (tx *Tx) Masked(ctx context.Context, leak int64) (n int, err error) {
	if _, err = one(ctx, tx, []any{&n}, `SELECT count(*) FROM sightings WHERE leak = $1 AND masked <> 0`, leak); err != nil {
		return 0, fmt.Errorf("ledger: masks of leak %d: %w", leak, err)
	}
	return n, nil
}
