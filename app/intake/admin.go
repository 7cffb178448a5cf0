package intake

import (
	"net/http"
	"net/netip"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// AdminRoutes adds GET /metrics, for a listener that only operators reach.
func (in *Intake) AdminRoutes(r *mux.Router) {
	r.Handle("/metrics", in.metricsHandler()).Methods(http.MethodGet)
}

// LocalMetrics adds GET /metrics to a listener that everybody may reach: it answers only this machine and private
// networks, and nothing that came through a proxy, since the numbers tell how many keys are live.
func (in *Intake) LocalMetrics(r *mux.Router) {
	r.Handle("/metrics", localOnly(in.metricsHandler())).Methods(http.MethodGet)
}

func (in *Intake) metricsHandler() http.Handler {
	return promhttp.HandlerFor(in.Config.Metrics, promhttp.HandlerOpts{})
}

func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r) {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal reports whether the request came straight from this machine or a private network.
func isLocal(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	peer := peerOf(r.RemoteAddr)
	return peer != netip.Addr{} && !bounded(peer)
}
