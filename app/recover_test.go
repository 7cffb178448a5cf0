package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// nobody is an address that nothing listens on.
const nobody = "http://127.0.0.1:1/nobody"

// unheard pushes a commit whose delivery must fail.
func (w *world) unheard(ref string, files map[string]string) string {
	w.t.Helper()
	sha := w.commit(w.shop, githubtest.Change{Files: files})
	sent, err := w.shop.Push(w.ctx, githubtest.Push{Ref: ref, SHA: sha, By: w.ada})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(sent) == 0 || slices.ContainsFunc(sent, githubtest.Delivery.OK) {
		w.t.Fatalf("the push was delivered: %+v", sent)
	}
	return sha
}

// Pushes that were made while the server was down have their checks when it is back, and what people said then counts. Their order is
// held by queue.TestAFloodKeepsItsOrder: here a busy machine can take longer to bring a job than the others of its branch wait for it.
func TestWhatCameWhileTheServerWasDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Wrap: openapi.Watch(t)})
	first, _, issue := w.leaked(90, detect.Live)
	w.conclusion(first, "failure")
	w.stop()
	came := len(w.github.Deliveries())
	w.github.SetWebhookURL(nobody)
	var heads []string
	for i := range 6 {
		heads = append(heads, w.unheard("refs/heads/main", map[string]string{fmt.Sprintf("%d.txt", i): "nothing\n"}))
	}
	leaking := w.unheard("refs/heads/main", map[string]string{"late.env": env(w.key(91, detect.Live))})
	last := w.unheard("refs/heads/main", map[string]string{"late.env": "KEY=\n"})
	if _, err := w.shop.Comment(w.ctx, issue.Number, "/rekey ignore it never worked", w.ada); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w.start()
	for _, sha := range append(slices.Clone(heads), leaking, last) {
		w.check(w.shop, sha)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the checks took %s", took)
	}
	w.conclusion(heads[3], "success")
	w.conclusion(leaking, "failure")
	w.issues(2)
	w.state(issue.Number, "closed", respond.Ignored)
	w.holdsNoKey()
	missed := map[string]bool{}
	for _, d := range w.github.Deliveries()[came:] {
		if !d.OK() {
			missed[d.GUID] = true
		}
	}
	if n := w.counted("rekey_push_to_check_seconds_count"); n != 0 {
		t.Errorf("%d checks of recovered pushes count as slow ones", n)
	}
	recovered := func() int { return w.counted("rekey_recovered_deliveries_total", `outcome="recovered"`) }
	if n := recovered(); n != len(missed) || n < 9 {
		t.Errorf("%d deliveries were recovered, %d were missed", n, len(missed))
	}
	w.stop()
	w.start() // nothing is recovered twice
	w.eventually("the log to be read again", func() bool { return w.counted("rekey_github_request_seconds_count", "/app/hook/deliveries") > 0 })
	w.settle()
	if n := recovered(); n != 0 {
		t.Errorf("%d deliveries were recovered again", n)
	}
}

// Where nothing can reach the server at all, it works from GitHub's log.
func TestNothingReachesTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Wrap: openapi.Watch(t)})
	w.settle()
	w.stop()
	w.recoverEvery = time.Second
	w.start()
	w.github.SetWebhookURL(nobody)
	for i := range 3 {
		clean := w.unheard("refs/heads/main", map[string]string{fmt.Sprintf("%d.txt", i): "nothing\n"})
		w.check(w.shop, clean)
		w.conclusion(clean, "success")
	}
	leaking := w.unheard("refs/heads/main", map[string]string{".env": env(w.key(92, detect.Live))})
	w.check(w.shop, leaking)
	w.conclusion(leaking, "failure")
	issue := w.issues(1)[0]
	if _, err := w.shop.Comment(w.ctx, issue.Number, "/rekey ignore it never worked", w.ada); err != nil {
		t.Fatal(err)
	}
	w.eventually("the issue to be closed", func() bool { return w.issue(issue.Number).State == "closed" })
	w.settle()
	w.state(issue.Number, "closed", respond.Ignored)
	w.conclusion(leaking, "success")
	if n := w.counted("rekey_recovered_deliveries_total", `outcome="recovered"`); n < 5 {
		t.Errorf("%d deliveries were recovered", n)
	}
}

// Where GitHub's log has no payload, GitHub sends the delivery again.
func TestRedeliveryIsRequested(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Wrap: openapi.Watch(t)})
	w.settle()
	w.stop()
	w.github.SetWebhookURL(nobody)
	sha := w.unheard("refs/heads/main", map[string]string{".env": env(w.key(93, detect.Live))})
	var payload []byte
	w.github.EditDeliveries(func(log []githubtest.Delivery) []githubtest.Delivery {
		payload = log[len(log)-1].Payload
		log[len(log)-1].Payload = nil
		return log
	})
	again := githubtest.Times(1, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/attempts") },
		func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			w.github.EditDeliveries(func(log []githubtest.Delivery) []githubtest.Delivery { // GitHub has it, and does not show it
				log[len(log)-1].Payload = payload
				return log
			})
			next.ServeHTTP(rw, r)
		})
	w.github.Inject(again)
	w.start()
	w.check(w.shop, sha)
	w.conclusion(sha, "failure")
	w.issues(1)
	if n := w.counted("rekey_recovered_deliveries_total", `outcome="requested"`); n != 1 {
		t.Errorf("%d redeliveries were requested", n)
	}
}

// A push that is recovered after a newer one was read sets nothing back: neither the tip, nor what people decided meanwhile.
func TestALatePushSetsNothingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Wrap: openapi.Watch(t)})
	w.settle()
	key := w.key(94, detect.Live)
	w.github.SetWebhookURL(nobody)
	late := w.unheard("refs/heads/main", map[string]string{"a.env": env(key)})
	gone := w.unheard("refs/heads/gone", map[string]string{"b.txt": "nothing\n"})
	w.github.SetWebhookURL(w.url("/webhook"))
	newer := w.pushed(map[string]string{"c.txt": "nothing\n"})
	if _, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/gone", By: w.ada}); err != nil {
		t.Fatal(err)
	}
	w.check(w.shop, newer)
	issue := w.issues(1)[0]
	w.say(issue.Number, "/rekey ignore it never worked", w.ada)
	w.state(issue.Number, "closed", respond.Ignored)
	w.stop()
	w.start()
	w.check(w.shop, late)
	w.check(w.shop, gone)
	w.state(issue.Number, "closed", respond.Ignored)
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		tips, err := tx.Tips(ctx, w.shop.ID(), 10)
		if len(tips) != 1 || tips[0].Ref != "refs/heads/main" || tips[0].SHA != newer {
			t.Errorf("tips %+v, want main at %s alone", tips, newer)
		}
		return err
	})
}
