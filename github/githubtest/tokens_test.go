package githubtest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/githubtest"
)

func TestTokensAreNarrowed(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	other, err := b.CreateRepository(b.org, "other", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, _, err = b.rest(nil).Repositories.Get(ctx, "acme", "other")
	refused(t, err, 404, "Not Found")
	b.installation.Add(ctx, b.ada, other)
	if _, _, err := b.rest(nil).Repositories.Get(ctx, "acme", "other"); err != nil {
		t.Error(err)
	}
	narrow := b.rest(&github.InstallationTokenOptions{
		RepositoryIDs: []int64{b.repo.ID()}, Permissions: &github.InstallationPermissions{Contents: new("read"), Checks: new("write")},
	})
	_, _, err = narrow.Repositories.Get(ctx, "acme", "other")
	refused(t, err, 404, "Not Found")
	if _, _, err := narrow.Checks.CreateCheckRun(ctx, "acme", "shop", run(b.first)); err != nil {
		t.Error(err)
	}
	_, _, err = narrow.Issues.Create(ctx, "acme", "shop", &github.IssueRequest{Title: new("t")})
	refused(t, err, 403, "Resource not accessible by integration")

	for name, opt := range map[string]*github.InstallationTokenOptions{
		"repository of another installation": {RepositoryIDs: []int64{1}},
		"unknown name":                       {Repositories: []string{"nothing"}},
		"permission not granted":             {Permissions: &github.InstallationPermissions{Administration: new("write")}},
		"more than granted":                  {Permissions: &github.InstallationPermissions{Contents: new("write")}},
	} {
		var failed *ghinstallation.HTTPError
		if _, err := b.transport(opt).Token(ctx); !errors.As(err, &failed) || failed.Response.StatusCode != 422 {
			t.Errorf("%s: %v, want 422", name, err)
		}
	}
	repos, _, err := b.rest(nil).Apps.ListRepos(ctx, &github.ListOptions{PerPage: 1})
	if err != nil || repos.GetTotalCount() != 2 || len(repos.Repositories) != 1 {
		t.Errorf("repositories %v, %v", repos, err)
	}
	b.installation.Suspend(ctx, b.ada)
	var failed *ghinstallation.HTTPError
	if _, err := b.transport(nil).Token(ctx); !errors.As(err, &failed) || failed.Response.StatusCode != 403 {
		t.Errorf("suspended: %v, want 403", err)
	}
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	token, err := b.transport(nil).Token(t.Context())
	if err != nil || !strings.HasPrefix(token, "ghs_") || len(token) != 40 {
		t.Fatalf("token of %d characters, %v", len(token), err)
	}
	get := func() int {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.APIURL()+"/repos/acme/shop", nil)
		r.Header.Set("Authorization", "token "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := get(); got != 200 {
		t.Errorf("a fresh token: %d", got)
	}
	b.pass(time.Hour)
	if got := get(); got != 401 {
		t.Errorf("an hour later: %d, want 401", got)
	}
}

// sign makes a JWT of the App by the server's clock.
func (b *bundle) sign(iss string, iat, exp time.Duration) string {
	b.t.Helper()
	now := b.clock()
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: iss, IssuedAt: jwt.NewNumericDate(now.Add(iat)), ExpiresAt: jwt.NewNumericDate(now.Add(exp)),
	}).SignedString(privateKey())
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// getApp asks for the App itself.
func (b *bundle) getApp(token string) *http.Response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.APIURL()+"/app", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func TestJWTs(t *testing.T) {
	t.Parallel()
	b := setup(t, githubtest.Options{})
	hmac, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{Issuer: "4711"}).SignedString([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		token string
		want  int
	}{
		"good":          {b.sign("4711", -time.Minute, 9*time.Minute), 200},
		"other app":     {b.sign("4712", -time.Minute, 9*time.Minute), 401},
		"over":          {b.sign("4711", -10*time.Minute, 0), 401},
		"too far ahead": {b.sign("4711", -time.Minute, 10*time.Minute+time.Second), 401},
		"from tomorrow": {b.sign("4711", time.Minute, 9*time.Minute), 401},
		"HMAC":          {hmac, 401},
		"nonsense":      {"x.y.z", 401},
		"none":          {"", 401},
	} {
		if got := b.getApp(test.token).StatusCode; got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	b := setup(t, githubtest.Options{HourlyLimit: 2})
	for i, want := range []struct {
		status    int
		remaining string
	}{{200, "1"}, {200, "0"}, {403, "0"}} {
		resp := b.getApp(b.sign("4711", 0, time.Minute))
		if resp.StatusCode != want.status || resp.Header.Get("X-RateLimit-Remaining") != want.remaining {
			t.Errorf("request %d: %d with %v", i, resp.StatusCode, resp.Header)
		}
	}
	b.pass(time.Hour)
	if resp := b.getApp(b.sign("4711", 0, time.Minute)); resp.StatusCode != 200 {
		t.Errorf("an hour later: %d", resp.StatusCode)
	}
}
