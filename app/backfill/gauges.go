package backfill

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// countEvery is how old the counts may be: whoever reaches /metrics may ask as often as he likes.
	countEvery = 10 * time.Second
	// countWithin is how long counting may take. A scrape waits for it.
	countWithin = 2 * time.Second
)

// GaugesTx is what the gauges need of the ledger.
type GaugesTx interface {
	Backfills(ctx context.Context, installation int64, limit int) (ledger.Backfills, error)
	Stats(ctx context.Context) (ledger.Stats, error)
}

var _ GaugesTx = (*ledger.Tx)(nil)

// gauges count what the ledger holds: repositories by how far the reading of their histories is, open leaks, and
// what waits. All replicas on one database say the same. It is safe for concurrent use.
type gauges struct {
	store ledger.Scoped[GaugesTx]
	now   func() time.Time
	log   *slog.Logger

	repositories, leaks, jobs, unfinished, oldest *prometheus.Desc

	mu     sync.Mutex
	at     time.Time // zero: never
	counts counted
}

type counted struct {
	backfill ledger.Backfills
	stats    ledger.Stats
}

// NewGauges returns gauges of what the ledger holds.
func NewGauges(store ledger.Scoped[GaugesTx], now func() time.Time, log *slog.Logger) prometheus.Collector {
	return newGauges(store, now, log)
}

func newGauges(store ledger.Scoped[GaugesTx], now func() time.Time, log *slog.Logger) *gauges {
	desc := prometheus.NewDesc
	return &gauges{
		store: store, now: now, log: log,
		repositories: desc("rekey_repositories",
			"Repositories by what became of the reading of their histories: done, reading, waiting, given_up.", []string{"state"}, nil),
		leaks: desc("rekey_open_leaks", "Leaks that are open, by kind and Clerk environment.", []string{"kind", "environment"}, nil),
		jobs: desc("rekey_queue_jobs",
			"Jobs by queue and state: waiting, running, given_up (within a week).", []string{"queue", "state"}, nil),
		unfinished: desc("rekey_unfinished_deliveries", "Deliveries that were taken and are not worked off.", nil, nil),
		oldest: desc("rekey_oldest_unfinished_delivery_timestamp_seconds",
			"Unix time when the oldest unfinished delivery was received; absent if there is none.", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (g *gauges) Describe(c chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{g.repositories, g.leaks, g.jobs, g.unfinished, g.oldest} {
		c <- desc
	}
}

// Collect implements [prometheus.Collector]. While the database does not answer there are no such gauges; all other
// metrics must be there just then.
func (g *gauges) Collect(c chan<- prometheus.Metric) {
	counts, ok := g.count()
	if !ok {
		return
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	b, s := counts.backfill, counts.stats
	for state, n := range map[string]int{"done": b.Done, "reading": b.Reading, "waiting": b.Waiting, "given_up": b.GivenUp} {
		gauge(g.repositories, float64(n), state)
	}
	for _, leaks := range s.Open {
		gauge(g.leaks, float64(leaks.Count), leaks.Kind, leaks.Environment)
	}
	for state, queues := range map[string]map[string]int{"waiting": s.Waiting, "running": s.Running, "given_up": s.GivenUp} {
		for _, queue := range []string{job.QueueScan, job.QueueRespond, job.QueueBackfill} {
			gauge(g.jobs, float64(queues[queue]), queue, state)
		}
	}
	gauge(g.unfinished, float64(s.Unfinished))
	if !s.OldestUnfinished.IsZero() {
		gauge(g.oldest, float64(s.OldestUnfinished.UnixMicro())/1e6)
	}
}

func (g *gauges) count() (counted, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if !g.at.IsZero() && now.Sub(g.at) < countEvery {
		return g.counts, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), countWithin)
	defer cancel()
	var counts counted
	err := g.store.View(ctx, func(ctx context.Context, tx GaugesTx) (err error) {
		if counts.backfill, err = tx.Backfills(ctx, 0, 0); err != nil {
			return err
		}
		counts.stats, err = tx.Stats(ctx)
		return err
	})
	if err != nil {
		g.log.WarnContext(ctx, "the ledger could not be counted for the metrics", "error", err)
		return counted{}, false
	}
	g.at, g.counts = now, counts
	return counts, true
}
