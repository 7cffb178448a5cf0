package recovery_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/intake"
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
		Reading: intake.Reading{Redact: func(_ context.Context, body []byte) []byte {
			return bytes.ReplaceAll(body, []byte("hunter2"), []byte("*******"))
		}},
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
