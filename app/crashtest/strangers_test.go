package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook"
)

// forgedMark begins the commit of a body that came under the GUID of a delivery that had come before. Nothing may follow from it.
const forgedMark = "deadbeefdeadbeefdeadbeef"

// anotherApp is the installation of another App.
const anotherApp = 999_999_999

// intrude sends what no server may take, and damages GitHub's log, until ctx ends.
func (w *world) intrude(ctx context.Context) {
	rng := rand.New(rand.NewPCG(w.set.seed, 5))
	acts := []func(context.Context, *rand.Rand){w.sendForm, w.sendForged, w.sendAgain, w.cutOff, w.logElsewhere}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(rng.Int64N(int64(2 * time.Second)))):
		}
		acts[rng.IntN(len(acts))](ctx, rng)
	}
}

// post sends a body to one of the servers, and returns its status and answer; 0 where none answered.
func (w *world) post(ctx context.Context, guid, contentType, secret string, body []byte) (int, string) {
	w.balancer.mu.Lock()
	backends := w.balancer.backends
	w.balancer.mu.Unlock()
	if len(backends) == 0 {
		return 0, ""
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, backends[0]+"/webhook", bytes.NewReader(body))
	if err != nil {
		return 0, ""
	}
	r.Header = http.Header{
		"Content-Type": {contentType}, "X-Github-Delivery": {guid}, "X-Github-Event": {"push"},
		"X-Hub-Signature-256": {webhook.Sign(secret, body)},
	}
	resp, err := w.balancer.client.Do(r)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body) // of an answer that was cut off, the status tells enough
	return resp.StatusCode, string(text)
}

// refused sends what must be refused with one of the words, and must not be in the ledger.
func (w *world) refused(ctx context.Context, what, contentType, secret string, body []byte, word string) {
	guid := uuid.NewString()
	status, text := w.post(ctx, guid, contentType, secret, body)
	if status == 0 || status == http.StatusServiceUnavailable {
		return
	}
	if status < 400 || status >= 500 || !strings.Contains(text, word) {
		w.fault("%s was answered %d: %s", what, status, text)
	}
	if w.recorded(guid) {
		w.fault("%s is in the ledger", what)
	}
	w.count(what)
}

func (w *world) recorded(guid string) bool {
	var n int
	err := w.db.QueryRow(`SELECT count(*) FROM deliveries WHERE guid = $1`, guid).Scan(&n)
	return err == nil && n > 0
}

func (w *world) sendForm(ctx context.Context, rng *rand.Rand) {
	body := []byte(url.Values{"payload": {string(forgedPush(rng))}}.Encode())
	w.refused(ctx, "a body in form encoding", "application/x-www-form-urlencoded", w.github.WebhookSecret(), body, "application/json")
}

func (w *world) sendForged(ctx context.Context, rng *rand.Rand) {
	w.refused(ctx, "a body with another secret's signature", "application/json", "guessed", forgedPush(rng), "")
}

// sendAgain sends another body under a GUID that a server has.
func (w *world) sendAgain(ctx context.Context, rng *rand.Rand) {
	var guid string
	w.balancer.mu.Lock()
	for guid = range w.balancer.acked {
		break
	}
	w.balancer.mu.Unlock()
	if guid == "" || !w.finished(guid) { // one that was given up would be done again
		return
	}
	if status, text := w.post(ctx, guid, "application/json", w.github.WebhookSecret(), forgedPush(rng)); status >= 300 && status != http.StatusServiceUnavailable {
		w.fault("another body under the GUID %s was answered %d: %s", guid, status, text)
	}
	w.count("another body under a known GUID")
}

func forgedPush(rng *rand.Rand) []byte {
	sha := fmt.Sprintf("%s%016x", forgedMark, rng.Uint64())
	body, _ := json.Marshal(map[string]any{ // strings and numbers can be written
		"ref": "refs/heads/main", "before": strings.Repeat("0", 40), "after": sha, "head_commit": map[string]any{"id": sha},
		"installation": map[string]any{"id": 1}, "repository": map[string]any{"id": 1, "name": "x", "owner": map[string]any{"login": "y"}},
	})
	return body
}

// cutOff has GitHub's log show only the beginning of what did not reach us. Asked to, GitHub sends the whole.
func (w *world) cutOff(_ context.Context, rng *rand.Rand) {
	cut := 0 // counted later: the stand-in is locked while its log is edited
	w.github.EditDeliveries(func(log []githubtest.Delivery) []githubtest.Delivery {
		for i := range log {
			if d := &log[i]; d.Status >= 500 && d.Shown == nil && !w.taken(d.GUID) && rng.IntN(8) == 0 {
				d.Shown = d.Payload[:rng.IntN(len(d.Payload))]
				w.log.note("GitHub's log shows a part of delivery %s", d.GUID)
				cut++
			}
		}
		return log
	})
	for range cut {
		w.count("payload cut off in GitHub's log")
	}
}

// logElsewhere puts into GitHub's log what is about an installation of another App.
func (w *world) logElsewhere(ctx context.Context, rng *rand.Rand) {
	d := w.github.Deliver(ctx, "push", fmt.Appendf(nil, `{"ref": "refs/heads/main", "before": "%040d", "after": "%040x", "note": %q,
		"installation": {"id": %d}, "repository": {"id": 999999998, "name": "x", "full_name": "y/x", "owner": {"login": "y"}}}`, 0, rng.Uint64(), elsewhere, anotherApp))
	w.log.note("GitHub's log has delivery %s of another App", d.GUID)
	w.count("delivery of another App in GitHub's log")
}
