package destination

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/rekey-app/rekey/detect"
)

const (
	apiTimeout = 30 * time.Second       // for one answer
	apiTries   = 4                      // so often a request is sent at most
	apiPause   = 500 * time.Millisecond // before it is sent again, where the machine says nothing else
	maxAnswer  = 16 << 20               // bytes
	// maxPause is how long a vendor's limit is waited for. A longer wait is told instead: the run can go on later.
	maxPause = 60 * time.Second
)

// API sends requests to a vendor's HTTP API. It is safe for concurrent use.
//
// A request that was limited or met a fault of the server is sent again, and so is one whose answer was lost: every request that drivers make is one
// that may be made twice. One that must not be is sent by [API.Once]. Redirects are not followed: they would carry a token elsewhere.
type API struct {
	vendor string
	base   string
	header http.Header
	retry  *retryablehttp.Client
	once   *http.Client
}

// NewAPI returns an API. The base is https, or http on this machine, and has no slash at its end; the header is sent with each request, and holds
// the login.
func (m *Machine) NewAPI(vendor, base string, header http.Header) *API {
	once := &http.Client{
		Transport:     m.Transport,
		Timeout:       apiTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	retry := retryablehttp.NewClient()
	retry.HTTPClient, retry.Logger = once, nil
	retry.RetryMax, retry.RetryWaitMin = apiTries-1, cmp.Or(m.Pause, apiPause)
	retry.RetryWaitMax = 16 * retry.RetryWaitMin
	retry.ErrorHandler = retryablehttp.PassthroughErrorHandler
	retry.CheckRetry, retry.Backoff = again, backoff
	return &API{vendor: vendor, base: strings.TrimRight(base, "/"), header: header, retry: retry, once: once}
}

// again reports whether a request is sent once more.
func again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if resp != nil && pause(resp) > maxPause {
		return false, nil
	}
	if err == nil && limited(resp) && ctx.Err() == nil {
		return true, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, resp, err) //nolint:wrapcheck // ours to the letter
}

// backoff is how long is waited before a request is sent once more.
func backoff(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if after := pause(resp); after > 0 {
			return after
		}
	}
	return retryablehttp.DefaultBackoff(least, most, attempt, nil)
}

// limited reports whether a request was refused because there were too many. GitHub says so with 403.
func limited(resp *http.Response) bool {
	return resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode == http.StatusForbidden && (resp.Header.Get("Retry-After") != "" || resp.Header.Get(remaining) == "0")
}

const remaining = "X-Ratelimit-Remaining"

// pause is how long the vendor asks to wait, 0 where it does not say.
func pause(resp *http.Response) time.Duration {
	if seconds, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s"); err == nil {
		return seconds
	}
	if resp.StatusCode/100 == 2 || resp.Header.Get(remaining) != "0" {
		return 0
	}
	reset, err := strconv.ParseInt(resp.Header.Get("X-Ratelimit-Reset"), 10, 64)
	now, dateErr := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || dateErr != nil {
		return 0
	}
	return max(time.Unix(reset, 0).Sub(now), 0)
}

// Request is one request.
type Request struct {
	Method string
	Path   string // behind the base, escaped, with a slash before it
	Query  url.Values
	Body   any           // sent as JSON; nil for none
	Secret detect.Secret // stands in Body, and is kept out of errors; zero where there is none
	Doing  string        // for errors, as an infinitive: "list the variables of project shop"
	Header *http.Header  // is set to the answer's, of a success too; may be nil
}

// The classes of [Refused].
var (
	ErrLogin       = errors.New("the login is missing, wrong or expired")
	ErrForbidden   = errors.New("the login may not do that")
	ErrNotFound    = errors.New("there is no such thing, or the login may not see it")
	ErrInvalid     = errors.New("the request was refused")
	ErrLimited     = errors.New("too many requests")
	ErrUnavailable = errors.New("it could not be reached, or failed")
)

// Refused is an answer that is no success, or none. It unwraps to its class.
type Refused struct { //nolint:errname // an answer
	Vendor string
	Doing  string
	Status int           // 0 where there was no answer
	Code   string        // the vendor's, where it gave one
	Said   string        // what it said, fit to be shown; "" for nothing
	After  time.Duration // how long to wait, where it says so
	Header http.Header   // the answer's
	Class  error
}

// Unwrap returns the class.
func (r *Refused) Unwrap() error { return r.Class }

// Error says what could not be done and why.
func (r *Refused) Error() string {
	why := r.Class.Error()
	switch {
	case r.Said != "":
		why = r.Said
	case r.Status != 0:
		why += fmt.Sprintf(" (status %d)", r.Status)
	}
	if r.After > 0 {
		why += fmt.Sprintf("; it asks to wait %s", r.After.Round(time.Second))
	}
	return fmt.Sprintf("%s on %s: %s", r.Doing, r.Vendor, why)
}

// Do sends a request, as often as it takes, and reads the answer's JSON into out, which may be nil.
func (a *API) Do(ctx context.Context, r Request, out any) error { return a.do(ctx, r, out, a.again) }

// Once sends a request that must not be made twice. Where the answer was lost the error unwraps to [ErrUnavailable], and whether it was done is
// unknown.
func (a *API) Once(ctx context.Context, r Request, out any) error {
	return a.do(ctx, r, out, a.once.Do)
}

func (a *API) again(req *http.Request) (*http.Response, error) {
	wrapped, err := retryablehttp.FromRequest(req)
	if err != nil {
		return nil, err //nolint:wrapcheck // do tells it
	}
	return a.retry.Do(wrapped) //nolint:wrapcheck // do tells it
}

func (a *API) do(ctx context.Context, r Request, out any, send func(*http.Request) (*http.Response, error)) error {
	refused := &Refused{Vendor: a.vendor, Doing: r.Doing, Class: ErrUnavailable}
	req, err := a.request(ctx, r)
	if err != nil {
		return refused
	}
	resp, err := send(req)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err() //nolint:wrapcheck // as it is
		}
		return refused // an error of the transport may quote what was sent
	}
	defer resp.Body.Close()
	if r.Header != nil {
		*r.Header = resp.Header
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case ctx.Err() != nil:
		return ctx.Err() //nolint:wrapcheck // as it is
	case err != nil:
		return refused
	case resp.StatusCode/100 != 2:
		refused.Status, refused.After, refused.Header = resp.StatusCode, pause(resp), resp.Header
		refused.Class = class(resp)
		refused.Code, refused.Said = complaint(body, r.Secret)
		return refused
	case out == nil:
		return nil
	}
	if json.Unmarshal(body, out) != nil {
		refused.Status, refused.Said = resp.StatusCode, "its answer is not what its description says"
		return refused
	}
	return nil
}

func (a *API) request(ctx context.Context, r Request) (*http.Request, error) {
	var body io.Reader
	if r.Body != nil {
		text, err := json.Marshal(r.Body)
		if err != nil {
			return nil, err //nolint:wrapcheck // not told
		}
		body = bytes.NewReader(text)
	}
	address := a.base + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, address, body)
	if err != nil {
		return nil, err //nolint:wrapcheck // not told
	}
	maps.Copy(req.Header, a.header)
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", "rekey")
	return req, nil
}

func class(resp *http.Response) error {
	if limited(resp) {
		return ErrLimited
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return ErrLogin
	case http.StatusForbidden:
		return ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		return ErrNotFound
	case http.StatusRequestTimeout:
		return ErrUnavailable
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return ErrUnavailable
	}
	return ErrInvalid
}

// complaint finds a code and a message in the forms in which vendors give them.
func complaint(body []byte, secret detect.Secret) (code, said string) {
	var answer struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Code    json.RawMessage `json:"code"`
		ID      string          `json:"id"`
		Errors  []struct {
			Message string          `json:"message"`
			Code    json.RawMessage `json:"code"`
		} `json:"errors"`
		Messages []string `json:"messages"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", ""
	}
	said, code = answer.Message, word(answer.Code)
	var nested struct {
		Code    json.RawMessage `json:"code"`
		Message string          `json:"message"`
	}
	switch {
	case json.Unmarshal(answer.Error, &nested) == nil && nested.Message != "":
		said, code = nested.Message, word(nested.Code)
	case said == "" && len(answer.Errors) > 0:
		said, code = answer.Errors[0].Message, word(answer.Errors[0].Code)
	case said == "" && len(answer.Messages) > 0: // Doppler's
		said = strings.Join(answer.Messages, "; ")
	case said == "":
		_ = json.Unmarshal(answer.Error, &said)
	}
	if code == "" {
		code = answer.ID // Heroku's
	}
	return Quote(code, secret), Quote(said, secret)
}

// word reads a code, which is a string for some vendors and a number for others.
func word(raw json.RawMessage) string { return strings.Trim(string(raw), `"`) }
