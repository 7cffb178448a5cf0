package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// RepositoryOrder is what repositories are listed by.
type RepositoryOrder string

// The orders.
const (
	RepositoriesByName  RepositoryOrder = "name" // also the zero value's
	RepositoriesByRead  RepositoryOrder = "read" // those that were read longest ago first
	RepositoriesByLeaks RepositoryOrder = "leaks"
	RepositoriesByGaps  RepositoryOrder = "gaps"
)

// RepositoryQuery is a page of a list of repositories.
type RepositoryQuery struct {
	Search       string // words that must be part of owner/name, whatever the case of ASCII letters
	Owner        string // whatever its case; "": any
	Installation int64  // 0: any
	ID           int64  // 0: any
	Private      *bool  // nil: any
	Archived     *bool
	History      []HistoryState // none: any
	WithLeaks    bool           // only those with open leaks
	WithGaps     bool           // only those of which something is unread that nobody has accepted
	ReadBefore   time.Time      // only those last read before; zero: any

	Order   RepositoryOrder
	Reverse bool
	After   string // Next of the page before; "": the first page
	Limit   int    // 0: 50; at most [MaxPage]
}

// HistoryState is how far the reading of a repository's whole history is.
type HistoryState string

// The states of histories.
const (
	HistoryDone    HistoryState = "done"
	HistoryReading HistoryState = "reading" // for the first time or again
	HistoryWaiting HistoryState = "waiting"
	HistoryGivenUp HistoryState = "given_up"
)

// HistoryStates returns the states that queries may name.
func HistoryStates() []HistoryState {
	return []HistoryState{HistoryDone, HistoryReading, HistoryWaiting, HistoryGivenUp}
}

// RepositoryRow is a repository in a list.
type RepositoryRow struct {
	Repository respond.Repository
	Account    string // of the installation
	Suspended  bool
	Read       time.Time // when it was last read, or all its refs compared with what was read; zero: never
	Pushed     time.Time // when it was last pushed to, as GitHub's lists said; zero: not known
	OpenLeaks  int
	Gaps       int // ranges of which a limit left something unread, and that nobody has accepted

	History HistoryState
	// Backfill is of what is not done; its Phase is the one that is recorded.
	Backfill Backfill
	Last     HistoryRead // of the last reading of the whole history; zero: none is recorded
}

// RepositoryPage is a page of repositories.
type RepositoryPage struct {
	Repositories []RepositoryRow
	Total        int    // of the whole list
	Next         string // goes on after it; "": it is the last
}

const (
	// lastTip is SQL for when a ref of the repository r was last read; 0: never.
	lastTip = `coalesce((SELECT max(t.seen) FROM tips t WHERE t.repository = r.id), 0)`
	// openGaps is SQL for how many open gaps the repository r has.
	openGaps = `(SELECT count(*) FROM gaps g WHERE g.repository = r.id AND g.accepted = 0)`
	// openLeaks is SQL for how many open leaks the repository r has.
	openLeaks = `(SELECT count(*) FROM leaks l WHERE l.repository = r.id AND l.state = 'open' AND l.outside = 0)`
)

// lastRead is SQL for when the repository r was last read.
func (q *viewed) lastRead() string {
	return q.greatest("r.backfilled", "r.swept", lastTip)
}

// historyOf is SQL for the [HistoryState] of the repository r.
func (tx *Tx) historyOf() string {
	return `CASE ` + tx.backfillState() + ` WHEN 'arriving' THEN 'reading' WHEN 'reading' THEN 'reading' WHEN 'given up' THEN 'given_up'
		WHEN 'done' THEN 'done' ELSE 'waiting' END`
}

func (q *viewed) repositoriesWhere(v Visible, query RepositoryQuery) string {
	where := []string{"r.removed = 0", q.sees(v, "r.id")}
	add := func(condition string) { where = append(where, condition) }
	if query.Owner != "" {
		add("lower(r.owner) = " + q.bind(lowerASCII(query.Owner)))
	}
	if query.Installation != 0 {
		add("r.installation = " + q.bind(query.Installation))
	}
	if query.ID != 0 {
		add("r.id = " + q.bind(query.ID))
	}
	for column, wanted := range map[string]*bool{"r.private": query.Private, "r.archived": query.Archived} {
		if wanted != nil && *wanted {
			add(column + " <> 0")
		} else if wanted != nil {
			add(column + " = 0")
		}
	}
	if len(query.History) > 0 {
		add(in(q, "("+q.tx.historyOf()+")", query.History))
	}
	if query.WithLeaks {
		add("EXISTS " + strings.Replace(openLeaks, "count(*)", "1", 1))
	}
	if query.WithGaps {
		add("EXISTS " + strings.Replace(openGaps, "count(*)", "1", 1))
	}
	if !query.ReadBefore.IsZero() {
		add(q.lastRead() + " < " + q.bind(query.ReadBefore))
	}
	words := strings.Fields(lowerASCII(query.Search))
	for _, word := range words[:min(len(words), maxWords)] {
		add(q.contains("r.owner || '/' || r.name", word))
	}
	return strings.Join(where, " AND ")
}

func (q *viewed) repositoryKey(by RepositoryOrder) (key string, down bool) {
	switch by {
	case RepositoriesByRead:
		return q.lastRead(), false
	case RepositoriesByLeaks:
		return openLeaks, true
	case RepositoriesByGaps:
		return openGaps, true
	}
	return q.nameOrder(), false
}

// RepositoryList lists a page of repositories. [ErrCursor]: After is not of this order.
func (tx *Tx) RepositoryList(ctx context.Context, v Visible, query RepositoryQuery) (RepositoryPage, error) {
	if query.Order == "" {
		query.Order = RepositoriesByName
	}
	order := "repositories " + string(query.Order)
	at, given, err := parseCursor(query.After, order, query.Reverse)
	if err != nil {
		return RepositoryPage{}, err
	}
	var page RepositoryPage
	count := &viewed{tx: tx}
	const from = ` FROM repositories r LEFT JOIN backfills l ON l.repository = r.id WHERE `
	if _, err := one(ctx, tx.unprepared(), []any{&page.Total}, `SELECT count(*)`+from+count.repositoriesWhere(v, query), count.args...); err != nil {
		return RepositoryPage{}, fmt.Errorf("ledger: count repositories: %w", err)
	}
	q := &viewed{tx: tx}
	key, down := q.repositoryKey(query.Order)
	down = down != query.Reverse
	byText, way := query.Order == RepositoriesByName, ""
	if down {
		way = " DESC"
	}
	limit := pageSize(query.Limit)
	where := q.repositoriesWhere(v, query)
	var last cursor
	err = each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		row, c := RepositoryRow{}, cursor{Order: order, Reverse: query.Reverse}
		dest := any(&c.Number)
		if byText {
			dest = &c.Text
		}
		if err := scanRepositoryRow(scan, &row, dest); err != nil {
			return err
		}
		if len(page.Repositories) == limit {
			page.Next = last.String()
			return nil
		}
		c.ID = row.Repository.ID
		last = c
		page.Repositories = append(page.Repositories, row)
		return nil
	}, `SELECT `+repositoryInList+`, i.account, i.suspended, `+q.lastRead()+`, r.pushed, `+openLeaks+`, `+openGaps+`, `+tx.historyOf()+`,
			r.history_commits, r.history_bytes, r.history_took,
			coalesce(l.phase, ''), coalesce(l.attempt, 0), coalesce(l.objects, 0), coalesce(l.total, 0), coalesce(l.bytes, 0), coalesce(l.started, 0),
			coalesce(l.updated, 0), coalesce(l.reason, ''), page.k
		FROM (SELECT r.id, `+key+` AS k`+from+where+` AND `+q.after(at, given, "("+key+")", "r.id", byText, down)+`
			ORDER BY 2`+way+`, 1`+way+` LIMIT `+q.bind(limit+1)+`) page
		JOIN repositories r ON r.id = page.id JOIN installations i ON i.id = r.installation LEFT JOIN backfills l ON l.repository = r.id
		ORDER BY page.k`+way+`, page.id`+way, q.args...)
	if err != nil {
		return RepositoryPage{}, fmt.Errorf("ledger: list repositories: %w", err)
	}
	return page, nil
}

func scanRepositoryRow(scan func(...any) error, row *RepositoryRow, key any) error {
	b := &row.Backfill
	err := scanRepository(func(dest ...any) error {
		return scan(append(dest, &row.Account, into{&row.Suspended}, into{&row.Read}, into{&row.Pushed}, &row.OpenLeaks, &row.Gaps, &row.History,
			&row.Last.Commits, &row.Last.Bytes, into{&row.Last.Took},
			&b.Phase, &b.Attempt, &b.Objects, &b.Total, &b.Bytes, into{&b.Started}, into{&b.Updated}, &b.Reason, key)...)
	}, &row.Repository)
	b.Repository = row.Repository.ID
	if row.Read.Before(time.UnixMicro(1)) { // swept is -1 for a moment after a repository came back
		row.Read = time.Time{}
	}
	return err
}
