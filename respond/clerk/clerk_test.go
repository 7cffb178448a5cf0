package clerk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

func start(t *testing.T) (*clerktest.Server, *clerk.Client) {
	t.Helper()
	server := clerktest.New(time.Now)
	t.Cleanup(server.Close)
	client, err := clerk.New(clerk.Options{URL: server.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func ask(t *testing.T, c *clerk.Client, k detect.Secret) respond.Answer {
	t.Helper()
	a, err := c.Ask(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAliveThenDeleted(t *testing.T) {
	t.Parallel()
	server, client := start(t)
	k := detect.NewSecret(detecttest.Key(1, detect.Live))
	server.Add(k, "ins_2abc", detect.Live)
	if got := ask(t, client, k); got != (respond.Answer{State: respond.KeyAlive, InstanceID: "ins_2abc", Environment: detect.Live}) {
		t.Errorf("alive: %+v", got)
	}
	if n, last := server.Used(k); n != 1 || last.IsZero() {
		t.Errorf("used %d times, last %s", n, last)
	}
	server.Delete(k)
	if got := ask(t, client, k); got != (respond.Answer{State: respond.KeyRevoked}) {
		t.Errorf("deleted: %+v", got)
	}
	if n, _ := server.Used(k); n != 1 {
		t.Errorf("asking after its death moved Last used: %d", n)
	}
	for _, r := range server.Requests() {
		if r != "GET /v1/instance" {
			t.Errorf("request %s", r)
		}
	}
}

func TestAllElseIsUnknown(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	const invalid = `{"errors":[{"code":"clerk_key_invalid"}]}`
	for name, tt := range map[string]struct {
		h     http.HandlerFunc
		retry time.Duration
	}{
		"401 that is no JSON":         {answer(401, `clerk_key_invalid`), 0},
		"401 with the code elsewhere": {answer(401, `{"errors":[{"message":"clerk_key_invalid"}]}`), 0},
		"403 with the code":           {answer(403, invalid), 0},
		"404 with the code":           {answer(404, invalid), 0},
		"429":                         {answer(429, ``, "Retry-After", "17"), 17 * time.Second},
		"429 for ever":                {answer(429, ``, "Retry-After", "99999999999999"), 24 * time.Hour},
		"429 for very long":           {answer(429, ``, "Retry-After", "999999999"), 24 * time.Hour},
		"429, negative":               {answer(429, ``, "Retry-After", "-5"), 0},
		"500":                         {answer(500, invalid), 0},
		"503 of a proxy":              {answer(503, `<html>`), 0},
		"200 of a captive portal":     {answer(200, `<html>Welcome to the hotel</html>`), 0},
		"200 without an id":           {answer(200, `{"object":"instance"}`), 0},
		"200 with an id to inject":    {answer(200, `{"id":"ins_<script>"}`), 0},
		"a redirect":                  {answer(302, ``, "Location", "https://evil.example/"), 0},
		"cut off":                     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t)
			server.Fail(tt.h)
			k := detect.NewSecret(detecttest.Key(1, detect.Live))
			got := ask(t, client, k)
			if got.State != respond.KeyUnknown || got.Detail == "" || got.RetryAfter != tt.retry {
				t.Errorf("%+v", got)
			}
			if strings.Contains(got.Detail, k.Reveal()) || strings.Contains(got.Detail, k.Reveal()[8:]) {
				t.Error("the detail holds the key")
			}
		})
	}
}

// A key that its owner limited to certain addresses is refused from everywhere else; it is alive all the same.
func TestRefusedWithoutBeingInvalid(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		server, client := start(t)
		server.Fail(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, `{"errors":[{"code":"ip_address_not_allowed"}]}`)
		})
		got := ask(t, client, detect.NewSecret(detecttest.Key(1, detect.Live)))
		if got.State != respond.KeyFenced || !strings.Contains(got.Detail, fmt.Sprint(status)) {
			t.Errorf("%d: %+v", status, got)
		}
	}
}

// TestNothingEchoesTheKey: neither errors nor answers hold it, even where server and transport repeat it.
func TestNothingEchoesTheKey(t *testing.T) {
	t.Parallel()
	k := detect.NewSecret(detecttest.Key(1, detect.Live))
	body := k.Reveal()[8:]
	check := func(t *testing.T, a respond.Answer, err error) {
		t.Helper()
		if s := fmt.Sprintf("%+v %v %#v", a, err, a); strings.Contains(s, body) {
			t.Errorf("the key is in %s", strings.ReplaceAll(s, body, "[key]"))
		}
	}
	echo, err := clerk.New(clerk.Options{HTTP: roundTripper(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("cannot send %v", r.Header)
	})})
	if err != nil {
		t.Fatal(err)
	}
	a, err := echo.Ask(t.Context(), k)
	check(t, a, err)

	server, client := start(t)
	server.Fail(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id":"ins_%s"}`, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer sk_live_"))
	})
	a, err = client.Ask(t.Context(), k)
	if a.State == respond.KeyAlive {
		check(t, a, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, err = client.Ask(ctx, k)
	check(t, a, err)
	if !errors.Is(err, context.Canceled) || a.State != respond.KeyUnknown {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = client.Ask(t.Context(), detect.NewSecret(k.Reveal()+"\r\nX-Evil: 1"))
	check(t, a, err)
	if err == nil {
		t.Error("a credential with a line break was sent")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNewRefusesWhatSendsKeysInTheClear(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"": true, "https://api.clerk.com": true, "http://127.0.0.1:80": true, "http://localhost:1": true, "http://[::1]:1": true,
		"http://api.clerk.com": false, "ftp://x": false, "://": false, "https://u:p@host": false, "https://": false, "http://localhost.evil.example": false,
		"http://127.evil.example": false,
	} {
		if _, err := clerk.New(clerk.Options{URL: url}); (err == nil) != ok {
			t.Errorf("New(%q): %v", url, err)
		}
	}
}
