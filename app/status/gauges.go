package status

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/respond/job"
)

// gauges show what the ledger holds: repositories by how far the reading of their histories is, open leaks, and what waits.
type gauges struct {
	counter *Counter
	log     *slog.Logger

	repositories, leaks, jobs, oldestJob, unfinished, oldest *prometheus.Desc
	missed, lag, logRead                                     *prometheus.Desc
}

// NewGauges returns gauges of what the ledger holds.
func NewGauges(counter *Counter, log *slog.Logger) prometheus.Collector {
	desc := prometheus.NewDesc
	return &gauges{
		counter: counter, log: log,
		repositories: desc("rekey_repositories",
			"Repositories by what became of the reading of their histories: done, reading, waiting, given_up.", []string{"state"}, nil),
		leaks: desc("rekey_open_leaks", "Leaks that are open, by kind, Clerk environment and severity.", []string{"kind", "environment", "severity"}, nil),
		jobs: desc("rekey_queue_jobs",
			"Jobs by kind and state: waiting, running, given_up (within REKEY_RETENTION).", []string{"kind", "state"}, nil),
		oldestJob: desc("rekey_queue_oldest_job_timestamp_seconds",
			"Unix time when the oldest waiting job of a kind was queued, without those that are for later and those of suspended installations; absent if there is none.",
			[]string{"kind"}, nil),
		unfinished: desc("rekey_unfinished_deliveries", "Deliveries that were taken and are not worked off.", nil, nil),
		oldest: desc("rekey_oldest_unfinished_delivery_timestamp_seconds",
			"Unix time when the oldest unfinished delivery was received; absent if there is none.", nil, nil),
		missed: desc("rekey_missed_deliveries", "Deliveries that GitHub's log lists and that have not come.", nil, nil),
		lag: desc(lagMetric,
			"How long ago the oldest missed delivery was sent: how far rekey is behind GitHub's log; 0 if none is missed, absent if the log was never read.", nil, nil),
		logRead: desc("rekey_github_delivery_log_read_timestamp_seconds", "Unix time when GitHub's log of deliveries was last read; 0 if never.", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (g *gauges) Describe(c chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{g.repositories, g.leaks, g.jobs, g.oldestJob, g.unfinished, g.oldest, g.missed, g.lag, g.logRead} {
		c <- desc
	}
}

// Collect implements [prometheus.Collector]. While the database does not answer there are no such gauges; all other
// metrics must be there just then.
func (g *gauges) Collect(c chan<- prometheus.Metric) {
	counts, err := g.counter.Counts(context.Background())
	if err != nil {
		g.log.Warn("the ledger could not be counted for the metrics", "error", err)
		return
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	b, s := counts.Backfills, counts.Stats
	for state, n := range map[string]int{"done": b.Done, "reading": b.Reading, "waiting": b.Waiting, "given_up": b.GivenUp} {
		gauge(g.repositories, float64(n), state)
	}
	for _, leaks := range s.Open {
		gauge(g.leaks, float64(leaks.Count), leaks.Kind, leaks.Environment, leaks.Severity)
	}
	kinds := byKind(s.Jobs)
	for _, kind := range job.Kinds() {
		queued := kinds[kind]
		for state, n := range queued.count {
			gauge(g.jobs, float64(n), kind, string(state))
		}
		if !queued.oldest.IsZero() {
			gauge(g.oldestJob, float64(queued.oldest.UnixMicro())/1e6, kind)
		}
	}
	gauge(g.missed, float64(s.Missed.Count))
	read := 0.0
	if !s.Missed.Read.IsZero() {
		read = float64(s.Missed.Read.UnixMicro()) / 1e6
		gauge(g.lag, g.counter.lag(s.Missed).Seconds())
	}
	gauge(g.logRead, read)
	gauge(g.unfinished, float64(s.Unfinished))
	if !s.OldestUnfinished.IsZero() {
		gauge(g.oldest, float64(s.OldestUnfinished.UnixMicro())/1e6)
	}
}
