package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// UpsertInstallation records an installation as it was at a time, zero for now, also one that had been removed before. What is known
// from later stays.
func (tx *Tx) UpsertInstallation(ctx context.Context, i respond.Installation, asOf time.Time) error {
	if asOf.IsZero() {
		asOf = tx.now
	}
	_, err := tx.exec(ctx, `INSERT INTO installations (id, account_id, account, suspended, as_of) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET account_id = excluded.account_id, account = excluded.account, suspended = excluded.suspended,
			as_of = excluded.as_of, removed = 0 WHERE installations.as_of <= excluded.as_of OR installations.as_of > $6`,
		i.ID, i.AccountID, i.Account, i.Suspended, asOf, tx.future())
	if err != nil {
		return fmt.Errorf("ledger: installation %d: %w", i.ID, err)
	}
	return nil
}

// Installation returns an installation, or ErrNotFound.
func (tx *Tx) Installation(ctx context.Context, id int64) (respond.Installation, error) {
	i := respond.Installation{ID: id}
	found, err := one(ctx, tx, []any{&i.AccountID, &i.Account, into{&i.Suspended}},
		`SELECT account_id, account, suspended FROM installations WHERE id = $1 AND removed = 0`, id)
	switch {
	case err != nil:
		return respond.Installation{}, fmt.Errorf("ledger: installation %d: %w", id, err)
	case !found:
		return respond.Installation{}, fmt.Errorf("%w: installation %d", ErrNotFound, id)
	}
	return i, nil
}

// UpsertRepository records a repository as it was at AsOf, zero for now. What is known from later stays. The zero Backfilled keeps
// the one that is recorded. An installation that is not known yet is recorded by its id. One that
// had been removed before is there again as it was, and its refs are compared soon. That one installation lost it says nothing of
// another one, which may have told of it at the same time: lists of both are asked at once.
func (tx *Tx) UpsertRepository(ctx context.Context, r respond.Repository) error {
	if r.AsOf.IsZero() {
		r.AsOf = tx.now
	}
	_, err := tx.exec(ctx, `INSERT INTO installations (id) VALUES ($1) ON CONFLICT DO NOTHING`, r.Installation)
	if err == nil {
		_, err = tx.exec(ctx, `INSERT INTO repositories
				(id, installation, owner, name, default_branch, private, archived, backfilled, as_of)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (id) DO UPDATE SET
				installation = excluded.installation, owner = excluded.owner, name = excluded.name,
				default_branch = excluded.default_branch, private = excluded.private, archived = excluded.archived,
				backfilled = CASE excluded.backfilled WHEN 0 THEN repositories.backfilled ELSE excluded.backfilled END,
				swept = CASE repositories.removed WHEN 0 THEN repositories.swept ELSE -1 END, removed = 0,
				as_of = excluded.as_of WHERE repositories.as_of <= excluded.as_of OR repositories.as_of > $10
				OR (repositories.removed <> 0 AND repositories.installation <> excluded.installation AND repositories.as_of <= $11)`,
			r.ID, r.Installation, r.Owner, r.Name, r.DefaultBranch, r.Private, r.Archived, r.Backfilled, r.AsOf, tx.future(), r.AsOf.Add(atOnce))
	}
	if err != nil {
		return fmt.Errorf("ledger: repository %d: %w", r.ID, err)
	}
	return nil
}

// atOnce is within which time two installations' lists count as of one time.
const atOnce = time.Minute

const repositoryColumns = `id, installation, owner, name, default_branch, private, archived, backfilled, as_of`

func scanRepository(scan func(...any) error, r *respond.Repository) error {
	return scan(&r.ID, &r.Installation, &r.Owner, &r.Name, &r.DefaultBranch,
		into{&r.Private}, into{&r.Archived}, into{&r.Backfilled}, into{&r.AsOf})
}

// Repository returns a repository, or ErrNotFound.
func (tx *Tx) Repository(ctx context.Context, id int64) (respond.Repository, error) {
	list, err := tx.repositories(ctx, `id = $1`, id)
	switch {
	case err != nil:
		return respond.Repository{}, fmt.Errorf("ledger: repository %d: %w", id, err)
	case len(list) == 0:
		return respond.Repository{}, fmt.Errorf("%w: repository %d", ErrNotFound, id)
	}
	return list[0], nil
}

// RepositoriesOf lists an installation's repositories, by id.
func (tx *Tx) RepositoriesOf(ctx context.Context, installation int64) ([]respond.Repository, error) {
	list, err := tx.repositories(ctx, `installation = $1`, installation)
	if err != nil {
		return nil, fmt.Errorf("ledger: repositories of installation %d: %w", installation, err)
	}
	return list, nil
}

func (tx *Tx) repositories(ctx context.Context, where string, id int64) ([]respond.Repository, error) {
	var list []respond.Repository
	err := each(ctx, tx, func(scan func(...any) error) error {
		var r respond.Repository
		err := scanRepository(scan, &r)
		list = append(list, r)
		return err
	}, `SELECT `+repositoryColumns+` FROM repositories WHERE `+where+` AND removed = 0 ORDER BY id`, id)
	return list, err
}

// RemoveRepository forgets a repository and all that belongs to it. It is no error if there was none.
func (tx *Tx) RemoveRepository(ctx context.Context, id int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM repositories WHERE id = $1`, id); err != nil {
		return fmt.Errorf("ledger: remove repository %d: %w", id, err)
	}
	return nil
}

// RecordRead records a commit or tag whose whole past has been read, though no ref points to it any more.
func (tx *Tx) RecordRead(ctx context.Context, repository int64, sha string) error {
	_, err := tx.exec(ctx, `INSERT INTO read_tips (repository, sha, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, repository, sha, tx.now)
	if err != nil {
		return fmt.Errorf("ledger: read tips of repository %d: %w", repository, err)
	}
	return nil
}

// WasRead reports whether the commit or tag was the tip of a ref whose whole past has been read.
func (tx *Tx) WasRead(ctx context.Context, repository int64, sha string) (bool, error) {
	var n int
	_, err := one(ctx, tx, []any{&n}, `SELECT count(*) FROM read_tips WHERE repository = $1 AND sha = $2`, repository, sha)
	if err != nil {
		return false, fmt.Errorf("ledger: read tips of repository %d: %w", repository, err)
	}
	return n > 0, nil
}

// ReadBefore lists up to limit commits and tags whose whole past had been read at that time, those read last first. Where
// but is a ref, what was read for that one is left out.
func (tx *Tx) ReadBefore(ctx context.Context, repository int64, but string, before time.Time, limit int) ([]string, error) {
	var list []string
	err := each(ctx, tx, func(scan func(...any) error) error {
		var sha string
		err := scan(&sha)
		list = append(list, sha)
		return err
	}, `SELECT sha FROM read_tips t WHERE repository = $1 AND at < $2 AND NOT EXISTS (
		SELECT 1 FROM scans s WHERE s.repository = $1 AND s.head = t.sha AND s.ref = $3) ORDER BY at DESC, sha LIMIT $4`, repository, before, []byte(but), limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: read tips of repository %d: %w", repository, err)
	}
	return list, nil
}

// Accounts names the accounts of up to limit installations that are not removed, by installation.
func (tx *Tx) Accounts(ctx context.Context, limit int) (map[int64]string, error) {
	accounts := map[int64]string{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var id int64
		var account string
		err := scan(&id, &account)
		accounts[id] = account
		return err
	}, `SELECT id, account FROM installations WHERE removed = 0 ORDER BY id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: accounts of installations: %w", err)
	}
	return accounts, nil
}
