package notify_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/notify"
)

var at = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func event() respond.Notice {
	return respond.Notice{
		ID: "leak:7:notify:1:opened", Type: "leak.opened", Time: at,
		Repository: respond.NoticeRepository{ID: 7, Name: "acme/shop", URL: "https://github.com/acme/shop", Private: true},
		Leak: respond.NoticeLeak{
			Fingerprint: strings.Repeat("0a", 16), Kind: "secret_key", Description: "production secret key", Environment: "live", Severity: "critical",
			Confidence: "high", Redacted: "sk_live_…a1b2", Instance: "clerk.acme.example", State: "open", Detected: at.Add(-25 * time.Minute),
		},
		Issue: &respond.NoticeIssue{Number: 12, URL: "https://github.com/acme/shop/issues/12"},
	}
}

// TestSignature holds the headers against an example of the Standard Webhooks specification.
func TestSignature(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := notify.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got["webhook-signature"] != want {
		t.Errorf("signature %s, want %s", got["webhook-signature"], want)
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	var header http.Header
	var body []byte
	status, retry := 204, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Retry-After", retry)
		w.WriteHeader(status)
	}))
	defer server.Close()
	sender := notify.NewSender(nil, "rekey/test", func() time.Time { return at })
	key := []byte(strings.Repeat("k", 32))
	target := notify.Target{Name: "siem", Format: notify.JSONFormat, URL: server.URL + "/hidden-path", Secret: "whsec_" + base64.StdEncoding.EncodeToString(key)}
	if err := sender.Send(t.Context(), target, event()); err != nil {
		t.Fatal(err)
	}
	for k, v := range notify.Sign(key, event().ID, at, body) {
		if header.Get(k) != v {
			t.Errorf("%s: %q, want %q", k, header.Get(k), v)
		}
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil || got["type"] != "leak.opened" || got["leak"].(map[string]any)["seconds_since_detected"] != 1500.0 {
		t.Errorf("%s: %v", body, err)
	}

	for _, tt := range []struct {
		status int
		retry  string
		again  bool
		after  time.Duration
	}{{429, "7", true, 7 * time.Second}, {500, "", true, 0}, {503, "x", true, 0}, {404, "", false, 0}, {410, "", false, 0}, {302, "", false, 0}} {
		status, retry = tt.status, tt.retry
		err := sender.Send(t.Context(), target, event())
		var f *notify.Failure
		if !errors.As(err, &f) || f.Again != tt.again || f.After != tt.after {
			t.Errorf("%d: %v", tt.status, err)
		}
	}
	server.Close()
	err := sender.Send(t.Context(), target, event())
	var f *notify.Failure
	if !errors.As(err, &f) || !f.Again || strings.Contains(err.Error(), "hidden-path") || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("unreachable: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender.Send(ctx, target, event()); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "hidden-path") {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTargetHidesItsCredentials(t *testing.T) {
	t.Parallel()
	target := notify.Target{Name: "chat", Format: notify.SlackFormat, URL: "https://hooks.example/" + "services/hidden", Secret: "hidden too"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "target", target)
	for _, s := range []string{fmt.Sprint(target), fmt.Sprintf("%v %+v %#v %s %q", target, target, target, target, target), log.String()} {
		if strings.Contains(s, "hidden") {
			t.Errorf("%s", s)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	for _, tt := range []struct {
		target notify.Target
		ok     bool
	}{
		{notify.Target{Name: "a", Format: "slack", URL: "https://hooks.example/x"}, true},
		{notify.Target{Name: "a", Format: "json", URL: "https://x.example", Secret: secret}, true},
		{notify.Target{Name: "a", Format: "json", URL: "https://x.example", Secret: strings.TrimPrefix(secret, "whsec_")}, true},
		{notify.Target{Name: "a", Format: "json", URL: "https://x.example"}, false},
		{notify.Target{Name: "a", Format: "json", URL: "https://x.example", Secret: "whsec_c2hvcnQ="}, false},
		{notify.Target{Name: "a", Format: "slack", URL: "http://hooks.example"}, false},
		{notify.Target{Name: "a", Format: "slack", URL: "http://127.0.0.1:9"}, true},
		{notify.Target{Name: "a", Format: "carrier pigeon", URL: "https://x.example"}, false},
		{notify.Target{Name: "a", Format: "slack"}, false},
	} {
		if err := tt.target.Validate(); (err == nil) != tt.ok {
			t.Errorf("%s %s: %v", tt.target, tt.target.URL, err)
		}
	}
}

// sent is the body that a target gets.
func sent(t *testing.T, format notify.Format, send func(*notify.Sender, notify.Target) error) string {
	t.Helper()
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	target := notify.Target{Name: "x", Format: format, URL: server.URL, Secret: base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))}
	if err := send(notify.NewSender(nil, "rekey/test", func() time.Time { return at }), target); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func slackText(t *testing.T, send func(*notify.Sender, notify.Target) error) string {
	t.Helper()
	var got struct{ Text string }
	if err := json.Unmarshal([]byte(sent(t, notify.SlackFormat, send)), &got); err != nil {
		t.Fatal(err)
	}
	return got.Text
}

func slackOf(t *testing.T, e respond.Notice) string {
	t.Helper()
	return slackText(t, func(s *notify.Sender, target notify.Target) error { return s.Send(t.Context(), target, e) })
}

func TestSlack(t *testing.T) {
	t.Parallel()
	e := event()
	e.By, e.Leak.Pusher = "rekey", "ada"
	e.Repository.Private = false
	want := ":rotating_light: *Leaked Clerk production secret key* `sk_live_…a1b2` in <https://github.com/acme/shop|acme/shop>\n" +
		"Clerk instance: probably `clerk.acme.example`\n*Critical* · *public repository* · pushed by `ada`\n" +
		"What to do: <https://github.com/acme/shop/issues/12|issue #12>"
	if got := slackOf(t, e); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	e.Repository.Private, e.Leak.Pusher = true, ""
	if got := slackOf(t, e); !strings.Contains(got, "\n*Critical*\n") || strings.Contains(got, "public") || strings.Contains(got, "By ") {
		t.Errorf("a private repository:\n%s", got)
	}
	e.Leak.Author = "sam"
	if got := slackOf(t, e); !strings.Contains(got, "\n*Critical* · written on GitHub by `sam`\n") {
		t.Errorf("in a comment:\n%s", got)
	}
	e.Type, e.By, e.Reason = "leak.revoked", "ada<!channel>", "x <!here> `y` *z*\n@all see https://evil.example/a or evil.example"
	got := slackOf(t, e)
	for _, bad := range []string{"<!", "`y`", "\n@all", "@all", "://evil", "evil.example"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in %s", bad, got)
		}
	}
	if !strings.Contains(got, "25 min after it was found") {
		t.Errorf("no time in %s", got)
	}
	e.Type, e.By, e.Reason = "leak.ignored", "rekey", "the policy allows it"
	if got := slackOf(t, e); !strings.Contains(got, "\nthe policy allows it\n") || strings.Contains(got, "By") {
		t.Errorf("rekey's own doing:\n%s", got)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	var events []respond.Notice
	add := func(repository int64, name, kind, environment string, n int) {
		for range n {
			e := event()
			e.Type, e.Leak.Environment = kind, detect.Environment(environment)
			e.Repository = respond.NoticeRepository{ID: repository, Name: name, URL: "https://github.com/" + name}
			events = append(events, e)
		}
	}
	add(1, "acme/flood", "leak.opened", "test", 290)
	add(2, "acme/shop", "leak.opened", "live", 2)
	add(2, "acme/shop", "leak.reopened", "test", 1)
	d := notify.Summarise("digest:team:7", events, at)
	want := ":rotating_light: *293 more notices*, in one message because there are so many. *2 about production credentials*\n" +
		"• <https://github.com/acme/shop|acme/shop>: 2 opened, 1 reopened\n• <https://github.com/acme/flood|acme/flood>: 290 opened"
	if got := slackText(t, func(s *notify.Sender, target notify.Target) error { return s.SendDigest(t.Context(), target, d) }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var got struct {
		ID, Type     string
		Count        int
		Production   int
		Repositories []struct{ Types map[string]int }
		Events       []json.RawMessage
	}
	body := sent(t, notify.JSONFormat, func(s *notify.Sender, target notify.Target) error { return s.SendDigest(t.Context(), target, d) })
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "digest:team:7" || got.Type != "leaks.digest" || got.Count != 293 || got.Production != 2 || len(got.Events) != 100 || got.Repositories[1].Types["leak.opened"] != 290 {
		t.Errorf("%+v", got)
	}
}

func TestServes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		accounts []string
		account  string
		want     bool
	}{{nil, "acme", false}, {[]string{"acme"}, "Acme", true}, {[]string{"acme"}, "umbrella", false}, {[]string{"*"}, "umbrella", true}} {
		if got := (notify.Target{Accounts: c.accounts}).Serves(c.account); got != c.want {
			t.Errorf("%v serves %s: %t", c.accounts, c.account, got)
		}
	}
}

func TestSlackNamesTheStep(t *testing.T) {
	t.Parallel()
	for step, want := range map[string][]string{
		"leak.opened":   {":rotating_light: *Leaked Clerk production secret key*", "\nWhat to do: <"},
		"leak.reopened": {":rotating_light: *Reopened: leaked Clerk production secret key*", "\nWhat to do: <"},
		"leak.revoked":  {":white_check_mark: *Revoked: leaked Clerk production secret key*", "\n25 min after it was found\nDetails: <"},
		"leak.ignored":  {":grey_question: *Closed as a false positive: Clerk production secret key*", "\nDetails: <"},
		"leak.resolved": {":ballot_box_with_check: *Closed as resolved, not verified with Clerk: leaked Clerk production secret key*", "\nDetails: <"},
	} {
		e := event()
		e.Type = step
		got := slackOf(t, e)
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: no %q in\n%s", step, part, got)
			}
		}
	}
}
