package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// SetTip records what a ref pointed to at a time, zero for now. All that it reaches must have been read. What is known of the ref from later stays,
// its deletion too.
func (tx *Tx) SetTip(ctx context.Context, repository int64, ref, sha string, asOf time.Time) error {
	if _, err := tx.moveTip(ctx, repository, ref, sha, asOf); err != nil {
		return err
	}
	return tx.RecordRead(ctx, repository, sha)
}

// moveTip reports whether nothing later was known of the ref.
func (tx *Tx) moveTip(ctx context.Context, repository int64, ref, sha string, asOf time.Time) (moved bool, err error) {
	if asOf.IsZero() {
		asOf = tx.now
	}
	n, err := tx.exec(ctx, `INSERT INTO tips (repository, ref, sha, seen, as_of) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (repository, ref) DO UPDATE SET sha = excluded.sha, seen = excluded.seen, as_of = excluded.as_of
		WHERE tips.as_of <= excluded.as_of OR tips.as_of > $6`, repository, []byte(ref), sha, tx.now, asOf, tx.future())
	if err != nil {
		return false, explain(fmt.Errorf("ledger: tip of repository %d: %w", repository, err))
	}
	return n > 0, nil
}

// keepDeletedTips is longer than what GitHub's delivery log goes back: a push may be recovered after its ref was deleted.
const keepDeletedTips = 10 * 24 * time.Hour

// DeleteTip records that a ref was deleted at a time. What is known of it from later stays. It is no error if the ref was not known.
func (tx *Tx) DeleteTip(ctx context.Context, repository int64, ref string, asOf time.Time) error {
	deleted, err := tx.moveTip(ctx, repository, ref, "", asOf)
	if err != nil || !deleted {
		return err
	}
	if err := tx.RecordFullyRead(ctx, repository, ref); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `DELETE FROM tips WHERE repository = $1 AND sha = '' AND as_of < $2`, repository, tx.now.Add(-keepDeletedTips))
	if err != nil {
		return fmt.Errorf("ledger: deleted refs of repository %d: %w", repository, err)
	}
	return nil
}

// MovedSince reports whether the ref is known to have moved, or to have been deleted, after a time.
func (tx *Tx) MovedSince(ctx context.Context, repository int64, ref string, asOf time.Time) (bool, error) {
	var n int
	_, err := one(ctx, tx, []any{&n}, `SELECT count(*) FROM tips WHERE repository = $1 AND ref = $2 AND as_of > $3 AND as_of <= $4`,
		repository, []byte(ref), asOf, tx.future())
	if err != nil {
		return false, fmt.Errorf("ledger: tip of repository %d: %w", repository, err)
	}
	return n > 0, nil
}

// Tip returns what a ref points to, "" where that is not known, or the ref was deleted.
func (tx *Tx) Tip(ctx context.Context, repository int64, ref string) (sha string, err error) {
	if _, err := one(ctx, tx, []any{&sha}, `SELECT sha FROM tips WHERE repository = $1 AND ref = $2`, repository, []byte(ref)); err != nil {
		return "", fmt.Errorf("ledger: tip of repository %d: %w", repository, err)
	}
	return sha, nil
}

// Tips lists up to limit refs of a repository, those that moved last first.
func (tx *Tx) Tips(ctx context.Context, repository int64, limit int) ([]respond.Tip, error) {
	var list []respond.Tip
	err := each(ctx, tx, func(scan func(...any) error) error {
		var t respond.Tip
		err := scan(into{&t.Ref}, &t.SHA, into{&t.Seen})
		list = append(list, t)
		return err
	}, `SELECT ref, sha, seen FROM tips WHERE repository = $1 AND sha <> '' ORDER BY seen DESC, ref LIMIT $2`, repository, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: tips of repository %d: %w", repository, err)
	}
	return list, nil
}
