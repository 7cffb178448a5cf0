package ledger

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/respond"
)

const leakColumns = `l.id, l.repository, l.fingerprint, l.kind, l.environment, l.severity, l.confidence, l.reasons, l.redacted,
	l.instance, l.dashboard, l.variable, l.browser, l.state, l.introduced, l.detected, l.responded, l.closed, l.closed_by,
	l.reason, l.pusher, l.instance_id, l.asked, l.answer, l.issue_repository, l.issue_number, l.issue_url, l.issue_digest,
	l.outside, l.files_ref, l.approved_by, l.counts_until, l.request_to, l.request_by, l.request_at, l.request_reason, l.request_until,
	l.snoozed, l.reminded, l.escalated, l.look`

func leakFields(l *respond.Leak) []any {
	return []any{
		&l.ID, &l.Repository, &l.Fingerprint, &l.Kind, &l.Environment, &l.Severity, &l.Confidence,
		into{&l.Reasons},
		&l.Redacted, &l.Instance, &l.Dashboard, &l.Variable,
		into{&l.Browser},
		&l.State,
		into{&l.Introduced},
		into{&l.Detected},
		into{&l.Responded},
		into{&l.Closed},
		&l.ClosedBy, &l.Reason, &l.Pusher, &l.InstanceID,
		into{&l.VerifiedAt},
		&l.Verdict, &l.IssueRepository, &l.IssueNumber, &l.IssueURL, &l.IssueDigest,
		into{&l.Outside},
		into{&l.FilesRef},
		&l.ApprovedBy,
		into{&l.Until},
		&l.Request.To, &l.Request.By,
		into{&l.Request.At},
		&l.Request.Reason,
		into{&l.Request.Until},
		into{&l.Snoozed},
		into{&l.Reminded},
		into{&l.Escalated},
		into{&l.Look},
	}
}

func (tx *Tx) leaks(ctx context.Context, rest string, args ...any) ([]respond.Leak, error) {
	var list []respond.Leak
	err := each(ctx, tx, func(scan func(...any) error) error {
		var l respond.Leak
		err := scan(leakFields(&l)...)
		list = append(list, l)
		return err
	}, `SELECT `+leakColumns+` FROM leaks l `+rest, args...)
	return list, err
}

// Leak returns a leak, or ErrNotFound.
func (tx *Tx) Leak(ctx context.Context, id int64) (respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.id = $1`, id)
	switch {
	case err != nil:
		return respond.Leak{}, fmt.Errorf("ledger: leak %d: %w", id, err)
	case len(list) == 0:
		return respond.Leak{}, fmt.Errorf("%w: leak %d", ErrNotFound, id)
	}
	return list[0], nil
}

// LeakByIssue returns the leak whose issue this is, or ErrNotFound.
func (tx *Tx) LeakByIssue(ctx context.Context, issueRepository int64, number int) (respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.issue_repository = $1 AND l.issue_number = $2 AND l.issue_number <> 0
		ORDER BY l.id LIMIT 1`, issueRepository, number)
	switch {
	case err != nil:
		return respond.Leak{}, fmt.Errorf("ledger: leak of issue %d: %w", number, err)
	case len(list) == 0:
		return respond.Leak{}, fmt.Errorf("%w: leak of issue %d in repository %d", ErrNotFound, number, issueRepository)
	}
	return list[0], nil
}

// LeakByFingerprint returns a repository's leak, or ErrNotFound.
func (tx *Tx) LeakByFingerprint(ctx context.Context, repository int64, fingerprint string) (respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.repository = $1 AND l.fingerprint = $2`, repository, fingerprint)
	switch {
	case err != nil:
		return respond.Leak{}, fmt.Errorf("ledger: leak %s: %w", fingerprint, err)
	case len(list) == 0:
		return respond.Leak{}, fmt.Errorf("%w: leak %s in repository %d", ErrNotFound, fingerprint, repository)
	}
	return list[0], nil
}

// IssueRepositories lists the repositories that hold issues of leaks.
func (tx *Tx) IssueRepositories(ctx context.Context) ([]int64, error) {
	return tx.ids(ctx, "repositories with issues",
		`SELECT DISTINCT l.issue_repository FROM leaks l JOIN repositories r ON r.id = l.issue_repository WHERE l.issue_number <> 0 AND r.removed = 0 ORDER BY 1 LIMIT $1`, 100_000)
}

// LeaksWithIssuesIn lists the leaks whose issues are in a repository, by number.
func (tx *Tx) LeaksWithIssuesIn(ctx context.Context, repository int64) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.issue_repository = $1 AND l.issue_number <> 0 ORDER BY l.issue_number`, repository)
	if err != nil {
		return nil, fmt.Errorf("ledger: leaks with issues in repository %d: %w", repository, err)
	}
	return list, nil
}

// isOpen is l.state = 'open' for statements about one repository: SQLite, which knows of no better, would look for its leaks among
// all that are open.
const isOpen = `l.state || '' = 'open'`

// OpenIn lists up to limit open leaks of the repository that the files of a ref hold, by what their issues say.
func (tx *Tx) OpenIn(ctx context.Context, repository int64, ref string, limit int) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.repository = $1 AND l.files_ref = $2 AND `+isOpen+` AND l.issue_number <> 0
		ORDER BY l.id DESC LIMIT $3`, repository, []byte(ref), limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: leaks in %s of repository %d: %w", ref, repository, err)
	}
	return list, nil
}

// bySeverity orders leaks, the most severe first.
const bySeverity = `CASE l.severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END`

// StillOpen lists up to limit open leaks of a repository of which it is certain enough that they are some, the most severe
// and newest first, without those from outside.
func (tx *Tx) StillOpen(ctx context.Context, repository int64, limit int) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.repository = $1 AND `+isOpen+` AND l.outside = 0 AND l.confidence <> 'low'
		ORDER BY `+bySeverity+`, l.id DESC LIMIT $2`, repository, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: open leaks of repository %d: %w", repository, err)
	}
	return list, nil
}

// OpenLeaksIn counts the open leaks of an installation's repositories that StillOpen lists of one.
func (tx *Tx) OpenLeaksIn(ctx context.Context, installation int64) (n int, err error) {
	_, err = one(ctx, tx, []any{&n}, `SELECT count(*) FROM leaks l JOIN repositories r ON r.id = l.repository
		WHERE r.installation = $1 AND r.removed = 0 AND `+isOpen+` AND l.outside = 0 AND l.confidence <> 'low'`, installation)
	if err != nil {
		return 0, fmt.Errorf("ledger: open leaks of installation %d: %w", installation, err)
	}
	return n, nil
}

// OpenLeaks lists up to limit open leaks of all repositories, newest first, without those from outside.
func (tx *Tx) OpenLeaks(ctx context.Context, limit int) ([]respond.Leak, error) {
	list, err := tx.leaks(ctx, `WHERE l.state = $1 AND l.outside = 0 ORDER BY l.detected DESC, l.id DESC LIMIT $2`, respond.Open, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: open leaks: %w", err)
	}
	return list, nil
}

// UsesClerk reports whether a repository has a leak that is surely Clerk's, whatever became of it: not one of low confidence, one
// from outside, or one that a person called a false positive.
func (tx *Tx) UsesClerk(ctx context.Context, repository int64) (bool, error) {
	var id int64
	found, err := one(ctx, tx, []any{&id}, `SELECT id FROM leaks WHERE repository = $1 AND confidence <> 'low' AND outside = 0 AND state <> $2
		LIMIT 1`, repository, respond.Ignored)
	if err != nil {
		return false, fmt.Errorf("ledger: leaks of repository %d: %w", repository, err)
	}
	return found, nil
}

// Unsure reports whether a repository has an open leak of low confidence, without those from outside.
func (tx *Tx) Unsure(ctx context.Context, repository int64) (bool, error) {
	var id int64
	found, err := one(ctx, tx, []any{&id}, `SELECT id FROM leaks WHERE repository = $1 AND confidence = 'low' AND outside = 0 AND state || '' = $2
		LIMIT 1`, repository, respond.Open)
	if err != nil {
		return false, fmt.Errorf("ledger: leaks of repository %d: %w", repository, err)
	}
	return found, nil
}

// UpdateLeak records a leak's life: its state and what belongs to it, what Clerk answered, where its issue is. Identity,
// and the facts that scans found, stay. The event joins the leak's history, unless it is the zero Event; its zero At means
// now.
func (tx *Tx) UpdateLeak(ctx context.Context, l respond.Leak, e respond.Event) error {
	n, err := tx.exec(ctx, `UPDATE leaks SET state = $2, responded = $3, closed = $4, closed_by = $5, reason = $6,
			instance_id = $7, asked = $8, answer = $9, issue_repository = $10, issue_number = $11, issue_url = $12,
			issue_digest = $13, files_ref = $14, approved_by = $15, counts_until = $16, request_to = $17, request_by = $18,
			request_at = $19, request_reason = $20, request_until = $21, snoozed = $22, reminded = $23, escalated = $24, look = $25
		WHERE id = $1`,
		l.ID, l.State, l.Responded, l.Closed, l.ClosedBy, l.Reason, l.InstanceID, l.VerifiedAt, l.Verdict,
		l.IssueRepository, l.IssueNumber, l.IssueURL, l.IssueDigest, []byte(l.FilesRef),
		l.ApprovedBy, l.Until, l.Request.To, l.Request.By, l.Request.At, l.Request.Reason, l.Request.Until, l.Snoozed, l.Reminded,
		l.Escalated, l.Look)
	switch {
	case err != nil:
		return fmt.Errorf("ledger: leak %d: %w", l.ID, err)
	case n == 0:
		return fmt.Errorf("%w: leak %d", ErrNotFound, l.ID)
	case e == respond.Event{}:
		return nil
	}
	if e.At.IsZero() {
		e.At = tx.now
	}
	_, err = tx.exec(ctx, `INSERT INTO events (leak, at, actor, from_state, to_state, reason, approved_by, counts_until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, l.ID, e.At, e.By, e.From, e.To, e.Reason, e.ApprovedBy, e.Until)
	if err != nil {
		return fmt.Errorf("ledger: leak %d: %w", l.ID, err)
	}
	return nil
}

// Events is a leak's history, oldest first.
func (tx *Tx) Events(ctx context.Context, leak int64) ([]respond.Event, error) {
	var list []respond.Event
	err := each(ctx, tx, func(scan func(...any) error) error {
		e := respond.Event{Leak: leak}
		err := scan(into{&e.At}, &e.By, &e.From, &e.To, &e.Reason, &e.ApprovedBy, into{&e.Until})
		list = append(list, e)
		return err
	}, `SELECT at, actor, from_state, to_state, reason, approved_by, counts_until FROM events WHERE leak = $1 ORDER BY id`, leak)
	if err != nil {
		return nil, fmt.Errorf("ledger: events of leak %d: %w", leak, err)
	}
	return list, nil
}

const sightingColumns = `s.id, s.leak, s.source, s.blob_sha, s.path, s.commit_sha, s.member, s.encoding, s.line, s.col,
	s.end_line, s.end_col, s.author_name, s.author_email, s.authored, s.ref, s.allowed,
	s.node_id, s.text_id, s.number, s.text_url, s.field, s.former, s.gone, s.masked, s.kept`

func sightingFields(s *respond.Sighting) []any {
	return []any{
		&s.ID, &s.Leak, &s.Source, &s.Blob,
		into{&s.Path},
		&s.Commit,
		into{&s.Member},
		&s.Encoding, &s.Line, &s.Column,
		&s.EndLine, &s.EndColumn, &s.AuthorName, &s.AuthorEmail,
		into{&s.Authored},
		into{&s.Ref},
		into{&s.Allowed},
		&s.Text.NodeID, &s.Text.ID, &s.Text.Number, &s.Text.URL, &s.Text.Field,
		into{&s.Text.Former},
		into{&s.Text.Gone},
		into{&s.Text.Masked},
		&s.Text.Kept,
	}
}

// Sightings lists up to limit sightings of a leak, in the order in which they were recorded, without those from outside.
func (tx *Tx) Sightings(ctx context.Context, leak int64, limit int) ([]respond.Sighting, error) {
	list, err := tx.sightings(ctx, `WHERE s.leak = $1 AND s.outside = 0 ORDER BY s.id LIMIT $2`, leak, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: sightings of leak %d: %w", leak, err)
	}
	return list, nil
}

func (tx *Tx) sightings(ctx context.Context, rest string, args ...any) ([]respond.Sighting, error) {
	var list []respond.Sighting
	err := each(ctx, tx, func(scan func(...any) error) error {
		var s respond.Sighting
		err := scan(sightingFields(&s)...)
		list = append(list, s)
		return err
	}, `SELECT `+sightingColumns+` FROM sightings s `+rest, args...)
	return list, err
}

// Head is a head commit of a repository.
type Head struct {
	Repository int64
	SHA        string
}

// HeadsOf lists the head commits whose scans saw the leak, those scanned last first: their checks show it.
func (tx *Tx) HeadsOf(ctx context.Context, leak int64) ([]Head, error) {
	var list []Head
	err := each(ctx, tx, func(scan func(...any) error) error {
		var h Head
		var last int64
		err := scan(&h.Repository, &h.SHA, &last)
		list = append(list, h)
		return err
	}, `SELECT c.repository, c.head, max(c.id) AS last
		FROM sightings s JOIN scan_sightings x ON x.sighting = s.id JOIN scans c ON c.id = x.scan
		WHERE s.leak = $1 AND c.event <> `+backfill+` GROUP BY c.repository, c.head ORDER BY last DESC`, leak)
	if err != nil {
		return nil, fmt.Errorf("ledger: heads of leak %d: %w", leak, err)
	}
	return list, nil
}
