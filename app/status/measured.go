package status

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics that a report takes figures of this process from, which others count.
const (
	requestsMetric = "rekey_deliveries_total"
	lastMetric     = "rekey_github_last_delivery_timestamp_seconds"
	lagMetric      = "rekey_github_delivery_lag_seconds"
)

// measured is what this process has counted.
type measured struct {
	requests map[string]int // webhook requests by outcome
	last     time.Time      // when a delivery was last received; zero: never
	lag      *float64       // behind GitHub's log of deliveries, in seconds; nil: not known
}

func gathered(metrics prometheus.Gatherer) measured {
	m := measured{requests: map[string]int{}}
	families, err := metrics.Gather()
	if err != nil {
		return m // each figure that could be counted is in /metrics
	}
	for _, f := range families {
		for _, sample := range f.GetMetric() {
			switch f.GetName() {
			case requestsMetric:
				for _, l := range sample.GetLabel() {
					if l.GetName() == "outcome" {
						m.requests[l.GetValue()] += int(sample.GetCounter().GetValue())
					}
				}
			case lastMetric:
				if seconds := sample.GetGauge().GetValue(); seconds > 0 {
					m.last = time.UnixMicro(int64(seconds * 1e6)).UTC()
				}
			case lagMetric:
				seconds := sample.GetGauge().GetValue()
				m.lag = &seconds
			}
		}
	}
	return m
}
