package clerk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk/wire"
)

// DefaultURL is Clerk's Backend API.
const DefaultURL = wire.DefaultURL

// Client asks. It is safe for concurrent use.
type Client struct {
	url       string
	userAgent string
	http      *http.Client
	now       func() time.Time
}

// Options configure a [Client]. The zero value asks Clerk itself.
type Options struct {
	URL       string            // default DefaultURL
	UserAgent string            // default "rekey"
	HTTP      http.RoundTripper // default http.DefaultTransport
	Now       func() time.Time  // default time.Now; for Retry-After given as a date
}

const maxBody = 64 << 10

// New returns a client. It sends nothing. The URL must be https, or http on loopback: a key is not sent in the clear.
func New(o Options) (*Client, error) {
	base, err := wire.BaseURL(o.URL)
	if err != nil {
		return nil, err
	}
	c := &Client{url: base, userAgent: cmp.Or(o.UserAgent, "rekey"), http: wire.Client(o.HTTP), now: o.Now}
	if c.now == nil {
		c.now = time.Now
	}
	return c, nil
}

// instanceID is what an instance's id looks like; anything else is not repeated.
var instanceID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^ins_[A-Za-z0-9]{1,64}$`) })

// Ask asks whether the key still works. An error means that the question could not be asked at all: no such key, or the
// context was cancelled. All else that goes wrong is the answer KeyUnknown. Neither ever holds the key.
func (c *Client) Ask(ctx context.Context, key detect.Secret) (respond.Answer, error) {
	if !wire.CanCarry(key) {
		return respond.Answer{State: respond.KeyUnknown}, errors.New("ask clerk: this credential is none that a request could carry")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/v1/instance", nil)
	if err != nil {
		return respond.Answer{State: respond.KeyUnknown}, errors.New("ask clerk: the API URL is not usable")
	}
	req.Header.Set("Authorization", "Bearer "+key.Reveal())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return respond.Answer{State: respond.KeyUnknown}, fmt.Errorf("ask clerk: %w", ctx.Err())
		}
		return respond.Answer{State: respond.KeyUnknown, Detail: transportFailure(err)}, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return respond.Answer{State: respond.KeyUnknown, Detail: "the connection to Clerk was cut"}, nil
	}
	return c.read(resp, body, key), nil
}

// transportFailure names the failure in words of our own: errors of transports may quote requests.
func transportFailure(err error) string {
	var u *url.Error
	if errors.As(err, &u) && u.Timeout() {
		return "Clerk did not answer in time"
	}
	return "Clerk could not be reached"
}

func (c *Client) read(resp *http.Response, body []byte, key detect.Secret) respond.Answer {
	retry := wire.RetryAfter(resp.Header.Get("Retry-After"), c.now())
	switch resp.StatusCode {
	case http.StatusOK:
		var instance struct {
			Object          string `json:"object"`
			ID              string `json:"id"`
			EnvironmentType string `json:"environment_type"`
		}
		if json.Unmarshal(body, &instance) == nil && instanceID().MatchString(instance.ID) && !wire.Echoes(instance.ID, key) {
			a := respond.Answer{State: respond.KeyAlive, InstanceID: instance.ID}
			switch instance.EnvironmentType {
			case "production":
				a.Environment = detect.Live
			case "development":
				a.Environment = detect.Test
			}
			return a
		}
		return respond.Answer{State: respond.KeyUnknown, RetryAfter: retry, Detail: "Clerk answered 200, but not with an instance"}
	case http.StatusUnauthorized, http.StatusForbidden:
		codes := wire.ErrorCodes(body)
		invalid := slices.Contains(codes, "clerk_key_invalid")
		switch {
		case invalid && resp.StatusCode == http.StatusUnauthorized:
			return respond.Answer{State: respond.KeyRevoked} // this alone is safe
		case len(codes) > 0 && !invalid:
			// https://clerk.com/docs/guides/secure/secret-key-ip-allowlist
			return respond.Answer{State: respond.KeyFenced, Detail: fmt.Sprintf("Clerk answered %d, but not that the key is invalid", resp.StatusCode)}
		}
	}
	return respond.Answer{State: respond.KeyUnknown, RetryAfter: retry, Detail: "Clerk answered " + strconv.Itoa(resp.StatusCode)}
}
