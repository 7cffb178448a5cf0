package web

import (
	"net/http"
	"strings"
)

// maxForm is how many bytes a request's body may have: no form of ours is longer.
const maxForm = 64 << 10

// Protect sets the headers that every answer has, refuses what other sites have browsers send, and serves the assets.
func (s *Site) Protect(pages http.Handler) http.Handler {
	guarded := s.origins.Handler(pages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy(nil))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")        // for what does not know frame-ancestors
		h.Set("Referrer-Policy", "no-referrer") // addresses here name repositories
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
		if s.Secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, assetsPath) {
			s.assets.ServeHTTP(w, r)
			return
		}
		h.Set("Cache-Control", "no-store") // what is here is for one person
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		guarded.ServeHTTP(w, r)
	})
}

// policy is the content security policy of a page whose forms lead to this site, and to the origins given: browsers hold
// redirects after a form against it too.
func policy(formOrigins []string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'; form-action " + strings.Join(append([]string{"'self'"}, formOrigins...), " ")
}
