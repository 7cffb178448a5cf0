package ledger

import (
	"context"
	"fmt"
)

// Check returns a head commit's check run, or ErrNotFound.
func (tx *Tx) Check(ctx context.Context, repository int64, head string) (Check, error) {
	c := Check{Repository: repository, Head: head}
	found, err := one(ctx, tx, []any{&c.RunID, &c.Conclusion, &c.Digest, into{&c.Updated}},
		`SELECT run_id, conclusion, digest, updated FROM checks WHERE repository = $1 AND head = $2`, repository, head)
	switch {
	case err != nil:
		return Check{}, fmt.Errorf("ledger: check of %s: %w", head, err)
	case !found:
		return Check{}, fmt.Errorf("%w: check of %s in repository %d", ErrNotFound, head, repository)
	}
	return c, nil
}

// SaveCheck records a head commit's check run. The zero Updated means now.
func (tx *Tx) SaveCheck(ctx context.Context, c Check) error {
	if c.Updated.IsZero() {
		c.Updated = tx.now
	}
	_, err := tx.exec(ctx, `INSERT INTO checks (repository, head, run_id, conclusion, digest, updated)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (repository, head) DO UPDATE SET run_id = excluded.run_id, conclusion = excluded.conclusion,
			digest = excluded.digest, updated = excluded.updated`,
		c.Repository, c.Head, c.RunID, c.Conclusion, c.Digest, c.Updated)
	if err != nil {
		return fmt.Errorf("ledger: check of %s: %w", c.Head, err)
	}
	return nil
}

// ChecksNotPassed lists up to limit commits of a repository whose check run failed or is neutral, the latest first.
func (tx *Tx) ChecksNotPassed(ctx context.Context, repository int64, limit int) ([]string, error) {
	return tx.heads(ctx, repository, "checks",
		`SELECT head FROM checks WHERE repository = $1 AND conclusion <> 'success' ORDER BY updated DESC, head LIMIT $2`, limit)
}

// UnfinishedChecks lists the heads whose check runs were begun and have come to no end, of the last scans of the repository, the
// newest first. They are under way, wait, or were given up.
func (tx *Tx) UnfinishedChecks(ctx context.Context, repository int64, scans int) ([]string, error) {
	return tx.heads(ctx, repository, "unfinished check runs", `SELECT s.head FROM (SELECT id, head FROM scans WHERE repository = $1 ORDER BY id DESC LIMIT $2) s
		JOIN actions a ON a.key = 'check:' || CAST($1 AS TEXT) || ':' || s.head
		WHERE a.finished = 0 GROUP BY s.head ORDER BY max(s.id) DESC`, scans)
}

// heads lists commits of a repository, which is the query's $1, as limit is its $2.
func (tx *Tx) heads(ctx context.Context, repository int64, what, query string, limit int) (list []string, err error) {
	err = each(ctx, tx, func(scan func(...any) error) error {
		var head string
		err := scan(&head)
		list = append(list, head)
		return err
	}, query, repository, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: %s of repository %d: %w", what, repository, err)
	}
	return list, nil
}

// RepositoriesNotPassed lists the repositories of an installation, or of all for 0, that have open leaks, or checks which did not pass.
func (tx *Tx) RepositoriesNotPassed(ctx context.Context, installation int64) ([]int64, error) {
	return tx.ids(ctx, "repositories with open leaks", `SELECT r.id FROM repositories r
		WHERE r.removed = 0 AND ($1 = 0 OR r.installation = $1) AND (
			EXISTS (SELECT 1 FROM leaks l WHERE l.repository = r.id AND l.state = 'open')
			OR EXISTS (SELECT 1 FROM checks c WHERE c.repository = r.id AND c.conclusion <> 'success'))
		ORDER BY r.id`, installation)
}

// Meta returns the value of a key, "" where there is none.
func (tx *Tx) Meta(ctx context.Context, key string) (string, error) {
	var value string
	if _, err := one(ctx, tx, []any{&value}, `SELECT value FROM meta WHERE key = $1`, key); err != nil {
		return "", fmt.Errorf("ledger: meta %s: %w", key, err)
	}
	return value, nil
}

// SetMeta keeps a value under a key.
func (tx *Tx) SetMeta(ctx context.Context, key, value string) error {
	_, err := tx.exec(ctx, `INSERT INTO meta (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	if err != nil {
		return fmt.Errorf("ledger: meta %s: %w", key, err)
	}
	return nil
}
