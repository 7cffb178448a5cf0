package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
)

const hush = "0123456789abcdef0123456789abcdef"

// channel stands in for smee.io: what is sent to it goes to whoever listens, encoded as smee.io's server does.
type channel struct {
	server *httptest.Server
	lines  chan string // to the listener
	joined chan struct{}
	status int
}

func newChannel(t *testing.T) *channel {
	t.Helper()
	c := &channel{lines: make(chan string), joined: make(chan struct{}, 16), status: http.StatusOK}
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "text/event-stream" {
			http.Error(w, "a page for people", http.StatusOK)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(c.status)
		io.WriteString(w, "id: 0\nevent: ready\ndata: {}\n\n")
		http.NewResponseController(w).Flush()
		c.joined <- struct{}{}
		for {
			select {
			case line := <-c.lines:
				if line == "" {
					panic(http.ErrAbortHandler) // the connection is cut
				}
				io.WriteString(w, line)
				http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(c.server.Close)
	return c
}

// encoded is an event as smee.io makes one of a request.
func encoded(guid, event string, body []byte, signature string) string {
	head, err := json.Marshal(map[string]any{
		"host": "smee.io", "content-type": "application/json", "x-github-event": event, "x-github-delivery": guid,
		"x-hub-signature-256": signature, "timestamp": 1764360000000,
	})
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("id: 7\ndata: %s,\"body\":%s,\"query\":{}}\n\n", strings.TrimSuffix(string(head), "}"), body)
}

// intake notes what comes.
type intake struct {
	got chan string
}

func (i intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	verdict := "signed"
	if webhook.Verify(r.Header, body, []string{hush}) != nil {
		verdict = "unsigned"
		w.WriteHeader(http.StatusUnauthorized)
	}
	i.got <- strings.Join([]string{r.Method, r.URL.Path, r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery"), verdict}, " ")
}

type logs struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, c *channel, change ...func(*Client)) (intake, *logs) {
	t.Helper()
	in, log := intake{make(chan string, 64)}, &logs{}
	client := &Client{
		URL: c.server.URL + "/abc", Deliver: in, Secrets: []string{hush}, Log: slog.New(slog.NewTextHandler(log, nil)), Version: "test",
		MinPause: time.Millisecond,
	}
	for _, c := range change {
		c(client)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		client.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return in, log
}

func (c *channel) send(t *testing.T, line string) {
	t.Helper()
	select {
	case c.lines <- line:
	case <-time.After(20 * time.Second):
		t.Fatal("nobody listens")
	}
}

func (c *channel) join(t *testing.T) {
	t.Helper()
	select {
	case <-c.joined:
	case <-time.After(20 * time.Second):
		t.Fatal("nobody joins the channel")
	}
}

func (i intake) wants(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-i.got:
		if got != want {
			t.Errorf("delivered %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("%q is not delivered", want)
	}
}

func push(guid, body string) string {
	return encoded(guid, "push", []byte(body), webhook.Sign(hush, []byte(body)))
}

// TestDeliveriesComeThrough: in order, through lost connections, and past all kinds of garbage.
func TestDeliveriesComeThrough(t *testing.T) {
	t.Parallel()
	c := newChannel(t)
	in, log := start(t, c)
	c.join(t)
	c.send(t, push("g1", `{"ref":"refs/heads/main","sender":{"login":"ada"}}`))
	in.wants(t, "POST /webhook push g1 signed")
	for _, garbage := range []string{
		"\n\n", ":comment\n\n", "event: ping\ndata: {}\n\n", "data\n\n", "data: nonsense\n\n", "data: null\n\n", "data: []\n\n", "data: {}\n\n",
		"data: {\"body\":{}}\n\n", "retry: 1\nfoo: bar\n\n", encoded("g", "push", []byte(`"text"`), "sha256=00"), encoded("g", "push", []byte(`{"payload":"{}"}`), "x"),
		"data: {\"x-github-event\":7,\"x-github-delivery\":\"g\",\"x-hub-signature-256\":\"s\",\"body\":{}}\n\n", "\x00\xff\n\n", "event: deploy\ndata: 1\n\n",
	} {
		c.send(t, garbage)
	}
	c.send(t, strings.ReplaceAll(push("g2", `{"a":1}`), "\n", "\r\n"))
	in.wants(t, "POST /webhook push g2 signed")
	for i := range 3 {
		c.send(t, "") // cut
		c.join(t)
		c.send(t, push(fmt.Sprint("again", i), `{"a":2}`))
		in.wants(t, fmt.Sprint("POST /webhook push again", i, " signed"))
	}
	c.send(t, "data: {\"x-github-event\":\"push\"") // and cut within
	c.send(t, "")
	c.join(t)
	c.send(t, push("g3", `{"a":3}`))
	in.wants(t, "POST /webhook push g3 signed")
	if text := log.String(); strings.Count(text, "the connection to the webhook proxy was lost") != 4 || !strings.Contains(text, "set the webhook's content type") {
		t.Errorf("the log says %s", text)
	}
}

// TestWhatIsNotSignedIsRefused: a forged delivery reaches the same door, and stays outside of it.
func TestWhatIsNotSignedIsRefused(t *testing.T) {
	t.Parallel()
	c := newChannel(t)
	in, log := start(t, c)
	c.send(t, encoded("forged", "push", []byte(`{"a":1}`), webhook.Sign("another secret that is long enough", []byte(`{"a":1}`))))
	in.wants(t, "POST /webhook push forged unsigned")
	c.send(t, push("g1", `{"a":1}`))
	in.wants(t, "POST /webhook push g1 signed")
	if text := log.String(); !strings.Contains(text, "doesn't have GitHub's signature") || !strings.Contains(text, "delivery=forged") {
		t.Errorf("the log says %s", text)
	}
}

// TestNoChannel: a page, an error and a redirect are no channels.
func TestNoChannel(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"a page":   func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
		"an error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		},
	} {
		server := httptest.NewServer(h)
		client := &Client{URL: server.URL, Log: slog.New(slog.DiscardHandler)}
		if heard, err := client.listen(t.Context()); heard || err == nil || !strings.Contains(err.Error(), "no channel") {
			t.Errorf("%s: %t, %v", name, heard, err)
		}
		server.Close()
	}
}

// TestSilence: a connection on which nothing comes any more is given up.
func TestSilence(t *testing.T) {
	t.Parallel()
	c := newChannel(t)
	client := &Client{URL: c.server.URL, Log: slog.New(slog.DiscardHandler), Idle: 50 * time.Millisecond}
	if _, err := client.listen(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing came for") {
		t.Error(err)
	}
}

// TestLongEvents: what is longer than any delivery is left out, in bounded memory, and the next event comes.
func TestLongEvents(t *testing.T) {
	t.Parallel()
	long := io.LimitReader(repeated("data: x"), maxEvent+10)
	r := newReader(io.MultiReader(long, strings.NewReader("\n\ndata: one\ndata: two\n\ndata: cut off")), func() {})
	if _, err := r.next(); !errors.Is(err, errTooLong) {
		t.Fatalf("a long event: %v", err)
	}
	if e, err := r.next(); err != nil || string(e.data) != "one\ntwo" {
		t.Errorf("the next: %q, %v", e.data, err)
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		t.Errorf("an event that is cut off: %v", err)
	}
}

type repeated string

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r[i%len(r)]
	}
	return len(p), nil
}

// TestGitHubsPayloads: GitHub's own examples, signed as GitHub writes JSON, are recognised after JavaScript has written them: what it
// leaves as it was, and what it does not escape.
func TestGitHubsPayloads(t *testing.T) {
	t.Parallel()
	examples, err := webhooktest.Events()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, event := range examples {
		for _, payload := range event.Examples {
			var compact strings.Builder
			if err := writeCompact(&compact, payload); err != nil {
				t.Fatal(err)
			}
			javascript := []byte(compact.String())
			for _, sent := range [][]byte{javascript, escapeMarkup(javascript)} {
				d, err := deliveryOf([]byte(strings.TrimSpace(strings.SplitN(encoded("g", event.Name, javascript, webhook.Sign(hush, sent)), "data: ", 2)[1])))
				if err != nil {
					t.Fatalf("%s: %v", event.Name, err)
				}
				body, signed := d.signed(func(b []byte) bool { return webhook.Verify(d.header, b, []string{hush}) == nil })
				if !signed || string(body) != string(sent) {
					t.Errorf("%s is not recognised", event.Name)
				}
				n++
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d payloads", n)
	}
}

// writeCompact writes JSON without white space and without escapes that it can do without, as JSON.stringify does.
func writeCompact(w io.Writer, text []byte) error {
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return err
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, strings.TrimSuffix(b.String(), "\n"))
	return err
}
