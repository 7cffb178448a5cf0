package clerktest

import (
	"net/http"
	"net/url"
)

// Transport returns a transport that brings every request here, whatever host it is for: to https://api.clerk.com, and to the Frontend API of
// an instance.
func (s *Server) Transport() http.RoundTripper {
	here, err := url.Parse(s.URL)
	return transport(func(r *http.Request) (*http.Response, error) {
		if err != nil {
			return nil, err
		}
		redirected := r.Clone(r.Context())
		redirected.Host = r.URL.Host // which instance is meant
		redirected.URL.Scheme, redirected.URL.Host = here.Scheme, here.Host
		return s.http.Client().Transport.RoundTrip(redirected)
	})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// answerJWKS answers for the Frontend API that the request is for. No key signs anything: of the real set only the ids matter here.
func (s *Server) answerJWKS(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.applications {
		for _, i := range a.Instances {
			if i.Host == r.Host {
				write(w, http.StatusOK, map[string]any{"keys": []any{
					map[string]any{"use": "sig", "kty": "RSA", "kid": i.ID, "alg": "RS256", "n": "AQAB", "e": "AQAB"},
				}})
				return
			}
		}
	}
	errNotFound.write(w)
}
