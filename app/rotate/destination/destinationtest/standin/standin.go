// Package standin is what stand-ins for vendors' HTTP APIs are made of: a server on loopback that counts its requests and can be in trouble. The demo
// uses them too.
package standin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
)

// The troubles that a server can be in: they have the values of those of destinationtest.
const (
	none      = ""
	Expired   = "expired"
	Forbidden = "forbidden"
	Limited   = "limited"
	down      = "down"
	lost      = "lost"
)

// Server is a stand-in for a vendor's API. It is safe for concurrent use.
type Server struct {
	URL string // without a slash at its end

	server   *httptest.Server
	inner    http.Handler
	refuse   func(w http.ResponseWriter, trouble string)
	mu       sync.Mutex
	trouble  string
	requests int
}

// Serve starts a server on loopback. Requests that are refused for a trouble, which is [Expired], [Forbidden] or [Limited], are answered by refuse, in
// the vendor's own form.
func Serve(inner http.Handler, refuse func(w http.ResponseWriter, trouble string)) *Server {
	s := &Server{inner: inner, refuse: refuse}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.server.URL
	return s
}

// Close ends the server.
func (s *Server) Close() { s.server.Close() }

// Trouble makes something go wrong from now on, as destinationtest says it.
func (s *Server) Trouble(trouble string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = trouble
}

// Requests returns how many requests there were.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	switch trouble := s.befalls(r.Method != http.MethodGet); trouble {
	case none:
		s.inner.ServeHTTP(w, r)
	case down:
		panic(http.ErrAbortHandler)
	case lost:
		s.inner.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case Limited:
		w.Header().Set("Retry-After", "0")
		fallthrough
	default:
		s.refuse(w, trouble)
	}
}

// befalls returns the trouble that befalls a request.
func (s *Server) befalls(write bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	switch trouble := s.trouble; trouble {
	case Forbidden:
		if write {
			return trouble
		}
	case Limited, lost:
		if write {
			s.trouble = none
			return trouble
		}
	default:
		return trouble
	}
	return none
}

// Status is the usual status of a refusal.
func Status(trouble string) int {
	switch trouble {
	case Expired:
		return http.StatusUnauthorized
	case Limited:
		return http.StatusTooManyRequests
	}
	return http.StatusForbidden
}

// JSON answers with a value.
func JSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) //nolint:errchkjson // whoever asked may be gone
}
