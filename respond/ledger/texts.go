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
