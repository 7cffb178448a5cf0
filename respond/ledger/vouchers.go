package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Voucher says who wrote an entry of a policy's allow.fingerprints, and what that person could do then.
type Voucher struct {
	Entry string // the fingerprint with the day on which it expires: another day is another entry
	Login string // "" where a deploy key pushed it
	Role  respond.Role
	At    time.Time
}

// Vouch records who pushed entries to a repository's default branch. Of two pushes of one entry, as of one that was taken
// out meanwhile, the later counts, in whatever order they are recorded.
func (tx *Tx) Vouch(ctx context.Context, repository int64, vouchers []Voucher) error {
	for _, v := range vouchers {
		_, err := tx.exec(ctx, `INSERT INTO vouchers (repository, entry, login, role, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (repository, entry) DO UPDATE SET login = excluded.login, role = excluded.role, at = excluded.at
			WHERE excluded.at > vouchers.at`, repository, v.Entry, v.Login, v.Role, v.At)
		if err != nil {
			return fmt.Errorf("ledger: policy entry of repository %d: %w", repository, err)
		}
	}
	return nil
}

// Vouchers lists who wrote the entries of a repository's policy, by entry.
func (tx *Tx) Vouchers(ctx context.Context, repository int64) (map[string]Voucher, error) {
	known := map[string]Voucher{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var v Voucher
		err := scan(&v.Entry, &v.Login, &v.Role, into{&v.At})
		known[v.Entry] = v
		return err
	}, `SELECT entry, login, role, at FROM vouchers WHERE repository = $1`, repository)
	if err != nil {
		return nil, fmt.Errorf("ledger: policy entries of repository %d: %w", repository, err)
	}
	return known, nil
}
