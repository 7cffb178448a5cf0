package audit

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are what operators watch of audits. A nil one counts nothing.
type Metrics struct {
	audits  *prometheus.CounterVec
	seconds prometheus.Histogram
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		audits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_audits_total",
			Help: "Audits of Clerk configurations by subject (default_branch, pull_request, merge_group) and result: clean, found, unread (something was not read), unused (no Clerk, or the policy wants none), not_due (the pull request changes nothing that is checked).",
		}, []string{"subject", "result"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rekey_audit_seconds", Help: "Fetching and auditing one commit of a repository that uses Clerk.",
			Buckets: prometheus.ExponentialBuckets(0.005, 4, 8),
		}),
	}
	for _, subject := range []string{"default_branch", "pull_request", "merge_group"} {
		for _, result := range []string{"clean", "found", "unread", "unused", "not_due"} {
			m.audits.WithLabelValues(subject, result)
		}
	}
	if r != nil {
		r.MustRegister(m.audits, m.seconds)
	}
	return m
}

func (m *Metrics) audited(t task, result string) {
	if m == nil {
		return
	}
	subject := "default_branch"
	switch {
	case t.merge:
		subject = "merge_group"
	case t.pull != 0:
		subject = "pull_request"
	}
	m.audits.WithLabelValues(subject, result).Inc()
}

func (m *Metrics) took(d time.Duration) {
	if m != nil {
		m.seconds.Observe(d.Seconds())
	}
}
