// Package clerktest is a Clerk on loopback for tests and the demo: it knows keys, says whose they are, and refuses those
// that were deleted, in the words of Clerk's Backend API.
//
// Start with [New]; [Server.Add] a key, [Server.Delete] it, and see with [Server.Used] how often it was used.
package clerktest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Server is a stand-in for https://api.clerk.com. It is safe for concurrent use.
type Server struct {
	URL string

	http *httptest.Server
	now  func() time.Time

	mu       sync.Mutex
	keys     map[string]*key // by fingerprint: no credential is kept
	fault    http.HandlerFunc
	requests []string
}

type key struct {
	instance    string
	environment detect.Environment
	deleted     bool
	fenced      bool
	used        int
	last        time.Time
}

// New starts a server. now tells it the time of "Last used".
func New(now func() time.Time) *Server {
	s := &Server{keys: map[string]*key{}, now: now}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close stops the server.
func (s *Server) Close() { s.http.Close() }

// Add makes the key known, as one of the instance (ins_…).
func (s *Server) Add(k detect.Secret, instance string, env detect.Environment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[k.Fingerprint()] = &key{instance: instance, environment: env}
}

// Delete deletes the key, as its owner does in the dashboard: from now on every request with it fails.
func (s *Server) Delete(k detect.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.keys[k.Fingerprint()]; known != nil {
		known.deleted = true
	}
}

// Fence limits the key to addresses that are not this machine's: it stays alive, and is refused here. Which code Clerk
// answers with is not documented; this one is made up.
func (s *Server) Fence(k detect.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.keys[k.Fingerprint()]; known != nil {
		known.fenced = true
	}
}

// Used returns how often the key was used while it was alive, and when last: the dashboard's "Last used".
func (s *Server) Used(k detect.Secret) (times int, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.keys[k.Fingerprint()]; known != nil {
		return known.used, known.last
	}
	return 0, time.Time{}
}

// Requests returns method and path of all requests, in their order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Fail makes every request be answered by h, until Fail(nil).
func (s *Server) Fail(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = h
}

// ServeHTTP answers GET /v1/instance; everything else is 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	fault := s.fault
	s.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	if r.Method != http.MethodGet || r.URL.Path != "/v1/instance" {
		fail(w, http.StatusNotFound, "resource_not_found", "Not found")
		return
	}
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		fail(w, http.StatusUnauthorized, "authorization_header_format_invalid", "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'")
		return
	}
	s.mu.Lock()
	known := s.keys[detect.NewSecret(value).Fingerprint()]
	if known == nil || known.deleted {
		s.mu.Unlock()
		fail(w, http.StatusUnauthorized, "clerk_key_invalid", "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.")
		return
	}
	if known.fenced {
		s.mu.Unlock()
		fail(w, http.StatusForbidden, "ip_address_not_allowed", "This key cannot be used from this address.")
		return
	}
	known.used++
	known.last = s.now()
	instance, env := known.instance, "development"
	if known.environment == detect.Live {
		env = "production"
	}
	s.mu.Unlock()
	write(w, http.StatusOK, map[string]any{
		"object": "instance", "id": instance, "environment_type": env, "allowed_origins": nil, "workspace_id": nil,
	})
}

func fail(w http.ResponseWriter, status int, code, message string) {
	write(w, status, map[string]any{"errors": []map[string]string{{"code": code, "message": message, "long_message": message}}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away is its own trouble
}
