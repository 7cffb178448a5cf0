package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rekey-app/rekey/github/wire"
)

// drip is a server whose answer comes piece by piece, each after a pause. It ends with its request.
type drip struct {
	ctx    context.Context
	pieces func(n int) (text string, after time.Duration, more bool)
	n      int
	left   string
}

// RoundTrip implements [http.RoundTripper]: the first piece is the answer's head, and has no text.
func (d *drip) RoundTrip(r *http.Request) (*http.Response, error) {
	d.ctx = r.Context()
	if _, err := d.next(); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(d),
		Header: http.Header{"Content-Type": {"application/x-git-upload-pack-result"}},
	}, nil
}

func (d *drip) next() (string, error) {
	text, after, more := d.pieces(d.n)
	d.n++
	if !more {
		return "", io.EOF
	}
	select {
	case <-time.After(after):
		return text, nil
	case <-d.ctx.Done():
		return "", d.ctx.Err()
	}
}

func (d *drip) Read(p []byte) (int, error) {
	for d.left == "" {
		var err error
		if d.left, err = d.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, d.left)
	d.left = d.left[n:]
	return n, nil
}

func line(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }

// TestTimeouts waits for servers that are slow in different ways. What the reader itself takes never counts.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	const (
		head      = "000dpackfile\n"
		keepalive = "0005\x01"
	)
	kilobyte := line("\x01" + strings.Repeat("x", 1024))
	timeouts := wire.Timeouts{Idle: 20 * time.Second, Preparation: 2 * time.Minute, Rate: 10 << 10, Window: 30 * time.Second}
	for name, c := range map[string]struct {
		pieces  func(n int) (string, time.Duration, bool)
		reading time.Duration // between two reads
		slow    string        // of the error; "": none
		within  time.Duration
	}{
		"no head": {func(int) (string, time.Duration, bool) { return "", time.Hour, true }, 0, "nothing came for 20s", 20 * time.Second},
		"a head, and nothing": {func(n int) (string, time.Duration, bool) {
			return head, time.Duration(n) * time.Hour, true
		}, 0, "nothing came for 20s", 20 * time.Second},
		"a pack that stops": {func(n int) (string, time.Duration, bool) {
			return []string{"", head, kilobyte, kilobyte}[n], []time.Duration{0, 0, 0, time.Hour}[n], true
		}, 0, "nothing came for 20s", 20 * time.Second},
		"keepalives for ever": {func(n int) (string, time.Duration, bool) {
			return []string{"", head, keepalive}[min(n, 2)], 5 * time.Second, true
		}, 0, "the pack did not begin within 2m0s", 130 * time.Second},
		"a kilobyte a second": {func(n int) (string, time.Duration, bool) {
			return []string{"", head, kilobyte}[min(n, 2)], time.Second, true
		}, 0, "bytes a second, where at least 10240 are expected", 40 * time.Second},
		"a pack that takes a minute to prepare": {func(n int) (string, time.Duration, bool) {
			if n < 15 {
				return []string{"", head, keepalive}[min(n, 2)], 5 * time.Second, true
			}
			return kilobyte, time.Millisecond, n < 1000
		}, 0, "", 2 * time.Minute},
		"a slow reader": {func(n int) (string, time.Duration, bool) {
			return []string{"", head, kilobyte}[min(n, 2)], time.Millisecond, n < 1000
		}, time.Minute, "", 24 * time.Hour},
		"a small pack that takes its time": {func(n int) (string, time.Duration, bool) {
			return []string{"", head, kilobyte, "0000"}[min(n, 3)], 15 * time.Second, n < 5
		}, 0, "", 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := wire.Client{HTTP: &http.Client{Transport: &drip{pieces: c.pieces}}, Timeouts: timeouts}
				began := time.Now()
				pack, err := client.Fetch(t.Context(), "https://github.com/acme/shop.git", wire.Request{Wants: []string{strings.Repeat("1", 40)}})
				if err == nil {
					defer pack.Close()
					for buf := make([]byte, 64<<10); err == nil; time.Sleep(c.reading) {
						_, err = pack.Read(buf)
					}
				}
				slow, ok := errors.AsType[*wire.SlowError](err)
				if ok != (c.slow != "") || ok && !strings.Contains(slow.Error(), c.slow) {
					t.Errorf("%v, want %q", err, c.slow)
				}
				if took := time.Since(began); took > c.within {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}
