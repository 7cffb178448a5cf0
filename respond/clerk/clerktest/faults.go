package clerktest

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// faults are what goes wrong with the next requests.
type faults struct {
	unheard, lost, cut, limited int
	retryAfter                  time.Duration
}

type mangler func(w http.ResponseWriter, r *http.Request, route http.HandlerFunc)

// next takes the fault of a request; nil for none.
func (f *faults) next(method string) mangler {
	switch {
	case f.limited > 0:
		f.limited--
		after := f.retryAfter
		return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
			if after > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(after/time.Second)))
			}
			fail(w, http.StatusTooManyRequests, "too_many_requests", "Too many requests. Please try again in a bit.")
		}
	case method == http.MethodGet:
		return nil
	case f.unheard > 0:
		f.unheard--
		return loseRequest
	case f.lost > 0:
		f.lost--
		return loseAnswer
	case f.cut > 0:
		f.cut--
		return cutAnswer
	}
	return nil
}

// loseRequest ends the connection and does nothing.
func loseRequest(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) }

// loseAnswer does what the request asks for and ends the connection without a word.
func loseAnswer(_ http.ResponseWriter, r *http.Request, route http.HandlerFunc) {
	route(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// cutAnswer does what the request asks for and ends the connection in the middle of the answer.
func cutAnswer(w http.ResponseWriter, r *http.Request, route http.HandlerFunc) {
	done := httptest.NewRecorder()
	route(done, r)
	body := done.Body.Bytes()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(done.Code)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Fail makes every request be answered by h, until Fail(nil).
func (s *Server) Fail(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = h
}

// LoseRequests makes the connections of the next n requests that change something end before anything is done.
func (s *Server) LoseRequests(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.unheard = n
}

// LoseAnswers makes the next n requests that change something be done, and their answers be lost with the connection.
func (s *Server) LoseAnswers(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.lost = n
}

// CutAnswers makes the next n requests that change something be done, and their answers end in the middle.
func (s *Server) CutAnswers(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.cut = n
}

// Limit makes the next n requests be answered with 429, and Retry-After if it is not 0.
func (s *Server) Limit(n int, retryAfter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.limited, s.faults.retryAfter = n, retryAfter
}
