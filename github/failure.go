package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/wire"
)

// failure is an HTTP answer that is an error, whichever library found it so.
type failure struct {
	method, path string
	status       int
	header       http.Header
	message      string   // GitHub's own words
	fields       []string // of a 422: assignees: invalid
	token        bool     // the answer to a request for an installation token
	query        string   // the type of an error of GraphQL, which has its status from us: GitHub answers 200
	limited      bool     // the library knows that it is a limit, and until when
	until        time.Time
	wait         time.Duration
}

// failureOf returns the answer inside err, if there is one.
func failureOf(err error) (failure, bool) {
	if refused, ok := errors.AsType[*tokenError](err); ok {
		return refused.failure(), true
	}
	if refused, ok := errors.AsType[*queryError](err); ok {
		return refused.failure(), true
	}
	if e, ok := errors.AsType[*gogithub.ErrorResponse](err); ok && e.Response != nil {
		return ofREST(e), true
	}
	if e, ok := errors.AsType[*gogithub.TwoFactorAuthError](err); ok && e.Response != nil {
		return ofREST((*gogithub.ErrorResponse)(e)), true
	}
	if e, ok := errors.AsType[*gogithub.RateLimitError](err); ok && e.Response != nil {
		f := ofREST(&gogithub.ErrorResponse{Response: e.Response, Message: e.Message})
		if len(f.header) == 0 { // the library's memory of an earlier answer
			f.limited, f.until = true, e.Rate.Reset.Time
		}
		return f, true
	}
	if e, ok := errors.AsType[*gogithub.AbuseRateLimitError](err); ok && e.Response != nil {
		f := ofREST(&gogithub.ErrorResponse{Response: e.Response, Message: e.Message})
		f.limited = true
		if e.RetryAfter != nil && len(f.header) == 0 { // the library's memory of an earlier answer
			f.wait = *e.RetryAfter
		}
		return f, true
	}
	if e, ok := errors.AsType[*wire.StatusError](err); ok {
		f := failure{method: http.MethodPost, path: "git-upload-pack", status: e.Status, header: e.Header, message: e.Body}
		if strings.HasPrefix(strings.TrimSpace(f.message), "<") {
			f.message = "" // a page for browsers
		}
		return f, true
	}
	return failure{}, false
}

func ofREST(e *gogithub.ErrorResponse) failure {
	f := failure{status: e.Response.StatusCode, header: e.Response.Header, message: e.Message}
	if r := e.Response.Request; r != nil && r.URL != nil {
		f.method, f.path = r.Method, r.URL.Path
	}
	for _, detail := range e.Errors {
		text := detail.Message
		if detail.Field != "" {
			text = detail.Field + ": " + strings.TrimSpace(detail.Code+" "+detail.Message)
		}
		f.fields = append(f.fields, text)
	}
	return f
}

// mentions reports whether GitHub's words hold one of the phrases.
func (f failure) mentions(phrases ...string) bool {
	text := strings.ToLower(f.message + " " + strings.Join(f.fields, " "))
	for _, phrase := range phrases {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}

// describe says what went wrong, without credentials and query strings.
func describe(err error) string {
	if f, ok := failureOf(err); ok {
		return f.describe()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "stopped before it ended"
	}
	if redirect, ok := errors.AsType[*RedirectError](err); ok {
		return redirect.Error()
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		host := "GitHub"
		if u, err := url.Parse(e.URL); err == nil && u.Host != "" {
			host = u.Host
		}
		return scrub(fmt.Sprintf("%s: %v", host, e.Err))
	}
	return scrub(err.Error())
}

func (f failure) describe() string {
	text := fmt.Sprintf("GitHub answered %d", f.status)
	if status := http.StatusText(f.status); status != "" {
		text += " " + status
	}
	if f.query != "" {
		text = "GitHub answered the query with " + scrub(f.query)
	}
	if f.message != "" {
		text += ": " + scrub(f.message)
	}
	if len(f.fields) > 0 {
		text += " (" + scrub(strings.Join(f.fields, "; ")) + ")"
	}
	return text
}

// What is taken out of somebody else's words.
var (
	// Authorization headers, tokens of GitHub, JSON web tokens, and keys with Clerk's and Stripe's prefixes: our own texts
	// hold none, but what comes back may repeat what somebody sent.
	credentialPattern = regexp.MustCompile(`(?i:(?:basic|bearer|token) +[a-z0-9_.\-/+=]{16,})|(?:gh[a-z]_|github_pat_|eyJ|[rsp]k_(?:live|test)_|whsec_)[A-Za-z0-9_.\-/+=]{8,}`)
	queryPattern      = regexp.MustCompile(`\?[^\s"'<>]*`)
	userinfoPattern   = regexp.MustCompile(`://[^\s/"'@]*@`)
)

// maxWords bounds how many bytes of somebody else's words are repeated.
const maxWords = 300

// scrub makes somebody else's words fit for our own: one line, not long, without credentials and query strings.
func scrub(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = userinfoPattern.ReplaceAllString(text, "://")
	text = credentialPattern.ReplaceAllString(text, "…")
	text = queryPattern.ReplaceAllString(text, "")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}

// limit is GitHub's demand to wait before the next request.
type limit struct {
	until    time.Time
	primary  bool // it covers all requests
	explicit bool // GitHub named the time; else it is a minute
}

// limit follows GitHub's rule: Retry-After, else x-ratelimit-reset if nothing remains, else a minute.
func (f failure) limit(now time.Time) (l limit, limited bool) {
	retryAfter := f.header.Get("Retry-After")
	spent := f.header.Get("X-RateLimit-Remaining") == "0"
	switch {
	case f.status == http.StatusTooManyRequests, f.limited:
	case f.status == http.StatusForbidden && f.mentions("rate limit", "abuse detection"):
	case f.status == http.StatusForbidden && (retryAfter != "" || spent) && !f.mentions("not accessible", "suspended", "archived"):
	case f.status >= 500 && retryAfter != "":
	default:
		return limit{}, false
	}
	l.primary = spent || !f.until.IsZero()
	switch wait, ok := f.retryAfter(now); {
	case ok:
		l.until = now.Add(wait)
	case f.wait > 0:
		l.until = now.Add(f.wait)
	case l.primary:
		l.until = f.reset(now)
	}
	l.explicit = !l.until.IsZero()
	const soonest, latest = time.Second, 24 * time.Hour
	switch {
	case !l.explicit:
		l.until = now.Add(time.Minute)
	case l.until.Before(now.Add(soonest)):
		l.until = now.Add(soonest)
	case l.until.After(now.Add(latest)):
		l.until = now.Add(latest)
	}
	return l, true
}

// retryAfter reads the header in both its forms.
func (f failure) retryAfter(now time.Time) (time.Duration, bool) {
	text := f.header.Get("Retry-After")
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(f.serverTime(now)), true
	}
	return 0, false
}

// reset returns when the primary limit starts again, on our clock.
func (f failure) reset(now time.Time) time.Time {
	at := f.until
	if seconds, err := strconv.ParseInt(f.header.Get("X-RateLimit-Reset"), 10, 64); err == nil && seconds > 0 {
		at = time.Unix(seconds, 0)
	}
	if at.IsZero() {
		return at
	}
	return now.Add(at.Sub(f.serverTime(now)) + time.Second) // the header has whole seconds
}

// serverTime is GitHub's clock: ours may be off.
func (f failure) serverTime(now time.Time) time.Time {
	if at, err := http.ParseTime(f.header.Get("Date")); err == nil {
		return at
	}
	return now
}
