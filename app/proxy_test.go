package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestWebhookProxy: a server that GitHub cannot reach gets its deliveries through a channel of smee.io's protocol, which parses them
// and writes them again, and answers GitHub itself.
func TestWebhookProxy(t *testing.T) {
	t.Parallel()
	events := make(chan string, 64)
	joined := make(chan struct{}, 1)
	channel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			events <- asSmeePassesOn(t, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for line := "event: ready\ndata: {}\n\n"; ; {
			io.WriteString(w, line)
			http.NewResponseController(w).Flush()
			select {
			case joined <- struct{}{}:
			default:
			}
			select {
			case line = <-events:
			case <-r.Context().Done():
				return
			}
		}
	}))
	w := newWorld(t, githubtest.Options{})
	t.Cleanup(channel.Close)
	w.settle()
	w.stop()
	w.flags.WebhookProxy = channel.URL + "/abc"
	w.start()
	t.Cleanup(w.stop) // before the channel, which waits for its listener
	w.github.SetWebhookURL(channel.URL + "/abc")
	<-joined
	sha := w.commit(w.shop, githubtest.Change{Message: "a <b> & c — ü", Files: map[string]string{".env": env(w.key(90, detect.Live))}})
	if _, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: sha, By: w.ada}); err != nil {
		t.Fatal(err)
	}
	if run := w.check(w.shop, sha); run.Conclusion != "failure" {
		t.Errorf("the check is %s", run.Conclusion)
	}
}

// asSmeePassesOn is what a listener of the channel gets for a request.
func asSmeePassesOn(t *testing.T, r *http.Request) string {
	var body any
	decoder := json.NewDecoder(r.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		t.Error(err)
	}
	all := map[string]any{"body": body, "query": map[string]any{}, "timestamp": 1764360000000}
	for name, values := range r.Header {
		all[strings.ToLower(name)] = values[0]
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(all); err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("id: 1\ndata: %s\n\n", strings.TrimSpace(b.String()))
}
