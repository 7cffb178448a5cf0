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
	pruneEvery  = 10 * time.Minute
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
		{"keys of jobs", func(ctx context.Context, tx *Tx, limit int) (int64, error) { return tx.PruneKeys(ctx, limit) }},
	}
}

func (s *Store) prune(ctx context.Context) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.pruneAll(ctx)
	}
}

// pruneAll forgets all that is of no use any more. What fails is tried again the next time.
func (s *Store) pruneAll(ctx context.Context) {
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
		SELECT d.id FROM deliveries d WHERE d.received < $1 AND (d.finished <> 0 OR NOT EXISTS (
			SELECT 1 FROM river_job j WHERE j.kind = 'delivery' AND j.state NOT IN ('completed', 'cancelled', 'discarded')
				AND `+tx.jobArg("guid")+` = d.guid))
		ORDER BY d.received LIMIT $2)`, before, limit)
	if err != nil {
		return 0, fmt.Errorf("ledger: forget deliveries: %w", err)
	}
	return n, nil
}

// jobArg is an argument of job j, in SQL.
func (tx *Tx) jobArg(name string) string {
	if tx.pg != nil {
		return `j.args->>'` + name + `'`
	}
	return `json_extract(j.args, '$.` + name + `')`
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

// PruneKeys forgets up to limit keys of which no job waits or runs, and returns how many they were.
func (tx *Tx) PruneKeys(ctx context.Context, limit int) (int64, error) {
	n, err := tx.exec(ctx, `DELETE FROM keyed_jobs WHERE (kind, key) IN (
		SELECT k.kind, k.key FROM keyed_jobs k WHERE NOT EXISTS (
			SELECT 1 FROM river_job j WHERE j.id IN (k.waiting, k.running) AND j.state NOT IN ('completed', 'cancelled', 'discarded'))
		LIMIT $1)`, limit)
	if err != nil {
		return 0, fmt.Errorf("ledger: forget keys of jobs: %w", err)
	}
	return n, nil
}
