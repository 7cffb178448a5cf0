package serve

import (
	"context"
	"net/http"
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

// buildInfo says which rekey this is, as a label of a gauge that is always 1.
func buildInfo(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rekey_build_info", Help: "1, with the version of rekey and of Go that it was built with.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}

// databaseMetrics counts the transactions that the database failed.
func databaseMetrics(r prometheus.Registerer) func(ledger.Operation, ledger.Reason) {
	failed := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rekey_database_errors_total",
		Help: "Transactions that the database failed, by operation (read, write) and reason: full, conflict (tried again), unavailable, other.",
	}, []string{"operation", "reason"})
	r.MustRegister(failed)
	for _, operation := range ledger.Operations() {
		for _, reason := range ledger.Reasons() {
			failed.WithLabelValues(string(operation), string(reason))
		}
	}
	return func(operation ledger.Operation, reason ledger.Reason) {
		failed.WithLabelValues(string(operation), string(reason)).Inc()
	}
}

// requestMetrics counts and times what is asked of GitHub, and adds it to the trace of who asks.
func requestMetrics(r prometheus.Registerer) func(context.Context, github.Request) {
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "rekey_github_request_seconds", Help: "Time to the answers to requests to GitHub, by kind (rest, graphql, git, token, download), method, route and HTTP status; status 0 is no answer.",
		Buckets: prometheus.ExponentialBuckets(0.01, 3, 8),
	}, []string{"kind", "method", "route", "status"})
	r.MustRegister(requests)
	return func(ctx context.Context, q github.Request) {
		observe.Done(ctx, q.Method+" "+q.Route, q.Duration, q.Status == 0 || q.Status >= http.StatusBadRequest,
			observe.Text("http.request.method", q.Method), observe.Int("http.response.status_code", q.Status), observe.Text("rekey.request", q.Kind))
		requests.WithLabelValues(q.Kind, q.Method, q.Route, strconv.Itoa(q.Status)).Observe(q.Duration.Seconds())
	}
}

// maxQuotas is how many installations the gauges of quotas show: those with the least left of theirs.
const maxQuotas = 100

// quotaGauges show what GitHub's answers told of the installations' hourly quotas.
type quotaGauges struct {
	quotas      func() []github.Quota
	limit, left *prometheus.Desc
}

func newQuotaGauges(quotas func() []github.Quota) quotaGauges {
	labels := []string{"installation"}
	return quotaGauges{
		quotas: quotas,
		limit:  prometheus.NewDesc("rekey_github_rate_limit", "REST requests that GitHub allows an installation in an hour, for the 100 with the smallest share left; 0 is the App itself.", labels, nil),
		left: prometheus.NewDesc("rekey_github_rate_limit_remaining",
			"REST requests that are left of an installation's hour, by GitHub's last answers to this process, for the 100 with the smallest share left; 0 is the App itself.", labels, nil),
	}
}

// Describe implements [prometheus.Collector].
func (g quotaGauges) Describe(c chan<- *prometheus.Desc) {
	c <- g.limit
	c <- g.left
}

// Collect implements [prometheus.Collector].
func (g quotaGauges) Collect(c chan<- prometheus.Metric) {
	for _, q := range status.Scarcest(g.quotas(), maxQuotas) {
		installation := strconv.FormatInt(q.Installation, 10)
		c <- prometheus.MustNewConstMetric(g.limit, prometheus.GaugeValue, float64(q.Limit), installation)
		c <- prometheus.MustNewConstMetric(g.left, prometheus.GaugeValue, float64(q.Left), installation)
	}
}
