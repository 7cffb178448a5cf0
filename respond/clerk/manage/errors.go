package manage

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/wire"
)

// What a call can come to. Every error of a call is an [*Error] and one of these.
var (
	ErrUnauthorized = errors.New("the credential was refused")     // unknown, expired or revoked, or no login at all
	ErrForbidden    = errors.New("the credential may not do this") // another workspace, a lesser role or scope, a key limited to addresses
	ErrNotFound     = errors.New("there is no such thing")         // or it is another workspace's
	ErrLimited      = errors.New("too many requests")              // Error.RetryAfter says for how long, where Clerk said it
	ErrRefused      = errors.New("the request was refused")        // Error.Codes says why, in Clerk's words
	ErrUnavailable  = errors.New("there was no usable answer")     // and nothing was changed
	ErrNoKey        = errors.New("the answer holds no key")        // Clerk no longer shows it, or there is none
	ErrCancelled    = errors.New("cancelled")                      // before anything was sent, or while reading

	// ErrOutcomeUnknown: a rotation was sent and its answer was lost. It may have been done. Never repeat it: read back.
	ErrOutcomeUnknown = errors.New("it is not known whether it was done")
)

// Error is a call that failed. Its text says what failed, why, and what to do; it holds no credential and nothing that Clerk said but the
// status and the codes.
type Error struct {
	Kind       error         // one of the variables above; errors.Is finds it
	Op         string        // what was to be done, such as "rotate the secret keys of ins_…"
	Status     int           // of Clerk's answer; 0 if there was none
	Codes      []string      // Clerk's error codes, such as clerk_key_invalid
	RetryAfter time.Duration // 0 if Clerk did not say

	what   string // what happened, where no status says it
	advice string
	cause  error // the context's
}

// Error returns the text.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op + ": ")
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, "Clerk answered %d", e.Status)
		if len(e.Codes) > 0 {
			b.WriteString(" (" + strings.Join(e.Codes, ", ") + ")")
		}
		if e.what != "" {
			b.WriteString(", " + e.what)
		}
	case e.what != "":
		b.WriteString(e.what)
	default:
		b.WriteString(e.Kind.Error())
	}
	if errors.Is(e.Kind, ErrLimited) && e.RetryAfter > 0 {
		fmt.Fprintf(&b, ": try again in %s", e.RetryAfter)
	} else if e.advice != "" {
		b.WriteString(": " + e.advice)
	}
	return b.String()
}

// Unwrap returns the kind, and the context's error where it ended the call.
func (e *Error) Unwrap() []error {
	if e.cause != nil {
		return []error{e.Kind, e.cause}
	}
	return []error{e.Kind}
}

// advice says what to do about a kind of error. It differs by what the credential is.
type advice map[error]string

// failed makes the error of a request without an answer that can be used. Whether it was sent is for the caller to say: a request that
// changes something and was sent may have been done.
func (r request) failed(sent bool, what string, cause error) *Error {
	e := &Error{Kind: ErrUnavailable, Op: r.op, what: what, cause: cause, advice: "nothing was changed: try again"}
	switch {
	case r.writes() && sent:
		e.Kind, e.advice = ErrOutcomeUnknown, outcomeAdvice
	case cause != nil:
		e.Kind, e.advice = ErrCancelled, ""
	case !r.writes():
		e.advice = "try again"
	}
	return e
}

const outcomeAdvice = "it may have been done all the same: do not repeat it, read the key back first"

// decide makes the error of an answer that is none of success.
func (r request) decide(a answer, credential detect.Secret, words advice) *Error {
	e := &Error{Op: r.op, Status: a.status, Codes: safeCodes(a.body, credential), RetryAfter: a.retryAfter}
	switch a.status {
	case http.StatusUnauthorized:
		e.Kind = ErrUnauthorized
	case http.StatusForbidden:
		e.Kind = ErrForbidden
	case http.StatusNotFound:
		e.Kind = ErrNotFound
	case http.StatusTooManyRequests:
		e.Kind = ErrLimited
	case http.StatusBadRequest, http.StatusPaymentRequired, http.StatusConflict, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		e.Kind = ErrRefused
	default:
		f := r.failed(true, "", nil)
		e.Kind, e.advice = f.Kind, f.advice
		return e
	}
	e.advice = words[e.Kind]
	if len(e.Codes) == 0 && !errors.Is(e.Kind, ErrLimited) {
		e.what = "but not in Clerk's form, as a proxy might"
	}
	return e
}

// code is what Clerk's codes look like: words, of which none is as long as the body of a credential. Anything else is not repeated.
var code = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]{0,19}(_[a-z0-9]{1,20}){0,9}$`) })

func safeCodes(body []byte, credential detect.Secret) []string {
	codes := slices.DeleteFunc(wire.ErrorCodes(body), func(c string) bool { return !code().MatchString(c) || wire.Echoes(c, credential) })
	return codes[:min(len(codes), 3)]
}
