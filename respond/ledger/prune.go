package ledger

import (
	"context"
	"fmt"
	"time"
)

const (
	// keepDeliveries is longer than GitHub redelivers, so that a late redelivery is known.
	keepDeliveries = 10 * 24 * time.Hour
	// keepActions is longer than any job lives that would do again what an action says is done.
	keepActions = 90 * 24 * time.Hour
	pruneBatch  = 1000
)

// pruner forgets up to limit rows that are of no use any more, and returns how many they were.
type pruner struct {
	what   string
	forget func(ctx context.Context, tx *Tx, limit int) (int64, error)
}

func pruners() []pruner {
	return []pruner{
		{"deliveries", func(ctx context.Context, tx *Tx, limit int) (int64, error) {
			return tx.PruneDeliveries(ctx, tx.now.Add(-keepDeliveries), limit)
		}},
		{"effects", func(ctx context.Context, tx *Tx, limit int) (int64, error) {
			return tx.PruneActions(ctx, tx.now.Add(-keepActions), limit)
		}},
		{"keys of jobs", func(ctx context.Context, tx *Tx, limit int) (int64, error) {
			return tx.s.queue.PruneKeys(ctx, tx, limit)
		}},
	}
}

// Prune forgets all that is of no use any more. What fails is tried again the next time.
func (s *Store) Prune(ctx context.Context) {
	for _, p := range pruners() {
		if err := s.pruneOne(ctx, p); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "old "+p.what+" could not be deleted", "error", err)
		}
	}
}

func (s *Store) pruneOne(ctx context.Context, p pruner) error {
	for n := int64(pruneBatch); n == pruneBatch; {
		err := s.Update(ctx, func(ctx context.Context, tx *Tx) (err error) {
			n, err = p.forget(ctx, tx, pruneBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// PruneDeliveries forgets up to limit deliveries received before a time that are finished, or whose jobs have died, and
// returns how many they were. GitHub redelivers for 3 days (GitHub Enterprise Server: 7): a delivery forgotten earlier would
// be taken for a new one.
func (tx *Tx) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int64, error) {
	n, err := tx.exec(ctx, `DELETE FROM deliveries WHERE id IN (
		SELECT d.id FROM deliveries d WHERE d.received < $1 AND (d.finished <> 0 OR NOT (`+tx.s.queue.Conditions(tx).DeliveryLives+`))
		ORDER BY d.received LIMIT $2)`, before, limit)
	if err != nil {
		return 0, fmt.Errorf("ledger: forget deliveries: %w", err)
	}
	return n, nil
}

// PruneActions forgets up to limit effects that began before a time and of which nothing is open, and returns how many they
// were.
func (tx *Tx) PruneActions(ctx context.Context, before time.Time, limit int) (int64, error) {
	n, err := tx.exec(ctx, `DELETE FROM actions WHERE key IN (
		SELECT key FROM actions WHERE begun < $1 AND (finished <> 0 OR sending = 0) LIMIT $2)`, before, limit)
	if err != nil {
		return 0, fmt.Errorf("ledger: forget effects: %w", err)
	}
	return n, nil
}
