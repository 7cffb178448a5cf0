package githubtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Fault stands before the server and may answer in its place. next is the server itself: a fault that lets a request
// through calls it.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Inject puts the fault before everything; nil takes it away.
func (s *Server) Inject(f Fault) { s.fault.set(f) }

type faults struct {
	mu sync.Mutex
	f  Fault
}

func (f *faults) set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.f = fault
}

func (f *faults) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		fault := f.f
		f.mu.Unlock()
		if fault == nil {
			next.ServeHTTP(w, r)
			return
		}
		fault(w, r, next)
	})
}

// Times lets the fault happen to the first n requests that match, and none after.
func Times(n int, match func(*http.Request) bool, f Fault) Fault {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		hit := n > 0 && match(r)
		if hit {
			n--
		}
		mu.Unlock()
		if !hit {
			next.ServeHTTP(w, r)
			return
		}
		f(w, r, next)
	}
}

// Is matches requests of a class, with this method ("" is any).
func Is(class Class, method string) func(*http.Request) bool {
	return func(r *http.Request) bool { return classOf(r) == class && (method == "" || r.Method == method) }
}

// Answer answers with a status and GitHub's usual form of message.
func Answer(status int, message string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		fail(status, message).write(w)
	}
}

// TooManyRequests answers 429 with Retry-After, in whole seconds; 0 leaves the header out.
func TooManyRequests(after time.Duration) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if after > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		}
		fail(http.StatusTooManyRequests, "too many requests").write(w)
	}
}

// SecondaryLimit answers 403 as GitHub does for content that is created too fast.
func SecondaryLimit(after time.Duration) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if after > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		}
		a := fail(http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
		a.documentation = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
		a.write(w)
	}
}

// PrimaryLimit answers 403 as GitHub does when the hour's requests are used up.
func PrimaryLimit(reset time.Time) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		h := w.Header()
		h.Set("X-RateLimit-Limit", "5000")
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Used", "5000")
		h.Set("X-RateLimit-Reset", itoa(reset.Unix()))
		h.Set("X-RateLimit-Resource", "core")
		fail(http.StatusForbidden, "API rate limit exceeded for installation.").write(w)
	}
}

// Cut closes the connection without an answer; nothing was done.
func Cut(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// CutAfter does what was asked, and closes the connection in place of the answer.
func CutAfter(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(&lostAnswer{header: http.Header{}}, r)
	panic(http.ErrAbortHandler)
}

// Late answers by f, which must not let the request through, and does what was asked only when d has passed after that, as when
// GitHub's edge gives up on a server that goes on. The request's own end does not stop it.
func Late(d time.Duration, f Fault) Fault { return LateAfter(func() { time.Sleep(d) }, f) }

// LateAfter is Late, but does what was asked when wait has returned.
func LateAfter(wait func(), f Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		late := r.Clone(context.WithoutCancel(r.Context()))
		late.Body = io.NopCloser(bytes.NewReader(body))
		go func() {
			wait()
			next.ServeHTTP(&lostAnswer{header: http.Header{}}, late)
		}()
		f(w, r, next)
	}
}

// CutAt lets n bytes of the answer's body through, and closes the connection at the next.
func CutAt(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		short := &shortAnswer{ResponseWriter: w, left: n}
		next.ServeHTTP(short, r)
		if short.cut {
			panic(http.ErrAbortHandler)
		}
	}
}

// Slow waits before it lets a request through; the client may go away meanwhile.
func Slow(d time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
}

// lostAnswer takes an answer that nobody gets.
type lostAnswer struct{ header http.Header }

func (l *lostAnswer) Header() http.Header         { return l.header }
func (l *lostAnswer) Write(b []byte) (int, error) { return len(b), nil }
func (l *lostAnswer) WriteHeader(int)             {}

// shortAnswer lets some bytes through and refuses the others.
type shortAnswer struct {
	http.ResponseWriter
	left int
	cut  bool
}

func (s *shortAnswer) Write(b []byte) (int, error) {
	if len(b) <= s.left {
		s.left -= len(b)
		return s.ResponseWriter.Write(b)
	}
	s.cut = true
	n, err := s.ResponseWriter.Write(b[:s.left])
	s.left = 0
	if err == nil {
		err = http.NewResponseController(s.ResponseWriter).Flush()
	}
	return n, errors.Join(errCut, err)
}

// errCut is what the server sees of a connection that a fault cut.
var errCut = errors.New("githubtest: the connection was cut")

func (s *shortAnswer) Unwrap() http.ResponseWriter { return s.ResponseWriter }
