package github_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
)

// Each row is an answer of GitHub that travels through the real libraries.
func TestClassifyAnswers(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	date := func(at time.Time) string { return at.Format(http.TimeFormat) }
	unix := func(at time.Time) string { return fmt.Sprint(at.Unix()) }
	const secondary = `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",` +
		`"documentation_url":"https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`
	for name, test := range map[string]struct {
		at      string // rest, git or token
		status  int
		headers []string
		body    string
		do      github.Reaction
		wait    time.Duration // for Snooze
		named   error
		says    string
	}{
		"401":        {"rest", 401, nil, `{"message":"Bad credentials"}`, github.Retry, 0, github.ErrUnauthorized, "clock"},
		"401 to git": {"git", 401, nil, "Invalid username or password.", github.Retry, 0, github.ErrUnauthorized, "private key"},
		"401 to a token": {
			"token", 401, nil, `{"message":"'Expiration time' claim ('exp') is too far in the future"}`,
			github.Retry, 0, github.ErrUnauthorized, "too far in the future",
		},
		"403 permission": {
			"rest", 403,
			[]string{"X-Accepted-GitHub-Permissions", "issues=write; pull_requests=write"},
			`{"message":"Resource not accessible by integration"}`, github.GiveUp, 0, github.ErrForbidden, "issues: write",
		},
		"403 permission, not named": {
			"rest", 403, nil, `{"message":"Resource not accessible by integration"}`,
			github.GiveUp, 0, github.ErrForbidden, "permission issues: read",
		},
		"403 permission with the last request of the hour": {
			"rest", 403,
			[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(now.Add(time.Hour))},
			`{"message":"Resource not accessible by integration"}`, github.GiveUp, 0, nil, "permission",
		},
		"403 to git": {"git", 403, nil, "denied", github.GiveUp, 0, github.ErrForbidden, "contents: read"},
		"403 suspended": {
			"token", 403, nil, `{"message":"This installation has been suspended"}`, github.GiveUp, 0, github.ErrSuspended, "unsuspend",
		},
		"403 archived": {
			"rest", 403, nil, `{"message":"Repository was archived so is read-only."}`, github.GiveUp, 0, github.ErrArchived, "archived",
		},
		"403 IP allow list": {
			"rest", 403, nil, `{"message":"Although you appear to have the correct authorization credentials, the ` +
				"`acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.\"}",
			github.GiveUp, 0, github.ErrForbidden, "this server's address",
		},
		"403 secondary": {"rest", 403, nil, secondary, github.Snooze, time.Minute, nil, "waiting until 2026-03-01T12:01:00Z"},
		"403 secondary with Retry-After": {
			"rest", 403, []string{"Retry-After", "37"}, secondary, github.Snooze, 37 * time.Second, nil, "secondary",
		},
		"403 secondary, where the reset is not meant": {
			"rest", 403,
			[]string{"X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", unix(now.Add(40 * time.Minute))},
			secondary,
			github.Snooze, time.Minute, nil, "secondary",
		},
		"403 with Retry-After and other words": {
			"rest", 403,
			[]string{"Retry-After", "60"},
			`{"message":"You have triggered an abuse detection mechanism","documentation_url":"https://docs.github.com/x"}`,
			github.Snooze, time.Minute, nil, "abuse",
		},
		"403 with Retry-After to git": {"git", 403, []string{"Retry-After", "9"}, "", github.Snooze, 9 * time.Second, nil, "403"},
		"403 primary": {
			"rest", 403,
			[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(now.Add(20 * time.Minute))},
			`{"message":"API rate limit exceeded for installation ID 5."}`, github.Snooze, 20*time.Minute + time.Second, nil, "exceeded",
		},
		"403 primary, our clock is behind by five minutes": {
			"rest", 403,
			[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(now.Add(25 * time.Minute)), "Date", date(now.Add(5 * time.Minute))},
			`{"message":"API rate limit exceeded"}`, github.Snooze, 20*time.Minute + time.Second, nil, "exceeded",
		},
		"403 primary, reset passed": {
			"rest", 403,
			[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(now.Add(-time.Hour))},
			`{"message":"API rate limit exceeded"}`, github.Snooze, time.Second, nil, "exceeded",
		},
		"429":                    {"rest", 429, nil, ``, github.Snooze, time.Minute, nil, "429 Too Many Requests"},
		"429 with Retry-After":   {"rest", 429, []string{"Retry-After", "120"}, secondary, github.Snooze, 2 * time.Minute, nil, "429"},
		"429 with a date":        {"rest", 429, []string{"Retry-After", date(now.Add(3 * time.Minute)), "Date", date(now)}, ``, github.Snooze, 3 * time.Minute, nil, "429"},
		"429 with nonsense":      {"rest", 429, []string{"Retry-After", "soon", "X-RateLimit-Reset", "never"}, ``, github.Snooze, time.Minute, nil, "429"},
		"429 for ever":           {"rest", 429, []string{"Retry-After", "2000000000"}, ``, github.Snooze, 24 * time.Hour, nil, "429"},
		"429 for no time at all": {"rest", 429, []string{"Retry-After", "-5"}, ``, github.Snooze, time.Second, nil, "429"},
		"429 primary": {
			"rest", 429,
			[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix(now.Add(time.Minute))},
			``,
			github.Snooze, 61 * time.Second, nil, "429",
		},
		"429 to git":           {"git", 429, []string{"Retry-After", "5"}, "slow down", github.Snooze, 5 * time.Second, nil, "slow down"},
		"429 to a token":       {"token", 429, []string{"Retry-After", "5"}, `{"message":"wait"}`, github.Snooze, 5 * time.Second, nil, "wait"},
		"404":                  {"rest", 404, nil, `{"message":"Not Found"}`, github.Retry, 0, github.ErrNotFound, "after a push"},
		"404 to git":           {"git", 404, nil, "Repository not found.", github.Retry, 0, github.ErrNotFound, "Repository not found."},
		"404 to a token":       {"token", 404, nil, `{"message":"Not Found"}`, github.GiveUp, 0, github.ErrUninstalled, "uninstalled"},
		"409":                  {"rest", 409, nil, `{"message":"Conflict"}`, github.Retry, 0, nil, "409"},
		"410 issues disabled":  {"rest", 410, nil, `{"message":"Issues has been disabled in this repository."}`, github.GiveUp, 0, github.ErrIssuesDisabled, "enable issues"},
		"410 deleted":          {"rest", 410, nil, `{"message":"This issue was deleted"}`, github.GiveUp, 0, github.ErrGone, "deleted"},
		"422":                  {"rest", 422, nil, `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"custom","message":"title is too long"}]}`, github.GiveUp, 0, nil, "title: custom title is too long"},
		"422 in words":         {"rest", 422, nil, `{"message":"Invalid request.","errors":["For 'properties/title', nil is not a string."]}`, github.GiveUp, 0, nil, "nil is not a string"},
		"422 no commit yet":    {"rest", 422, nil, `{"message":"No commit found for SHA: 0123"}`, github.Retry, 0, github.ErrNoCommit, "a moment"},
		"422 permissions":      {"token", 422, nil, `{"message":"The permissions requested are not granted to this installation."}`, github.GiveUp, 0, github.ErrForbidden, "accept"},
		"422 out of reach":     {"token", 422, nil, `{"message":"There is at least one repository that does not exist or is not accessible to the parent installation."}`, github.GiveUp, 0, github.ErrOutOfReach, "add the repository"},
		"451":                  {"rest", 451, nil, `{"message":"Repository access blocked"}`, github.GiveUp, 0, nil, "legal"},
		"400":                  {"rest", 400, nil, `{"message":"Problems parsing JSON"}`, github.GiveUp, 0, nil, "Problems parsing JSON"},
		"500":                  {"rest", 500, nil, ``, github.Retry, 0, nil, "500"},
		"502 with a page":      {"rest", 502, []string{"Content-Type", "text/html"}, "<html>Unicorn!</html>", github.Retry, 0, nil, "502 Bad Gateway: GitHub has a problem"},
		"503":                  {"rest", 503, nil, `{"message":"unavailable"}`, github.Retry, 0, nil, "503"},
		"503 with Retry-After": {"rest", 503, []string{"Retry-After", "30"}, ``, github.Snooze, 30 * time.Second, nil, "503"},
		"504 to git":           {"git", 504, nil, "<html>", github.Retry, 0, nil, "504 Gateway Timeout: GitHub has a problem"},
		"500 to a token":       {"token", 500, nil, `oops`, github.Retry, 0, nil, "500"},
		"a page in place of JSON": {
			"rest", 200, []string{"Content-Type", "text/html"}, "<html>Log in</html>", github.Retry, 0, nil, "invalid character",
		},
		"a token that is none": {"token", 201, nil, `{"message":"created"}`, github.Retry, 0, nil, "no token"},
		"a page in place of a pack": {
			"git", 200, []string{"Content-Type", "text/html"}, "<html>Log in</html>", github.Retry, 0, nil, "git",
		},
		"redirect elsewhere": {
			"rest", 301,
			[]string{"Location", "https://elsewhere.example.net/x?token=secret-in-query"},
			``,
			github.GiveUp, 0, nil, "elsewhere.example.net",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub()
			s.now = func() time.Time { return now }
			odd := answer(test.status, test.body, test.headers...)
			switch test.at {
			case "rest":
				s.on("GET", "/issues", odd)
			case "git":
				s.HandleFunc("POST /acme/api.git/git-upload-pack", odd)
			case "token":
				s.ServeMux = http.NewServeMux()
				s.HandleFunc("GET /api/v3/app", answer(200, `{"slug":"rekey-acme"}`))
				s.HandleFunc("POST /api/v3/app/installations/5/access_tokens", odd)
			}
			c := s.client(t)
			var err error
			if test.at == "git" {
				_, err = c.FetchPack(t.Context(), wire.Request{Wants: []string{sha}})
			} else {
				_, err = c.FindIssues(t.Context(), "secret-in-query", time.Time{})
			}
			verdict := github.Classify(fmt.Errorf("scan acme/api: %w", err), now)
			if verdict.Do != test.do {
				t.Errorf("%s, want %s: %v", verdict.Do, test.do, err)
			}
			if want := now.Add(test.wait); test.do == github.Snooze && !verdict.Until.Equal(want) {
				t.Errorf("until %s, want %s", verdict.Until, want)
			}
			if test.do != github.Snooze && !verdict.Until.IsZero() {
				t.Errorf("until %s without a snooze", verdict.Until)
			}
			if test.named != nil && !errors.Is(err, test.named) {
				t.Errorf("%v is not %v", err, test.named)
			}
			if test.do == github.Snooze && (errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrNotFound)) {
				t.Errorf("a limit is named %v", err)
			}
			if !strings.Contains(verdict.Reason, test.says) {
				t.Errorf("%q does not say %q", verdict.Reason, test.says)
			}
			for _, text := range []string{verdict.Reason, err.Error()} {
				if strings.Contains(text, "ghs_") || strings.Contains(text, "secret-in-query") || strings.ContainsAny(text, "?\n") {
					t.Errorf("a credential, a query or a second line in %q", text)
				}
			}
		})
	}
}

func TestClassifyOtherErrors(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	token := "ghs_" + strings.Repeat("a", 36)
	request, err := http.NewRequest(http.MethodGet, "https://api.github.com/x?token="+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	remembered := &http.Response{StatusCode: 403, Request: request, Header: http.Header{}}
	wait := 40 * time.Second
	for name, test := range map[string]struct {
		err   error
		do    github.Reaction
		until time.Time
		says  string
	}{
		"no answer in time":  {context.DeadlineExceeded, github.Retry, time.Time{}, "in time"},
		"stopped":            {fmt.Errorf("x: %w", context.Canceled), github.Retry, time.Time{}, "stopped"},
		"connection refused": {&url.Error{Op: "Get", URL: "https://api.github.com/x?token=" + token, Err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}}, github.Retry, time.Time{}, "api.github.com: dial tcp: connection refused"},
		"no such host":       {&url.Error{Op: "Get", URL: "https://api.github.com/", Err: &net.DNSError{Err: "no such host", Name: "api.github.com"}}, github.Retry, time.Time{}, "no such host"},
		"cut":                {io.ErrUnexpectedEOF, github.Retry, time.Time{}, "unexpected EOF"},
		"token in the words": {errors.New("remote: https://x:" + token + "@github.com/a/b refused " + token), github.Retry, time.Time{}, "https://github.com/a/b refused …"},
		"clerk key in words": {errors.New("bad key " + "sk_" + "live_" + strings.Repeat("Zz9", 14)), github.Retry, time.Time{}, "bad key …"},
		"long words":         {errors.New(strings.Repeat("words ", 1000)), github.Retry, time.Time{}, "words …"},
		"not our ref":        {&wire.ServerError{URL: "https://github.com/a/b.git", Message: "upload-pack: not our ref " + sha}, github.Retry, time.Time{}, "a moment"},
		"other words of git": {&wire.ServerError{URL: "https://github.com/a/b.git", Message: "out of memory"}, github.Retry, time.Time{}, "out of memory"},
		"no common have":     {wire.ErrNoCommonHave, github.Retry, time.Time{}, "need not be sent"},
		"SHA-256":            {fmt.Errorf("want: %w", wire.ErrSHA256), github.GiveUp, time.Time{}, "SHA-256"},
		"our own limit":      {&github.Error{Op: "x", Err: &github.LimitError{Until: now.Add(wait), Reason: "waiting"}}, github.Snooze, now.Add(wait), "waiting"},
		"not valid":          {&github.InvalidError{What: "title", Why: "too long"}, github.GiveUp, time.Time{}, "title: too long"},
		"too large":          {fmt.Errorf("x: %w", github.ErrTooLarge), github.GiveUp, time.Time{}, "1 MiB"},
		"remembered primary limit": {
			&gogithub.RateLimitError{Response: remembered, Rate: gogithub.Rate{Reset: gogithub.Timestamp{Time: now.Add(wait)}}},
			github.Snooze, now.Add(wait + time.Second), "403",
		},
		"remembered secondary limit": {
			&gogithub.AbuseRateLimitError{Response: remembered, RetryAfter: &wait}, github.Snooze, now.Add(wait), "403",
		},
		"two factors": {
			(*gogithub.TwoFactorAuthError)(&gogithub.ErrorResponse{Response: &http.Response{StatusCode: 401}}), github.Retry, time.Time{}, "private key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			verdict := github.Classify(test.err, now)
			if verdict.Do != test.do || !verdict.Until.Equal(test.until) || !strings.Contains(verdict.Reason, test.says) {
				t.Errorf("%+v", verdict)
			}
			if strings.Contains(verdict.Reason, "aaaa") || strings.Contains(verdict.Reason, "Zz9") || len(verdict.Reason) > 600 {
				t.Errorf("a credential or too many words in %q", verdict.Reason)
			}
		})
	}
	if verdict := github.Classify(nil, now); verdict != (github.Verdict{}) {
		t.Errorf("nil: %+v", verdict)
	}
}
