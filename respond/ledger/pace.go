package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pace is what the processes on one database keep in common of GitHub's limits. It is safe for concurrent use.
//
// On SQLite there is one process: it counts its writes in memory, and only what GitHub told is kept for the next one.
type Pace struct{ s *Store }

// Pace returns what this store's processes have in common.
func (s *Store) Pace() Pace { return Pace{s} }

// Take takes one of a rate that lets burst through at once, then one in each pause; force, also where none is left. It returns
// zero, or when the next one may be taken.
func (p Pace) Take(ctx context.Context, installation int64, rate string, burst int, pause time.Duration, force bool) (time.Time, error) {
	if p.s.pool == nil {
		return time.Time{}, nil
	}
	ahead := time.Duration(burst-1) * pause
	var at time.Time
	// Two processes take at the same time: a statement of its own waits for the other's row, and fails for no other reason.
	err := p.s.update(ctx, pgx.ReadCommitted, func(ctx context.Context, tx *Tx) error {
		latest := tx.now.Add(ahead) // a bucket that reaches further is empty
		if force {
			latest = tx.now.Add(24 * time.Hour)
		}
		at = time.Time{}
		n, err := tx.exec(ctx, `INSERT INTO paces (installation, rate, next) VALUES ($1, $2, $3)
			ON CONFLICT (installation, rate) DO UPDATE
			SET next = CASE WHEN paces.next < $4 THEN $4 ELSE paces.next END + $5 WHERE paces.next <= $6`,
			installation, rate, tx.now.Add(pause), tx.now, pause, latest)
		if err != nil || n == 1 {
			return err
		}
		var next time.Time
		_, err = one(ctx, tx, []any{into{&next}}, `SELECT next FROM paces WHERE installation = $1 AND rate = $2`, installation, rate)
		at = next.Add(-ahead)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("ledger: turn of installation %d for %s: %w", installation, rate, err)
	}
	return at, nil
}

// SetCooldown remembers that GitHub told an installation to wait with what the scope names.
func (p Pace) SetCooldown(ctx context.Context, installation int64, scope string, until time.Time) error {
	err := p.s.update(ctx, pgx.ReadCommitted, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.exec(ctx, `DELETE FROM closures WHERE until < $1`, tx.now); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `INSERT INTO closures (installation, scope, until) VALUES ($1, $2, $3)
			ON CONFLICT (installation, scope) DO UPDATE SET until = excluded.until WHERE closures.until < excluded.until`,
			installation, scope, until)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: limit of installation %d: %w", installation, err)
	}
	return nil
}

// Cooldowns calls show for each cooldown of any process that is not over.
func (p Pace) Cooldowns(ctx context.Context, show func(installation int64, scope string, until time.Time)) error {
	err := p.s.View(ctx, func(ctx context.Context, tx *Tx) error {
		return each(ctx, tx, func(scan func(...any) error) error {
			var installation int64
			var scope string
			var until time.Time
			err := scan(&installation, &scope, into{&until})
			if err == nil {
				show(installation, scope, until)
			}
			return err
		}, `SELECT installation, scope, until FROM closures WHERE until > $1 ORDER BY installation, scope`, tx.now)
	})
	if err != nil {
		return fmt.Errorf("ledger: limits: %w", err)
	}
	return nil
}
