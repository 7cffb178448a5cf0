package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

const secret = "It's a Secret to Everybody"

// store is a store in memory that can be made to fail, or to wait.
type store struct {
	mu       sync.Mutex
	accepted []ledger.Delivery
	batches  []int
	refuse   func(ledger.Delivery) error // for one of a batch, which then fails whole
	gate     chan struct{}               // if not nil each Accept takes one from it
	down     error                       // Ping's answer
}

func (s *store) Accept(ctx context.Context, ds []ledger.Delivery) ([]ledger.Acceptance, error) {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, len(ds))
	var as []ledger.Acceptance
	for _, d := range ds {
		if s.refuse != nil {
			if err := s.refuse(d); err != nil {
				return nil, err
			}
		}
		as = append(as, ledger.Accepted)
	}
	s.accepted = append(s.accepted, ds...)
	return as, nil
}

func (s *store) Ping(context.Context) error { return s.down }

func (s *store) guids() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var guids []string
	for _, d := range s.accepted {
		guids = append(guids, d.GUID)
	}
	return strings.Join(guids, " ")
}

type front struct {
	http.Handler
	*intake.Intake
	metrics *prometheus.Registry
}

func newFront(t testing.TB, c intake.Config) front {
	t.Helper()
	c.Metrics = prometheus.NewRegistry()
	if c.Secrets == nil {
		c.Secrets = []string{secret}
	}
	in, err := intake.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = in.Close(ctx)
	})
	r := mux.NewRouter()
	in.Routes(r)
	return front{r, in, c.Metrics}
}

func delivery(guid, event, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Delivery", guid)
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-Hub-Signature-256", webhook.Sign(secret, []byte(body)))
	return r
}

func (f front) send(r *http.Request) (code int, body string) {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const body = `{"action":"opened","installation":{"id":7},"repository":{"id":9,"private":true}}`
	with := func(change func(http.Header)) *http.Request {
		r := delivery("g", "push", body)
		change(r.Header)
		return r
	}
	deep := strings.Repeat("[", 2<<20)
	for _, test := range []struct {
		name    string
		request *http.Request
		code    int
		outcome string
		stored  bool
	}{
		{"good", delivery("g", "pull_request", body), 202, "accepted", true},
		{"no installation", delivery("g", "push", `{"ref":"refs/heads/main"}`), 202, "accepted", true},
		{"fields of wrong types", delivery("g", "push", `{"action":[],"installation":7,"repository":{"id":"x"}}`), 202, "accepted", true},
		{"ping", delivery("g", "ping", `{"zen":"Keep it logically awesome."}`), 200, "ping", false},
		{"unknown event", delivery("g", "star", body), 202, "ignored", false},
		{"second secret", with(func(h http.Header) {
			h.Set("X-Hub-Signature-256", webhook.Sign("the new one", []byte(body)))
		}), 202, "accepted", true},
		{"unsigned", with(func(h http.Header) { h.Del("X-Hub-Signature-256") }), 401, "unsigned", false},
		{"SHA-1 only", with(func(h http.Header) {
			h.Del("X-Hub-Signature-256")
			h.Set("X-Hub-Signature", "sha1="+strings.Repeat("0", 40))
		}), 401, "sha1", false},
		{"wrong secret", with(func(h http.Header) {
			h.Set("X-Hub-Signature-256", webhook.Sign("another", []byte(body)))
		}), 401, "bad_signature", false},
		{"empty secret", with(func(h http.Header) {
			h.Set("X-Hub-Signature-256", webhook.Sign("", []byte(body)))
		}), 401, "bad_signature", false},
		{"no GUID", with(func(h http.Header) { h.Del("X-GitHub-Delivery") }), 400, "malformed", false},
		{"GUID with a newline", with(func(h http.Header) { h.Set("X-GitHub-Delivery", "a\nb") }), 400, "malformed", false},
		{"long GUID", with(func(h http.Header) { h.Set("X-GitHub-Delivery", strings.Repeat("a", 65)) }), 400, "malformed", false},
		{"no event", with(func(h http.Header) { h.Del("X-GitHub-Event") }), 400, "malformed", false},
		{"no JSON", delivery("g", "push", "payload=%7B%7D"), 400, "malformed", false},
		{"JSON that ends early", delivery("g", "push", `{"ref":`), 400, "malformed", false},
		{"more than one value", delivery("g", "push", `{} {}`), 400, "malformed", false},
		{"no object", delivery("g", "push", `[1]`), 400, "malformed", false},
		{"nothing", delivery("g", "push", ``), 400, "malformed", false},
		{"deep", delivery("g", "push", `{"a":`+deep[:fastest]+`}`), 400, "malformed", false},
		{"large and deep", delivery("g", "push", `{"a":`+deep+`}`), 400, "malformed", false},
		{"too large", delivery("g", "push", `{"a":"`+strings.Repeat("x", 3<<20)+`"}`), 413, "too_large", false},
		{"too large, of unknown length", chunked(delivery("g", "push", `{"a":"`+strings.Repeat("x", 3<<20)+`"}`)), 413, "too_large", false},
		{"large, of unknown length", chunked(delivery("g", "push", `{"a":"`+strings.Repeat("x", 2<<20)+`"}`)), 202, "accepted", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &store{}
			f := newFront(t, intake.Config{Store: s, Secrets: []string{secret, "the new one"}, MaxBody: 2<<20 + 100})
			code, answer := f.send(test.request)
			if code != test.code {
				t.Errorf("answered %d %s instead of %d", code, answer, test.code)
			}
			if got := s.guids() != ""; got != test.stored {
				t.Errorf("stored: %v", got)
			}
			if got := counted(t, f.metrics, test.outcome); got != 1 {
				t.Errorf("%v counted as %s", got, test.outcome)
			}
		})
	}
}

// TestAFormIsRefusedWithTheSettingThatMendsIt: GitHub signs the form, which is what its settings page offers first.
func TestAFormIsRefusedWithTheSettingThatMendsIt(t *testing.T) {
	t.Parallel()
	s := &store{}
	f := newFront(t, intake.Config{Store: s})
	r := delivery("g", "push", "payload="+url.QueryEscape(`{"ref":"refs/heads/main"}`))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	code, answer := f.send(r)
	if code != http.StatusBadRequest || !strings.Contains(answer, "set the webhook's content type to application/json") || s.guids() != "" {
		t.Errorf("%d %s", code, answer)
	}
}

// fastest is a depth that the fast validator has to bear.
const fastest = 1<<20 - 10

// chunked hides the length of a request's body.
func chunked(r *http.Request) *http.Request {
	r.Body, r.ContentLength = io.NopCloser(io.MultiReader(r.Body)), -1
	return r
}

func counted(t *testing.T, registry *prometheus.Registry, outcome string) (n float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "rekey_deliveries_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == "outcome" && label.GetValue() == outcome {
					n += m.GetCounter().GetValue()
				}
			}
		}
	}
	return n
}

func TestWhatIsStored(t *testing.T) {
	t.Parallel()
	s := &store{}
	received := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	f := newFront(t, intake.Config{Store: s, Now: func() time.Time { return received }})
	body := ` {"action":"opened","installation":{"id":7},"repository":{"id":9}} `
	f.send(delivery("72d3162e-cc78-11e3-81ab-4c9367dc0958", "pull_request", body))
	if len(s.accepted) != 1 {
		t.Fatalf("%d stored", len(s.accepted))
	}
	got := s.accepted[0]
	if got.GUID != "72d3162e-cc78-11e3-81ab-4c9367dc0958" || got.Event != "pull_request" || got.Action != "opened" ||
		got.Installation != 7 || got.Repository != 9 || string(got.Body) != body || !got.Received.Equal(received) {
		t.Errorf("stored %+v", got)
	}
}

func TestSecretsAreNeeded(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"good", ""}} {
		_, err := intake.New(intake.Config{Store: &store{}, Metrics: prometheus.NewRegistry(), Secrets: secrets})
		if err == nil {
			t.Errorf("starts with the secrets %q", secrets)
		}
	}
}

func TestWaitingDeliveriesShareATransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{gate: make(chan struct{})}
		f := newFront(t, intake.Config{Store: s})
		var answers sync.WaitGroup
		for i := range 20 {
			answers.Go(func() {
				if code, answer := f.send(delivery(fmt.Sprint("g", i), "push", `{}`)); code != 202 {
					t.Errorf("answered %d %s", code, answer)
				}
			})
			synctest.Wait()
		}
		s.gate <- struct{}{}
		s.gate <- struct{}{}
		answers.Wait()
		if got := fmt.Sprint(s.batches); got != "[1 19]" {
			t.Errorf("written in batches of %s", got)
		}
	})
}

func TestClientThatWentAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{gate: make(chan struct{})}
		f := newFront(t, intake.Config{Store: s})
		ctx, cancel := context.WithCancel(t.Context())
		go f.send(delivery("gone", "push", `{}`).WithContext(ctx))
		synctest.Wait()
		cancel()
		synctest.Wait()
		s.gate <- struct{}{}
		synctest.Wait()
		if s.guids() != "gone" {
			t.Errorf("stored %q", s.guids())
		}
	})
}

func TestCloseWritesWhatWasTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{gate: make(chan struct{})}
		f := newFront(t, intake.Config{Store: s})
		for i := range 3 {
			go f.send(delivery(fmt.Sprint("g", i), "push", `{}`))
			synctest.Wait()
		}
		closed := make(chan error, 1)
		go func() { closed <- f.Close(t.Context()) }()
		synctest.Wait()
		if code, answer := f.send(delivery("late", "push", `{}`)); code != 503 {
			t.Errorf("after Close: %d %s", code, answer)
		}
		close(s.gate)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if s.guids() != "g0 g1 g2" {
			t.Errorf("stored %q", s.guids())
		}
	})
}

func TestNothingIsAcknowledgedThatIsNotStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{gate: make(chan struct{})}
		f := newFront(t, intake.Config{Store: s, MaxWaiting: 2})
		codes := make(chan int, 4)
		for i := range 4 {
			go func() {
				code, _ := f.send(delivery(fmt.Sprint("g", i), "push", `{}`))
				codes <- code
			}()
			synctest.Wait()
		}
		// One is being written and two wait: there is no room for the fourth.
		if code := <-codes; code != 503 {
			t.Errorf("a full queue is answered %d", code)
		}
		time.Sleep(10 * time.Second) // the database does not answer
		for range 3 {
			if code := <-codes; code != 503 {
				t.Errorf("a database that does not answer leads to %d", code)
			}
		}
		if s.guids() != "" {
			t.Errorf("stored %q", s.guids())
		}
	})
}

func TestOneDeliveryDoesNotSpoilOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{gate: make(chan struct{}), refuse: func(d ledger.Delivery) error {
			if d.GUID == "bad" {
				return errors.New("not this one")
			}
			return nil
		}}
		f := newFront(t, intake.Config{Store: s})
		var mu sync.Mutex
		codes := map[string]int{}
		var answers sync.WaitGroup
		for _, guid := range []string{"first", "a", "b", "bad", "c", "d", "e"} {
			answers.Go(func() {
				code, _ := f.send(delivery(guid, "push", `{}`))
				mu.Lock()
				defer mu.Unlock()
				codes[guid] = code
			})
			synctest.Wait()
		}
		close(s.gate)
		answers.Wait()
		if got := fmt.Sprint(codes); got != "map[a:202 b:202 bad:503 c:202 d:202 e:202 first:202]" {
			t.Errorf("answers: %s", got)
		}
	})
}

func TestBodiesInMemoryAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{gate: make(chan struct{})}
		f := newFront(t, intake.Config{Store: s, MaxMemory: 2 << 20})
		large := `{"a":"` + strings.Repeat("x", 400<<10) + `"}`
		go f.send(delivery("g1", "push", large))
		synctest.Wait()
		code, _ := f.send(delivery("g2", "push", large))
		if code != 503 {
			t.Errorf("over the bound: %d", code)
		}
		close(s.gate)
		synctest.Wait()
		if code, _ = f.send(delivery("g3", "push", large)); code != 202 {
			t.Errorf("after the first was written: %d", code)
		}
	})
}

func TestTheLastDeliveryIsMeasured(t *testing.T) {
	t.Parallel()
	s := &store{}
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	f := newFront(t, intake.Config{Store: s, Now: func() time.Time { return now }, LastDelivery: now.Add(-time.Minute)})
	last := func() float64 {
		t.Helper()
		families, err := f.metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			if family.GetName() == "rekey_github_last_delivery_timestamp_seconds" {
				return family.GetMetric()[0].GetGauge().GetValue()
			}
		}
		t.Fatal("no metric of the last delivery")
		return 0
	}
	if got := last(); got != float64(now.Add(-time.Minute).Unix()) {
		t.Errorf("the last delivery before this process: %f", got)
	}
	f.send(delivery("g", "push", `{}`))
	if got := last(); got != float64(now.Unix()) {
		t.Errorf("the last delivery: %f", got)
	}
	if problems, err := testutil.GatherAndLint(f.metrics); err != nil || len(problems) > 0 {
		t.Errorf("metrics: %v %v", problems, err)
	}
}

func TestRedelivery(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		f := newFront(t, intake.Config{Store: s})
		steps := []struct {
			code   int
			answer string
		}{{202, `{"status":"accepted"}`}, {202, `{"status":"waiting"}`}, {200, `{"status":"done"}`}}
		for i, step := range steps {
			if i == 2 {
				err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
					return tx.FinishDelivery(ctx, "g", "done")
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if code, answer := f.send(delivery("g", "push", `{}`)); code != step.code || answer != step.answer {
				t.Errorf("delivery %d: %d %s", i+1, code, answer)
			}
		}
	})
}

func FuzzWebhook(f *testing.F) {
	f.Add("push", "g", "sha256=00", []byte(`{"installation":{"id":1}}`), false)
	f.Add("push", "g", "", []byte(`{"installation":{"id":1}}`), true)
	f.Add("pull_request", "a b", "sha1=", []byte("\x00\xff{"), true)
	f.Add("\n", "", "sha256=", bytes.Repeat([]byte("["), 10_000), true)
	f.Fuzz(func(t *testing.T, event, guid, signature string, body []byte, sign bool) {
		s := &store{}
		front := newFront(t, intake.Config{Store: s, MaxBody: 1 << 20})
		r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(body))
		for name, value := range map[string]string{
			"X-GitHub-Event": event, "X-GitHub-Delivery": guid, "X-Hub-Signature-256": signature,
		} {
			r.Header.Set(name, value)
		}
		if sign {
			r.Header.Set("X-Hub-Signature-256", webhook.Sign(secret, body))
		}
		code, answer := front.send(r)
		stored := s.guids() != ""
		switch {
		case stored && !sign:
			t.Errorf("stored though not signed: %q", signature)
		case stored != (code == 202 && answer == `{"status":"accepted"}`):
			t.Errorf("stored: %v, answered %d %s", stored, code, answer)
		case code >= 500:
			t.Errorf("answered %d %s", code, answer)
		}
	})
}
