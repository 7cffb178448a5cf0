package intake

import (
	"net/http"
	"net/netip"
)

// LocalOnly hides a handler from all but this machine and private networks, and from what came through a proxy.
func LocalOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !IsLocal(r) {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// IsLocal reports whether the request came straight from this machine or a private network.
func IsLocal(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	peer := peerOf(r.RemoteAddr)
	return peer != netip.Addr{} && !bounded(peer)
}
