package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Format is the form of a target's messages.
type Format string

// The formats.
const (
	SlackFormat Format = "slack"
	JSONFormat  Format = "json" // signed
)

// Target is who is told. URL and Secret are credentials: formatting or logging a target gives its name alone.
type Target struct {
	Name   string
	Format Format
	URL    string
	Secret string // of JSONFormat: whsec_ and base64 of 24 to 64 bytes
	// Accounts are the logins whose repositories' and organisation's policies may name the target; "*" is all. Where there
	// are none, the server's own policy alone may name it.
	Accounts []string
}

// Serves reports whether policies of an account may name the target.
func (t Target) Serves(account string) bool {
	return slices.ContainsFunc(t.Accounts, func(a string) bool { return a == "*" || strings.EqualFold(a, account) })
}

// Find returns the target of a name; found is false where there is none.
func Find(targets []Target, name string) (t Target, found bool) {
	i := slices.IndexFunc(targets, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return Target{}, false
	}
	return targets[i], true
}

// String returns the target's name and format.
func (t Target) String() string { return t.Name + " (" + string(t.Format) + ")" }

// GoString returns what String does, for %#v.
func (t Target) GoString() string { return t.String() }

// LogValue returns what String does.
func (t Target) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Validate says what is wrong with the target, without its URL or secret.
func (t Target) Validate() error {
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" {
		return fmt.Errorf("notify target %q: its URL is not usable; give https://…", t.Name)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "https" && !(u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())) {
		return fmt.Errorf("notify target %q: its URL must be https", t.Name)
	}
	switch t.Format {
	case SlackFormat:
		return nil
	case JSONFormat:
		_, err := t.key()
		return err
	}
	return fmt.Errorf("notify target %q: its format must be slack or json", t.Name)
}

func (t Target) key() ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(t.Secret, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("notify target %q: its secret must be base64 of 24 to 64 bytes, such as `openssl rand -base64 32` prints", t.Name)
	}
	return key, nil
}

// Sender sends. It is safe for concurrent use.
type Sender struct {
	http      *http.Client
	userAgent string
	now       func() time.Time
}

// NewSender returns a sender. A nil transport is http.DefaultTransport.
func NewSender(transport http.RoundTripper, userAgent string, now func() time.Time) *Sender {
	return &Sender{
		http: &http.Client{
			Transport: transport, Timeout: 10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		userAgent: userAgent, now: now,
	}
}

// Failure is why a target could not be told. It holds neither its URL nor its secret.
type Failure struct { //nolint:errname // callers read it for what it says, not as an error
	Target string
	Reason string
	Again  bool          // trying again may help
	After  time.Duration // what the target wishes before that; 0: nothing said
}

func (f *Failure) Error() string { return "notify " + f.Target + ": " + f.Reason }

// message is what a target can be sent.
type message interface {
	id() string // the same for every attempt to send it
	json() ([]byte, error)
	slack() ([]byte, error)
}

// Send tells the target of the event, once. The error is a [*Failure], or the context's.
func (s *Sender) Send(ctx context.Context, t Target, e respond.Notice) error {
	return s.send(ctx, t, single{e})
}

// SendDigest tells the target of many events at once, as [Sender.Send] does of one.
func (s *Sender) SendDigest(ctx context.Context, t Target, d Digest) error { return s.send(ctx, t, d) }

func (s *Sender) send(ctx context.Context, t Target, m message) error {
	if err := t.Validate(); err != nil {
		return &Failure{Target: t.Name, Reason: err.Error()}
	}
	encode := m.slack
	if t.Format == JSONFormat {
		encode = m.json
	}
	body, err := encode()
	if err != nil {
		return &Failure{Target: t.Name, Reason: "the event cannot be written as JSON"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(body))
	if err != nil {
		return &Failure{Target: t.Name, Reason: "its URL is not usable"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.userAgent)
	if t.Format == JSONFormat {
		key, err := t.key()
		if err != nil {
			return &Failure{Target: t.Name, Reason: err.Error()}
		}
		for k, v := range Sign(key, m.id(), s.now(), body) {
			req.Header.Set(k, v)
		}
	}
	resp, err := s.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("notify %s: %w", t.Name, ctx.Err())
		}
		reason := "it could not be reached" // the error itself would quote the URL
		var u *url.Error
		if errors.As(err, &u) && u.Timeout() {
			reason = "it did not answer in time"
		}
		return &Failure{Target: t.Name, Reason: reason, Again: true}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode/100 == 2 {
		return nil
	}
	f := &Failure{Target: t.Name, Reason: "it answered " + strconv.Itoa(resp.StatusCode)}
	f.Again = resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusRequestTimeout || resp.StatusCode >= 500
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		f.After = min(time.Duration(min(n, 86_400))*time.Second, 24*time.Hour)
	}
	return f
}
