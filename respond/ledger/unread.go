package ledger

import (
	"context"
	"fmt"
	"time"
)

// Unread says that not all of what a ref reaches could be judged.
type Unread struct {
	Ref      string // "" for the repository's whole history
	SHA      string // what the ref pointed to
	Reasons  []string
	Attempts int // readings that left something, one after the other
	Tried    time.Time
}

// RecordUnread records that reading a ref as far as sha left something unjudged, and returns what is known of it now.
func (tx *Tx) RecordUnread(ctx context.Context, repository int64, ref, sha string, reasons []string) (Unread, error) {
	u := Unread{Ref: ref, SHA: sha, Reasons: reasons, Tried: tx.now}
	_, err := one(ctx, tx, []any{&u.Attempts}, `INSERT INTO unread (repository, ref, sha, reasons, attempts, tried) VALUES ($1, $2, $3, $4, 1, $5)
		ON CONFLICT (repository, ref) DO UPDATE SET sha = excluded.sha, reasons = excluded.reasons, attempts = unread.attempts + 1,
			tried = excluded.tried
		RETURNING attempts`, repository, []byte(ref), sha, reasons, tx.now)
	if err != nil {
		return Unread{}, explain(fmt.Errorf("ledger: unread ref of repository %d: %w", repository, err))
	}
	return u, nil
}

// RecordFullyRead records that nothing of a ref waits to be read again: a reading left nothing, and what earlier ones left was
// read with it; or it is a [Gap] now.
func (tx *Tx) RecordFullyRead(ctx context.Context, repository int64, ref string) error {
	_, err := tx.exec(ctx, `DELETE FROM unread WHERE repository = $1 AND ref = $2`, repository, []byte(ref))
	if err != nil {
		return fmt.Errorf("ledger: unread ref of repository %d: %w", repository, err)
	}
	return nil
}

// Unread lists the refs of a repository of which not all could be judged, by name.
func (tx *Tx) Unread(ctx context.Context, repository int64) ([]Unread, error) {
	var list []Unread
	err := each(ctx, tx, func(scan func(...any) error) error {
		var u Unread
		err := scan(into{&u.Ref}, &u.SHA, into{&u.Reasons}, &u.Attempts, into{&u.Tried})
		list = append(list, u)
		return err
	}, `SELECT ref, sha, reasons, attempts, tried FROM unread WHERE repository = $1 ORDER BY ref`, repository)
	if err != nil {
		return nil, fmt.Errorf("ledger: unread refs of repository %d: %w", repository, err)
	}
	return list, nil
}

// Fingerprints returns the fingerprints of a repository's leaks.
func (tx *Tx) Fingerprints(ctx context.Context, repository int64) (map[string]bool, error) {
	known := map[string]bool{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var fingerprint string
		err := scan(&fingerprint)
		known[fingerprint] = true
		return err
	}, `SELECT fingerprint FROM leaks WHERE repository = $1`, repository)
	if err != nil {
		return nil, fmt.Errorf("ledger: leaks of repository %d: %w", repository, err)
	}
	return known, nil
}
