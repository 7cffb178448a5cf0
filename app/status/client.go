package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// fetchWithin is how long a server may take to report.
	fetchWithin = 10 * time.Second
	// maxReport is how large a report may be, in bytes.
	maxReport = 4 << 20
)

// NoAnswerError says that no server answered, and what to do.
type NoAnswerError struct {
	URL    string
	Reason string
	Fix    string
}

func (e *NoAnswerError) Error() string {
	return fmt.Sprintf("no status from %s: %s: %s", e.URL, e.Reason, e.Fix)
}

// AddressOf is the web address of a server that listens on an address of its settings, from this machine.
func AddressOf(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("%q is no address: use HOST:PORT", listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	if port == "0" {
		return "", fmt.Errorf("%q names no port: the server's log says which it took; give it with --url", listen)
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// Fetch asks the server at an address, such as http://127.0.0.1:8080, for its report. Where there is none the error is a
// [*NoAnswerError].
func Fetch(ctx context.Context, address string) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	target, response, err := get(ctx, address, "/status")
	if err != nil {
		return Report{}, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return Report{}, &NoAnswerError{
			target.String(), "404 Not Found",
			"where REKEY_ADMIN_LISTEN is set, only that address tells it; else it is told to this machine and private networks only",
		}
	}
	var report Report
	if err := json.NewDecoder(io.LimitReader(response.Body, maxReport)).Decode(&report); err != nil || report.Version == "" {
		return Report{}, &NoAnswerError{
			target.String(), "the answer (" + response.Status + ") is not rekey's", "give the server's address with --url",
		}
	}
	return report, nil
}

// Live asks a server's /healthz, and reports whether it answers: an error says why not.
func Live(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	target, response, err := get(ctx, address, "/healthz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return &NoAnswerError{target.String(), "the answer is " + response.Status, "give the server's address with --url"}
	}
	return nil
}

// get asks a server; the caller closes the answer's body, before ctx ends.
func get(ctx context.Context, address, path string) (*url.URL, *http.Response, error) {
	target, err := url.Parse(strings.TrimSuffix(address, "/") + path)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, nil, fmt.Errorf("%q is no web address: use http://HOST:PORT", address)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	// Through a proxy the server would take us for a stranger.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, noAnswer(target, err)
	}
	return target, response, nil
}

func noAnswer(target *url.URL, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return &NoAnswerError{
		target.String(), err.Error(),
		"start it with rekey serve, or give its address with --url, REKEY_ADMIN_LISTEN or REKEY_LISTEN",
	}
}
