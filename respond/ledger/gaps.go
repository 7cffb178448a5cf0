package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/respond"
)

// RecordGap records that what was last left unread of a ref is not tried again by itself, and forgets that it is to be.
func (tx *Tx) RecordGap(ctx context.Context, repository int64, ref, base, head string, reasons []string) error {
	_, err := tx.exec(ctx, `INSERT INTO gaps (repository, ref, base, head, reasons, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		repository, []byte(ref), base, head, reasons, tx.now)
	if err != nil {
		return explain(fmt.Errorf("ledger: unread range of repository %d: %w", repository, err))
	}
	return tx.RecordFullyRead(ctx, repository, ref)
}

// Gaps lists a repository's unread ranges, accepted ones too, oldest first.
func (tx *Tx) Gaps(ctx context.Context, repository int64) ([]respond.Gap, error) {
	var list []respond.Gap
	err := each(ctx, tx, func(scan func(...any) error) error {
		var g respond.Gap
		err := scan(&g.ID, into{&g.Ref}, &g.Base, &g.Head, into{&g.Reasons}, into{&g.At}, into{&g.Accepted}, &g.AcceptedBy)
		list = append(list, g)
		return err
	}, `SELECT id, ref, base, head, reasons, at, accepted, accepted_by FROM gaps WHERE repository = $1 ORDER BY id`, repository)
	if err != nil {
		return nil, fmt.Errorf("ledger: unread ranges of repository %d: %w", repository, err)
	}
	return list, nil
}

// AcceptGap records that a maintainer takes the risk of what was not read. An accepted one stays as it is.
func (tx *Tx) AcceptGap(ctx context.Context, id int64, login string) error {
	_, err := tx.exec(ctx, `UPDATE gaps SET accepted = $2, accepted_by = $3 WHERE id = $1 AND accepted = 0`, id, tx.now, login)
	if err != nil {
		return fmt.Errorf("ledger: unread range %d: %w", id, err)
	}
	return nil
}

// CloseGap forgets a range that was read after all.
func (tx *Tx) CloseGap(ctx context.Context, id int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM gaps WHERE id = $1`, id); err != nil {
		return fmt.Errorf("ledger: unread range %d: %w", id, err)
	}
	return nil
}

// HeadsOn lists heads that a ref had, by its last limit scans, the latest first.
func (tx *Tx) HeadsOn(ctx context.Context, repository int64, ref string, limit int) ([]string, error) {
	var list []string
	err := each(ctx, tx, func(scan func(...any) error) error {
		var head string
		err := scan(&head)
		if !slices.Contains(list, head) {
			list = append(list, head)
		}
		return err
	}, `SELECT head FROM scans WHERE repository = $1 AND ref = $2 AND event IN ('push', 'sweep') ORDER BY id DESC LIMIT $3`,
		repository, []byte(ref), limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: heads of a ref of repository %d: %w", repository, err)
	}
	return list, nil
}
