// Package relay takes webhook deliveries from a channel of smee.io, or another server of that protocol, for a machine that GitHub
// cannot reach. event.go reads the channel's events, delivery.go makes of one what GitHub sent (both pure), [Client.Run] keeps the
// connection.
//
// A channel is no part of rekey's promises: it keeps nothing while nobody listens, and everybody who knows it can read it and send to
// it. So each delivery has to have GitHub's signature, and what is missed is recovered from GitHub's own log.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/rekey-app/rekey/github/webhook"
)

const (
	// idle is how long a channel may say nothing: smee.io says something every 30 seconds.
	idle = 90 * time.Second
	// minPause and maxPause are kept between two tries to connect.
	minPause, maxPause = time.Second, time.Minute
)

// Client listens to a channel.
type Client struct {
	URL     string       // of the channel
	Deliver http.Handler // takes POST /webhook
	Secrets []string     // of the webhook
	HTTP    http.RoundTripper
	Log     *slog.Logger
	Version string
	// Idle and MinPause, if set, are used in place of this package's own.
	Idle, MinPause time.Duration
}

// Run listens until ctx ends, and connects again where the connection is lost.
func (c *Client) Run(ctx context.Context) {
	first := c.MinPause
	if first == 0 {
		first = minPause
	}
	for pause := first; ; pause = min(2*pause, maxPause) {
		heard, err := c.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if heard {
			pause = first
		}
		c.Log.WarnContext(ctx, "the connection to the webhook proxy was lost; what comes meanwhile is recovered from GitHub's log", "url", c.URL, "error", err, "again_in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// listen connects once, and delivers what comes until the connection is lost. It reports whether anything came.
func (c *Client) listen(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := c.Idle
	if silence == 0 {
		silence = idle
	}
	watch := time.AfterFunc(silence, func() { cancel(fmt.Errorf("nothing came for %s", silence)) })
	defer watch.Stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return false, err
	}
	r.Header.Set("Accept", "text/event-stream") // exactly so: smee.io compares
	r.Header.Set("User-Agent", "rekey/"+c.Version)
	// A redirect is not followed: somebody else's channel is not what was asked for.
	client := &http.Client{Transport: c.HTTP, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return false, because(ctx, err)
	}
	defer resp.Body.Close()
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		return false, fmt.Errorf("it answered %d with %q, which is no channel", resp.StatusCode, kind)
	}
	c.Log.InfoContext(ctx, "listening to the webhook proxy", "url", c.URL)
	for events := newReader(resp.Body, func() { watch.Reset(silence) }); ; heard = true {
		e, err := events.next()
		if errors.Is(err, errTooLong) {
			c.Log.WarnContext(ctx, "the webhook proxy sent an event that is longer than any delivery; it is left out")
			continue
		}
		if err != nil {
			return heard, because(ctx, err)
		}
		c.handle(ctx, e)
	}
}

// because is why the context was cancelled, where that is the cause of err.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// handle delivers what an event holds. Pings and what makes no sense are left out.
func (c *Client) handle(ctx context.Context, e event) {
	if e.kind != "" && e.kind != "message" {
		return // ready, ping
	}
	d, err := deliveryOf(e.data)
	if err != nil {
		c.Log.WarnContext(ctx, "the webhook proxy sent something that is no delivery", "error", err)
		return
	}
	body, signed := d.signed(func(body []byte) bool { return webhook.Verify(d.header, body, c.Secrets) == nil })
	if !signed {
		c.Log.WarnContext(ctx, "what the webhook proxy passed on doesn't have GitHub's signature: it was forged, or re-encoded on the way; "+
			"if it was GitHub's, it is read from GitHub's log within some minutes", "delivery", d.header.Get("X-GitHub-Delivery"), "event", d.header.Get("X-GitHub-Event"))
	}
	status := deliver(ctx, c.Deliver, d.header, body)
	if signed && status/100 != 2 {
		c.Log.WarnContext(ctx, "a delivery of the webhook proxy was not taken", "delivery", d.header.Get("X-GitHub-Delivery"), "status", status)
	}
}
