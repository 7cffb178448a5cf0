package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/rekey-app/rekey/github/wire"
)

const (
	maxConcurrent = 100      // GitHub's own limit on concurrent requests
	maxRESTBody   = 32 << 20 // bytes; a hook delivery with a payload of 25 MB is the largest answer
	maxRedirects  = 5
)

// newTransport keeps connections for all clients. The answer's head may take a minute: a git server counts objects
// before it speaks.
func newTransport() http.RoundTripper {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		// A connection that was lost without notice would hold up everything on it for many minutes.
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		MaxIdleConns:        maxConcurrent,
		MaxIdleConnsPerHost: maxConcurrent,
	}
}

// gitTimeouts is the default of [Config.GitTimeouts]: a repository of some gigabytes takes GitHub minutes to prepare, and no
// second without a keepalive for longer than five.
func gitTimeouts() wire.Timeouts {
	return wire.Timeouts{Idle: time.Minute, Preparation: 5 * time.Minute, Rate: 16 << 10, Window: 30 * time.Second}
}

// transport is the last step before the network, below all authorization: it names us, follows redirects within the same
// host by sending the same request again (a renamed repository moves for POST as well), bounds how many requests are
// under way and how large answers are, and counts.
type transport struct {
	base      http.RoundTripper
	kind      string // of Request
	prefix    string // path before the routes
	userAgent string
	onRequest func(context.Context, Request)
	slots     chan struct{} // nil: without bound
	maxBody   int64         // 0: without bound
}

// RedirectError is a redirect that was not followed, since it leads to another host, or too often on. It is distinguished
// from other errors so that nobody waits for it to pass.
type RedirectError struct{ From, To string } // hosts

func (e *RedirectError) Error() string {
	if e.From == e.To {
		return fmt.Sprintf("%s redirects in a circle, or without saying where to", e.From)
	}
	return fmt.Sprintf("%s redirects to %s, which is not followed: correct the address of GitHub in the settings", e.From, e.To)
}

// RoundTrip sends the request. It is safe for concurrent use.
func (e *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.slots != nil {
		select {
		case e.slots <- struct{}{}:
			defer func() { <-e.slots }()
		case <-r.Context().Done():
			closeBody(r)
			return nil, r.Context().Err()
		}
	}
	route := routeOf(e.kind, e.prefix, r.URL.Path)
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", e.userAgent)
	for hop := 0; ; hop++ {
		resp, err := e.send(r, route)
		if err != nil {
			return nil, err
		}
		to, moved := redirectOf(resp)
		download := r.Method == http.MethodGet && isDownload(r.Context()) // the token for it is none
		if !moved || download && resp.StatusCode == http.StatusFound {
			if e.maxBody > 0 && !download {
				resp.Body = &boundedBody{ReadCloser: resp.Body, left: e.maxBody}
			}
			return resp, nil
		}
		discard(resp)
		if to == nil || to.Scheme != r.URL.Scheme || to.Host != r.URL.Host || hop == maxRedirects {
			refused := &RedirectError{From: r.URL.Host, To: r.URL.Host}
			if to != nil {
				refused.To = to.Host
			}
			return nil, refused
		}
		next, ok := withFreshBody(r)
		if !ok {
			return nil, fmt.Errorf("%s redirects a request that cannot be sent twice", r.URL.Host)
		}
		next.URL, next.Host = to, ""
		r = next
	}
}

func (e *transport) send(r *http.Request, route string) (*http.Response, error) {
	start := time.Now() // a duration: the clock that rekey is told does not matter
	resp, err := e.base.RoundTrip(r)
	if e.onRequest != nil {
		seen := Request{Kind: e.kind, Method: r.Method, Route: route, Duration: time.Since(start)}
		switch route {
		case tokenRoute:
			seen.Kind = "token"
		case queryRoute:
			seen.Kind = "graphql"
		}
		if err == nil {
			seen.Status = resp.StatusCode
		}
		e.onRequest(r.Context(), seen)
	}
	return resp, err
}

// redirectOf reports whether the answer moves the request, and where to; nil if it does not say so.
func redirectOf(resp *http.Response) (to *url.URL, moved bool) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		to, err := resp.Location()
		if err != nil || to.User != nil {
			return nil, true
		}
		return to, true
	}
	return nil, false
}

// withFreshBody returns the request with its body from the start.
func withFreshBody(r *http.Request) (*http.Request, bool) {
	next := r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return next, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, false
	}
	next.Body = body
	return next, true
}

// discard reads what is left of a small answer, so that its connection can be used again.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // if it fails, the connection is closed instead
	_ = resp.Body.Close()
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

var errBodyTooLarge = errors.New("the answer is larger than 32 MiB")

// boundedBody fails when an answer goes on for too long.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, errBodyTooLarge
	}
	return n, err
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
