// Package status says how a server is: what the ledger holds, counted for metrics ([NewGauges]), a [Report] for people, which GET
// /status answers with and `rekey status` prints, and whether it is ready.
package status

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// countEvery is how old counts may be: whoever reaches /metrics or /readyz may ask as often as he likes.
	countEvery = 10 * time.Second
	// countWithin is how long counting may take. A scrape waits for it.
	countWithin = 2 * time.Second
)

// Tx is what the package needs of the ledger.
type Tx interface {
	Backfills(ctx context.Context, installation int64, limit int) (ledger.Backfills, error)
	TextHistories(ctx context.Context) (ledger.TextProgress, error)
	Stats(ctx context.Context) (ledger.Stats, error)
	Outcomes(ctx context.Context) (ledger.Outcomes, error)
	Accounts(ctx context.Context, limit int) (map[int64]string, error)
}

var _ Tx = (*ledger.Tx)(nil)

// Counts are what the ledger holds. All replicas on one database count the same.
type Counts struct {
	Backfills ledger.Backfills
	Texts     ledger.TextProgress
	Stats     ledger.Stats
}

// Counter counts what the ledger holds, at most every ten seconds. It is safe for concurrent use.
type Counter struct {
	store ledger.Scoped[Tx]
	now   func() time.Time

	mu     sync.Mutex
	at     time.Time // zero: never
	counts Counts
}

// NewCounter returns a counter.
func NewCounter(store ledger.Scoped[Tx], now func() time.Time) *Counter {
	return &Counter{store: store, now: now}
}

// lag is how long ago the oldest missed delivery was sent.
func (c *Counter) lag(m ledger.MissedStats) time.Duration {
	if m.Oldest.IsZero() {
		return 0
	}
	return max(0, c.now().Sub(m.Oldest))
}

// Counts returns counts that are at most ten seconds old. It takes at most two seconds.
func (c *Counter) Counts(ctx context.Context) (Counts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if !c.at.IsZero() && now.Sub(c.at) < countEvery {
		return c.counts, nil
	}
	// Who asks may be gone: what was counted serves the next one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countWithin)
	defer cancel()
	var counts Counts
	err := c.store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		if counts.Backfills, err = tx.Backfills(ctx, 0, 0); err != nil {
			return err
		}
		if counts.Texts, err = tx.TextHistories(ctx); err != nil {
			return err
		}
		counts.Stats, err = tx.Stats(ctx)
		return err
	})
	if err != nil {
		return Counts{}, fmt.Errorf("count what the ledger holds: %w", err)
	}
	c.at, c.counts = now, counts
	return counts, nil
}
