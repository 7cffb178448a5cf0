package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// TakeLease takes the work of a name, which one process at a time does, or takes it for longer. It reports false while another owner
// has it. A lease that is not taken again ends by itself, so whoever has one must bear that another one begins while it stands still.
// All who take a lease take it for as long: one that lasts longer than that from now was taken before the clock was set back, and has ended.
func (s *Store) TakeLease(ctx context.Context, name, owner string, last time.Duration) (taken bool, err error) {
	err = s.update(ctx, pgx.ReadCommitted, func(ctx context.Context, tx *Tx) error {
		n, err := tx.exec(ctx, `INSERT INTO leases (name, owner, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
			WHERE leases.owner = excluded.owner OR leases.until <= $4 OR leases.until > $5`,
			name, owner, tx.now.Add(last), tx.now, tx.future().Add(last))
		taken = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ledger: lease of %s: %w", name, err)
	}
	return taken, nil
}

// EndLease gives a lease back. It is no error if the owner does not have it any more.
func (s *Store) EndLease(ctx context.Context, name, owner string) error {
	err := s.update(ctx, pgx.ReadCommitted, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM leases WHERE name = $1 AND owner = $2`, name, owner)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: lease of %s: %w", name, err)
	}
	return nil
}
