package ledger

import (
	"context"
	"fmt"
	"time"
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

// BeginAction begins an effect under a key, and returns what was there before: the zero Begun means that it is begun for
// the first time; without Finished an earlier beginning has not ended, and may or may not have had its effect, so that
// the caller looks first; with Finished it had ended with Result, and is begun anew. Who would have it only once, and
// finds it Finished, finishes it again with the same result.
//
// Until the lease has passed, or FinishAction, others than owner get ErrBusy. owner names one runner: two jobs that
// must not do it at the same time need different ones.
func (tx *Tx) BeginAction(ctx context.Context, key string, lease time.Duration, owner string) (Action, error) {
	// The row is made first: two that begin at once meet in it.
	fresh, err := tx.exec(ctx, `INSERT INTO actions (key, begun, owner, lease) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO NOTHING`, key, tx.now, owner, tx.now.Add(lease))
	if err != nil {
		return Action{}, fmt.Errorf("ledger: begin %s: %w", key, err)
	}
	if fresh == 1 {
		return Action{Key: key}, nil
	}
	a := Action{Key: key}
	var holder string
	var until time.Time
	if _, err := one(ctx, tx, []any{into{&a.Begun}, into{&a.Finished}, &a.Result, &holder, into{&until}},
		`SELECT begun, finished, result, owner, lease FROM actions WHERE key = $1`+tx.lockJob(), key); err != nil {
		return Action{}, fmt.Errorf("ledger: begin %s: %w", key, err)
	}
	if a.Finished.IsZero() && holder != owner && until.After(tx.now) {
		return Action{}, fmt.Errorf("%w: %s, until %s", ErrBusy, key, until.Format(time.RFC3339))
	}
	_, err = tx.exec(ctx, `UPDATE actions SET begun = $2, finished = 0, owner = $3, lease = $4 WHERE key = $1`,
		key, tx.now, owner, tx.now.Add(lease))
	if err != nil {
		return Action{}, fmt.Errorf("ledger: begin %s: %w", key, err)
	}
	return a, nil
}

// FinishAction notes how an effect ended, and frees its key.
func (tx *Tx) FinishAction(ctx context.Context, key, result string) error {
	n, err := tx.exec(ctx, `UPDATE actions SET finished = $2, result = $3 WHERE key = $1`, key, tx.now, result)
	if err != nil {
		return fmt.Errorf("ledger: finish %s: %w", key, err)
	}
	if n == 0 {
		return fmt.Errorf("%w: action %s was never begun", ErrNotFound, key)
	}
	return nil
}

// ReleaseAction ends the owner's lease of a key, and nothing where the key is not the owner's: whoever begins next is told
// that the effect was begun and has not ended.
func (tx *Tx) ReleaseAction(ctx context.Context, key, owner string) error {
	_, err := tx.exec(ctx, `UPDATE actions SET lease = $3 WHERE key = $1 AND owner = $2 AND finished = 0`, key, owner, tx.now)
	if err != nil {
		return fmt.Errorf("ledger: release %s: %w", key, err)
	}
	return nil
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
