package github_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
)

// FuzzClassify: whatever GitHub or something in its place answers, there is one of the three verdicts, a snooze ends within
// a day, and the reason is one short line without what looks like a token.
func FuzzClassify(f *testing.F) {
	f.Add(403, "60", "0", "1772366400", "Sun, 01 Mar 2026 12:00:00 GMT", "rate limit")
	f.Add(429, "-1", "", "-9223372036854775808", "", "{\"message\":\"x\"}")
	f.Add(503, "Sun, 01 Mar 2126 12:00:00 GMT", "1", "", "Sun, 01 Mar 2026 12:00:00 GMT", "<html>")
	f.Add(401, "", "", "", "", "Bearer "+strings.Repeat("a", 40)+"\nhttps://a:b@c/?d=e")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, retryAfter, remaining, reset, date, body string) {
		header := http.Header{}
		header.Set("Retry-After", retryAfter)
		header.Set("X-RateLimit-Remaining", remaining)
		header.Set("X-RateLimit-Reset", reset)
		header.Set("Date", date)
		token := "ghs_" + strings.Repeat("x", 36)
		err := &github.Error{Op: "fetch", About: "a/b", Err: &wire.StatusError{Status: status, Header: header, Body: body + " " + token}}
		verdict := github.Classify(err, now)
		switch verdict.Do {
		case github.Snooze:
			if !verdict.Until.After(now) || verdict.Until.After(now.Add(24*time.Hour)) {
				t.Errorf("until %s", verdict.Until)
			}
		case github.Retry, github.GiveUp:
			if !verdict.Until.IsZero() {
				t.Errorf("until %s", verdict.Until)
			}
		default:
			t.Errorf("%+v", verdict)
		}
		for _, text := range []string{verdict.Reason, err.Error()} {
			if strings.Contains(text, token) || strings.ContainsAny(text, "\n\r") || len(text) > 700 {
				t.Errorf("%q", text)
			}
		}
	})
}

func ExampleClassify() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	err := &wire.StatusError{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"90"}}}
	verdict := github.Classify(fmt.Errorf("scan acme/api: %w", err), now)
	fmt.Println(verdict.Do, verdict.Until.Sub(now))
	// Output: snooze 1m30s
}
