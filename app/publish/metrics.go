package publish

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// Metrics are what operators watch of what rekey does on GitHub. A nil one counts nothing.
type Metrics struct {
	effects *prometheus.CounterVec
	toCheck prometheus.Histogram
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		effects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_effects_total",
			Help: "Effects on GitHub by result: sent, unchanged (GitHub has it already), waits (for GitHub, or another job), failed.",
		}, []string{"effect", "result"}),
		toCheck: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "rekey_push_to_check_seconds",
			Help:    "Time from the receipt of a delivery to the first check run of its commit; not of those recovered from GitHub's log.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600},
		}),
	}
	for _, effect := range []string{
		"check", "audit", "audit_issue", "issue", "summary", "withdraw", "alert", "code_scanning", "mask", "delete", string(respond.Comment), string(respond.CloseIssue), string(respond.ReopenIssue),
	} {
		for _, result := range []string{"sent", "unchanged", "waits", "failed"} {
			m.effects.WithLabelValues(effect, result)
		}
	}
	r.MustRegister(m.effects, m.toCheck)
	return m
}

// checked notes how long a commit took to its check run.
func (m *Metrics) checked(took time.Duration) {
	if m != nil {
		m.toCheck.Observe(took.Seconds())
	}
}

// performed counts a run of an effect.
func (m *Metrics) performed(e Effect, result string) {
	if m != nil {
		m.effects.WithLabelValues(nameOf(e), result).Inc()
	}
}

// resultOf is a run's result in metrics and traces.
func resultOf(sends bool, err error, now time.Time) string {
	switch {
	case err != nil && outcome.Of(err, now, outcome.Attempt{}).Do == github.Snooze:
		return "waits"
	case err != nil:
		return "failed"
	case sends:
		return "sent"
	}
	return "unchanged"
}

// nameOf is an effect's name in metrics and traces.
func nameOf(e Effect) string {
	switch e := e.(type) {
	case *checkEffect:
		return "check"
	case *auditEffect:
		return "audit"
	case *issueEffect:
		return "issue"
	case *auditIssueEffect:
		return "audit_issue"
	case *summaryEffect:
		return "summary"
	case *issueAction:
		return string(e.action.Do)
	case *alertEffect:
		return "alert"
	case *deletion:
		return "delete"
	case *maskEffect:
		return "mask"
	case *uploadEffect:
		return "code_scanning"
	case withdrawal:
		return "withdraw"
	}
	return "other"
}
