package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Stats are counts for metrics and the dashboard.
type Stats struct {
	Waiting      map[string]int // jobs that wait, by queue: available, scheduled or between attempts
	Running      map[string]int // jobs that run, by queue
	GivenUp      map[string]int // jobs given up in the last week, by queue
	Unfinished   int            // deliveries without an outcome
	LastDelivery time.Time      // when the last one was received; zero: none is remembered
	Leaks        map[respond.State]int
	Open         []OpenLeaks // by kind and environment

	OldestUnfinished time.Time // when the oldest delivery without an outcome was received; zero: there is none
}

// OpenLeaks is how many leaks of a kind and environment are open.
type OpenLeaks struct {
	Kind, Environment string
	Count             int
}

// Stats counts. It reads whole tables, though not their bodies: once in some seconds is often enough.
func (tx *Tx) Stats(ctx context.Context) (Stats, error) {
	s := Stats{Leaks: map[respond.State]int{}}
	var err error
	if s.Waiting, s.Running, s.GivenUp, err = tx.s.queue.Count(ctx, tx); err != nil {
		return Stats{}, fmt.Errorf("ledger: count jobs: %w", err)
	}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var state respond.State
		var n int
		err := scan(&state, &n)
		s.Leaks[state] = n
		return err
	}, `SELECT state, count(*) FROM leaks GROUP BY state`)
	if err != nil {
		return Stats{}, fmt.Errorf("ledger: count leaks: %w", err)
	}
	if _, err := one(ctx, tx, []any{into{&s.LastDelivery}},
		`SELECT coalesce(max(received), 0) FROM deliveries`); err != nil {
		return Stats{}, fmt.Errorf("ledger: last delivery: %w", err)
	}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var open OpenLeaks
		err := scan(&open.Kind, &open.Environment, &open.Count)
		s.Open = append(s.Open, open)
		return err
	}, `SELECT kind, environment, count(*) FROM leaks WHERE state = 'open' GROUP BY kind, environment`)
	if err != nil {
		return Stats{}, fmt.Errorf("ledger: count open leaks: %w", err)
	}
	if _, err := one(ctx, tx, []any{&s.Unfinished, into{&s.OldestUnfinished}},
		`SELECT count(*), coalesce(min(received), 0) FROM deliveries WHERE finished = 0`); err != nil {
		return Stats{}, fmt.Errorf("ledger: count deliveries: %w", err)
	}
	return s, nil
}
