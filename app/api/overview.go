package api

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

// Overview says how things are, at a glance.
type Overview struct {
	Open       []OpenGroup `json:"open"`
	Revoked    []Median    `json:"revoked"`
	Weeks      []Week      `json:"weeks"`
	Coverage   Coverage    `json:"coverage"`
	Deliveries Deliveries  `json:"deliveries"`
}

// OpenGroup are the open leaks of a severity, environment and kind.
type OpenGroup struct {
	Severity    string    `json:"severity"`
	Environment string    `json:"environment,omitempty"`
	Kind        string    `json:"kind"`
	Sure        bool      `json:"sure"`
	Count       int       `json:"count"`
	Ages        Ages      `json:"ages"`
	Oldest      time.Time `json:"oldest_at"`
}

// Ages count leaks by how long ago they were opened.
type Ages struct {
	Day   int `json:"under_1_day"`
	Week  int `json:"under_7_days"`
	Month int `json:"under_30_days"`
	Older int `json:"older"`
}

// Median is how long it took to revoke leaked keys.
type Median struct {
	Days   int    `json:"days"`
	Count  int    `json:"count"`
	Median *int64 `json:"median_seconds,omitempty"`
}

// Week is a week of leaks.
type Week struct {
	Begin   time.Time `json:"begins_at"`
	Opened  int       `json:"opened"`
	Closed  int       `json:"closed"`
	Revoked int       `json:"revoked"`
	Median  *int64    `json:"median_seconds,omitempty"`
}

// Coverage is what of the repositories was read.
type Coverage struct {
	Repositories int `json:"repositories"`
	Archived     int `json:"archived"`
	Unread       int `json:"never_read"`
	Stale        int `json:"stale"`
	StaleDays    int `json:"stale_after_days"`
	Unfinished   int `json:"history_unfinished"`
	GivenUp      int `json:"history_given_up"`
	WithGaps     int `json:"with_gaps"`
}

// Deliveries are what became of GitHub's deliveries of the last day.
type Deliveries struct {
	Done          ledger.Recent `json:"done"`
	Ignored       ledger.Recent `json:"ignored"`
	Waiting       ledger.Recent `json:"waiting"`
	GivenUp       ledger.Recent `json:"given_up"`
	Recovered     ledger.Recent `json:"recovered"`
	Missed        int           `json:"missed"`
	OldestWaiting time.Time     `json:"oldest_waiting_at,omitzero"`
	Last          time.Time     `json:"last_at,omitzero"`
}

func deliveriesOf(d ledger.DeliveryHealth) Deliveries {
	return Deliveries{
		Done: d.Done, Ignored: d.Ignored, Waiting: d.Waiting, GivenUp: d.GivenUp, Recovered: d.Recovered, Missed: d.Missed,
		OldestWaiting: d.OldestWaiting, Last: d.Last,
	}
}

func seconds(count int, d time.Duration) *int64 {
	if count == 0 {
		return nil
	}
	return new(int64(d.Seconds()))
}

func (a *api) overview(q *ask) (any, error) {
	var o ledger.Overview
	var d ledger.DeliveryHealth
	err := a.view(q, func(ctx context.Context, tx Tx) (err error) {
		if o, err = tx.Overview(ctx, q.sees, StaleAfter); err == nil {
			d, err = tx.DeliveryHealth(ctx, q.sees)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	c := o.Coverage
	out := Overview{Open: []OpenGroup{}, Deliveries: deliveriesOf(d), Coverage: Coverage{
		Repositories: c.Repositories, Archived: c.Archived, Unread: c.Unread, Stale: c.Stale, StaleDays: int(StaleAfter / (24 * time.Hour)),
		Unfinished: c.Unfinished, GivenUp: c.GivenUp, WithGaps: c.WithGaps,
	}}
	for _, g := range o.Open {
		out.Open = append(out.Open, OpenGroup{
			Severity: string(g.Severity), Environment: string(g.Environment), Kind: string(g.Kind), Sure: g.Sure, Count: g.Count,
			Ages: Ages{g.Ages[0], g.Ages[1], g.Ages[2], g.Ages[3]}, Oldest: g.Oldest,
		})
	}
	for _, m := range o.Revoked {
		out.Revoked = append(out.Revoked, Median{m.Days, m.Count, seconds(m.Count, m.Took)})
	}
	for _, w := range o.Weeks {
		out.Weeks = append(out.Weeks, Week{w.Begin, w.Opened, w.Closed, w.Revoked, seconds(w.Revoked, w.Took)})
	}
	return out, nil
}
