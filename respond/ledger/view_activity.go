package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// ActivityKind is what somebody did.
type ActivityKind string

// The kinds of activity.
const (
	ActivityState   ActivityKind = "state"   // a leak's state changed; What is "open > ignored", Detail the reason
	ActivityCommand ActivityKind = "command" // a command, a button, or an issue closed or reopened by hand; What is its [respond.CommandKind]
	ActivityAnswer  ActivityKind = "answer"  // Clerk answered; What is the [respond.Verdict], Detail why it was asked
	ActivityEffect  ActivityKind = "effect"  // rekey did something on GitHub; What is "issue", "comment", "remind", "mask", "delete", "close" or "reopen", Detail a comment's anchor
	ActivityAccept  ActivityKind = "accept"  // a maintainer accepted what was not read
	ActivityScan    ActivityKind = "scan"    // a person had something read again; What is what
	ActivityForget  ActivityKind = "forget"  // an account was forgotten
	// ActivityAlert is what became of an alert of GitHub's secret scanning; What is found, published, bypassed, resolved or reopened.
	ActivityAlert ActivityKind = "alert"
)

// Operator is who acts by the command line on the server.
const Operator = "operator"

// ActivityKinds returns the kinds that queries may name.
func ActivityKinds() []ActivityKind {
	return []ActivityKind{ActivityState, ActivityCommand, ActivityAnswer, ActivityEffect, ActivityAccept, ActivityScan, ActivityForget, ActivityAlert}
}

// Activity is something that was done, and by whom.
type Activity struct {
	At         time.Time
	By         string // login, "Clerk" or "rekey"
	Kind       ActivityKind
	What       string
	Detail     string
	Repository int64 // 0: about the server as a whole
	Leak       int64 // 0: about none

	Owner, Name string // of the repository; read, not recorded
	From, To    respond.State
}

// ActivityQuery is a page of what was done, latest first.
type ActivityQuery struct {
	By         string         // login, whatever its case; "": anybody
	Repository int64          // 0: any
	Leak       int64          // 0: any
	Kinds      []ActivityKind // none: any
	Done       bool           // without changes of state
	People     bool           // only what people did
	After      string         // Next of the page before; "": the first page
	Limit      int            // 0: 50; at most [MaxPage]
}

// ActivityPage is a page of what was done.
type ActivityPage struct {
	Entries []Activity
	Next    string // goes on after it; "": it is the last
}

// RecordActivity records that something was done. Its zero At means now. It is for what no event of a leak tells.
func (tx *Tx) RecordActivity(ctx context.Context, a Activity) error {
	if a.At.IsZero() {
		a.At = tx.now
	}
	_, err := tx.exec(ctx, `INSERT INTO activity (at, actor, kind, what, detail, repository, leak) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.At, a.By, a.Kind, a.What, a.Detail, orNull(a.Repository), orNull(a.Leak))
	if err != nil {
		return explain(fmt.Errorf("ledger: record activity: %w", err))
	}
	return nil
}

func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// Activity lists a page of what was done, latest first: changes of state, and what was recorded by [Tx.RecordActivity]. What is
// about no repository is told to those who see all. [ErrCursor]: After is not of this list.
func (tx *Tx) Activity(ctx context.Context, v Visible, query ActivityQuery) (ActivityPage, error) {
	at, given, err := parseCursor(query.After, "activity", false)
	if err != nil {
		return ActivityPage{}, err
	}
	q := &viewed{tx: tx}
	limit := pageSize(query.Limit)
	states := !query.Done && (len(query.Kinds) == 0 || slices.Contains(query.Kinds, ActivityState))
	var parts []string
	if states {
		parts = append(parts, q.states(v, query, at, given, limit))
	}
	parts = append(parts, q.done(v, query, at, given, limit))
	statement := parts[0]
	if len(parts) == 2 {
		statement = `SELECT * FROM (` + parts[0] + `) states UNION ALL SELECT * FROM (` + parts[1] + `) done`
	}
	var page ActivityPage
	var last cursor
	err = each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var a Activity
		c := cursor{Order: "activity"}
		if err := scan(into{&a.At}, &c.Source, &c.ID, &a.By, &a.Kind, &a.What, &a.Detail, &a.Repository, &a.Leak, &a.Owner, &a.Name, &a.From, &a.To); err != nil {
			return err
		}
		if len(page.Entries) == limit {
			page.Next = last.String()
			return nil
		}
		if a.Kind == ActivityState {
			a.What = string(a.From) + " > " + string(a.To)
		}
		c.Number = micros(a.At)
		last = c
		page.Entries = append(page.Entries, a)
		return nil
	}, `SELECT * FROM (`+statement+`) activities ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT `+q.bind(limit+1), q.args...)
	if err != nil {
		return ActivityPage{}, fmt.Errorf("ledger: list what was done: %w", err)
	}
	return page, nil
}

// The sources of what was done, as cursors tell them apart.
const (
	fromDone   = 0
	fromStates = 1
)

// behind is SQL for what comes after a cursor in one of the sources: all are listed by time, then by source, then by id.
func (q *viewed) behind(c cursor, given bool, source int, at, id string) string {
	switch {
	case !given:
		return "1 = 1"
	case source < c.Source:
		return at + " <= " + q.bind(c.Number)
	case source > c.Source:
		return at + " < " + q.bind(c.Number)
	}
	return "(" + at + ", " + id + ") < (" + q.bind(c.Number) + ", " + q.bind(c.ID) + ")"
}

func (q *viewed) states(v Visible, query ActivityQuery, at cursor, given bool, limit int) string {
	where := q.sees(v, "l.repository") + " AND r.removed = 0 AND " + q.behind(at, given, fromStates, "e.at", "e.id")
	where += q.by(query, "e.actor", "l.repository", "e.leak")
	return `SELECT e.at, 1 AS source, e.id, e.actor, 'state' AS kind, '' AS what,
			e.reason || CASE e.approved_by WHEN '' THEN '' ELSE ', confirmed by ' || e.approved_by END, l.repository, e.leak, r.owner, r.name, e.from_state, e.to_state
		FROM events e ` + q.joined() + ` leaks l ON l.id = e.leak ` + q.joined() + ` repositories r ON r.id = l.repository
		WHERE ` + where + ` ORDER BY e.at DESC, e.id DESC LIMIT ` + q.bind(limit+1)
}

func (q *viewed) done(v Visible, query ActivityQuery, at cursor, given bool, limit int) string {
	where := "(a.repository IS NULL OR r.removed = 0)"
	if !v.Everything {
		where = "r.removed = 0 AND " + q.sees(v, "a.repository")
	}
	where += " AND " + q.behind(at, given, fromDone, "a.at", "a.id") + " AND " + in(q, "a.kind", query.Kinds)
	where += q.by(query, "a.actor", "a.repository", "a.leak")
	return `SELECT a.at, 0 AS source, a.id, a.actor, a.kind, a.what, a.detail, coalesce(a.repository, 0), coalesce(a.leak, 0),
			coalesce(r.owner, ''), coalesce(r.name, ''), '' AS from_state, '' AS to_state
		FROM activity a LEFT JOIN repositories r ON r.id = a.repository
		WHERE ` + where + ` ORDER BY a.at DESC, a.id DESC LIMIT ` + q.bind(limit+1)
}

// by is SQL for who did it, and where.
func (q *viewed) by(query ActivityQuery, actor, repository, leak string) (where string) {
	if query.By != "" {
		where += " AND lower(" + actor + ") = " + q.bind(lowerASCII(query.By))
	}
	if query.People {
		where += " AND " + actor + " NOT IN ('', '" + respond.Self + "', '" + respond.ByClerk + "', '" + respond.ByGitHub + "')"
	}
	if query.Repository != 0 {
		where += " AND " + repository + " = " + q.bind(query.Repository)
	}
	if query.Leak != 0 {
		where += " AND " + leak + " = " + q.bind(query.Leak)
	}
	return where
}
