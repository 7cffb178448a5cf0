package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/rekey-app/rekey/github"
)

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

const (
	apiURL = "https://git.example.com/api/v3"
	appID  = 21
)

// stub is the little of GitHub that the tests of odd answers need, in memory: it checks the App's JWT, gives tokens out,
// demands them, and leaves the rest to the handlers that a test puts on it.
type stub struct {
	*http.ServeMux
	now    func() time.Time
	life   time.Duration // of tokens
	refuse int           // how many requests with a token get a 401

	mu       sync.Mutex
	minted   []mintRequest
	requests []string // method and path, with the query
	bodies   []string
}

type mintRequest struct {
	Installation  string
	Token         string
	RepositoryIDs []int64           `json:"repository_ids"`
	Repositories  []string          `json:"repositories"`
	Permissions   map[string]string `json:"permissions"`
}

func newStub() *stub {
	s := &stub{ServeMux: http.NewServeMux(), now: time.Now, life: time.Hour}
	s.HandleFunc("POST /api/v3/app/installations/{id}/access_tokens", s.mint)
	s.HandleFunc("GET /api/v3/app", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"id":21,"slug":"rekey-acme"}`)
	})
	return s
}

func (s *stub) config() github.Config {
	return github.Config{
		AppID: appID, PrivateKey: appKey(), WebURL: "https://git.example.com", HTTP: s, Now: s.now, UserAgent: "rekey/test",
	}
}

func (s *stub) app(t *testing.T) *github.App {
	t.Helper()
	app, err := github.New(s.config())
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// client reaches acme/api with everything that rekey may do.
func (s *stub) client(t *testing.T) *github.Client {
	t.Helper()
	return s.app(t).Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.RespondAccess)
}

// on answers a route of acme/api.
func (s *stub) on(method, path string, handler http.HandlerFunc) {
	s.HandleFunc(method+" /api/v3/repos/acme/api"+path, handler)
}

func (s *stub) mint(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	minted := mintRequest{Installation: r.PathValue("id"), Token: fmt.Sprintf("ghs_%036d", len(s.minted)+1)}
	if err := json.NewDecoder(r.Body).Decode(&minted); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.minted = append(s.minted, minted)
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"token": minted.Token, "expires_at": s.now().Add(s.life).UTC().Format(time.RFC3339)})
}

// RoundTrip serves the request without a network.
func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	served := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader(string(body)))
	served.Header = r.Header.Clone()
	w := httptest.NewRecorder()
	switch {
	case s.unauthorized(served):
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest"}`)
	default:
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		s.bodies = append(s.bodies, string(body))
		s.mu.Unlock()
		s.ServeHTTP(w, served)
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func (s *stub) unauthorized(r *http.Request) bool {
	given := r.Header.Get("Authorization")
	if strings.HasPrefix(r.URL.Path, "/api/v3/app") {
		return s.checkJWT(strings.TrimPrefix(given, "Bearer ")) != nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse > 0 {
		s.refuse--
		return true
	}
	_, password, basic := r.BasicAuth()
	for _, minted := range s.minted {
		if given == "Bearer "+minted.Token || basic && password == minted.Token {
			return false
		}
	}
	return true
}

// checkJWT holds a JWT against GitHub's rules.
func (s *stub) checkJWT(text string) error {
	var claims jwt.RegisteredClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	if _, err := parser.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return &appKey().PublicKey, nil }); err != nil {
		return err
	}
	now := s.now()
	switch {
	case claims.Issuer != fmt.Sprint(appID):
		return fmt.Errorf("issuer %q", claims.Issuer)
	case claims.IssuedAt.After(now.Add(-59 * time.Second)):
		return fmt.Errorf("issued less than a minute ago")
	case claims.ExpiresAt.After(now.Add(10 * time.Minute)):
		return fmt.Errorf("ends more than ten minutes on")
	case claims.ExpiresAt.Before(now.Add(8 * time.Minute)):
		return fmt.Errorf("ends too early")
	}
	return nil
}

// seen returns the requests that were served, tokens left out.
func (s *stub) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var seen []string
	for _, request := range s.requests {
		if !strings.HasSuffix(request, "/access_tokens") {
			seen = append(seen, strings.Replace(request, "/api/v3", "", 1))
		}
	}
	return seen
}

func (s *stub) mints() []mintRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]mintRequest(nil), s.minted...)
}

// answer makes a handler of one answer.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const sha = "0123456789abcdef0123456789abcdef01234567"
