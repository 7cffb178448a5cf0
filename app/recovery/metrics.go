package recovery

import "github.com/prometheus/client_golang/prometheus"

// Metrics count what becomes of missed deliveries.
type Metrics struct{ outcomes *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rekey_recovered_deliveries_total",
		Help: "Deliveries that were missed, by outcome: recovered (read from GitHub's log), requested (GitHub was asked to send it again), arrived (it came after all), lost.",
	}, []string{"outcome"})}
	r.MustRegister(m.outcomes)
	for _, o := range []Outcome{Recovered, Requested, Arrived, Lost} {
		m.outcomes.WithLabelValues(string(o))
	}
	return m
}

func (m *Metrics) count(o Outcome) {
	if m != nil {
		m.outcomes.WithLabelValues(string(o)).Inc()
	}
}
