package destinationtest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// secretIsKept looks for the keys in everything that others could see.
func (r *run) secretIsKept(t *testing.T) {
	t.Helper()
	places := map[string]string{"addresses and headers": r.wire.text(), "what a person is told": strings.Join(r.said, "\n"), "what others see": r.World.Seen()}
	for where, text := range places {
		for _, key := range []string{r.old, r.next} {
			if strings.Contains(text, key[len("sk_live_"):len("sk_live_")+12]) {
				t.Errorf("a key stands in %s", where)
			}
		}
	}
}

// wire records what proxies and logs may see of requests: addresses, and headers.
type wire struct {
	inner http.RoundTripper
	mu    sync.Mutex
	seen  strings.Builder
}

// RoundTrip records and sends.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	fmt.Fprintln(&w.seen, req.Method, req.URL, req.Header)
	w.mu.Unlock()
	if w.inner == nil {
		return http.DefaultTransport.RoundTrip(req) //nolint:wrapcheck // a transport
	}
	return w.inner.RoundTrip(req) //nolint:wrapcheck // a transport
}

func (w *wire) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen.String()
}
