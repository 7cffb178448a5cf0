package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// Overview says how things are, at a glance. Leaks from outside count nowhere.
type Overview struct {
	Open     []OpenGroup // the most severe first
	Revoked  []Median    // the last 30 and the last 90 days
	Weeks    []Week      // the last twelve, oldest first; the last one is not over
	Coverage Coverage
}

// OpenGroup are the open leaks of a severity, environment and kind.
type OpenGroup struct {
	Severity    detect.Severity // as issues show it
	Environment detect.Environment
	Kind        detect.Kind
	Sure        bool // not of low confidence
	Count       int
	Ages        [len(ageLimits) + 1]int // by how long ago they were detected: less than a day, a week, thirty days, or more
	Oldest      time.Time
}

var ageLimits = [...]time.Duration{24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

// Median is how long it took to revoke leaked keys, from their detection to Clerk's word.
type Median struct {
	Days  int // of how many days back
	Count int
	Took  time.Duration // 0 where there are none
}

// Week is a week of leaks. It begins on Monday, UTC.
type Week struct {
	Begin          time.Time
	Opened, Closed int           // detected; closed last in it
	Revoked        int           // closed by Clerk's word
	Took           time.Duration // the median of those
}

// Coverage is what of the repositories was read.
type Coverage struct {
	Repositories int // all that are watched, archived ones too
	Archived     int
	Unread       int // never read whole
	Stale        int // read, and not compared with GitHub for longer than asked; archived ones are left out
	Unfinished   int // the reading of the history waits, runs or was given up
	GivenUp      int
	WithGaps     int // a limit left something unread that nobody has accepted
}

const (
	weeksShown = 12
	week       = 7 * 24 * time.Hour
)

// weekBegin is when the week of a time began.
func weekBegin(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// Overview says how things are. stale is how old a reading may be.
func (tx *Tx) Overview(ctx context.Context, v Visible, stale time.Duration) (Overview, error) {
	var o Overview
	var err error
	if o.Open, err = tx.openGroups(ctx, v); err == nil {
		o.Weeks, o.Revoked, err = tx.weeks(ctx, v)
	}
	if err == nil {
		o.Coverage, err = tx.Coverage(ctx, v, stale)
	}
	if err != nil {
		return Overview{}, fmt.Errorf("ledger: overview: %w", err)
	}
	return o, nil
}

func (tx *Tx) openGroups(ctx context.Context, v Visible) ([]OpenGroup, error) {
	q := &viewed{tx: tx}
	age := ""
	for _, limit := range ageLimits {
		age += ", count(CASE WHEN l.detected > " + q.bind(tx.now.Add(-limit)) + " THEN 1 END)"
	}
	var list []OpenGroup
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var g OpenGroup
		var rank int
		var younger [len(ageLimits)]int // each counts those of the one before
		if err := scan(&rank, &g.Environment, &g.Kind, flag{&g.Sure}, &g.Count, into{&g.Oldest}, &younger[0], &younger[1], &younger[2]); err != nil {
			return err
		}
		g.Severity = severities[min(max(rank, 0), len(severities)-1)]
		before := 0
		for i, n := range younger {
			g.Ages[i], before = n-before, n
		}
		g.Ages[len(ageLimits)] = g.Count - before
		list = append(list, g)
		return nil
	}, `SELECT `+severityOf+` AS rank, l.environment, l.kind, CASE l.confidence WHEN 'low' THEN 0 ELSE 1 END AS sure,
			count(*), coalesce(min(l.detected), 0)`+age+`
		FROM leaks l JOIN repositories r ON r.id = l.repository
		WHERE `+stateAlone+` = 'open' AND l.outside = 0 AND r.removed = 0 AND `+q.sees(v, "l.repository")+`
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`, q.args...)
	return list, err
}

// weeks counts the last weeks, and takes the medians of what was revoked.
func (tx *Tx) weeks(ctx context.Context, v Visible) ([]Week, []Median, error) {
	weeks := make([]Week, weeksShown)
	took := make([][]time.Duration, weeksShown)
	first := weekBegin(tx.now).Add(-(weeksShown - 1) * week)
	for i := range weeks {
		weeks[i].Begin = first.Add(time.Duration(i) * week)
	}
	at := func(t time.Time) (int, bool) {
		i := int(t.Sub(first) / week)
		return i, !t.Before(first) && i < weeksShown
	}
	medians := []Median{{Days: 30}, {Days: 90}}
	within := make([][]time.Duration, len(medians))
	since := tx.now.AddDate(0, 0, -90)
	if first.Before(since) {
		since = first
	}
	q := &viewed{tx: tx}
	from := q.bind(since)
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var state respond.State
		var detected, closed time.Time
		if err := scan(&state, into{&detected}, into{&closed}); err != nil {
			return err
		}
		if i, in := at(detected); in {
			weeks[i].Opened++
		}
		if state == respond.Open || closed.IsZero() {
			return nil
		}
		i, in := at(closed)
		if in {
			weeks[i].Closed++
		}
		if state != respond.Revoked {
			return nil
		}
		time := max(closed.Sub(detected), 0)
		if in {
			weeks[i].Revoked++
			took[i] = append(took[i], time)
		}
		for m := range medians {
			if closed.After(tx.now.AddDate(0, 0, -medians[m].Days)) {
				within[m] = append(within[m], time)
			}
		}
		return nil
	}, `SELECT l.state, l.detected, l.closed FROM leaks l JOIN repositories r ON r.id = l.repository
		WHERE (l.detected >= `+from+` OR l.closed >= `+from+`) AND l.outside = 0 AND r.removed = 0 AND `+q.sees(v, "l.repository"), q.args...)
	for i := range weeks {
		weeks[i].Took = medianOf(took[i])
	}
	for m := range medians {
		medians[m].Count, medians[m].Took = len(within[m]), medianOf(within[m])
	}
	return weeks, medians, err
}

// medianOf is the middle one of some durations, or the mean of the two; 0 for none.
func medianOf(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}

// Coverage says what was read. stale is how old a reading may be.
func (tx *Tx) Coverage(ctx context.Context, v Visible, stale time.Duration) (Coverage, error) {
	var c Coverage
	q := &viewed{tx: tx}
	limit := q.bind(tx.now.Add(-stale))
	_, err := one(ctx, tx.unprepared(), []any{&c.Repositories, &c.Archived, &c.Unread, &c.Stale, &c.Unfinished, &c.GivenUp, &c.WithGaps},
		`SELECT count(*), count(CASE WHEN r.archived <> 0 THEN 1 END), count(CASE WHEN r.backfilled = 0 THEN 1 END),
			count(CASE WHEN r.archived = 0 AND r.backfilled <> 0 AND r.backfilled < `+limit+` AND r.swept < `+limit+`
				AND `+lastTip+` < `+limit+` THEN 1 END),
			count(CASE WHEN r.backfilled = 0 OR b.repository IS NOT NULL THEN 1 END),
			count(CASE WHEN b.phase = 'given up' THEN 1 END),
			count(CASE WHEN r.id IN (SELECT repository FROM gaps WHERE accepted = 0) THEN 1 END)
		FROM repositories r LEFT JOIN backfills b ON b.repository = r.id WHERE r.removed = 0 AND `+q.sees(v, "r.id"), q.args...)
	if err != nil {
		return Coverage{}, fmt.Errorf("ledger: coverage: %w", err)
	}
	return c, nil
}
