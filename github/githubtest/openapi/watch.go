package openapi

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// TB is what of testing.TB is used here.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Watch returns a wrapper for REST handlers that fails the test for each breach of the description.
func Watch(t TB) func(http.Handler) http.Handler {
	t.Helper()
	d, err := GitHub()
	if err != nil {
		t.Fatalf("GitHub's OpenAPI description: %v", err)
	}
	return d.Wrap(func(err error) { t.Errorf("%v", err) })
}

// Wrap returns a wrapper that reports each breach. It takes paths with and without /api/v3 in front.
func (d *Description) Wrap(report func(error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				report(err)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			tee := &tee{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(tee, r)
			path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v3")
			if strings.HasPrefix(path, "/repositories/") {
				return // where redirects of renamed repositories lead; they are not described
			}
			for _, err := range d.Check(Exchange{
				Request: r, Path: path, Body: body, Status: tee.status, Header: w.Header(), Answer: tee.body.Bytes(),
			}) {
				report(err)
			}
		})
	}
}

// tee keeps what it passes on.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

func (t *tee) Unwrap() http.ResponseWriter { return t.ResponseWriter }
