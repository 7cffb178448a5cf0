package crashtest

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
)

// settle is how long GitHub may take here to do what a failed request asked for.
const settle = 2 * time.Second

// faults are what the stand-in does wrong, of a thousand requests each.
type faults struct {
	mu     sync.Mutex
	rng    *rand.Rand
	on     bool
	bare   bool // one limit without headers is still to be thrown: it stops an installation for a minute
	counts map[string]int
}

func newFaults(seed uint64, bare bool) *faults {
	return &faults{rng: rand.New(rand.NewPCG(seed, 2)), bare: bare, counts: map[string]int{}}
}

func (f *faults) set(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = on
}

func (f *faults) count() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.counts)
}

// failAfter does what was asked, and answers that it failed.
func failAfter(status int) githubtest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(discard{http.Header{}}, r)
		githubtest.Answer(status, "Server Error")(w, r, next)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// ServeFault is the [githubtest.Fault].
func (f *faults) ServeFault(w http.ResponseWriter, r *http.Request, next http.Handler) {
	git := strings.HasSuffix(r.URL.Path, "/git-upload-pack")
	writes := r.Method != http.MethodGet && !git && !strings.HasSuffix(r.URL.Path, "/access_tokens")
	pause := func(most time.Duration) time.Duration { return time.Duration(f.rng.Int64N(int64(most))) }
	f.mu.Lock()
	name, fault := "", githubtest.Fault(nil)
	n := 1000
	if f.on {
		n = f.rng.IntN(1000)
	}
	pick := func(per int, what string, one githubtest.Fault) {
		if fault == nil && n >= 0 && n < per {
			name, fault = what, one
		}
		n -= per
	}
	switch {
	case f.on && f.bare && writes:
		f.bare, name, fault = false, "429 without a header", githubtest.TooManyRequests(0)
	case writes:
		pick(25, "cut before the effect", githubtest.Cut)
		pick(25, "cut after the effect", githubtest.CutAfter)
		pick(15, "502 before the effect", githubtest.Answer(http.StatusBadGateway, "Server Error"))
		pick(25, "500 after the effect", failAfter(http.StatusInternalServerError))
		pick(10, "effect after a 502", githubtest.Late(pause(settle*3/4), githubtest.Answer(http.StatusBadGateway, "Server Error")))
		pick(4, "429 with Retry-After", githubtest.TooManyRequests(time.Second))
		pick(4, "secondary limit", githubtest.SecondaryLimit(time.Second))
		pick(30, "slow", githubtest.Slow(pause(2*time.Second)))
	default:
		pick(10, "cut before the answer", githubtest.Cut)
		pick(10, "503", githubtest.Answer(http.StatusServiceUnavailable, "No server is currently available"))
		pick(10, "answer cut off", githubtest.CutAt(f.rng.IntN(200)))
		pick(4, "429 with Retry-After", githubtest.TooManyRequests(time.Second))
		pick(30, "slow", githubtest.Slow(pause(2*time.Second)))
	}
	if fault != nil {
		f.counts["GitHub: "+name]++
	}
	f.mu.Unlock()
	if fault == nil {
		next.ServeHTTP(w, r)
		return
	}
	fault(w, r, next)
}
