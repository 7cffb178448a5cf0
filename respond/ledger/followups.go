package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// LeaksToFollowUp lists up to limit leaks whose time to be looked at has come, those that wait longest first.
func (tx *Tx) LeaksToFollowUp(ctx context.Context, limit int) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.look <> 0 AND l.look <= $1 ORDER BY l.look LIMIT $2`, tx.now, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: leaks to follow up: %w", err)
	}
	return list, nil
}

// PostponeFollowUp has a leak looked at no sooner than at a time, if it is to be looked at by then at all.
func (tx *Tx) PostponeFollowUp(ctx context.Context, leak int64, until time.Time) error {
	if _, err := tx.exec(ctx, `UPDATE leaks SET look = $2 WHERE id = $1 AND look <> 0 AND look < $2`, leak, until); err != nil {
		return fmt.Errorf("ledger: leak %d: %w", leak, err)
	}
	return nil
}
