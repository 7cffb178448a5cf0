package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Summary is the one issue that stands for a repository's leaks which wait for an issue of their own.
type Summary struct {
	Repository      int64
	IssueRepository int64
	IssueNumber     int
	IssueURL        string
	IssueDigest     string
}

// RecordFiled remembers that a leak's issue is being filed now. A second note of the same leak changes nothing.
func (tx *Tx) RecordFiled(ctx context.Context, repository, leak int64) error {
	_, err := tx.exec(ctx, `INSERT INTO filings (leak, repository, at) VALUES ($1, $2, $3) ON CONFLICT (leak) DO NOTHING`,
		leak, repository, tx.now)
	if err != nil {
		return fmt.Errorf("ledger: filing of leak %d: %w", leak, err)
	}
	return nil
}

// IssueRequested reports whether an issue for the leak was decided on.
func (tx *Tx) IssueRequested(ctx context.Context, leak int64) (bool, error) {
	var n int
	if _, err := one(ctx, tx, []any{&n}, `SELECT count(*) FROM filings WHERE leak = $1`, leak); err != nil {
		return false, fmt.Errorf("ledger: filing of leak %d: %w", leak, err)
	}
	return n > 0, nil
}

// IssuesFiled counts the repository's issues that were filed, or begun to be filed, since then.
func (tx *Tx) IssuesFiled(ctx context.Context, repository int64, since time.Time) (int, error) {
	var n int
	if _, err := one(ctx, tx, []any{&n}, `SELECT count(*) FROM filings WHERE repository = $1 AND at >= $2`, repository, since); err != nil {
		return 0, fmt.Errorf("ledger: filings of repository %d: %w", repository, err)
	}
	return n, nil
}

const unfiled = `l.issue_number = 0 AND l.confidence <> 'low' AND l.outside = 0
	AND NOT EXISTS (SELECT 1 FROM filings f WHERE f.leak = l.id)`

// Unfiled lists up to limit open leaks of the repository that have no issue and wait for one: the most severe first, the
// newest of each severity before the others, so that a flood of old or made-up ones hides none that counts.
func (tx *Tx) Unfiled(ctx context.Context, repository int64, limit int) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.repository = $1 AND `+isOpen+` AND `+unfiled+` ORDER BY `+bySeverity+`, l.id DESC LIMIT $2`, repository, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: leaks without issue in repository %d: %w", repository, err)
	}
	return list, nil
}

// Unissued lists up to limit open leaks of the repository whose issues were decided on and are not there.
func (tx *Tx) Unissued(ctx context.Context, repository int64, limit int) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.repository = $1 AND l.issue_number = 0 AND `+isOpen+`
		AND EXISTS (SELECT 1 FROM filings f WHERE f.leak = l.id) ORDER BY l.id LIMIT $2`, repository, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: leaks without issue in repository %d: %w", repository, err)
	}
	return list, nil
}

// RepositoriesUnfiled lists up to limit repositories with leaks that wait for an issue.
func (tx *Tx) RepositoriesUnfiled(ctx context.Context, limit int) ([]int64, error) {
	return tx.ids(ctx, "repositories with leaks without issue",
		`SELECT DISTINCT l.repository FROM leaks l JOIN repositories r ON r.id = l.repository WHERE r.removed = 0 AND l.state = 'open' AND `+unfiled+` ORDER BY l.repository LIMIT $1`, limit)
}

// Summary returns the repository's summary issue, or ErrNotFound.
func (tx *Tx) Summary(ctx context.Context, repository int64) (Summary, error) {
	s := Summary{Repository: repository}
	found, err := one(ctx, tx, []any{&s.IssueRepository, &s.IssueNumber, &s.IssueURL, &s.IssueDigest},
		`SELECT issue_repository, issue_number, issue_url, issue_digest FROM summaries WHERE repository = $1`, repository)
	switch {
	case err != nil:
		return Summary{}, fmt.Errorf("ledger: summary of repository %d: %w", repository, err)
	case !found:
		return Summary{}, fmt.Errorf("%w: summary of repository %d", ErrNotFound, repository)
	}
	return s, nil
}

// SaveSummary records the repository's summary issue.
func (tx *Tx) SaveSummary(ctx context.Context, s Summary) error {
	_, err := tx.exec(ctx, `INSERT INTO summaries (repository, issue_repository, issue_number, issue_url, issue_digest)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (repository) DO UPDATE SET issue_repository = excluded.issue_repository,
			issue_number = excluded.issue_number, issue_url = excluded.issue_url, issue_digest = excluded.issue_digest`,
		s.Repository, s.IssueRepository, s.IssueNumber, s.IssueURL, s.IssueDigest)
	if err != nil {
		return fmt.Errorf("ledger: summary of repository %d: %w", s.Repository, err)
	}
	return nil
}

// OpenAfter lists up to limit open leaks of a repository with greater ids than after, by id.
func (tx *Tx) OpenAfter(ctx context.Context, repository, after int64, limit int) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.repository = $1 AND `+isOpen+` AND l.id > $2 ORDER BY l.id LIMIT $3`, repository, after, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: open leaks of repository %d: %w", repository, err)
	}
	return list, nil
}
