// Package clerktest is a Clerk on loopback for tests and the demo: it knows keys, says whose they are, refuses those that were deleted or
// whose time is over, and rotates them, in the words of Clerk's Backend API and Platform API.
//
// Start with [New]; [Server.Add] a key, [Server.Delete] it, and see with [Server.Used] how often it was used. For rotations besides:
// [Server.AddApplication] and [Server.AddLogin], [Server.AddMachine], [Server.AddOAuthApplication]; what goes wrong on the way,
// [Server.LoseAnswers], [Server.Limit] and [Server.Fail] say. [Command] is the clerk command. Package openapi beside it holds requests and
// answers against Clerk's descriptions.
package clerktest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Server is a stand-in for https://api.clerk.com, and for the Frontend API of each instance. It is safe for concurrent use.
type Server struct {
	URL string

	http *httptest.Server
	now  func() time.Time

	mu           sync.Mutex
	keys         map[string]*key // by fingerprint
	sequence     []*key          // the same, in the order that they were made in
	logins       map[string]Login
	applications []Application
	machines     []*machine
	oauth        []*oauthApplication
	hidden       bool
	made         int64 // credentials that were made here

	wrapped  http.Handler
	fault    http.HandlerFunc
	faults   faults
	requests []string
}

// New starts a server. now tells it the time: of "Last used", and when keys and logins end.
func New(now func() time.Time) *Server {
	s := &Server{keys: map[string]*key{}, logins: map[string]Login{}, now: now}
	s.http = httptest.NewServer(http.HandlerFunc(s.enter))
	s.URL = s.http.URL
	return s
}

// Wrap puts a handler around the server, such as openapi.Watch's.
func (s *Server) Wrap(wrap func(http.Handler) http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrapped = wrap(s)
}

func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	h := s.wrapped
	s.mu.Unlock()
	if h == nil {
		h = s
	}
	h.ServeHTTP(w, r)
}

// Close stops the server.
func (s *Server) Close() { s.http.Close() }

// Requests returns method and path of all requests, in their order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// ServeHTTP answers requests to Clerk's APIs; what is not described is 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	fault, mangle := s.fault, s.faults.next(r.Method)
	s.mu.Unlock()
	switch {
	case fault != nil:
		fault(w, r)
	case mangle != nil:
		mangle(w, r, s.route)
	default:
		s.route(w, r)
	}
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/.well-known/jwks.json":
		s.answerJWKS(w, r)
	case strings.HasPrefix(path, "/v1/platform/"):
		s.routePlatform(w, r)
	default:
		s.routeBackend(w, r)
	}
}

// bearer returns the credential of a request; false if it has none.
func bearer(r *http.Request) (detect.Secret, bool) {
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return detect.NewSecret(value), ok && value != ""
}
