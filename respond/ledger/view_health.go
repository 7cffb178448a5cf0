package ledger

import (
	"context"
	"fmt"
	"time"
)

// DeliveryHealth is what became of the deliveries of the last day.
type DeliveryHealth struct {
	Done, Ignored, Waiting, GivenUp Recent
	Recovered                       Recent    // of all of these: read from GitHub's delivery log, and not received
	Missed                          int       // known to be missed, and not recovered yet
	OldestWaiting                   time.Time // when the oldest that waits was received, also before the last day; zero: none waits
	Last                            time.Time // when the last one was received; zero: none in the last day
}

// DeliveryHealth counts the last day's deliveries about repositories that the viewer may see; to those who see all, all of them.
func (tx *Tx) DeliveryHealth(ctx context.Context, v Visible) (DeliveryHealth, error) {
	var h DeliveryHealth
	q := &viewed{tx: tx}
	hour, missed := q.bind(tx.now.Add(-time.Hour)), q.bind(missedOutcome)
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var state string
		var n, recovered Recent
		var last time.Time
		if err := scan(&state, &n.Hour, &n.Day, &recovered.Hour, &recovered.Day, into{&last}); err != nil {
			return err
		}
		h.Recovered.Hour, h.Recovered.Day = h.Recovered.Hour+recovered.Hour, h.Recovered.Day+recovered.Day
		if last.After(h.Last) {
			h.Last = last
		}
		*map[string]*Recent{"waiting": &h.Waiting, "given up": &h.GivenUp, "ignored": &h.Ignored, "done": &h.Done}[state] = n
		return nil
	}, `SELECT state, count(CASE WHEN received >= `+hour+` THEN 1 END), count(*),
			count(CASE WHEN recovered <> 0 AND received >= `+hour+` THEN 1 END), count(CASE WHEN recovered <> 0 THEN 1 END),
			coalesce(max(CASE WHEN recovered = 0 THEN received END), 0)
		FROM (SELECT d.received, d.recovered, CASE WHEN d.finished = 0 THEN 'waiting' WHEN d.given_up <> 0 THEN 'given up'
				WHEN d.outcome LIKE 'ignored%' THEN 'ignored' ELSE 'done' END AS state
			FROM deliveries d WHERE d.received >= `+q.bind(tx.now.Add(-24*time.Hour))+`
				AND NOT (d.given_up <> 0 AND d.outcome = `+missed+`) AND `+q.sees(v, "d.repository")+`) recent GROUP BY state`, q.args...)
	if err == nil {
		q, waiting := &viewed{tx: tx}, 0 // counted, so that they are found by their index
		_, err = one(ctx, tx.unprepared(), []any{&waiting, into{&h.OldestWaiting}}, `SELECT count(*), coalesce(min(d.received), 0) FROM deliveries d
			WHERE d.finished = 0 AND `+q.sees(v, "d.repository"), q.args...)
	}
	if err == nil {
		q := &viewed{tx: tx}
		_, err = one(ctx, tx.unprepared(), []any{&h.Missed}, `SELECT count(*) FROM missed m JOIN deliveries d ON d.guid = m.guid
			WHERE d.given_up <> 0 AND d.outcome = `+q.bind(missedOutcome)+` AND `+q.sees(v, "d.repository"), q.args...)
	}
	if err != nil {
		return DeliveryHealth{}, fmt.Errorf("ledger: the last day's deliveries: %w", err)
	}
	return h, nil
}

// VisibleJobs counts the jobs about what the viewer may see, by kind; to those who see all, all of them. Only those that wait or run
// are counted.
func (tx *Tx) VisibleJobs(ctx context.Context, v Visible) ([]Jobs, error) {
	if v.Everything {
		return tx.s.queue.Count(ctx, tx)
	}
	q := &viewed{tx: tx}
	c := tx.s.queue.Conditions()
	var list []Jobs
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var j Jobs
		err := scan(&j.Queue, &j.Kind, &j.State, &j.Count)
		list = append(list, j)
		return err
	}, `SELECT queue, kind, state, count(*) FROM (SELECT j.queue, j.kind, CASE WHEN `+c.JobRuns+` THEN 'running' ELSE 'waiting' END AS state
			FROM `+c.Jobs+` j WHERE NOT (`+c.JobEnded+`) AND (`+q.sees(v, c.JobRepository)+` OR EXISTS (
				SELECT 1 FROM leaks l WHERE l.id = `+c.JobLeak+` AND `+q.sees(v, "l.repository")+`))) jobs
		GROUP BY queue, kind, state ORDER BY kind, state`, q.args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: count jobs: %w", err)
	}
	return list, nil
}

// InstallationRow is an installation in a list.
type InstallationRow struct {
	ID           int64
	Account      string
	Suspended    bool
	Repositories int // that the viewer may see
	Read         int // of these, those whose history was read
}

// InstallationList lists the installations with repositories that the viewer may see, by account; to those who see all, all of them.
func (tx *Tx) InstallationList(ctx context.Context, v Visible) ([]InstallationRow, error) {
	q := &viewed{tx: tx}
	join := "JOIN"
	if v.Everything {
		join = "LEFT JOIN"
	}
	var list []InstallationRow
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		var row InstallationRow
		err := scan(&row.ID, &row.Account, into{&row.Suspended}, &row.Repositories, &row.Read)
		list = append(list, row)
		return err
	}, `SELECT i.id, i.account, i.suspended, count(r.id), count(CASE WHEN r.backfilled <> 0 THEN 1 END)
		FROM installations i `+join+` repositories r ON r.installation = i.id AND r.removed = 0 AND `+q.sees(v, "r.id")+`
		WHERE i.removed = 0 GROUP BY i.id, i.account, i.suspended ORDER BY i.account, i.id`, q.args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: list installations: %w", err)
	}
	return list, nil
}

// Processes counts the processes that work the queue, by their last signs of life. On SQLite there is one at most.
func (tx *Tx) Processes(ctx context.Context) (n int, err error) {
	if _, err := one(ctx, tx.unprepared(), []any{&n}, `SELECT count(*) FROM replicas`); err != nil {
		return 0, fmt.Errorf("ledger: count processes: %w", err)
	}
	return n, nil
}
