package ledger

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/respond"
)

// OutsideLeaks lists up to limit open leaks from outside that scans of a pull request saw, the newest first.
func (tx *Tx) OutsideLeaks(ctx context.Context, repository int64, pull, limit int) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.repository = $1 AND l.outside = 1 AND `+isOpen+` AND EXISTS (
			SELECT 1 FROM sightings s JOIN scan_sightings x ON x.sighting = s.id JOIN scans c ON c.id = x.scan
			WHERE s.leak = l.id AND c.repository = $1 AND c.pull_number = $2)
		ORDER BY l.id DESC LIMIT $3`, repository, pull, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: leaks of pull request %d: %w", pull, err)
	}
	return list, nil
}

// AdmitLeak makes a leak from outside, with all its places, one of the repository, detected now. It does nothing to
// others.
func (tx *Tx) AdmitLeak(ctx context.Context, leak int64) error {
	_, err := tx.exec(ctx, `UPDATE sightings SET outside = 0 WHERE leak = $1 AND outside = 1`, leak)
	var places []respond.Sighting
	if err == nil {
		places, err = tx.Sightings(ctx, leak, maxPaths)
	}
	if err == nil {
		paths := make([]string, len(places))
		for i, s := range places {
			paths[i] = s.Path
		}
		err = tx.addPaths(ctx, leak, paths)
	}
	if err == nil {
		_, err = tx.exec(ctx, `UPDATE leaks SET outside = 0, detected = $2 WHERE id = $1 AND outside = 1`, leak, tx.now)
	}
	if err != nil {
		return fmt.Errorf("ledger: admit leak %d: %w", leak, err)
	}
	return nil
}
