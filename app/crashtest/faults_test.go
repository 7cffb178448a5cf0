package crashtest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
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
	bare   []string // limits without headers that are still to be thrown: each stops an installation for a minute
	counts map[string]int
	late   map[chan struct{}]time.Time // effects of requests that have failed: closed when they are done, which is due then
	log    *journal
}

func newFaults(seed uint64, log *journal) *faults {
	return &faults{rng: rand.New(rand.NewPCG(seed, 2)), counts: map[string]int{}, late: map[chan struct{}]time.Time{}, log: log}
}

func (f *faults) set(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = on
}

// limit has the next requests meet limits without headers.
func (f *faults) limit() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bare = []string{"429 without a header", "secondary limit without a header"}
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

// lateBy answers that the request failed, and does what it asked for when d has passed. However busy the machine is, no request that
// comes after that meets a GitHub that has not done it: see awaitLate.
func (f *faults) lateBy(d time.Duration) githubtest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		late := r.Clone(context.WithoutCancel(r.Context()))
		late.Body = io.NopCloser(bytes.NewReader(body))
		done := make(chan struct{})
		f.mu.Lock()
		f.late[done] = time.Now().Add(d)
		f.mu.Unlock()
		go func() {
			time.Sleep(d)
			next.ServeHTTP(discard{http.Header{}}, late)
			f.log.note("GitHub has done %s %s %s", r.Method, r.URL.Path, brief(string(body)))
			f.mu.Lock()
			delete(f.late, done)
			f.mu.Unlock()
			close(done)
		}()
		githubtest.Answer(http.StatusBadGateway, "Server Error")(w, r, next)
	}
}

// awaitLate waits for the effects that are overdue.
func (f *faults) awaitLate() {
	var overdue []chan struct{}
	f.mu.Lock()
	for done, due := range f.late {
		if !time.Now().Before(due) {
			overdue = append(overdue, done)
		}
	}
	f.mu.Unlock()
	for _, done := range overdue {
		<-done
	}
}

// ServeFault is the [githubtest.Fault].
func (f *faults) ServeFault(w http.ResponseWriter, r *http.Request, next http.Handler) {
	f.awaitLate()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	name, fault := f.choose(r)
	status := &statusWriter{ResponseWriter: w, code: "no answer"}
	defer func() {
		f.log.note("GitHub was asked %s %s [%s: %s] %s", r.Method, r.URL.RequestURI(), name, status.code, brief(string(body)))
	}()
	fault(status, r, next)
}

func (f *faults) choose(r *http.Request) (name string, fault githubtest.Fault) {
	git := strings.HasSuffix(r.URL.Path, "/git-upload-pack")
	writes := r.Method != http.MethodGet && !git && !strings.HasSuffix(r.URL.Path, "/access_tokens")
	pause := func(most time.Duration) time.Duration { return time.Duration(f.rng.Int64N(int64(most))) }
	f.mu.Lock()
	defer f.mu.Unlock()
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
	case f.on && len(f.bare) > 0 && writes:
		name, fault = f.bare[0], githubtest.TooManyRequests(0)
		if f.bare = f.bare[1:]; len(f.bare) == 0 {
			fault = githubtest.SecondaryLimit(0)
		}
	case writes:
		pick(25, "cut before the effect", githubtest.Cut)
		pick(25, "cut after the effect", githubtest.CutAfter)
		pick(15, "502 before the effect", githubtest.Answer(http.StatusBadGateway, "Server Error"))
		pick(25, "500 after the effect", failAfter(http.StatusInternalServerError))
		pick(15, "effect after a 502", f.lateBy(pause(settle*3/4)))
		pick(6, "429 with Retry-After", githubtest.TooManyRequests(time.Second))
		pick(6, "secondary limit", githubtest.SecondaryLimit(time.Second))
		pick(30, "slow", githubtest.Slow(pause(2*time.Second)))
	default:
		pick(10, "cut before the answer", githubtest.Cut)
		pick(10, "503", githubtest.Answer(http.StatusServiceUnavailable, "No server is currently available"))
		pick(10, "answer cut off", githubtest.CutAt(f.rng.IntN(200)))
		pick(4, "429 with Retry-After", githubtest.TooManyRequests(time.Second))
		pick(4, "secondary limit", githubtest.SecondaryLimit(time.Second))
		pick(30, "slow", githubtest.Slow(pause(2*time.Second)))
	}
	if fault == nil {
		return "", func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }
	}
	f.counts["GitHub: "+name]++
	return name, fault
}

// statusWriter remembers the status, in words.
type statusWriter struct {
	http.ResponseWriter
	code string
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = http.StatusText(code)
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.code == "no answer" {
		w.code = http.StatusText(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var ofGit = regexp.MustCompile(`(want|have) [0-9a-f]{40}`)

// brief is what a journal needs of a request's body.
func brief(body string) string {
	if wanted := ofGit.FindAllString(body, 40); wanted != nil {
		return strings.Join(wanted, ", ")
	}
	fingerprint := fingerprintIn.FindString(body)
	return strings.ToValidUTF8(strings.ReplaceAll(body[:min(len(body), 300)], "\n", " "), "?") + " " + fingerprint
}

// fingerprintIn is in the hidden marker of an issue.
var fingerprintIn = regexp.MustCompile(`[0-9a-f]{48}`)
