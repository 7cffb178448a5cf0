package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// AuditOrder is what audits are listed by.
type AuditOrder string

// The orders.
const (
	AuditsByWorst AuditOrder = "worst" // those with the most critical findings first, then by high ones and so on; also the zero value's
	AuditsByName  AuditOrder = "name"
	AuditsByTime  AuditOrder = "audited" // those audited last first
)

// AuditQuery is a page of a list of audits: of the repositories that use Clerk and are audited.
type AuditQuery struct {
	Search       string // words that must be part of owner/name, whatever the case of ASCII letters
	Repository   int64  // 0: any
	Package      string // only those that use this package; "": any
	Version      string // with Package: only this version of it
	WithFindings bool   // only those with findings
	WithGaps     bool   // only those of which something was not read
	Development  bool   // only those where production uses a development instance

	Order   AuditOrder
	Reverse bool
	After   string // Next of the page before; "": the first page
	Limit   int    // 0: 50; at most [MaxPage]
}

// AuditRow is a repository's latest audit in a list.
type AuditRow struct {
	Repository respond.Repository
	Head       string
	At         time.Time
	Counts     respond.AuditCounts
	Findings   []respond.AuditFinding // at most [MaxAuditFindings], the worst first
	Gaps       int
	Allowed    int // findings that comments accept
	// Development is how often production uses a development instance.
	Development int
}

// MaxAuditFindings is how many findings a list names of a repository.
const MaxAuditFindings = 20

// AuditPage is a page of audits.
type AuditPage struct {
	Audits []AuditRow
	Total  int    // of the whole list
	Next   string // goes on after it; "": it is the last
}

// badness is SQL for the order of an audit by its findings.
const badness = `(min(%s, 9999) * 1000000000000 + min(%s, 9999) * 100000000 + min(%s, 9999) * 10000 + min(%s, 9999))`

func (q *viewed) badness() string {
	text := fmt.Sprintf(badness, "a.critical", "a.high", "a.medium", "a.low")
	if q.tx.pg != nil {
		text = strings.ReplaceAll(text, "min(", "least(")
	}
	return text
}

func (q *viewed) auditsWhere(v Visible, query AuditQuery) string {
	where := []string{"a.clerk <> 0", "r.removed = 0", q.sees(v, "r.id")}
	add := func(condition string) { where = append(where, condition) }
	if query.Repository != 0 {
		add("r.id = " + q.bind(query.Repository))
	}
	if query.Package != "" {
		uses := "EXISTS (SELECT 1 FROM audit_packages p WHERE p.repository = a.repository AND p.name = " + q.bind(query.Package)
		if query.Version != "" {
			uses += " AND p.version = " + q.bind(query.Version)
		}
		add(uses + ")")
	}
	if query.WithFindings {
		add("a.critical + a.high + a.medium + a.low > 0")
	}
	if query.WithGaps {
		add("a.gaps <> '[]'")
	}
	if query.Development {
		add("a.development > 0")
	}
	words := strings.Fields(lowerASCII(query.Search))
	for _, word := range words[:min(len(words), maxWords)] {
		add(q.contains("r.owner || '/' || r.name", word))
	}
	return strings.Join(where, " AND ")
}

// AuditList lists a page of audits. [ErrCursor]: After is not of this order.
func (tx *Tx) AuditList(ctx context.Context, v Visible, query AuditQuery) (AuditPage, error) {
	if query.Order == "" {
		query.Order = AuditsByWorst
	}
	order := "audits " + string(query.Order)
	at, given, err := parseCursor(query.After, order, query.Reverse)
	if err != nil {
		return AuditPage{}, err
	}
	var page AuditPage
	const from = ` FROM audits a JOIN repositories r ON r.id = a.repository WHERE `
	count := &viewed{tx: tx}
	if _, err := one(ctx, tx.unprepared(), []any{&page.Total}, `SELECT count(*)`+from+count.auditsWhere(v, query), count.args...); err != nil {
		return AuditPage{}, fmt.Errorf("ledger: count audits: %w", err)
	}
	q := &viewed{tx: tx}
	key, down, byText := q.badness(), true, false
	switch query.Order {
	case AuditsByName:
		key, down, byText = q.nameOrder(), false, true
	case AuditsByTime:
		key = "a.at"
	case AuditsByWorst:
	}
	way := ""
	if down = down != query.Reverse; down {
		way = " DESC"
	}
	limit := pageSize(query.Limit)
	where := q.auditsWhere(v, query)
	var last cursor
	err = each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		row, c := AuditRow{}, cursor{Order: order, Reverse: query.Reverse}
		dest := any(&c.Number)
		if byText {
			dest = &c.Text
		}
		if err := scanAuditRow(scan, &row, dest); err != nil {
			return err
		}
		if len(page.Audits) == limit {
			page.Next = last.String()
			return nil
		}
		c.ID = row.Repository.ID
		last = c
		page.Audits = append(page.Audits, row)
		return nil
	}, `SELECT `+repositoryInList+`, a.head, a.at, a.findings, a.gaps, a.allowed, a.development, a.critical, a.high, a.medium, a.low, page.k
		FROM (SELECT r.id, `+key+` AS k`+from+where+` AND `+q.after(at, given, "("+key+")", "r.id", byText, down)+`
			ORDER BY 2`+way+`, 1`+way+` LIMIT `+q.bind(limit+1)+`) page
		JOIN repositories r ON r.id = page.id JOIN audits a ON a.repository = page.id
		ORDER BY page.k`+way+`, page.id`+way, q.args...)
	if err != nil {
		return AuditPage{}, fmt.Errorf("ledger: list audits: %w", err)
	}
	return page, nil
}

func scanAuditRow(scan func(...any) error, row *AuditRow, key any) error {
	var findings, gaps []byte
	c := &row.Counts
	err := scanRepository(func(dest ...any) error {
		return scan(append(dest, &row.Head, into{&row.At}, &findings, &gaps, &row.Allowed, &row.Development, &c.Critical, &c.High, &c.Medium, &c.Low, key)...)
	}, &row.Repository)
	if err == nil {
		err = json.Unmarshal(findings, &row.Findings)
	}
	var unread []string
	if err == nil {
		err = json.Unmarshal(gaps, &unread)
	}
	row.Findings, row.Gaps = row.Findings[:min(len(row.Findings), MaxAuditFindings)], len(unread)
	return err
}

// DevelopmentInProduction counts the repositories where production uses a development instance.
func (tx *Tx) DevelopmentInProduction(ctx context.Context, v Visible) (n int, err error) {
	q := &viewed{tx: tx}
	_, err = one(ctx, tx.unprepared(), []any{&n}, `SELECT count(*) FROM audits a JOIN repositories r ON r.id = a.repository WHERE `+
		q.auditsWhere(v, AuditQuery{Development: true}), q.args...)
	if err != nil {
		return 0, fmt.Errorf("ledger: count development instances in production: %w", err)
	}
	return n, nil
}

// PackageUse is a version of a package, and how many repositories use it.
type PackageUse struct {
	Name, Version string
	Locked        bool // whether a lockfile says so; otherwise Version is a range
	Repositories  int
}

// maxPackages is how many versions of packages are listed.
const maxPackages = 1000

// AuditPackages lists the versions of packages that matter to a check, by name and then by those that most use, at most 1,000.
func (tx *Tx) AuditPackages(ctx context.Context, v Visible) (list []PackageUse, err error) {
	q := &viewed{tx: tx}
	sees := q.sees(v, "r.id")
	err = each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var p PackageUse
		err := scan(&p.Name, &p.Version, into{&p.Locked}, &p.Repositories)
		list = append(list, p)
		return err
	}, `SELECT p.name, p.version, p.locked, count(DISTINCT p.repository) FROM audit_packages p JOIN repositories r ON r.id = p.repository
		WHERE r.removed = 0 AND `+sees+` GROUP BY p.name, p.version, p.locked ORDER BY p.name, 4 DESC, p.version LIMIT `+q.bind(maxPackages), q.args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: packages of audits: %w", err)
	}
	return list, nil
}
