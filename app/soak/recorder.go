package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// recorder notes when which check run came, and can hold git's requests. It is safe for concurrent use.
type recorder struct {
	mu     sync.Mutex
	checks map[string]*check // by commit
	left   int               // that have not come
	hold   chan struct{}     // nil: git's requests pass
	held   int
}

// check is an expected check run.
type check struct {
	at   time.Time // zero: not yet
	came chan struct{}
}

func newRecorder() *recorder { return &recorder{checks: map[string]*check{}} }

func (r *recorder) expect(sha string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checks[sha] = &check{came: make(chan struct{})}
	r.left++
}

// watch is a fault that changes nothing but for what hold asks for.
func (r *recorder) watch(rw http.ResponseWriter, q *http.Request, next http.Handler) {
	if strings.HasSuffix(q.URL.Path, "/git-upload-pack") {
		r.pass(q.Context())
	}
	if q.Method != http.MethodPost || !strings.HasSuffix(q.URL.Path, "/check-runs") {
		next.ServeHTTP(rw, q)
		return
	}
	body, err := io.ReadAll(q.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	q.Body = io.NopCloser(bytes.NewReader(body))
	next.ServeHTTP(rw, q)
	var sent struct {
		Head       string `json:"head_sha"`
		Conclusion string `json:"conclusion"`
	}
	if json.Unmarshal(body, &sent) == nil && sent.Conclusion != "" {
		r.note(sent.Head)
	}
}

func (r *recorder) note(sha string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.checks[sha]
	if c == nil || !c.at.IsZero() { // what is there twice, the stand-in has twice
		return
	}
	c.at = time.Now()
	r.left--
	close(c.came)
}

// came is closed when the commit's check run has come.
func (r *recorder) came(sha string) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checks[sha].came
}

// holdGit lets git's requests wait until release is called.
func (r *recorder) holdGit() (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hold := make(chan struct{})
	r.hold = hold
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.hold = nil
		close(hold)
	}
}

// holding is how many requests wait.
func (r *recorder) holding() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

// pass waits while git's requests are held.
func (r *recorder) pass(ctx context.Context) {
	r.mu.Lock()
	hold := r.hold
	if hold != nil {
		r.held++
	}
	r.mu.Unlock()
	if hold == nil {
		return
	}
	select {
	case <-hold:
	case <-ctx.Done():
	}
	r.mu.Lock()
	r.held--
	r.mu.Unlock()
}

// at is when the commit's check run came, or zero.
func (r *recorder) at(sha string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checks[sha].at
}

// open is how many check runs have not come yet.
func (r *recorder) open() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left
}
