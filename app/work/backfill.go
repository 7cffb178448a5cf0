package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// countEvery is how old the counts of repositories may be: whoever reaches /metrics may ask as often as he likes.
	countEvery = 10 * time.Second
	// countWithin is how long counting may take. A scrape waits for it.
	countWithin = 2 * time.Second
)

// backfillGauges count repositories by how far the reading of their histories is. All replicas on one database say the
// same.
type backfillGauges struct {
	store *ledger.Store
	now   func() time.Time
	log   *slog.Logger
	desc  *prometheus.Desc

	mu      sync.Mutex
	counted time.Time // zero: never
	counts  ledger.Backfill
}

func newBackfillGauges(c Config) *backfillGauges {
	return &backfillGauges{store: c.Store, now: c.Now, log: c.Log, desc: prometheus.NewDesc("rekey_repositories",
		"Repositories by what became of the reading of their histories: looked_at, reading, waiting, given_up.", []string{"state"}, nil)}
}

// Describe implements [prometheus.Collector].
func (g *backfillGauges) Describe(c chan<- *prometheus.Desc) { c <- g.desc }

// Collect implements [prometheus.Collector]. While the database does not answer there are no such gauges; all other
// metrics must be there just then.
func (g *backfillGauges) Collect(c chan<- prometheus.Metric) {
	counts, ok := g.count()
	if !ok {
		return
	}
	for state, n := range map[string]int{
		"looked_at": counts.Looked, "reading": counts.Reading, "waiting": counts.Waiting, "given_up": counts.GivenUp,
	} {
		c <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(n), state)
	}
}

func (g *backfillGauges) count() (ledger.Backfill, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if !g.counted.IsZero() && now.Sub(g.counted) < countEvery {
		return g.counts, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), countWithin)
	defer cancel()
	var counts ledger.Backfill
	err := g.store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		counts, err = tx.Backfill(ctx, 0, 0)
		return err
	})
	if err != nil {
		g.log.WarnContext(ctx, "repositories could not be counted for the metrics", "error", err)
		return ledger.Backfill{}, false
	}
	g.counted, g.counts = now, counts
	return counts, true
}
