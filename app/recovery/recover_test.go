package recovery_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/recovery"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// world is a GitHub that reaches nobody, and a ledger without workers. Their clocks are an hour apart.
type world struct {
	t      *testing.T
	clock  *clock
	github *githubtest.Server
	app    *github.App
	store  *ledger.Store
	r      *recovery.Recoverer
	lists  []int         // statuses of the answers to requests for the list
	slow   time.Duration // how long those answers take to arrive
	log    *bytes.Buffer
}

// clock passes a step each time that it is looked at.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	step time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.step)
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const ahead = time.Hour // GitHub's clock

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC), step: time.Millisecond}, log: &bytes.Buffer{}}
	var err error
	w.github, err = githubtest.New(githubtest.Options{
		Now: func() time.Time { return w.clock.Now().Add(ahead) },
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				s := &status{ResponseWriter: rw}
				next.ServeHTTP(s, r)
				if strings.HasSuffix(r.URL.Path, "/app/hook/deliveries") {
					w.clock.pass(w.slow)
					w.lists = append(w.lists, s.code)
				}
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.github.Close() })
	block, _ := pem.Decode(w.github.PrivateKeyPEM())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	w.app, err = github.New(github.Config{
		AppID: w.github.AppID(), PrivateKey: key, WebURL: w.github.URL(), APIURL: w.github.APIURL(),
		Now: func() time.Time { return w.clock.Now().Add(ahead) },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.store = ledgertest.Open(t, ledger.Options{URL: url, Now: w.clock.Now})
	w.r = w.recoverer("one")
	return w
}

func (w *world) recoverer(owner string) *recovery.Recoverer {
	return &recovery.Recoverer{
		Store: ledger.Scope[recovery.Tx](w.store), Inbox: w.store, GitHub: w.app, Owner: owner, Now: w.clock.Now,
		Redact: func(_ context.Context, body []byte) []byte {
			return bytes.ReplaceAll(body, []byte("hunter2"), []byte("*******"))
		},
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
}

type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// sent makes a delivery that reaches nobody, a minute after the one before.
func (w *world) sent(n int) githubtest.Delivery {
	w.clock.pass(time.Minute)
	return w.github.Deliver(w.t.Context(), "push", fmt.Appendf(nil, `{"ref":"refs/heads/%d","installation":{"id":7},"repository":{"id":9},"note":"hunter2"}`, n))
}

func (w *world) deliver(n int) []githubtest.Delivery {
	var list []githubtest.Delivery
	for i := range n {
		list = append(list, w.sent(i))
	}
	return list
}

// pass makes one pass as the server does, after it stood still for long enough.
func (w *world) pass() recovery.Result {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	w.clock.pass(5 * time.Minute)
	result, err := recovery.Pass(ctx, w.r)
	cancel()
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.log)
	}
	return result
}

func (w *world) delivery(guid string) ledger.Delivery {
	w.t.Helper()
	var d ledger.Delivery
	ledgertest.View(w.t, w.store, func(ctx context.Context, tx *ledger.Tx) (err error) {
		d, err = tx.Delivery(ctx, guid)
		return err
	})
	return d
}

// waiting lists the GUIDs of recovered deliveries that wait, in the order in which they came in.
func (w *world) waiting() (guids []string) {
	w.t.Helper()
	ledgertest.View(w.t, w.store, func(ctx context.Context, tx *ledger.Tx) error {
		list, err := tx.RecentDeliveries(ctx, 100_000)
		for _, d := range slices.Backward(list) {
			if d.Finished.IsZero() {
				guids = append(guids, d.GUID)
			}
		}
		return err
	})
	return guids
}

func guidsOf(list []githubtest.Delivery) (guids []string) {
	for _, d := range list {
		guids = append(guids, d.GUID)
	}
	return guids
}

func TestMissedDeliveriesAreRecovered(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		if r := w.pass(); r.Listed != 0 || r.Missed != 0 {
			t.Errorf("of an empty log: %+v", r)
		}
		first := w.deliver(3)
		w.github.Ping(t.Context())
		w.github.Deliver(t.Context(), "star", []byte(`{}`))
		if r := w.pass(); r.Missed != 3 || r.Failed != 3 || r.Taken != 3 || r.Left != 0 || r.Requests != 4 {
			t.Errorf("%+v", r)
		}
		if got := w.waiting(); !slices.Equal(got, guidsOf(first)) {
			t.Errorf("%v wait, want %v", got, guidsOf(first))
		}
		for _, sent := range first {
			d := w.delivery(sent.GUID)
			want := sent.At.Add(-ahead)
			if !d.Recovered || d.Repository != 9 || d.Installation != 7 || bytes.Contains(d.Body, []byte("hunter2")) || d.Received.Sub(want).Abs() > time.Second {
				t.Errorf("%+v, sent %s", d, want)
			}
		}
		w.lists = nil
		for range 3 { // an idle App's log
			if r := w.pass(); r.Requests != 1 || r.Missed != 0 {
				t.Errorf("%+v", r)
			}
		}
		if !slices.Equal(w.lists, []int{304, 304, 304}) {
			t.Errorf("the list was answered %v", w.lists)
		}
		second := w.sent(9)
		if r := w.pass(); r.Taken != 1 {
			t.Errorf("%+v", r)
		}
		if d := w.delivery(second.GUID); d.Finished.IsZero() == false {
			t.Errorf("%+v", d)
		}
	})
}

// A reading that GitHub interrupts goes on where it was; deliveries that come meanwhile shift the pages, and are read after it.
func TestAReadingIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	w.r.MaxQueued = 1 // hardly anything is fetched
	all := guidsOf(w.deliver(250))
	w.clock.step = 5 * time.Second
	n := 0
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/app/hook/deliveries") {
			if n++; n == 2 || n == 4 {
				githubtest.Answer(map[int]int{2: 502, 4: 429}[n], "no")(rw, r, next)
				return
			}
		}
		next.ServeHTTP(rw, r)
	})
	fails := func() {
		t.Helper()
		w.clock.pass(2 * time.Hour)
		if r, err := recovery.Pass(t.Context(), w.r); err == nil || r.Pages != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	fails()
	all = append(all, guidsOf(w.deliver(5))...)
	fails()
	w.clock.pass(2 * time.Hour)
	r := w.pass()
	if r.Pages != 2 || n != 6 { // the last page, and the first again
		t.Errorf("%d requests, %+v", n, r)
	}
	ledgertest.View(t, w.store, func(ctx context.Context, tx *ledger.Tx) error {
		stats, err := tx.MissedStats(ctx)
		taken := len(w.waiting())
		if stats.Count+taken != len(all) {
			t.Errorf("%d missed, %d taken, want %d in all", stats.Count, taken, len(all))
		}
		return err
	})
	w.r.MaxQueued, w.clock.step = 0, time.Millisecond
	w.clock.pass(time.Hour)
	if r := w.pass(); r.Left != 0 {
		t.Errorf("%+v", r)
	}
	if got := w.waiting(); !slices.Equal(got, all) {
		t.Errorf("%d wait, want %d, in their order", len(got), len(all))
	}
}

// A backlog neither stands before what comes live nor takes the App's quota.
func TestABacklogIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	all := guidsOf(w.deliver(120))
	w.r.MaxQueued = 40
	w.clock.step = 5 * time.Second // nobody waits for room for long
	r := w.pass()
	if n := len(w.waiting()); n < 40 || n > 60 || r.Stopped == "" || r.Left != 120-n {
		t.Fatalf("%d wait, %+v", n, r)
	}
	if got := w.waiting(); !slices.Equal(got, all[:len(got)]) {
		t.Error("not the oldest first")
	}
	w.r.MaxQueued, w.clock.step = 0, time.Millisecond
	spend := func(n float64) {
		ledgertest.Update(t, w.store, func(ctx context.Context, tx *ledger.Tx) error {
			l, err := tx.DeliveryLog(ctx)
			l.Spent, l.SpentAt = n, w.clock.Now()
			return errors.Join(err, tx.SetDeliveryLog(ctx, l))
		})
	}
	spend(2000 + 2000.0/12 - 5.5) // five minutes forget a twelfth
	if r := w.pass(); r.Requests != 5 || r.Stopped == "" || r.Left == 0 {
		t.Errorf("with little left of the hour: %+v", r)
	}
	w.clock.pass(time.Hour)
	if r := w.pass(); r.Left != 0 || r.Stopped != "" {
		t.Errorf("an hour later: %+v", r)
	}
	if got := w.waiting(); !slices.Equal(got, all) {
		t.Errorf("%d wait, want %d", len(got), len(all))
	}
}

// What the log holds of a delivery may be anything.
func TestADamagedLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	sent := w.deliver(9)
	w.github.EditDeliveries(func(log []githubtest.Delivery) []githubtest.Delivery {
		log[0].Payload = nil
		log[1].Shown = []byte(`{"ref":"refs/he`)
		log[2].Payload = []byte(`[1]`)
		log[3].Stamp = "2126-01-01T00:00:00Z"
		log[4].Stamp = "some day"
		log[6].GUID = ""
		log[7].Event = "comet"
		// One is gone, one is there twice, and the order is another.
		return []githubtest.Delivery{log[8], log[0], log[1], log[2], log[4], log[3], log[4], log[6], log[7]}
	})
	r := w.pass()
	if r.Taken != 3 || r.Asked != 3 || r.Left != 3 {
		t.Errorf("%+v\n%s", r, w.log)
	}
	for i, want := range map[int]bool{3: true, 4: true, 8: true} {
		if d := w.delivery(sent[i].GUID); d.Finished.IsZero() != want || d.Received.After(w.clock.Now()) {
			t.Errorf("%d: %+v", i, d)
		}
	}
	if old := w.delivery(sent[4].GUID); w.clock.Now().Sub(old.Received) < 7*24*time.Hour-time.Hour {
		t.Errorf("what was sent at an unknown time counts as sent at %s", old.Received)
	}
}

// Where the log lacks a payload, GitHub is asked to send the delivery again, now and then.
func TestRedelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	sent := w.sent(1)
	w.github.EditDeliveries(func(log []githubtest.Delivery) []githubtest.Delivery {
		log[0].Payload = nil
		return log
	})
	asked := func() (n int) {
		for _, r := range w.github.Requests() {
			if strings.HasSuffix(r.Path, "/attempts") {
				n++
			}
		}
		return n
	}
	first := w.pass()
	again, err := recovery.Pass(t.Context(), w.r)
	if err != nil || first.Asked != 1 || again.Asked != 0 || asked() != 1 {
		t.Errorf("%+v, %+v, %v", first, again, err)
	}
	w.pass()
	if asked() != 2 {
		t.Errorf("asked %d times after a while", asked())
	}
	// It comes, and keeps its place in time.
	body := ledger.Delivery{GUID: sent.GUID, Event: "push", Body: []byte(`{}`)}
	if got, err := w.store.Accept(t.Context(), []ledger.Delivery{body}); err != nil || got[0] != ledger.Requeued {
		t.Fatalf("%v, %v", got, err)
	}
	if d := w.delivery(sent.GUID); d.Received.Sub(sent.At.Add(-ahead)).Abs() > time.Second {
		t.Errorf("received %s, first sent %s", d.Received, sent.At.Add(-ahead))
	}
	w.clock.pass(time.Hour)
	if r := w.pass(); r.Arrived != 1 || r.Left != 0 || asked() != 2 {
		t.Errorf("%+v", r)
	}
}

// What GitHub does not have any more is lost, loudly, and looked for no more.
func TestALostDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	w.sent(1)
	w.github.Inject(githubtest.Times(1, func(r *http.Request) bool { return !strings.HasSuffix(r.URL.Path, "/app/hook/deliveries") },
		githubtest.Answer(404, "Not Found")))
	if r := w.pass(); r.Lost != 1 || r.Left != 0 || !strings.Contains(w.log.String(), "a delivery is lost") {
		t.Errorf("%+v\n%s", r, w.log)
	}
	w.sent(2) // so that the page is another
	if r := w.pass(); r.Missed != 1 || r.Taken != 1 || r.Lost != 0 {
		t.Errorf("%+v", r)
	}
}

// A delivery that GitHub fails to show is tried again, and holds up no other.
func TestADeliveryThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	sent := w.deliver(3)
	bad := fmt.Sprintf("/app/hook/deliveries/%d", sent[0].ID)
	w.github.Inject(githubtest.Times(1, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, bad) }, githubtest.Answer(500, "no")))
	if r := w.pass(); r.Taken != 2 || r.Left != 1 {
		t.Errorf("%+v", r)
	}
	if r := w.pass(); r.Taken != 1 || r.Left != 0 {
		t.Errorf("%+v", r)
	}
	w.deliver(5)
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/app/hook/deliveries") {
			next.ServeHTTP(rw, r)
			return
		}
		githubtest.Answer(503, "no")(rw, r, next)
	})
	w.clock.pass(time.Hour)
	if r, err := recovery.Pass(t.Context(), w.r); err == nil || r.Requests != 4 || r.Left != 5 { // the list, and three failures
		t.Errorf("%+v, %v", r, err)
	}
}

// One process at a time recovers, and one that was killed holds up the next for some seconds.
func TestOneProcessRecovers(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.deliver(2)
		if taken, err := w.store.TakeLease(t.Context(), "recover", "killed", 20*time.Second); err != nil || !taken {
			t.Fatal(taken, err)
		}
		if _, err := w.r.Once(t.Context(), time.Hour, false); !errors.Is(err, recovery.ErrBusy) {
			t.Errorf("beside another one: %v", err)
		}
		if r, err := w.r.Once(t.Context(), time.Hour, true); err != nil || r.Missed != 2 || r.Taken != 0 {
			t.Errorf("only looking needs no lease: %+v, %v", r, err)
		}
		w.clock.pass(21 * time.Second)
		if r, err := w.r.Once(t.Context(), time.Hour, false); err != nil || r.Taken != 2 {
			t.Errorf("%+v, %v", r, err)
		}
		if r, err := w.recoverer("two").Once(t.Context(), time.Hour, false); err != nil || r.Taken != 0 || r.Missed != 0 {
			t.Errorf("another process afterwards: %+v, %v", r, err)
		}
	})
}

// By hand it looks as far back as is asked for, whatever was read before, and with a dry run it changes nothing.
func TestByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	old := w.sent(1)
	w.clock.pass(2 * 24 * time.Hour)
	w.sent(2)
	if r, err := w.r.Once(t.Context(), 24*time.Hour, true); err != nil || r.Missed != 1 || r.Taken != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := w.r.Once(t.Context(), 24*time.Hour, false); err != nil || r.Missed != 1 || r.Taken != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if got := w.waiting(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if r, err := w.r.Once(t.Context(), 72*time.Hour, false); err != nil || r.Missed != 1 || r.Taken != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if d := w.delivery(old.GUID); !d.Finished.IsZero() {
		t.Errorf("%+v", d)
	}
}

// A run begins at once, says when its first pass is over, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledgertest.SQLite(t))
	w.sent(1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	started := make(chan struct{})
	go func() {
		defer close(ended)
		w.r.Run(ctx, func() { close(started) })
	}()
	<-started
	if got := w.waiting(); len(got) != 1 {
		t.Errorf("after the first pass %d wait", len(got))
	}
	cancel()
	<-ended
}
