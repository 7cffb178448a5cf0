package read

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond"
)

// Metrics are what operators watch of what is read. No label ever holds a repository's or a person's name.
type Metrics struct {
	scans    *prometheus.CounterVec
	bytes    prometheus.Counter
	findings *prometheus.CounterVec
	duration prometheus.Histogram
}

// NewMetrics registers the metrics; r may be nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		scans: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_scans_total", Help: "Ranges of history read, by event and outcome: clean, found, failed.",
		}, []string{"event", "outcome"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rekey_scanned_bytes_total", Help: "Bytes of blobs read, inflated.",
		}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_sightings_total", Help: "Places where credentials were found, by kind and Clerk environment.",
		}, []string{"kind", "environment"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rekey_scan_seconds", Help: "Fetching and reading one range of history.",
			Buckets: prometheus.ExponentialBuckets(0.005, 4, 9),
		}),
	}
	if r != nil {
		r.MustRegister(m.scans, m.bytes, m.findings, m.duration)
	}
	return m
}

// Scanned counts a range that was read.
func (m *Metrics) Scanned(trigger respond.Trigger, report pack.Report) {
	outcome := "clean"
	if len(report.Sightings) > 0 {
		outcome = "found"
	}
	m.scans.WithLabelValues(string(trigger), outcome).Inc()
	m.bytes.Add(float64(report.Stats.Bytes))
	m.duration.Observe(report.Stats.Duration.Seconds())
	for _, s := range report.Sightings {
		m.findings.WithLabelValues(string(s.Finding.Kind), string(s.Finding.Environment)).Inc()
	}
}

func (m *Metrics) failed(trigger respond.Trigger) {
	m.scans.WithLabelValues(string(trigger), "failed").Inc()
}
