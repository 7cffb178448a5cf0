package serve

import (
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/github"
)

// buildInfo says which rekey this is, as a label of a gauge that is always 1.
func buildInfo(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rekey_build_info", Help: "1, with the version of rekey and of Go that it was built with.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}

// requestMetrics counts and times what is asked of GitHub.
func requestMetrics(r prometheus.Registerer) func(github.Request) {
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "rekey_github_request_seconds", Help: "Requests to GitHub by kind (rest, git, token), route and HTTP status.",
		Buckets: prometheus.ExponentialBuckets(0.01, 3, 8),
	}, []string{"kind", "route", "status"})
	r.MustRegister(requests)
	return func(q github.Request) {
		requests.WithLabelValues(q.Kind, q.Route, strconv.Itoa(q.Status)).Observe(q.Duration.Seconds())
	}
}

// quotaGauges show what GitHub's answers told of the installations' hourly quotas.
type quotaGauges struct {
	quotas      func() []github.Quota
	limit, left *prometheus.Desc
}

func newQuotaGauges(quotas func() []github.Quota) quotaGauges {
	labels := []string{"installation"}
	return quotaGauges{
		quotas: quotas,
		limit:  prometheus.NewDesc("rekey_github_rate_limit", "REST requests that GitHub allows an installation in an hour; 0 is the App itself.", labels, nil),
		left: prometheus.NewDesc("rekey_github_rate_limit_remaining",
			"REST requests that are left of an installation's hour, by GitHub's last answers to this process; 0 is the App itself.", labels, nil),
	}
}

// Describe implements [prometheus.Collector].
func (g quotaGauges) Describe(c chan<- *prometheus.Desc) {
	c <- g.limit
	c <- g.left
}

// Collect implements [prometheus.Collector].
func (g quotaGauges) Collect(c chan<- prometheus.Metric) {
	for _, q := range g.quotas() {
		installation := strconv.FormatInt(q.Installation, 10)
		c <- prometheus.MustNewConstMetric(g.limit, prometheus.GaugeValue, float64(q.Limit), installation)
		c <- prometheus.MustNewConstMetric(g.left, prometheus.GaugeValue, float64(q.Left), installation)
	}
}
