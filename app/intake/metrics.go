package intake

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/github/webhook"
)

// outcome is what became of a request, as counted.
type outcome string

const (
	ignored    outcome = "ignored" // an event that rekey does not use
	pinged     outcome = "ping"
	unsigned   outcome = "unsigned"
	sha1       outcome = "sha1"
	forged     outcome = "bad_signature"
	tooLarge   outcome = "too_large"
	malformed  outcome = "malformed"
	cutOff     outcome = "cut_off" // the body is incomplete
	overloaded outcome = "overloaded"
	failed     outcome = "failed" // the database did not take it
	// And the ledger's acceptances.
)

type metrics struct {
	deliveries *prometheus.CounterVec
	ack        prometheus.Histogram
	batch      prometheus.Histogram
	last       atomic.Int64 // Unix microseconds; 0: never
}

func newMetrics(registry *prometheus.Registry, last time.Time) (*metrics, error) {
	m := &metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_deliveries_total",
			Help: "Webhook requests by event and by what became of them.",
		}, []string{"event", "outcome"}),
		ack: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "rekey_delivery_acknowledgement_seconds",
			Help:    "Time from a delivery's header to its answer. GitHub counts it as failed after 10 s.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "rekey_delivery_batch_size",
			Help:    "Deliveries that were written in one transaction.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
	}
	if !last.IsZero() {
		m.last.Store(last.UnixMicro())
	}
	received := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rekey_github_last_delivery_timestamp_seconds",
		Help: "Unix time when a signed delivery was last received; 0 if none is on record.",
	}, func() float64 { return float64(m.last.Load()) / 1e6 })
	var errs []error
	for _, c := range []prometheus.Collector{m.deliveries, m.ack, m.batch, received} {
		errs = append(errs, registry.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("intake: metrics: %w", err)
	}
	return m, nil
}

// count counts a request. Events that rekey does not use share a label: strangers may send any name.
func (m *metrics) count(event string, o outcome) {
	if !webhook.Known(event) {
		event = "other"
	}
	m.deliveries.WithLabelValues(event, string(o)).Inc()
}
