package work

import "github.com/prometheus/client_golang/prometheus"

// metrics are what operators watch of the work.
type metrics struct {
	asked *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_clerk_answers_total", Help: "Questions to Clerk by answer: alive, revoked, fenced, unknown.",
		}, []string{"answer"}),
	}
	if r != nil {
		r.MustRegister(m.asked)
	}
	return m
}
