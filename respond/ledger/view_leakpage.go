package ledger

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// span is more than any time in microseconds that is recorded: about the year 2096.
const span = "4000000000000000"

// leakKey is SQL for the number or text by which leaks are ordered, and whether it goes down.
func (q *viewed) leakKey(by LeakOrder) (key string, down bool) {
	switch by {
	case BySeen:
		return "l.seen", true
	case BySeverity: // and of those the newest
		return "(" + severityOf + ") * " + span + " - l.detected", false
	case ByRepository:
		return q.nameOrder(), false
	}
	return "l.detected", true
}

// after is SQL for rows behind a cursor, in an order.
func (q *viewed) after(c cursor, given bool, key, id string, byText, down bool) string {
	if !given {
		return "1 = 1"
	}
	from, sign := any(c.Number), ">"
	if byText {
		from = c.Text
	}
	if down {
		sign = "<"
	}
	return fmt.Sprintf("(%s, %s) %s (%s, %s)", key, id, sign, q.bind(from), q.bind(c.ID))
}

// Leaks lists a page of leaks. [ErrCursor]: After is not of this order.
func (tx *Tx) Leaks(ctx context.Context, v Visible, query LeakQuery) (LeakPage, error) {
	if query.Order == "" {
		query.Order = ByOpened
	}
	at, given, err := parseCursor(query.After, "leaks "+string(query.Order), query.Reverse)
	if err != nil {
		return LeakPage{}, err
	}
	q := &viewed{tx: tx}
	key, down := q.leakKey(query.Order)
	down = down != query.Reverse
	byText, way := query.Order == ByRepository, ""
	if down {
		way = " DESC"
	}
	limit := pageSize(query.Limit)
	where := q.ofFilter(v, query.LeakFilter) + " AND " + q.chosen(query.LeakFilter) + " AND " + q.after(at, given, key, "l.id", byText, down)
	var page LeakPage
	var last cursor
	err = each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		row, c := LeakRow{}, cursor{Order: "leaks " + string(query.Order), Reverse: query.Reverse}
		dest := any(&c.Number)
		if byText {
			dest = &c.Text
		}
		if err := scanLeakRow(scan, &row, dest); err != nil {
			return err
		}
		row.Leak = withoutHidden(row.Leak, v)
		if len(page.Leaks) == limit {
			page.Next = last.String()
			return nil
		}
		c.ID = row.Leak.ID
		last = c
		page.Leaks = append(page.Leaks, row)
		return nil
	}, `SELECT `+leakColumns+`, l.seen, `+repositoryInList+`, CASE WHEN `+q.inDefaultBranch()+` THEN 1 ELSE 0 END,
			(SELECT count(*) FROM sightings s WHERE s.leak = l.id),
			(SELECT s.path FROM sightings s WHERE s.leak = l.id AND s.source IN ('blob', '') ORDER BY s.id LIMIT 1), page.k
		FROM (SELECT l.id, `+key+` AS k FROM leaks l JOIN repositories r ON r.id = l.repository WHERE `+where+`
			ORDER BY 2`+way+`, 1`+way+` LIMIT `+q.bind(limit+1)+`) page
		JOIN leaks l ON l.id = page.id JOIN repositories r ON r.id = l.repository ORDER BY page.k`+way+`, page.id`+way, q.args...)
	if err != nil {
		return LeakPage{}, fmt.Errorf("ledger: list leaks: %w", err)
	}
	return page, nil
}

// withoutHidden is the leak without its issue, where that is in a repository that the viewer may not see.
func withoutHidden(l respond.Leak, v Visible) respond.Leak {
	if l.IssueRepository != l.Repository && !v.Contains(l.IssueRepository) {
		l.IssueRepository, l.IssueNumber, l.IssueURL, l.IssueDigest = 0, 0, "", ""
	}
	return l
}

// repositoryInList are the columns of a repository r that lists show.
const repositoryInList = `r.id, r.installation, r.owner, r.name, r.default_branch, r.private, r.archived, r.backfilled, r.as_of`

func scanLeakRow(scan func(...any) error, row *LeakRow, key any) error {
	err := scanRepository(func(dest ...any) error {
		fields := append(leakFields(&row.Leak), into{&row.Seen})
		fields = append(fields, dest...)
		var path []byte
		err := scan(append(fields, flag{&row.InDefaultBranch}, &row.Places, &path, key)...)
		row.Path = string(path)
		return err
	}, &row.Repository)
	row.Leak = raised(row.Leak, row.Repository)
	return err
}

// flag reads a number that is no column, which PostgreSQL gives another type, into a truth.
type flag struct{ dest *bool }

// Scan implements [database/sql.Scanner].
func (f flag) Scan(src any) error {
	switch n := src.(type) {
	case int64:
		*f.dest = n != 0
	case int32:
		*f.dest = n != 0
	default:
		return fmt.Errorf("%w: %T instead of an integer", errColumn, src)
	}
	return nil
}

// LeakKinds returns the kinds of credentials that filters may name.
func LeakKinds() []detect.Kind {
	return []detect.Kind{
		detect.SecretKey, detect.LegacyAPIKey, detect.WebhookSecret, detect.MachineSecretKey, detect.PlatformAPIKey, detect.APIKey,
		detect.OAuthClientSecret, detect.EncryptionKey, detect.ClaimURL, respond.ExposedKey,
	}
}

// LeakStates returns the states that filters may name.
func LeakStates() []respond.State {
	return []respond.State{respond.Open, respond.Revoked, respond.Ignored, respond.Resolved}
}
