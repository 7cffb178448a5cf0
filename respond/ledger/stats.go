package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Stats are counts for metrics and the dashboard.
type Stats struct {
	Jobs         []Jobs         // by queue, kind and state
	Waiting      map[string]int // jobs that wait, by queue: available, scheduled or between attempts
	Running      map[string]int // jobs that run, by queue
	GivenUp      map[string]int // jobs given up that are still kept, by queue
	Unfinished   int            // deliveries without an outcome
	LastDelivery time.Time      // when GitHub last brought one; zero: none is remembered
	Leaks        map[respond.State]int
	Open         []OpenLeaks // by kind and environment

	OldestUnfinished time.Time // when the oldest delivery without an outcome was received; zero: there is none
	Missed           MissedStats
}

// OpenLeaks is how many leaks of a kind, environment and severity are open.
type OpenLeaks struct {
	Kind, Environment string
	Severity          string
	Count             int
	Oldest            time.Time // when the first of them was detected
}

// JobState is what becomes of a job.
type JobState string

// The states of jobs that are counted.
const (
	JobWaits   JobState = "waiting" // available, scheduled or between attempts
	JobRuns    JobState = "running"
	JobGivenUp JobState = "given_up" // and is still kept
)

// Jobs is how many jobs of a queue and kind are in a state.
type Jobs struct {
	Queue, Kind string
	State       JobState
	Count       int
	// Oldest is when the oldest of those that wait was queued; zero: none waits. Those that are for later do not count before
	// their time, nor those of suspended installations.
	Oldest time.Time
}

// ofThere is SQL for leaks of repositories that are there.
const ofThere = `repository NOT IN (SELECT id FROM repositories WHERE removed <> 0)`

// Stats counts. It reads whole tables, though not their bodies: once in some seconds is often enough.
func (tx *Tx) Stats(ctx context.Context) (Stats, error) {
	s := Stats{Leaks: map[respond.State]int{}}
	var err error
	if s.Jobs, err = tx.s.queue.Count(ctx, tx); err != nil {
		return Stats{}, fmt.Errorf("ledger: count jobs: %w", err)
	}
	s.Waiting, s.Running, s.GivenUp = map[string]int{}, map[string]int{}, map[string]int{}
	for _, j := range s.Jobs {
		map[JobState]map[string]int{JobWaits: s.Waiting, JobRuns: s.Running, JobGivenUp: s.GivenUp}[j.State][j.Queue] += j.Count
	}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var state respond.State
		var n int
		err := scan(&state, &n)
		s.Leaks[state] = n
		return err
	}, `SELECT state, count(*) FROM leaks WHERE `+ofThere+` GROUP BY state`)
	if err != nil {
		return Stats{}, fmt.Errorf("ledger: count leaks: %w", err)
	}
	if _, err := one(ctx, tx, []any{into{&s.LastDelivery}},
		`SELECT coalesce(max(received), 0) FROM deliveries WHERE recovered = 0`); err != nil {
		return Stats{}, fmt.Errorf("ledger: last delivery: %w", err)
	}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var open OpenLeaks
		err := scan(&open.Kind, &open.Environment, &open.Severity, &open.Count, into{&open.Oldest})
		s.Open = append(s.Open, open)
		return err
	}, `SELECT kind, environment, severity, count(*), coalesce(min(detected), 0) FROM leaks WHERE state = 'open' AND `+ofThere+`
		GROUP BY kind, environment, severity`)
	if err != nil {
		return Stats{}, fmt.Errorf("ledger: count open leaks: %w", err)
	}
	if _, err := one(ctx, tx, []any{&s.Unfinished, into{&s.OldestUnfinished}},
		`SELECT count(*), coalesce(min(received), 0) FROM deliveries WHERE finished = 0`); err != nil {
		return Stats{}, fmt.Errorf("ledger: count deliveries: %w", err)
	}
	if s.Missed, err = tx.MissedStats(ctx); err != nil {
		return Stats{}, err
	}
	return s, nil
}

// Outcomes is how many deliveries that were received in the last day, and in the last hour of it, became what.
type Outcomes struct {
	Done, Ignored, Waiting, GivenUp Recent
}

// Recent is a count over the last hour and the last day.
type Recent struct {
	Hour int `json:"hour"`
	Day  int `json:"day"`
}

// Outcomes counts the last day's deliveries. It reads all of them, though not their bodies: it is for people, not for each scrape.
func (tx *Tx) Outcomes(ctx context.Context) (Outcomes, error) {
	var o Outcomes
	err := each(ctx, tx, func(scan func(...any) error) error {
		var state string
		var n Recent
		err := scan(&state, &n.Hour, &n.Day)
		switch state {
		case "waiting":
			o.Waiting = n
		case "given up":
			o.GivenUp = n
		case "ignored":
			o.Ignored = n
		default:
			o.Done = n
		}
		return err
	}, `SELECT state, count(CASE WHEN received >= $1 THEN 1 END), count(*) FROM (
			SELECT received, CASE WHEN finished = 0 THEN 'waiting' WHEN given_up <> 0 THEN 'given up'
				WHEN outcome LIKE 'ignored%' THEN 'ignored' ELSE 'done' END AS state
			FROM deliveries WHERE received >= $2 AND NOT (given_up <> 0 AND outcome = $3)
		) recent GROUP BY state`, tx.now.Add(-time.Hour), tx.now.Add(-24*time.Hour), missedOutcome)
	if err != nil {
		return Outcomes{}, fmt.Errorf("ledger: count the last day's deliveries: %w", err)
	}
	return o, nil
}
