package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What GitHub's answers mean for a session. Any other error passes.
var (
	// errRefused: GitHub does not accept the code or the token, and never will.
	errRefused = errors.New("GitHub doesn't accept the sign-in any more")
	// errMisconfigured: GitHub does not know the App's client, or its callback.
	errMisconfigured = errors.New("GitHub refuses the App's client ID, client secret or callback URL")
)

// tokens are a user's.
type tokens struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
}

// aged reports whether the token has to be renewed.
func (t tokens) aged(now time.Time) bool {
	return !t.Expires.IsZero() && t.Expires.Sub(now) < 2*time.Minute && t.Refresh != ""
}

// maxAnswer is how many bytes of an answer are read: 100 repositories take less than 1 MiB.
const maxAnswer = 4 << 20

// gitHub asks GitHub in a user's name.
type gitHub struct {
	url, api   string
	id, secret string // of the App's client
	client     *http.Client
	now        func() time.Time
}

// exchange trades a code for tokens.
func (g *gitHub) exchange(ctx context.Context, code, verifier, redirectURI string) (tokens, error) {
	return g.token(ctx, url.Values{"code": {code}, "code_verifier": {verifier}, "redirect_uri": {redirectURI}})
}

// renew trades a refresh token, which is good for once, for tokens.
func (g *gitHub) renew(ctx context.Context, refresh string) (tokens, error) {
	return g.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
}

func (g *gitHub) token(ctx context.Context, form url.Values) (tokens, error) {
	form.Set("client_id", g.id)
	form.Set("client_secret", g.secret)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+"/login/oauth/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		ExpiresIn    int64  `json:"expires_in"`
		Error        string `json:"error"`
	}
	asked := g.now()
	if err := g.do(r, &answer); err != nil {
		return tokens{}, err
	}
	switch answer.Error {
	case "":
	case "bad_verification_code", "bad_refresh_token", "unverified_user_email":
		return tokens{}, fmt.Errorf("%w: %s", errRefused, answer.Error)
	case "incorrect_client_credentials", "redirect_uri_mismatch", "unsupported_grant_type":
		return tokens{}, fmt.Errorf("%w: %s", errMisconfigured, answer.Error)
	default:
		return tokens{}, fmt.Errorf("GitHub answered a sign-in with %.60q", answer.Error)
	}
	if answer.AccessToken == "" {
		return tokens{}, errors.New("GitHub answered a sign-in without a token")
	}
	t := tokens{Access: answer.AccessToken, Refresh: answer.RefreshToken}
	if answer.ExpiresIn > 0 {
		t.Expires = asked.Add(time.Duration(answer.ExpiresIn) * time.Second)
	}
	return t, nil
}

// revoke ends a token. That it fails harms nobody: nobody has the token any more.
func (g *gitHub) revoke(ctx context.Context, token string) error {
	body, err := json.Marshal(map[string]string{"access_token": token})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodDelete, g.api+"/applications/"+url.PathEscape(g.id)+"/token", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(g.id, g.secret)
	return g.do(r, nil)
}

// get asks the API with a user's token.
func (g *gitHub) get(ctx context.Context, token, path string, v any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.api+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return g.do(r, v)
}

func (g *gitHub) do(r *http.Request, v any) error {
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "rekey")
	answer, err := g.client.Do(r)
	if err != nil {
		return err // names the address alone, which holds no secret
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusUnauthorized:
		return errRefused
	case answer.StatusCode >= http.StatusMultipleChoices:
		return &statusError{r.URL.Path, answer.StatusCode, answer.Header.Get("Retry-After") != "" || answer.Header.Get("X-RateLimit-Remaining") == "0"}
	case v == nil:
		return nil
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("GitHub's answer to %s is not what it should be", r.URL.Path)
	}
	return nil
}

// statusError is an answer that is no success.
type statusError struct {
	path    string
	status  int
	limited bool // asked too much
}

// gone reports whether what was asked for is out of reach, and not only now.
func (e *statusError) gone() bool {
	return e.status == http.StatusNotFound || e.status == http.StatusForbidden && !e.limited
}

func (e *statusError) Error() string {
	return fmt.Sprintf("GitHub answered %s with %d", e.path, e.status)
}
