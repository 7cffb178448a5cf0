package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond"
)

// Audit is the latest audit of a repository's default branch.
type Audit struct {
	Repository int64
	Head       string
	At         time.Time // zero, when it is saved: now
	Clerk      bool      // whether the repository uses Clerk and is audited; if not, nothing else was looked at
	Manifests  string    // hash of the files that name packages; "": the policy wants no audits
	Files      string    // hash of all files that were audited, and of how
	Findings   []respond.AuditFinding
	Packages   []respond.AuditPackage
	Gaps       []string // what was not read, in words
	Allowed    int      // findings that comments of the repository accept
	Routes     []routes.Route
	// Development is how often production was found to use a development instance. Findings has these only where the policy wants them.
	Development int
}

// AuditKnown says what is known of a repository's use of Clerk: whether its files were looked at, and whether it used Clerk then. Nothing is
// known where the policy wanted no audit.
func (tx *Tx) AuditKnown(ctx context.Context, repository int64) (known, uses bool, err error) {
	known, err = one(ctx, tx, []any{into{&uses}}, `SELECT clerk FROM audits WHERE repository = $1 AND manifests <> ''`, repository)
	if err != nil {
		return false, false, fmt.Errorf("ledger: audit of repository %d: %w", repository, err)
	}
	return known, uses, nil
}

// Audit returns the latest audit of a repository, or ErrNotFound.
func (tx *Tx) Audit(ctx context.Context, repository int64) (Audit, error) {
	a := Audit{Repository: repository}
	var findings, mapped []byte
	found, err := one(ctx, tx, []any{&a.Head, into{&a.At}, into{&a.Clerk}, &a.Manifests, &a.Files, &findings, into{&a.Gaps}, &a.Allowed, &mapped, &a.Development},
		`SELECT head, at, clerk, manifests, files, findings, gaps, allowed, routes, development FROM audits WHERE repository = $1`, repository)
	switch {
	case err != nil:
	case !found:
		return Audit{}, fmt.Errorf("%w: audit of repository %d", ErrNotFound, repository)
	default:
		err = errors.Join(json.Unmarshal(findings, &a.Findings), json.Unmarshal(mapped, &a.Routes))
	}
	if err == nil {
		err = each(ctx, tx, func(scan func(...any) error) error {
			var p respond.AuditPackage
			err := scan(&p.Root, &p.Name, &p.Version, into{&p.Locked})
			a.Packages = append(a.Packages, p)
			return err
		}, `SELECT root, name, version, locked FROM audit_packages WHERE repository = $1 ORDER BY root, name, version`, repository)
	}
	if err != nil {
		return Audit{}, fmt.Errorf("ledger: audit of repository %d: %w", repository, err)
	}
	return a, nil
}

// SaveAudit records the latest audit of a repository in the place of the one before. ErrNotFound: the repository is not in the ledger.
func (tx *Tx) SaveAudit(ctx context.Context, a Audit) error {
	if a.At.IsZero() {
		a.At = tx.now
	}
	if a.Findings == nil {
		a.Findings = []respond.AuditFinding{}
	}
	if a.Routes == nil {
		a.Routes = []routes.Route{}
	}
	findings, err := json.Marshal(a.Findings)
	mapped, unmapped := json.Marshal(a.Routes)
	if err = errors.Join(err, unmapped); err == nil {
		err = tx.saveAudit(ctx, a, string(findings), string(mapped))
	}
	if err != nil {
		return explain(fmt.Errorf("ledger: audit of repository %d: %w", a.Repository, err))
	}
	return nil
}

func (tx *Tx) saveAudit(ctx context.Context, a Audit, findings, mapped string) error {
	c := respond.CountAudit(a.Findings)
	_, err := tx.exec(ctx, `INSERT INTO audits (repository, head, at, clerk, manifests, files, findings, gaps, allowed, critical, high, medium, low, routes, development)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (repository) DO UPDATE SET head = excluded.head, at = excluded.at, clerk = excluded.clerk, manifests = excluded.manifests,
			files = excluded.files, findings = excluded.findings, gaps = excluded.gaps, allowed = excluded.allowed,
			critical = excluded.critical, high = excluded.high, medium = excluded.medium, low = excluded.low, routes = excluded.routes,
			development = excluded.development`,
		a.Repository, a.Head, a.At, a.Clerk, a.Manifests, a.Files, findings, a.Gaps, a.Allowed, c.Critical, c.High, c.Medium, c.Low, mapped, a.Development)
	if err == nil {
		_, err = tx.exec(ctx, `DELETE FROM audit_packages WHERE repository = $1`, a.Repository)
	}
	for _, p := range a.Packages {
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `INSERT INTO audit_packages (repository, root, name, version, locked) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (repository, root, name, version) DO NOTHING`, a.Repository, p.Root, p.Name, p.Version, p.Locked)
	}
	return err
}

// AuditCheck is the second check run of a head commit, about its Clerk configuration.
type AuditCheck struct {
	Check
	Pull int // the pull request whose head it was; 0: none
}

// AuditCheck returns a head commit's second check run, or ErrNotFound.
func (tx *Tx) AuditCheck(ctx context.Context, repository int64, head string) (AuditCheck, error) {
	c := AuditCheck{Check: Check{Repository: repository, Head: head}}
	found, err := one(ctx, tx, []any{&c.Pull, &c.RunID, &c.Conclusion, &c.Digest, into{&c.Updated}},
		`SELECT pull_number, run_id, conclusion, digest, updated FROM audit_checks WHERE repository = $1 AND head = $2`, repository, head)
	switch {
	case err != nil:
		return AuditCheck{}, fmt.Errorf("ledger: audit check of %s: %w", head, err)
	case !found:
		return AuditCheck{}, fmt.Errorf("%w: audit check of %s in repository %d", ErrNotFound, head, repository)
	}
	return c, nil
}

// SaveAuditCheck records a head commit's second check run. The zero Updated means now.
func (tx *Tx) SaveAuditCheck(ctx context.Context, c AuditCheck) error {
	if c.Updated.IsZero() {
		c.Updated = tx.now
	}
	_, err := tx.exec(ctx, `INSERT INTO audit_checks (repository, head, pull_number, run_id, conclusion, digest, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (repository, head) DO UPDATE SET pull_number = excluded.pull_number, run_id = excluded.run_id,
			conclusion = excluded.conclusion, digest = excluded.digest, updated = excluded.updated`,
		c.Repository, c.Head, c.Pull, c.RunID, c.Conclusion, c.Digest, c.Updated)
	if err != nil {
		return fmt.Errorf("ledger: audit check of %s: %w", c.Head, err)
	}
	return nil
}

// ForgetAuditText has a head commit's second check run sent again, whatever it says, if there is one.
func (tx *Tx) ForgetAuditText(ctx context.Context, repository int64, head string) error {
	if _, err := tx.exec(ctx, `UPDATE audit_checks SET digest = '' WHERE repository = $1 AND head = $2`, repository, head); err != nil {
		return fmt.Errorf("ledger: audit check of %s: %w", head, err)
	}
	return nil
}

// AuditedPull reports whether a head of a pull request has had a second check run.
func (tx *Tx) AuditedPull(ctx context.Context, repository int64, pull int) (bool, error) {
	var head string
	found, err := one(ctx, tx, []any{&head}, `SELECT head FROM audit_checks WHERE repository = $1 AND pull_number = $2 AND pull_number <> 0 LIMIT 1`, repository, pull)
	if err != nil {
		return false, fmt.Errorf("ledger: audit checks of pull request %d: %w", pull, err)
	}
	return found, nil
}

// AuditIssue is the one issue of a repository about its Clerk configuration.
type AuditIssue struct {
	Summary
	Found string // hash of what it was opened or closed for
}

// AuditIssue returns the repository's issue about its Clerk configuration, or ErrNotFound.
func (tx *Tx) AuditIssue(ctx context.Context, repository int64) (AuditIssue, error) {
	i := AuditIssue{Summary: Summary{Repository: repository}}
	found, err := one(ctx, tx, []any{&i.IssueRepository, &i.IssueNumber, &i.IssueURL, &i.IssueDigest, &i.Found},
		`SELECT issue_repository, issue_number, issue_url, issue_digest, found FROM audit_issues WHERE repository = $1`, repository)
	switch {
	case err != nil:
		return AuditIssue{}, fmt.Errorf("ledger: audit issue of repository %d: %w", repository, err)
	case !found:
		return AuditIssue{}, fmt.Errorf("%w: audit issue of repository %d", ErrNotFound, repository)
	}
	return i, nil
}

// SaveAuditIssue records the repository's issue about its Clerk configuration.
func (tx *Tx) SaveAuditIssue(ctx context.Context, i AuditIssue) error {
	_, err := tx.exec(ctx, `INSERT INTO audit_issues (repository, issue_repository, issue_number, issue_url, issue_digest, found)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (repository) DO UPDATE SET issue_repository = excluded.issue_repository, issue_number = excluded.issue_number,
			issue_url = excluded.issue_url, issue_digest = excluded.issue_digest, found = excluded.found`,
		i.Repository, i.IssueRepository, i.IssueNumber, i.IssueURL, i.IssueDigest, i.Found)
	if err != nil {
		return fmt.Errorf("ledger: audit issue of repository %d: %w", i.Repository, err)
	}
	return nil
}
