package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// UpsertInstallation records an installation as it is now.
func (tx *Tx) UpsertInstallation(ctx context.Context, i respond.Installation) error {
	_, err := tx.exec(ctx, `INSERT INTO installations (id, account_id, account, suspended) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET
			account_id = excluded.account_id, account = excluded.account, suspended = excluded.suspended`,
		i.ID, i.AccountID, i.Account, i.Suspended)
	if err != nil {
		return fmt.Errorf("ledger: installation %d: %w", i.ID, err)
	}
	return nil
}

// Installation returns an installation, or ErrNotFound.
func (tx *Tx) Installation(ctx context.Context, id int64) (respond.Installation, error) {
	i := respond.Installation{ID: id}
	found, err := one(ctx, tx, []any{&i.AccountID, &i.Account, into{&i.Suspended}},
		`SELECT account_id, account, suspended FROM installations WHERE id = $1`, id)
	switch {
	case err != nil:
		return respond.Installation{}, fmt.Errorf("ledger: installation %d: %w", id, err)
	case !found:
		return respond.Installation{}, fmt.Errorf("%w: installation %d", ErrNotFound, id)
	}
	return i, nil
}

// RemoveInstallation forgets an installation and all that belongs to it: repositories, tips, scans, leaks, sightings,
// checks, and its deliveries, those too that still wait: their jobs find nothing. It is no error if there was none.
func (tx *Tx) RemoveInstallation(ctx context.Context, id int64) error {
	ctx, err := tx.slowly(ctx)
	if err != nil {
		return fmt.Errorf("ledger: remove installation %d: %w", id, err)
	}
	for _, statement := range []string{
		`DELETE FROM deliveries WHERE installation = $1`,
		`DELETE FROM installations WHERE id = $1`, // takes the rest with it
	} {
		if _, err := tx.exec(ctx, statement, id); err != nil {
			return fmt.Errorf("ledger: remove installation %d: %w", id, err)
		}
	}
	return nil
}

// UpsertRepository records a repository as it is now. The zero Backfilled keeps the one that is recorded. An
// installation that is not known yet is recorded by its id.
func (tx *Tx) UpsertRepository(ctx context.Context, r respond.Repository) error {
	_, err := tx.exec(ctx, `INSERT INTO installations (id) VALUES ($1) ON CONFLICT DO NOTHING`, r.Installation)
	if err == nil {
		_, err = tx.exec(ctx, `INSERT INTO repositories
				(id, installation, owner, name, default_branch, private, archived, backfilled)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (id) DO UPDATE SET
				installation = excluded.installation, owner = excluded.owner, name = excluded.name,
				default_branch = excluded.default_branch, private = excluded.private, archived = excluded.archived,
				backfilled = CASE excluded.backfilled WHEN 0 THEN repositories.backfilled ELSE excluded.backfilled END`,
			r.ID, r.Installation, r.Owner, r.Name, r.DefaultBranch, r.Private, r.Archived, r.Backfilled)
	}
	if err != nil {
		return fmt.Errorf("ledger: repository %d: %w", r.ID, err)
	}
	return nil
}

const repositoryColumns = `id, installation, owner, name, default_branch, private, archived, backfilled`

func scanRepository(scan func(...any) error, r *respond.Repository) error {
	return scan(&r.ID, &r.Installation, &r.Owner, &r.Name, &r.DefaultBranch,
		into{&r.Private}, into{&r.Archived}, into{&r.Backfilled})
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
	}, `SELECT `+repositoryColumns+` FROM repositories WHERE `+where+` ORDER BY id`, id)
	return list, err
}

// RemoveRepository forgets a repository and all that belongs to it. It is no error if there was none.
func (tx *Tx) RemoveRepository(ctx context.Context, id int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM repositories WHERE id = $1`, id); err != nil {
		return fmt.Errorf("ledger: remove repository %d: %w", id, err)
	}
	return nil
}

// RemoveUnreachable forgets a repository that an installation does not reach any more, unless another one reaches it by now:
// after a transfer, the old installation's event may come last.
func (tx *Tx) RemoveUnreachable(ctx context.Context, id, installation int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM repositories WHERE id = $1 AND installation = $2`, id, installation); err != nil {
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

// SetTip records what a ref points to now. All that it reaches must have been read.
func (tx *Tx) SetTip(ctx context.Context, repository int64, ref, sha string) error {
	_, err := tx.exec(ctx, `INSERT INTO tips (repository, ref, sha, seen) VALUES ($1, $2, $3, $4)
		ON CONFLICT (repository, ref) DO UPDATE SET sha = excluded.sha, seen = excluded.seen`,
		repository, []byte(ref), sha, tx.now)
	if err != nil {
		return fmt.Errorf("ledger: tip of repository %d: %w", repository, err)
	}
	return tx.RecordRead(ctx, repository, sha)
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

// ReadBefore lists up to limit commits and tags whose whole past had been read at that time, those read last first.
func (tx *Tx) ReadBefore(ctx context.Context, repository int64, before time.Time, limit int) ([]string, error) {
	var list []string
	err := each(ctx, tx, func(scan func(...any) error) error {
		var sha string
		err := scan(&sha)
		list = append(list, sha)
		return err
	}, `SELECT sha FROM read_tips WHERE repository = $1 AND at < $2 ORDER BY at DESC, sha LIMIT $3`, repository, before, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: read tips of repository %d: %w", repository, err)
	}
	return list, nil
}

// DeleteTip forgets a ref. It is no error if it was not known.
func (tx *Tx) DeleteTip(ctx context.Context, repository int64, ref string) error {
	for _, statement := range []string{
		`DELETE FROM tips WHERE repository = $1 AND ref = $2`,
		`DELETE FROM unread WHERE repository = $1 AND ref = $2`,
	} {
		if _, err := tx.exec(ctx, statement, repository, []byte(ref)); err != nil {
			return fmt.Errorf("ledger: tip of repository %d: %w", repository, err)
		}
	}
	return nil
}

// Tip returns what a ref points to, "" where that is not known.
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
	}, `SELECT ref, sha, seen FROM tips WHERE repository = $1 ORDER BY seen DESC, ref LIMIT $2`, repository, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: tips of repository %d: %w", repository, err)
	}
	return list, nil
}

// Accounts names the accounts of up to limit installations, by installation.
func (tx *Tx) Accounts(ctx context.Context, limit int) (map[int64]string, error) {
	accounts := map[int64]string{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var id int64
		var account string
		err := scan(&id, &account)
		accounts[id] = account
		return err
	}, `SELECT id, account FROM installations ORDER BY id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: accounts of installations: %w", err)
	}
	return accounts, nil
}
