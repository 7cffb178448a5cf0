package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect"
)

// receiver takes notices.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
	fail   int // so many are answered 503 first
}

func newReceiver(t testing.TB, fail int) *receiver {
	r := &receiver{fail: fail}
	r.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.fail > 0 {
			r.fail--
			rw.Header().Set("Retry-After", "1")
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		r.bodies, r.heads = append(r.bodies, string(body)), append(r.heads, req.Header)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() ([]string, []http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bodies), slices.Clone(r.heads)
}

func testNotify(t *testing.T) {
	w := newShop(t)
	slack, signed := newReceiver(t, 0), newReceiver(t, 2)
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	secret := base64.StdEncoding.EncodeToString(key)
	w.restart(func() {
		w.flags.NotifyFile = w.file("notify.yml",
			"- {name: team, format: slack, accounts: [Acme], url: '"+slack.URL+"'}",
			"- {name: siem, format: json, accounts: ['*'], url: '"+signed.URL+"', secret: '"+secret+"'}",
			"- {name: others, format: slack, accounts: [umbrella], url: '"+slack.URL+"'}", "- {name: operators, format: slack, url: '"+slack.URL+"'}")
	})
	bad := w.policy("notify:", "  - {to: team}", "  - {to: siem, on: [opened, reopened, revoked, ignored, resolved]}", "  - {to: others}", "  - {to: operators}")
	w.conclusion(bad, "failure") // another account's target, and one that the operator keeps
	holds(t, "the check", w.shop.CheckRuns(bad)[0].Summary, "line 4", "others", "no target of this server for acme", "rest of the file applies")
	sha, leaked, issue := w.leaked(97, detect.Live)
	w.say(issue.Number, "/rekey ignore it is old", w.ada)
	w.say(issue.Number, "/rekey reopen", w.ada)
	w.clerk.Delete(leaked)
	w.say(issue.Number, "/rekey rotated", w.ada)
	// Nothing is told twice when a delivery comes again, or the commit is read again.
	w.took(w.shop.RerequestSuite(w.ctx, sha, w.ada))
	w.took(w.shop.RerequestSuite(w.ctx, sha, w.ada))

	messages, _ := slack.all()
	if len(messages) != 3 {
		t.Fatalf("%d Slack messages, want opened, reopened, revoked: %q", len(messages), messages)
	}
	for i, want := range []string{":rotating_light:", "Reopened", ":white_check_mark:"} {
		var m struct{ Text string }
		if err := json.Unmarshal([]byte(messages[i]), &m); err != nil {
			t.Fatal(err)
		}
		holds(t, "the message", m.Text, want, "acme/shop", leaked.Redacted())
	}
	events, heads := signed.all()
	var types []string
	ids := map[string]bool{}
	for i, body := range events {
		var e struct{ ID, Type string }
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatal(err)
		}
		types = append(types, e.Type)
		ids[e.ID] = true
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", heads[i].Get("webhook-id"), heads[i].Get("webhook-timestamp"), body)
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); heads[i].Get("webhook-signature") != want {
			t.Errorf("the signature of %s is wrong", e.Type)
		}
	}
	slices.Sort(types)
	if want := []string{"leak.ignored", "leak.opened", "leak.reopened", "leak.revoked"}; !slices.Equal(types, want) || len(ids) != 4 {
		t.Errorf("told of %v with %d ids, want %v", types, len(ids), want)
	}
	for _, body := range slices.Concat(messages, events) {
		if strings.Contains(body, w.keys[0][len("sk_live_"):]) {
			t.Error("a notice holds the key")
		}
	}
	w.holdsNoKey()
}

// testNoticesAreLimited: a push with many keys brings ten notices, production first, and a digest of the others.
func testNoticesAreLimited(t *testing.T) {
	w := newShop(t)
	told := w.notified()
	files := map[string]string{}
	for seed := range int64(13) {
		environment := detect.Test
		if seed > 9 {
			environment = detect.Live
		}
		text, _ := w.secret(600+seed, environment)
		files[fmt.Sprintf("%02d.env", seed)] = env(text)
	}
	w.pushed(files)
	w.eventually("ten notices", func() bool { return len(told()) >= 10 })
	w.eventually("the push to be done", func() bool { return w.stats().Unfinished == 0 })
	for i, message := range told() {
		if strings.Contains(message, "more notices") || i < 3 && !strings.Contains(strings.Join(told(), ""), "production") {
			t.Errorf("message %d: %s", i, message)
		}
	}
	production := strings.Count(strings.Join(told(), "\n"), "Leaked Clerk production")
	if n := len(told()); n != 10 || production != 3 {
		t.Fatalf("%d notices, %d about production keys, want 10 and 3", n, production)
	}
	w.hurry()
	w.eventually("the digest", func() bool { return len(told()) == 11 })
	holds(t, "the digest", told()[10], "3 more notices", "acme/shop", "3 opened")
	w.settle()
	if n := len(told()); n != 11 {
		t.Errorf("%d messages, want 11", n)
	}
}
