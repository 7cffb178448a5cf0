package manage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/wire"
)

// Options say where requests go and with what. The zero value of all but Credential is Clerk itself.
type Options struct {
	Credential detect.Secret     // a Platform API key for NewPlatform, a secret key for NewBackend
	URL        string            // default clerk.DefaultURL; https, or http on loopback
	UserAgent  string            // default "rekey"
	HTTP       http.RoundTripper // default http.DefaultTransport
	Now        func() time.Time  // default time.Now; for Retry-After given as a date
}

// overHTTP sends requests with a credential.
type overHTTP struct {
	url, userAgent string
	version        string // of the API; "" to leave it to Clerk
	credential     detect.Secret
	client         *http.Client
	now            func() time.Time
	words          advice
}

func newHTTP(o Options, version string, words advice) (*overHTTP, error) {
	base, err := wire.BaseURL(o.URL)
	if err != nil {
		return nil, err
	}
	s := &overHTTP{
		url: base, userAgent: cmp.Or(o.UserAgent, "rekey"), version: version, credential: o.Credential,
		client: wire.Client(o.HTTP), now: o.Now, words: words,
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

func (s *overHTTP) credentials() (detect.Secret, advice) { return s.credential, s.words }

func (s *overHTTP) send(ctx context.Context, r request) (answer, error) {
	body, err := r.encoded()
	if err != nil {
		return answer{}, r.failed(false, "the request cannot be written", nil)
	}
	connected := true // as far as is known, until the transport says otherwise
	trace := &httptrace.ClientTrace{
		GetConn: func(string) { connected = false },
		GotConn: func(httptrace.GotConnInfo) { connected = true },
	}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), r.method, s.url+"/"+r.target(), bytes.NewReader(body))
	if err != nil {
		return answer{}, r.failed(false, "the API URL is not usable", nil)
	}
	req.Header.Set("Authorization", "Bearer "+s.credential.Reveal())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", s.userAgent)
	if r.writes() {
		req.Header.Set("Content-Type", "application/json") // without a body too, as Clerk's SDK does
	}
	if s.version != "" {
		req.Header.Set("Clerk-API-Version", s.version)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, r.failed(connected, transportFailure(err), ctx.Err())
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, retryAfter: wire.RetryAfter(resp.Header.Get("Retry-After"), s.now())}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, r.failed(true, "the connection to Clerk was cut", ctx.Err())
	case len(a.body) > maxAnswer:
		return answer{}, r.failed(true, "Clerk's answer is larger than 4 MiB", nil)
	}
	return a, nil
}

// transportFailure names the failure in words of our own: errors of transports may quote requests.
func transportFailure(err error) string {
	var u *url.Error
	if errors.As(err, &u) && u.Timeout() {
		return "Clerk did not answer in time"
	}
	return "Clerk could not be reached, or did not answer"
}
