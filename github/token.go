package github

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
)

const (
	maxTokens     = 4096            // kept; an installation token lives an hour
	tokenReserve  = 5 * time.Minute // a token this near to its end is not used any more
	maxTokenError = 8 << 10         // bytes of an answer that is not a token
	maxTokenBody  = 1 << 20         // bytes of one that is: it describes the repository too
)

// Access is what a token may do; tokens are narrowed to one repository and one Access.
type Access string

// The accesses, each the least its job needs.
const (
	ScanAccess    Access = "scan"    // contents read, checks write
	RespondAccess Access = "respond" // contents read, checks write, issues write, (metadata read)

	AlertsAccess       Access = "alerts"        // contents read, secret scanning alerts read: optional, see [Optional]
	AlertsWriteAccess  Access = "alerts write"  // secret scanning alerts write, likewise
	CodeScanningAccess Access = "code scanning" // code scanning alerts write, likewise

	TextsAccess            Access = "texts"             // contents, issues and pull requests read: edit histories, and lists of texts and releases
	ReviewsWriteAccess     Access = "reviews write"     // pull requests write, to delete comments of reviews: optional, see [Optional]
	PullsWriteAccess       Access = "pulls write"       // issues and pull requests write, for what stands on a pull request's page: likewise
	DiscussionsAccess      Access = "discussions"       // discussions read, likewise
	DiscussionsWriteAccess Access = "discussions write" // discussions write, likewise
	ActionsAccess          Access = "actions"           // actions read, likewise
	ActionsWriteAccess     Access = "actions write"     // actions write, likewise
	SecretsAccess          Access = "secrets"           // secrets read, likewise
	EnvironmentsAccess     Access = "environments"      // environments read, for their secrets, likewise

	metadataAccess Access = "metadata" // to list an installation's repositories
	rulesAccess    Access = "rules"    // contents read, for what protects branches
	membersAccess  Access = "members"  // to see who is in a team; granted only where an owner has accepted it
)

// permissions returns what to ask a token for, by GitHub's names; all have metadata: read, which GitHub demands. GitHub refuses to give
// more than the installation was granted.
func (a Access) permissions() (map[string]string, error) {
	const reading, writing = "read", "write"
	permissions, found := map[Access]map[string]string{
		ScanAccess:             {"contents": reading, "checks": writing},
		RespondAccess:          {"contents": reading, "checks": writing, "issues": writing},
		AlertsAccess:           {"contents": reading, "secret_scanning_alerts": reading},
		AlertsWriteAccess:      {"secret_scanning_alerts": writing},
		CodeScanningAccess:     {"security_events": writing},
		TextsAccess:            {"contents": reading, "issues": reading, "pull_requests": reading},
		ReviewsWriteAccess:     {"pull_requests": writing},
		PullsWriteAccess:       {"issues": writing, "pull_requests": writing},
		DiscussionsAccess:      {"discussions": reading},
		DiscussionsWriteAccess: {"discussions": writing},
		ActionsAccess:          {"actions": reading},
		ActionsWriteAccess:     {"actions": writing},
		SecretsAccess:          {"secrets": reading},
		EnvironmentsAccess:     {"environments": reading},
		metadataAccess:         {},
		rulesAccess:            {"contents": reading},
		membersAccess:          {"members": reading},
	}[a]
	if !found {
		return nil, &InvalidError{"access", fmt.Sprintf("there is no %q", string(a))}
	}
	permissions["metadata"] = reading
	return permissions, nil
}

// tokenKey says what a token is for. repository is 0, and name "", for all repositories of the installation; a name
// stands only where the id is not known.
type tokenKey struct {
	installation int64
	repository   int64
	name         string
	access       Access
}

// tokens keeps a source for each key, the most recently used ones.
type tokens struct {
	mu      sync.Mutex
	sources map[tokenKey]*tokenSource
	clock   uint64
}

// of returns the key's source, a new one if need be. One that was dropped meanwhile still works for who holds it.
func (t *tokens) of(a *App, key tokenKey) *tokenSource {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clock++
	if source := t.sources[key]; source != nil {
		source.used = t.clock
		return source
	}
	if t.sources == nil {
		t.sources = map[tokenKey]*tokenSource{}
	}
	if len(t.sources) >= maxTokens {
		oldest, least := tokenKey{}, t.clock
		for key, source := range t.sources {
			if source.used < least {
				oldest, least = key, source.used
			}
		}
		delete(t.sources, oldest)
	}
	source := &tokenSource{app: a, key: key, turn: make(chan struct{}, 1), used: t.clock}
	t.sources[key] = source
	return source
}

// tokenSource mints installation tokens and keeps the last one.
type tokenSource struct {
	app  *App
	key  tokenKey
	used uint64        // guarded by tokens.mu
	turn chan struct{} // full while somebody reads or mints: a lock that waits no longer than its context

	token string
	ends  time.Time
}

func (s *tokenSource) lock(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *tokenSource) unlock() { <-s.turn }

// get returns a token that is good for five minutes at least. A token that equals refused is not given again.
func (s *tokenSource) get(ctx context.Context, refused string) (string, error) {
	if err := s.lock(ctx); err != nil {
		return "", err
	}
	defer s.unlock()
	if s.token != "" && s.token != refused && s.app.now().Before(s.ends.Add(-tokenReserve)) {
		return s.token, nil
	}
	token, ends, err := s.app.mint(ctx, s.key)
	if err != nil {
		return "", err
	}
	s.token, s.ends = token, ends
	s.app.log.DebugContext(ctx, "minted an installation token", "installation", s.key.installation,
		"repository_id", s.key.repository, "access", string(s.key.access), "ends", ends)
	return token, nil
}

// mint asks GitHub for a token, itself: go-github's permissions lack some of GitHub's.
func (a *App) mint(ctx context.Context, key tokenKey) (string, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout) // also where the request that wants the token has more time
	defer cancel()
	r, err := a.tokenRequest(ctx, key)
	if err != nil {
		return "", time.Time{}, err
	}
	asApp, err := a.appTransport()
	if err != nil {
		return "", time.Time{}, err
	}
	resp, err := asApp.RoundTrip(r)
	if err != nil {
		return "", time.Time{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return "", time.Time{}, newTokenError(resp)
	}
	var minted struct {
		Token string    `json:"token"`
		Ends  time.Time `json:"expires_at"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxTokenBody)).Decode(&minted); err != nil {
		return "", time.Time{}, fmt.Errorf("read the token of installation %d: %w", key.installation, err)
	}
	if minted.Token == "" {
		return "", time.Time{}, fmt.Errorf("GitHub's answer holds no token for installation %d", key.installation)
	}
	return minted.Token, minted.Ends, nil
}

// tokenRequest asks for a token that can do no more than it must, where it must.
func (a *App) tokenRequest(ctx context.Context, key tokenKey) (*http.Request, error) {
	var body struct {
		Repositories  []string          `json:"repositories,omitempty"`
		RepositoryIDs []int64           `json:"repository_ids,omitempty"`
		Permissions   map[string]string `json:"permissions"`
	}
	var err error
	if body.Permissions, err = key.access.permissions(); err != nil {
		return nil, err
	}
	switch {
	case key.repository != 0:
		body.RepositoryIDs = []int64{key.repository}
	case key.name != "":
		body.Repositories = []string{key.name}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	at := a.api.JoinPath("app", "installations", strconv.FormatInt(key.installation, 10), "access_tokens")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/vnd.github+json")
	r.Header.Set("Content-Type", "application/json")
	return r, nil
}

// tokenError is an answer to a request for a token that is none.
type tokenError struct {
	status  int
	header  http.Header
	message string // GitHub's own words
}

func newTokenError(resp *http.Response) *tokenError {
	var body struct {
		Message string `json:"message"`
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxTokenError)) // what could be read is all there is to tell
	_ = json.Unmarshal(text, &body)                                 // an answer that is not JSON has no words
	return &tokenError{status: resp.StatusCode, header: resp.Header, message: body.Message}
}

func (e *tokenError) Error() string { return e.failure().describe() }

func (e *tokenError) failure() failure {
	return failure{
		method: http.MethodPost, path: "access_tokens", token: true, status: e.status, header: e.header, message: e.message,
	}
}

// appTransport authorizes requests as the App itself.
func (a *App) appTransport() (*ghinstallation.AppsTransport, error) {
	transport, err := ghinstallation.NewAppsTransportWithOptions(a.rest, a.id, ghinstallation.WithSigner(a.signer))
	if err != nil {
		return nil, fmt.Errorf("github: sign as the App: %w", err)
	}
	transport.BaseURL = a.api.String()
	return transport, nil
}

// jwtSigner signs for the App from 60 s before now, for clocks that differ, until nine minutes after; GitHub takes ten
// at most.
type jwtSigner struct {
	key *rsa.PrivateKey
	now func() time.Time
}

// Sign sets the times of the claims, and signs them with RS256.
func (s jwtSigner) Sign(claims jwt.Claims) (string, error) {
	if registered, ok := claims.(*jwt.RegisteredClaims); ok {
		now := s.now().Truncate(time.Second)
		registered.IssuedAt = jwt.NewNumericDate(now.Add(-time.Minute))
		registered.ExpiresAt = jwt.NewNumericDate(now.Add(9 * time.Minute))
	}
	return jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(s.key)
}

// authorized sends requests with an installation's token. When GitHub refuses the token, it mints another one and sends
// the request once more.
type authorized struct {
	next   http.RoundTripper
	source *tokenSource
	header func(token string) string
}

func (a *App) authorize(next http.RoundTripper, key tokenKey) *authorized {
	return &authorized{next: next, source: a.tokens.of(a, key), header: func(token string) string { return "Bearer " + token }}
}

// RoundTrip is safe for concurrent use.
func (t *authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := t.source.get(r.Context(), "")
	if err != nil {
		closeBody(r)
		return nil, err
	}
	resp, err := t.send(r, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	second, ok := withFreshBody(r)
	if !ok {
		return resp, nil
	}
	discard(resp)
	if token, err = t.source.get(r.Context(), token); err != nil {
		closeBody(second)
		return nil, err
	}
	return t.send(second, token)
}

func (t *authorized) send(r *http.Request, token string) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", t.header(token))
	return t.next.RoundTrip(r)
}
