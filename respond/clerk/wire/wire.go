// Package wire is what requests to Clerk's APIs have in common: where they may go, what may go with them, and how refusals read.
package wire

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// DefaultURL is where Clerk's Backend API and Platform API are.
const DefaultURL = "https://api.clerk.com"

const (
	timeout  = 15 * time.Second
	maxRetry = 24 * time.Hour
)

// BaseURL returns the URL that paths are appended to; [DefaultURL] for "". It must be https, or http on loopback: a credential is not
// sent in the clear.
func BaseURL(base string) (string, error) {
	base = strings.TrimRight(cmp.Or(base, DefaultURL), "/")
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return "", fmt.Errorf("clerk API URL is not usable: use https://host, such as %s", DefaultURL)
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return "", fmt.Errorf("clerk API URL %s would send keys unencrypted: use https", u.Redacted())
	}
	return base, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Client returns an HTTP client that follows no redirect: it would carry the credential to who knows where. A nil transport is
// [http.DefaultTransport].
func Client(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bearer is what may be in the header: a credential that may not is none that Clerk gave out. Logins of Clerk's CLI may be JWTs, which
// are long.
var bearer = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_+/=.-]{8,}$`) })

const longestBearer = 8 << 10

// CanCarry reports whether a request can carry the credential.
func CanCarry(credential detect.Secret) bool {
	value := credential.Reveal()
	return len(value) <= longestBearer && bearer().MatchString(value)
}

// Echoes reports whether text holds the body of the credential: no id and no code of Clerk's does.
func Echoes(text string, credential detect.Secret) bool {
	value := credential.Reveal()
	body := value[strings.LastIndex(value, "_")+1:]
	if len(body) < 8 { // a login of the CLI, in which _ separates nothing
		body = value
	}
	return body != "" && strings.Contains(text, body)
}

// ErrorCodes returns the codes of an error in Clerk's form; none for anything else, such as a proxy's page.
func ErrorCodes(body []byte) []string {
	var failure struct {
		Errors []struct {
			Code string `json:"code"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &failure) != nil {
		return nil
	}
	var codes []string
	for _, e := range failure.Errors {
		if e.Code != "" {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

// RetryAfter reads a header Retry-After, in seconds or as a date: at most a day, 0 for what is neither.
func RetryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(value); err == nil {
		d = time.Duration(min(n, int(maxRetry/time.Second))) * time.Second
	} else if t, err := http.ParseTime(value); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetry)
}
