package githubtest

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is one request that was made of the server, with its answer's status.
type Request struct {
	Time   time.Time
	Class  Class
	Method string
	Path   string // escaped, without the query
	Query  string
	Header http.Header // of Authorization the scheme only
	Body   []byte      // the whole of it
	Status int         // 0 while it is being answered; 499 when the connection was cut instead
}

// Class sorts requests for counting.
type Class string

// The classes of requests.
const (
	Git   Class = "git"   // git's smart HTTP
	Token Class = "token" // minting of installation tokens
	REST  Class = "rest"  // all other REST
	Query Class = "query" // GraphQL
	Other Class = "other" // what is neither
)

func classOf(r *http.Request) Class {
	path := r.URL.Path
	switch {
	case strings.HasSuffix(path, "/access_tokens") && strings.HasPrefix(path, "/api/v3/app/installations/"):
		return Token
	case strings.HasPrefix(path, "/api/v3/"):
		return REST
	case path == "/api/graphql":
		return Query
	case strings.HasSuffix(path, "/git-upload-pack"), strings.HasSuffix(path, "/info/refs"):
		return Git
	}
	return Other
}

// Requests is the transcript: all requests in the order of their arrival.
func (s *Server) Requests() []Request { return s.log.all() }

// ForgetRequests empties the transcript and sets the counts to zero.
func (s *Server) ForgetRequests() { s.log.forget() }

// Count says how many requests of a class came in.
func (s *Server) Count(class Class) int { return s.log.count(class) }

type transcript struct {
	mu       sync.Mutex
	requests []*Request
	counts   map[Class]int
}

func (t *transcript) all() []Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Request, len(t.requests))
	for i, r := range t.requests {
		list[i] = *r
	}
	return list
}

func (t *transcript) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests, t.counts = nil, nil
}

func (t *transcript) count(class Class) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[class]
}

// maxBody is the most that a request may carry, in bytes.
const maxBody = 32 << 20

// record notes each request, with its body read in advance.
func (t *transcript) record(next http.Handler, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "the body cannot be read: "+err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		entry := &Request{
			Time: now(), Class: classOf(r), Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
			Header: r.Header.Clone(), Body: slices.Clone(body),
		}
		if scheme, _, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
			entry.Header.Set("Authorization", scheme)
		}
		t.add(entry)
		status := &statusWriter{ResponseWriter: w}
		defer func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			entry.Status = status.code
			if p := recover(); p != nil {
				entry.Status = statusCut
				panic(p)
			}
			if entry.Status == 0 {
				entry.Status = http.StatusOK
			}
		}()
		next.ServeHTTP(status, r)
	})
}

// statusCut stands for an answer that never came.
const statusCut = 499

func (t *transcript) add(r *Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests = append(t.requests, r)
	if t.counts == nil {
		t.counts = map[Class]int{}
	}
	t.counts[r.Class]++
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
